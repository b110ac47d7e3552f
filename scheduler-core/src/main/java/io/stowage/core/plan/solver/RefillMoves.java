package io.stowage.core.plan.solver;

import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import org.optaplanner.core.api.score.director.ScoreDirector;
import org.optaplanner.core.impl.heuristic.selector.move.factory.MoveIteratorFactory;

/**
 * Makes moves without end: each empties GPUs of 2 to 4 nodes of the plan and refills these nodes
 * with the slots taken out and some pods that have none, the largest first, in a more or less
 * perturbed order.
 *
 * <p>Source: large neighbourhood search (Shaw 1998).
 */
public final class RefillMoves implements MoveIteratorFactory<PackingProblem, Refill> {
  private static final int MIN_NODES = 2;
  private static final int MAX_NODES = 4;
  private static final int MAX_ADDED_KINDS = 6;

  /** Which part of a chosen node's GPUs is emptied, one of these each move. */
  private static final double[] EMPTIED = {0.1, 0.2, 0.4, 1};

  /** Stands for an order in which size does not matter, and how seldom it is taken. */
  private static final double ANY_ORDER = Double.POSITIVE_INFINITY;

  private static final int ANY_ORDER_ONE_IN = 32;

  /** How seldom a pod goes to any of a node's GPUs instead of the best. */
  private static final int ANY_GPU_ONE_IN = 32;

  /** By how much of itself a pod's size may be changed in the order, one of these each move. */
  private static final double[] SIZE_NOISE = {0, 0.5, 1, 1.5};

  /** By how much the waste of a node may be changed in the choice, one of these each move. */
  private static final double[] WASTE_NOISE = {0, 0.1, 0.2};

  /** What the balance of GPU and CPU weighs, one of these each move. */
  private static final double[] BALANCE = {0, 0.5, 1};

  private static final int MAX_ADDED_PODS = 3;

  /** Moves have no order of their own; where one is asked for, it is that of this seed. */
  private static final long ORIGINAL_ORDER_SEED = 0;

  @Override
  public long getSize(ScoreDirector<PackingProblem> scoreDirector) {
    return Integer.MAX_VALUE;
  }

  @Override
  public Iterator<Refill> createOriginalMoveIterator(ScoreDirector<PackingProblem> scoreDirector) {
    return createRandomMoveIterator(scoreDirector, new Random(ORIGINAL_ORDER_SEED));
  }

  @Override
  public Iterator<Refill> createRandomMoveIterator(
      ScoreDirector<PackingProblem> scoreDirector, Random workingRandom) {
    return new Drawn(scoreDirector.getWorkingSolution(), workingRandom);
  }

  private static final class Drawn implements Iterator<Refill> {
    private final PackingProblem problem;
    private final Kinds kinds;
    private final List<PlannedNode> nodes;
    private final Random random;
    private final Trial[] trials = new Trial[MAX_NODES];

    /** The pods to place, by number: kind and what decides the order. */
    private int[] podKinds = new int[64];

    private double[] keys = new double[64];
    private int pods;

    private Drawn(PackingProblem problem, Random random) {
      this.problem = problem;
      this.kinds = problem.kinds();
      this.nodes = problem.getNodes();
      this.random = random;
      for (int i = 0; i < MAX_NODES; i++) {
        trials[i] = new Trial(kinds);
      }
    }

    @Override
    public boolean hasNext() {
      return !nodes.isEmpty();
    }

