package io.stowage.core.plan.solver;

import static org.assertj.core.api.Assertions.assertThat;

import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.GpuDevice;
import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.cluster.Resources;
import io.stowage.core.fit.Fit;
import io.stowage.core.plan.Demand;
import io.stowage.core.plan.NodeRoom;
import io.stowage.core.plan.Slot;
import io.stowage.core.plan.StowagePlan;
import io.stowage.core.trace.Scenario;
import io.stowage.core.trace.SyntheticWorkload;
import io.stowage.core.trace.SyntheticWorkload.Gpus;
import io.stowage.core.trace.TracePod;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PackingSolverTest {
  private static final String GPU = "gpu";
  private static final int MOVES = 3_000;

  /** What must be packed into what, all drawn at random. */
  private record Problem(List<NodeRoom> rooms, List<Demand> demands) {}

  /** Which demands there are. */
  private enum Objective {
    /** Pods that wait, of several priorities. */
    PENDING(701),
    /** Pods that are expected. */
    FORECAST(702),
    /** Both. */
    BOTH(703);

    private final long seed;

    Objective(long seed) {
      this.seed = seed;
    }
  }

  private static Problem small(SplittableRandom random, Objective objective) {
    List<NodeRoom> rooms = new ArrayList<>();
    int nodes = 1 + random.nextInt(4);
    for (int i = 0; i < nodes; i++) {
      rooms.add(room("node-" + i, random));
    }
    List<Demand> demands = new ArrayList<>();
    int pods = 1 + random.nextInt(8);
    while (pods > 0) {
      int count = 1 + random.nextInt(Math.min(pods, 3));
      pods -= count;
      boolean pending =
          objective == Objective.PENDING || (objective == Objective.BOTH && random.nextBoolean());
      demands.add(new Demand(shape(random), count, pending, pending ? random.nextInt(3) : 0));
    }
    return new Problem(rooms, demands);
  }

  private static NodeRoom room(String name, SplittableRandom random) {
    int gpus = random.nextInt(4);
    List<GpuDevice> devices = new ArrayList<>();
    List<Long> free = new ArrayList<>();
    long[] left = {0, 300, 500, 1000, 1000, 1000};
    for (int i = 0; i < gpus; i++) {
      devices.add(
          new GpuDevice(
              i, random.nextInt(3) == 0 ? "A100" : "T4", random.nextInt(9) == 0 ? 0 : 1000));
      free.add(Math.min(devices.get(i).capacityUnits(), left[random.nextInt(left.length)]));
    }
    return new NodeRoom(
        name,
        Resources.of(random.nextInt(9) * 1000L, random.nextInt(9)),
        random.nextInt(9),
        gpus == 0 ? "" : GPU,
        devices,
        free,
        random.nextInt(6) == 0 ? 2 : 0);
  }

  private static PodShape shape(SplittableRandom random) {
    long[] shares = {200, 300, 320, 470, 500, 650, 810};
    GpuRequest gpu =
        switch (random.nextInt(6)) {
          case 0 -> GpuRequest.NONE;
          case 1, 2 -> GpuRequest.whole(GPU, 1 + random.nextInt(3));
          default -> GpuRequest.share(GPU, shares[random.nextInt(shares.length)]);
        };
    TreeSet<String> models = new TreeSet<>();
    if (!gpu.isNone() && random.nextInt(4) == 0) {
      models.add(random.nextBoolean() ? "A100" : "T4");
    }
    return new PodShape(Resources.of(random.nextInt(5) * 1000L, random.nextInt(4)), gpu, models);
  }

  /** Recounts the score of a plan from its slots. */
  private static long[] score(Problem problem, StowagePlan plan) {
    Kinds kinds = new Kinds(problem.demands(), problem.rooms());
    Map<Integer, Integer> left = new HashMap<>();
    for (int kind = 0; kind < kinds.count(); kind++) {
      left.put(kind, problem.demands().get(kind).count());
    }
    long pending = 0;
    long soft = 0;
    for (NodeRoom nodeRoom : problem.rooms()) {
      Trial trial = new Trial(kinds);
      Room room = Room.of(nodeRoom, kinds);
      trial.start(room);
      for (Slot slot : plan.slots(nodeRoom.name())) {
        int kind =
            IntStream.range(0, kinds.count())
                .filter(
                    k ->
                        kinds.demand(k).shape().equals(slot.shape())
                            && kinds.demand(k).pending() == slot.pending()
                            && left.getOrDefault(k, 0) > 0)
                .boxed()
                .max((a, b) -> Long.compare(kinds.pendingWorth[a], kinds.pendingWorth[b]))
                .orElseThrow();
        left.merge(kind, -1, Integer::sum);
        trial.put(kind, slot.gpuDevices().stream().mapToLong(device -> 1L << device).sum());
      }
      Packing packing = trial.packing();
      pending += packing.pendingWorth;
      soft += 1000 * packing.forecastWorth + packing.leftWorth;
    }
    return new long[] {pending, soft};
  }

  @ParameterizedTest
  @EnumSource(Objective.class)
  void smallPlansAreAsGoodAsTheBestOfAll(Objective objective) {
    SplittableRandom seeds = new SplittableRandom(objective.seed);
    PackingSolver solver = new PackingSolver(1);
    int cases = 1_000;
    int full = 0;
    for (int i = 0; i < cases; i++) {
      long seed = seeds.nextLong();
      Problem problem = small(new SplittableRandom(seed), objective);
      BruteForce best = new BruteForce(problem.rooms(), problem.demands());
      StowagePlan plan = solver.pack(problem.rooms(), problem.demands(), StowagePlan.EMPTY, MOVES);
      long[] score = score(problem, plan);
      assertThat(score)
          .as("pending and other worth, objective %s, seed %d, %s", objective, seed, problem)
          .containsExactly(best.bestPending(), best.bestSoft());
      full += plan.size() < problem.demands().stream().mapToInt(Demand::count).sum() ? 0 : 1;
    }
    System.out.printf("%s: %d of %d problems have room for all pods%n", objective, full, cases);
    assertThat(full).as("problems with room for all").isBetween(cases / 20, cases * 3 / 4);
  }

  private static Problem large(Scenario scenario, double load, SplittableRandom random) {
    Cluster cluster = new Cluster();
    List<NodeRoom> rooms = new ArrayList<>();
    double askedMilli = 0;
    for (Node node : scenario.nodes()) {
      NodeState state = cluster.putNode(node);
      rooms.add(NodeRoom.of(node, state, 0));
      askedMilli += load * state.gpuCapacityMilli();
    }
    Map<PodShape, Long> milli = scenario.gpuMilliByShape();
    Map<PodShape, Integer> counts = new LinkedHashMap<>();
    while (askedMilli > 0) {
      TracePod pod = scenario.pods().get(random.nextInt(scenario.pods().size()));
      counts.merge(pod.shape(), 1, Integer::sum);
      askedMilli -= milli.getOrDefault(pod.shape(), 0L);
    }
    List<Demand> demands = new ArrayList<>();
    counts.forEach((shape, count) -> demands.add(Demand.forecast(shape, count)));
    return new Problem(rooms, demands);
  }

  /** Places every slot on an empty cluster; each must fit, on the GPUs that it names. */
  private static double gpuPercentOf(Scenario scenario, StowagePlan plan) {
    Cluster cluster = new Cluster();
    double free = 0;
    double capacity = 0;
    int placed = 0;
    for (Node node : scenario.nodes()) {
      NodeState state = cluster.putNode(node);
      for (Slot slot : plan.slots(node.name())) {
        assertThat(Fit.fits(slot.shape(), state)).as("%s on %s", slot, state).isTrue();
        assertThat(slot.gpuDevices())
            .hasSize(slot.shape().gpu().count())
            .allMatch(device -> !state.gpusVisible() || Fit.gpuFits(slot.shape(), state, device));
        cluster.place(
            new Placement(
                new Pod("slot-" + placed++, "", "", slot.shape(), 0),
                node.name(),
                slot.gpuDevices()));
      }
      free += state.freeGpuMilli();
      capacity += state.gpuCapacityMilli();
    }
    assertThat(placed).isEqualTo(plan.size());
    return 100 * (capacity - free) / capacity;
  }

  private static Map<PodShape, Integer> countsOf(StowagePlan plan) {
    Map<PodShape, Integer> counts = new HashMap<>();
    plan.slotsByNode()
        .values()
        .forEach(slots -> slots.forEach(slot -> counts.merge(slot.shape(), 1, Integer::sum)));
    return counts;
  }

  @ParameterizedTest
  @EnumSource(Gpus.class)
  void noPlanOverCommitsANodeOrHoldsMorePodsThanThereAre(Gpus gpus) {
    Scenario scenario = SyntheticWorkload.generate(60, 500, gpus, 711);
    Problem problem = large(scenario, 1.2, new SplittableRandom(712));
    PackingSolver solver = new PackingSolver(713);
    StowagePlan greedy = solver.pack(problem.rooms(), problem.demands(), StowagePlan.EMPTY, 0);
    StowagePlan improved =
        solver.pack(problem.rooms(), problem.demands(), StowagePlan.EMPTY, 20_000);
    double greedyPercent = gpuPercentOf(scenario, greedy);
    double improvedPercent = gpuPercentOf(scenario, improved);
    System.out.printf(
        "%s: %.2f %% of the GPUs planned, %.2f %% after 20,000 moves%n",
        gpus, greedyPercent, improvedPercent);
    assertThat(improvedPercent).isGreaterThanOrEqualTo(greedyPercent);
    for (StowagePlan plan : List.of(greedy, improved)) {
      Map<PodShape, Integer> counts = countsOf(plan);
      problem
          .demands()
          .forEach(
              demand ->
                  assertThat(counts.getOrDefault(demand.shape(), 0))
                      .isLessThanOrEqualTo(demand.count()));
    }
  }

  @Test
  void equalSeedsGiveEqualPlansAndASlotThatIsWantedStays() {
    Scenario scenario = SyntheticWorkload.generate(40, 300, Gpus.MIXED, 721);
    Problem problem = large(scenario, 0.9, new SplittableRandom(722));
    StowagePlan first =
        new PackingSolver(3).pack(problem.rooms(), problem.demands(), StowagePlan.EMPTY, 5_000);
    StowagePlan second =
        new PackingSolver(3).pack(problem.rooms(), problem.demands(), StowagePlan.EMPTY, 5_000);
    assertThat(second).isEqualTo(first);
    StowagePlan again = new PackingSolver(3).pack(problem.rooms(), problem.demands(), first, 0);
    first.slotsByNode().forEach((node, slots) -> assertThat(again.slots(node)).containsAll(slots));
  }

  @Test
  void aPendingPodOutweighsForecastOnesAndAHigherPriorityALowerOne() {
    NodeRoom room =
        new NodeRoom(
            "node",
            Resources.of(8_000, 8),
            10,
            GPU,
            List.of(new GpuDevice(0, "T4", 1000)),
            List.of(1000L),
            0);
    PodShape whole = PodShape.of(Resources.of(1_000, 1), GpuRequest.whole(GPU, 1));
    PodShape share = PodShape.of(Resources.of(1_000, 1), GpuRequest.share(GPU, 200));
    PackingSolver solver = new PackingSolver(1);
    StowagePlan plan =
        solver.pack(
            List.of(room),
            List.of(Demand.forecast(whole, 1), Demand.pending(share, 1, 0)),
            StowagePlan.EMPTY,
            500);
    assertThat(plan.slots("node")).containsExactly(new Slot(share, "node", List.of(0), true));
    plan =
        solver.pack(
            List.of(room),
            List.of(Demand.pending(whole, 1, 0), Demand.pending(share, 1, 7)),
            StowagePlan.EMPTY,
            500);
    assertThat(plan.slots("node")).containsExactly(new Slot(share, "node", List.of(0), true));
  }

  @Test
  void nothingIsPlannedWhereNothingFitsOrNothingIsAsked() {
    PackingSolver solver = new PackingSolver(1);
    NodeRoom none = new NodeRoom("none", Resources.NONE, 0, "", List.of(), List.of(), 0);
    PodShape cpu = PodShape.of(Resources.of(1_000, 1), GpuRequest.NONE);
    assertThat(solver.pack(List.of(none), List.of(Demand.forecast(cpu, 3)), StowagePlan.EMPTY, 100))
        .isEqualTo(StowagePlan.EMPTY);
    assertThat(solver.pack(List.of(none), List.of(), StowagePlan.EMPTY, 100))
        .isEqualTo(StowagePlan.EMPTY);
    assertThat(solver.pack(List.of(), List.of(Demand.forecast(cpu, 3)), StowagePlan.EMPTY, 100))
        .isEqualTo(StowagePlan.EMPTY);
  }

  @Test
  void otherForecastPodsYieldToAnnouncedOnes() {
    NodeRoom room =
        new NodeRoom(
            "n",
            Resources.of(8_000, 8),
            9,
            GPU,
            List.of(new GpuDevice(0, "T4", 1000), new GpuDevice(1, "T4", 1000)),
            List.of(1000L, 1000L),
            0);
    PodShape pair = PodShape.of(Resources.of(1_000, 1), GpuRequest.whole(GPU, 2));
    PodShape single = PodShape.of(Resources.of(2_000, 1), GpuRequest.whole(GPU, 1));
    StowagePlan pairs =
        new PackingSolver(1)
            .pack(List.of(room), List.of(Demand.forecast(pair, 1)), StowagePlan.EMPTY, 0);
    assertThat(pairs.slots("n")).extracting(Slot::shape).containsExactly(pair);
    List<Demand> both = List.of(Demand.announced(single, 2), Demand.forecast(pair, 1));
    assertThat(new PackingSolver(1).pack(List.of(room), both, pairs, MOVES).slots("n"))
        .extracting(Slot::shape)
        .containsExactly(single, single);
  }
}
