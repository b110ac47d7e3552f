package io.stowage.core.policy;

import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.fit.Fit;
import io.stowage.core.fragmentation.Fragmentation;
import io.stowage.core.fragmentation.TypicalPods;
import io.stowage.core.cluster.Cluster;
import io.stowage.core.plan.*;
import java.util.SplittableRandom;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Stowage's own policy: the fragmentation gradient without rounding, with two terms that keep a
 * node's GPUs and CPU in balance.
 *
 * <p>From the decrease of fragmentation in milli-GPU it takes {@value #PER_FREE_GPU} for each GPU
 * left free on the node, so that nodes in use fill up first, and {@value #PER_IMBALANCE_PERCENT}
 * for each percentage point between the node's free share of GPU and of CPU, so that neither
 * strands the other. A share goes to the GPU with the best score, the fullest among equals; ties
 * among nodes go to the first name.
 *
 * <p>The mix of shapes is learnt from the pods that arrive: it is taken anew whenever the number of
 * pods seen has grown by a quarter, at first after each one, so that few evaluations are lost.
 */
public final class StowagePolicy implements PlacementPolicy {
  private static final double PER_FREE_GPU = 20;
  private static final double PER_IMBALANCE_PERCENT = 5;

  private final Map<PodShape, Long> seen = new LinkedHashMap<>();
  private long seenPods;
  private long nextEpochAtPods = 1;
  private long epoch;
  private Fragmentation fragmentation = new Fragmentation(TypicalPods.of(Map.of()));
  private final int[] one = new int[1];
  public static final int[][] T = new int[20][4];
  private static final boolean LARGER = Boolean.getBoolean("x.larger");
  private static final double TIER = 1e7;
  private static final int EVERY = Integer.getInteger("x.every", 500);
  private static final int MOVES = Integer.getInteger("x.moves", 20000);
  private final OpenSlots slots = new OpenSlots();
  private final Planner planner = new Planner(1, new SplittableRandom(1));
  private Cluster cluster = new Cluster();

  @Override
  public void attach(Cluster attached) {
    cluster = attached;
  }

  @Override
  public void placed(PodShape shape, NodeState node, int[] gpuDevices, double nowSeconds) {
    slots.placed(shape, node, gpuDevices);
  }

  @Override
  public long version(NodeState node) {
    return node.version() + (slots.version(node) << 32);
  }

  @Override
  public String name() {
    return "stowage";
  }

  @Override
  public void arrived(PodShape shape, double nowSeconds) {
    seen.merge(shape, 1L, Long::sum);
    seenPods++;
    if (seenPods >= nextEpochAtPods) {
      fragmentation = new Fragmentation(TypicalPods.of(seen));
      epoch++;
      nextEpochAtPods = seenPods + 1 + seenPods / 4;
    }
    if (seenPods - lastPlan >= EVERY || misses >= MISSES || seenPods == 50 || seenPods == 150) {
      lastPlan = seenPods;
      misses = 0;
      StowagePlan plan = planner.plan(cluster, seen, slots.open(), MOVES);
      slots.adopt(plan);
    }
  }

  @Override
  public long epoch() {
    return epoch;
  }

  @Override
  public double score(PodShape shape, NodeState node) {
    double tier = 0;
    Slot slot = LARGER ? slots.larger(shape, node) : null;
    if (slots.slot(shape, node) != null) {
      tier = 3 * TIER;
    } else if (slot != null) {
      tier =
          2 * TIER
              - TIER / 10 * (slot.shape().request().cpuMilli() - shape.request().cpuMilli())
                  / (1 + shape.request().cpuMilli());
    } else if (slots.fitsUnheld(shape, node)) {
      tier = TIER;
    }
    int[] devices = choose(shape, node);
    if (tier == 0 && DISPL > 0) {
      for (int device : devices) {
        tier -= DISPL * slots.displacedMilli(shape, node, device);
      }
    }
    double score = tier + fragmentation.milli(node) - fragmentation.milliAfter(node, shape, devices);
    Node spec = node.node();
    long capacityMilli = node.gpuCapacityMilli();
    if (spec == null || capacityMilli == 0 || spec.allocatable().cpuMilli() == 0) {
      return score;
    }
    int freeGpus = 0;
    for (int i = 0; i < node.gpuCount(); i++) {
      freeGpus += node.gpuIsFree(i) ? 1 : 0;
    }
    for (int device : devices) {
      freeGpus -= node.gpuIsFree(device) ? 1 : 0;
    }
    double gpuLeft = (node.freeGpuMilli() - GpuChoice.milli(shape, node, devices)) / capacityMilli;
    double cpuLeft =
        (double) (node.freeCpuMilli() - shape.request().cpuMilli()) / spec.allocatable().cpuMilli();
    return score
        - PER_FREE_GPU * freeGpus
        - PER_IMBALANCE_PERCENT * 100 * Math.abs(gpuLeft - cpuLeft);
  }

  @Override
  public int[] gpuDevices(PodShape shape, NodeState node) {
    double sc = score(shape, node);
    int t = sc > 2.5 * TIER ? 3 : sc > 1.5 * TIER ? 2 : sc > 0.5 * TIER ? 1 : 0;
    if (t < 2) {
      misses++;
    }
    T[(int) Math.min(19, seenPods / 500)][t]++;
    return choose(shape, node).clone();
  }

  private static final double DISPL = Double.parseDouble(System.getProperty("x.displ", "0"));
  private static final int MISSES = Integer.getInteger("x.misses", 1000);
  private int misses;
  private long lastPlan;

  private int[] choose(PodShape shape, NodeState node) {
    Slot slot = slots.slot(shape, node);
    if (slot == null && LARGER) {
      slot = slots.larger(shape, node);
    }
    if (slot != null) {
      return slot.gpuDevices().stream().mapToInt(Integer::intValue).toArray();
    }
    boolean unheld = slots.fitsUnheld(shape, node);
    if (shape.gpu().isWhole() && unheld && !slots.slots(node).isEmpty()) {
      int[] found = new int[shape.gpu().count()];
      int count = 0;
      for (int i = 0; i < node.gpuCount() && count < found.length; i++) {
        if (slots.unheldGpuFits(shape, node, i)) {
          found[count++] = i;
        }
      }
      return found;
    }
    if (!GpuChoice.hasDevices(shape, node) || shape.gpu().isWhole()) {
      return GpuChoice.tightest(shape, node);
    }
    int best = -1;
    double least = Double.POSITIVE_INFINITY;
    for (int i = 0; i < node.gpuCount(); i++) {
      if (unheld ? slots.unheldGpuFits(shape, node, i) : Fit.gpuFits(shape, node, i)) {
        one[0] = i;
        double after = fragmentation.milliAfter(node, shape, one) + (unheld ? 0 : DISPL * slots.displacedMilli(shape, node, i));
        if (after < least || (after == least && node.gpuFreeMilli(i) < node.gpuFreeMilli(best))) {
          best = i;
          least = after;
        }
      }
    }
    one[0] = best;
    return one;
  }

  @Override
  public TieBreak tieBreak() {
    return TieBreak.FIRST_BY_NAME;
  }
}