    @Override
    public Refill next() {
      PlannedNode[] chosen = chooseNodes();
      double noise = random.nextInt(ANY_ORDER_ONE_IN) == 0 ? ANY_ORDER : oneOf(SIZE_NOISE);
      pods = 0;
      double emptied = oneOf(EMPTIED);
      for (int i = 0; i < chosen.length; i++) {
        trials[i].start(chosen[i].room());
        Packing packing = chosen[i].getPacking();
        long gpus = 0;
        for (int gpu = 0; gpu < chosen[i].room().gpuFree.length; gpu++) {
          gpus |= random.nextDouble() < emptied ? 1L << gpu : 0;
        }
        for (int slot = 0; slot < packing.kinds.length; slot++) {
          long devices = packing.devices[slot];
          if (devices == 0 ? random.nextDouble() < emptied : (devices & gpus) != 0) {
            addPod(packing.kinds[slot], noise);
          } else {
            trials[i].put(packing.kinds[slot], devices);
          }
        }
      }
      addUnplaced(noise);
      sort();
      double balance = oneOf(BALANCE);
      double nodeNoise = oneOf(WASTE_NOISE);
      for (int pod = 0; pod < pods; pod++) {
        place(podKinds[pod], chosen.length, balance, nodeNoise);
      }
      Packing[] packings = new Packing[chosen.length];
      for (int i = 0; i < chosen.length; i++) {
        packings[i] = trials[i].packing();
      }
      return new Refill(chosen, packings);
    }

    private double oneOf(double[] choices) {
      return choices[random.nextInt(choices.length)];
    }

    private PlannedNode[] chooseNodes() {
      int count = Math.min(nodes.size(), MIN_NODES + random.nextInt(MAX_NODES - MIN_NODES + 1));
      PlannedNode[] chosen = new PlannedNode[count];
      for (int i = 0; i < count; ) {
        PlannedNode node = nodes.get(random.nextInt(nodes.size()));
        boolean isNew = true;
        for (int j = 0; j < i; j++) {
          isNew &= chosen[j] != node;
        }
        if (isNew) {
          chosen[i++] = node;
        }
      }
      return chosen;
    }

    private void addUnplaced(double noise) {
      Supply supply = problem.supply();
      int slotted = pods;
      int added = Math.min(supply.openCount(), random.nextInt(MAX_ADDED_KINDS + 1));
      for (int i = 0; i < added; i++) {
        int kind = supply.openKind(random.nextInt(supply.openCount()));
        int taken = 0;
        for (int pod = slotted; pod < pods; pod++) {
          taken += podKinds[pod] == kind ? 1 : 0;
        }
        int most = Math.min(supply.left(kind) - taken, 1 + random.nextInt(MAX_ADDED_PODS));
        for (int pod = 0; pod < most; pod++) {
          addPod(kind, noise);
        }
      }
    }

    private void addPod(int kind, double noise) {
      if (pods == podKinds.length) {
        podKinds = Arrays.copyOf(podKinds, 2 * pods);
        keys = Arrays.copyOf(keys, 2 * pods);
      }
      podKinds[pods] = kind;
      keys[pods++] =
          noise == ANY_ORDER
              ? random.nextDouble()
              : kinds.size[kind] * (1 + noise * random.nextDouble());
    }

    /** Sorts by key, the largest first; few and nearly sorted, so by insertion. */
    private void sort() {
      for (int i = 1; i < pods; i++) {
        int kind = podKinds[i];
        double key = keys[i];
        int at = i;
        for (; at > 0 && keys[at - 1] < key; at--) {
          keys[at] = keys[at - 1];
          podKinds[at] = podKinds[at - 1];
        }
        keys[at] = key;
        podKinds[at] = kind;
      }
    }

    private void place(int kind, int count, double balance, double nodeNoise) {
      int best = -1;
      double least = Double.POSITIVE_INFINITY;
      for (int i = 0; i < count; i++) {
        double waste = trials[i].waste(kind, balance);
        if (waste < Double.POSITIVE_INFINITY) {
          waste += nodeNoise * random.nextDouble();
        }
        if (waste < least) {
          least = waste;
          best = i;
        }
      }
      if (best >= 0) {
        Trial trial = trials[best];
        if (trial.gpus() > 0 && random.nextInt(ANY_GPU_ONE_IN) == 0) {
          trial.putFrom(random.nextInt(trial.gpus()), kind);
        } else {
          trial.put(kind);
        }
      }
    }
  }
}
