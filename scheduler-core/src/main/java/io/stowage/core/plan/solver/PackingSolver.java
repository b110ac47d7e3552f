package io.stowage.core.plan.solver;

import io.stowage.core.cluster.PodShape;
import io.stowage.core.plan.Demand;
import io.stowage.core.plan.NodeRoom;
import io.stowage.core.plan.Slot;
import io.stowage.core.plan.StowagePlan;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.optaplanner.core.api.solver.Solver;
import org.optaplanner.core.api.solver.SolverFactory;
import org.optaplanner.core.config.heuristic.selector.move.factory.MoveIteratorFactoryConfig;
import org.optaplanner.core.config.localsearch.LocalSearchPhaseConfig;
import org.optaplanner.core.config.localsearch.decider.acceptor.LocalSearchAcceptorConfig;
import org.optaplanner.core.config.localsearch.decider.forager.LocalSearchForagerConfig;
import org.optaplanner.core.config.score.director.ScoreDirectorFactoryConfig;
import org.optaplanner.core.config.solver.SolverConfig;
import org.optaplanner.core.config.solver.termination.TerminationConfig;

/**
 * Packs demands into the room of some nodes.
 *
 * <p>Slots that are open are kept and what has none is placed over all nodes at once; the search
 * for something better goes part by part ({@link Parts}), for each better plan is copied whole. Not
 * thread-safe.
 */
public final class PackingSolver {
  /** Up to so many nodes are searched at once. */
  public static final int PART_NODES = 2_500;

  private static final int LATE_ACCEPTANCE = 2;

  private final long seed;
  private final int partNodes;
  private final Map<Integer, Solver<PackingProblem>> solvers = new HashMap<>();

  /** Creates a solver that searches {@value #PART_NODES} nodes at once. */
  public PackingSolver(long seed) {
    this(seed, PART_NODES);
  }

  /**
   * Creates a solver; equal seeds and problems give equal plans.
   *
   * @param partNodes up to how many nodes are searched at once, at least 1
   */
  public PackingSolver(long seed, int partNodes) {
    if (partNodes < 1) {
      throw new IllegalArgumentException("a part needs at least 1 node, was " + partNodes);
    }
    this.seed = seed;
    this.partNodes = partNodes;
  }

  private Solver<PackingProblem> solver(int moves) {
    return solvers.computeIfAbsent(
        moves,
        limit ->
            SolverFactory.<PackingProblem>create(
                    new SolverConfig()
                        .withSolutionClass(PackingProblem.class)
                        .withEntityClasses(PlannedNode.class)
                        .withScoreDirectorFactory(
                            new ScoreDirectorFactoryConfig()
                                .withIncrementalScoreCalculatorClass(PackingScore.class))
                        .withRandomSeed(seed)
                        .withPhases(
                            new LocalSearchPhaseConfig()
                                .withMoveSelectorConfig(
                                    new MoveIteratorFactoryConfig()
                                        .withMoveIteratorFactoryClass(RefillMoves.class))
                                .withAcceptorConfig(
                                    new LocalSearchAcceptorConfig()
                                        .withLateAcceptanceSize(LATE_ACCEPTANCE))
                                .withForagerConfig(
                                    new LocalSearchForagerConfig().withAcceptedCountLimit(1)))
                        .withTerminationConfig(
                            new TerminationConfig().withScoreCalculationCountLimit((long) limit)))
                .buildSolver());
  }

