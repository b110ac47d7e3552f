package io.stowage.core.policy;

import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.fit.Fit;
import io.stowage.core.forecast.Forecast;
import io.stowage.core.forecast.ShapeForecast;
import io.stowage.core.fragmentation.Fragmentation;
import io.stowage.core.fragmentation.TypicalPods;
import io.stowage.core.plan.Staffing;
import io.stowage.core.plan.Zones;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Stowage's own policy: nodes that are kept for pods of several GPUs are used in the order of
 * {@link Zones#order}; among equals the fragmentation gradient without rounding decides, with two
 * terms that keep a node's GPUs and CPU in balance.
 *
 * <p>From the decrease of fragmentation in milli-GPU it takes {@value #PER_FREE_GPU} for each GPU
 * left free on the node, so that nodes in use fill up first, and {@value #PER_IMBALANCE_PERCENT}
 * for each percentage point between the node's free share of GPU and of CPU, so that neither
 * strands the other. A share goes to the GPU with the best score, the fullest among equals; ties
 * among nodes go to the first name.
 *
 * <p>Mix and loads are learnt from the pods seen. The mix is taken anew whenever the number of pods
 * has grown by a quarter, at first after each one, and when the forecast finds that it has changed,
 * so that few evaluations are lost; zones every {@value #PLAN_EVENTS} arrivals and placements.
 */
final class StowagePolicy implements PlacementPolicy {
  private static final double PER_FREE_GPU = 20;
  private static final double PER_IMBALANCE_PERCENT = 5;

  /** What a step in the order of zones costs: more than scores differ. */
  private static final double PER_ORDER = 1e5;

  private static final int PLAN_EVENTS = 1_000;
  private static final int VERSION_BITS = 40;

  private final Forecast forecast = new Forecast();
  private Cluster cluster = new Cluster();
  private Zones zones = Zones.NONE;
  private long events;
  private long nextPlanAtEvents = 1;

  /** How often each node's zone has changed, by slot. */
  private long[] zoneChanges = {};

  private long seenPods;
  private long nextEpochAtPods = 1;
  private long mixChanges;
  private long epoch;
  private Fragmentation fragmentation = new Fragmentation(TypicalPods.of(Map.of()));
  private final int[] one = new int[1];

  @Override
  public String name() {
    return "stowage";
  }

  @Override
  public void attach(Cluster attached) {
    cluster = attached;
  }

  @Override
  public void arrived(PodShape shape, double nowSeconds) {
    forecast.arrived(shape, nowSeconds);
    seenPods++;
    if (seenPods >= nextEpochAtPods || mixChanges != forecast.mixChanges()) {
      learnMix();
    }
    planWhenDue();
  }

  @Override
  public void placed(PodShape shape, NodeState node, int[] gpuDevices, double nowSeconds) {
    forecast.started(shape, nowSeconds);
    planWhenDue();
  }

  @Override
  public void ended(PodShape shape, NodeState node, double nowSeconds) {
    forecast.ended(shape, nowSeconds);
  }

  private void learnMix() {
    Map<PodShape, Long> parts = new LinkedHashMap<>();
    for (ShapeForecast shape : forecast.mix()) {
      parts.put(shape.shape(), Math.round(shape.part() * Forecast.MEMORY_ARRIVALS * 1_000));
    }
    fragmentation = new Fragmentation(TypicalPods.of(parts));
    epoch++;
    mixChanges = forecast.mixChanges();
    nextEpochAtPods = seenPods + 1 + Math.min(seenPods, Forecast.MEMORY_ARRIVALS) / 4;
  }

  private void planWhenDue() {
    events++;
    if (events < nextPlanAtEvents) {
      return;
    }
    nextPlanAtEvents = events + Math.min(PLAN_EVENTS, 1 + events / 4);
    Zones planned = Staffing.zones(cluster, forecast.mix(), zones);
    if (zoneChanges.length < cluster.slotLimit()) {
      zoneChanges = Arrays.copyOf(zoneChanges, cluster.slotLimit());
    }
    for (String name : zones.differences(planned)) {
      NodeState node = cluster.node(name);
      if (node != null) {
        zoneChanges[node.slot()]++;
      }
    }
    zones = planned;
  }

  @Override
  public long version(NodeState node) {
    int slot = node.slot();
    return slot < zoneChanges.length
        ? node.version() + (zoneChanges[slot] << VERSION_BITS)
        : node.version();
  }

  @Override
  public long epoch() {
    return epoch;
  }

  @Override
  public double score(PodShape shape, NodeState node) {
    return myopicScore(shape, node) - PER_ORDER * zones.order(shape, node);
  }

  private double myopicScore(PodShape shape, NodeState node) {
    int[] devices = choose(shape, node);
    double score = fragmentation.milli(node) - fragmentation.milliAfter(node, shape, devices);
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
    return choose(shape, node).clone();
  }

  private int[] choose(PodShape shape, NodeState node) {
    if (!GpuChoice.hasDevices(shape, node) || shape.gpu().isWhole()) {
      return GpuChoice.tightest(shape, node);
    }
    int best = -1;
    double least = Double.POSITIVE_INFINITY;
    for (int i = 0; i < node.gpuCount(); i++) {
      if (Fit.gpuFits(shape, node, i)) {
        one[0] = i;
        double after = fragmentation.milliAfter(node, shape, one);
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