  /**
   * Returns a plan for the demands, made from an earlier one.
   *
   * @param before slots that are kept where they still fit and are still in demand
   * @param moves how many moves to try, 0 for none
   */
  public StowagePlan pack(
      List<NodeRoom> rooms, List<Demand> demands, StowagePlan before, int moves) {
    Kinds kinds = new Kinds(demands, rooms);
    int[] counts = demands.stream().mapToInt(Demand::count).toArray();
    List<Integer> bySize =
        IntStream.range(0, kinds.count())
            .boxed()
            .sorted(
                Comparator.comparing((Integer kind) -> !demands.get(kind).pending())
                    .thenComparing(kind -> -demands.get(kind).priority())
                    .thenComparing(kind -> -kinds.size[kind]))
            .toList();
    List<Room> open = new ArrayList<>();
    List<Trial> trials = new ArrayList<>();
    Supply supply = new Supply(counts);
    Map<PodShape, List<Integer>> kindsByShape = new HashMap<>();
    for (int kind : bySize) {
      kindsByShape.computeIfAbsent(demands.get(kind).shape(), added -> new ArrayList<>()).add(kind);
    }
    for (NodeRoom nodeRoom : rooms) {
      Room room = Room.of(nodeRoom, kinds);
      Trial trial = new Trial(kinds);
      trial.start(room);
      if (IntStream.range(0, kinds.count()).anyMatch(trial::fits)) {
        open.add(room);
        trials.add(trial);
      }
    }
    keep(before, true, kindsByShape, trials, supply);
    keep(before, false, kindsByShape, trials, supply);
    Fill.place(kinds, bySize, supply, trials);
    List<PlannedNode> nodes = new ArrayList<>(open.size());
    for (int i = 0; i < open.size(); i++) {
      nodes.add(new PlannedNode(i, open.get(i), trials.get(i).packing()));
    }
    return plan(kinds, moves > 0 ? improve(kinds, supply, nodes, moves) : nodes);
  }

  /** Searches part by part; the moves are split evenly. */
  private List<PlannedNode> improve(
      Kinds kinds, Supply supply, List<PlannedNode> nodes, int moves) {
    List<List<PlannedNode>> parts = Parts.deal(nodes, partNodes);
    List<PlannedNode> improved = new ArrayList<>(nodes.size());
    int movesLeft = moves;
    for (int i = 0; i < parts.size(); i++) {
      List<PlannedNode> part = parts.get(i);
      int partsLeft = parts.size() - i;
      int partMoves = movesLeft / partsLeft;
      movesLeft -= partMoves;
      int[] counts = Parts.offer(supply, part, partsLeft);
      List<PlannedNode> solved =
          partMoves > 0
              ? solver(partMoves).solve(new PackingProblem(kinds, counts, part)).getNodes()
              : part;
      part.forEach(node -> supply.add(node.getPacking(), 1));
      solved.forEach(node -> supply.add(node.getPacking(), -1));
      improved.addAll(solved);
    }
    return improved;
  }

  /** Puts in the slots of an earlier plan that were for pending pods, or those that were not. */
  private static void keep(
      StowagePlan before,
      boolean pending,
      Map<PodShape, List<Integer>> kindsByShape,
      List<Trial> trials,
      Supply supply) {
    for (Trial trial : trials) {
      for (Slot slot : before.slots(trial.room().name)) {
        if (slot.pending() == pending) {
          keep(slot, kindsByShape.getOrDefault(slot.shape(), List.of()), trial, supply);
        }
      }
    }
  }

  /** Puts in a slot of an earlier plan for the first of its kinds that has pods left. */
  private static void keep(Slot slot, List<Integer> kindsOfShape, Trial trial, Supply supply) {
    long devices = 0;
    for (int device : slot.gpuDevices()) {
      devices |= device < Room.MAX_GPUS ? 1L << device : 0;
    }
    for (int kind : kindsOfShape) {
      if (supply.left(kind) > 0
          && Long.bitCount(devices) == slot.gpuDevices().size()
          && trial.fits(kind, devices)) {
        trial.put(kind, devices);
        supply.add(kind, -1);
        return;
      }
    }
  }

  private static StowagePlan plan(Kinds kinds, List<PlannedNode> nodes) {
    Map<String, List<Slot>> slots = new HashMap<>();
    for (PlannedNode node : nodes) {
      Packing packing = node.getPacking();
      List<Slot> here = new ArrayList<>();
      for (int i = 0; i < packing.kinds.length; i++) {
        Demand demand = kinds.demand(packing.kinds[i]);
        List<Integer> devices = new ArrayList<>();
        for (long rest = packing.devices[i]; rest != 0; rest &= rest - 1) {
          devices.add(Long.numberOfTrailingZeros(rest));
        }
        here.add(new Slot(demand.shape(), node.room().name, devices, demand.pending()));
      }
      if (!here.isEmpty()) {
        slots.put(node.room().name, here);
      }
    }
    return new StowagePlan(slots);
  }
}
