package io.stowage.core.replay;

import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.fragmentation.Stranded;
import io.stowage.core.fragmentation.TypicalPods;
import io.stowage.core.policy.NodeScores;
import io.stowage.core.policy.PlacementPolicy;
import io.stowage.core.policy.Policies;
import io.stowage.core.trace.Scenario;
import io.stowage.core.trace.TracePod;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;

/** A cluster on which a policy places and from which pods go, with running totals. */
final class Placer {
  private static final int ALL_SHAPES = Integer.MAX_VALUE;

  private final Cluster cluster = new Cluster();
  private final PlacementPolicy policy;
  private final NodeScores scores;
  private long gpuCapacityMilli;
  private long cpuCapacityMilli;
  private long allocatedGpuMilli;
  private long allocatedCpuMilli;

  Placer(Scenario scenario, String policyName, RandomGenerator ties) {
    policy = Policies.create(policyName, typicalPods(scenario.pods()));
    scenario.nodes().forEach(cluster::putNode);
    cluster.forEachNode(
        node -> {
          if (node.node() != null && node.node().countsAsCapacity()) {
            gpuCapacityMilli += node.gpuCapacityMilli();
            cpuCapacityMilli += node.node().allocatable().cpuMilli();
          }
        });
    scores = new NodeScores(cluster, policy, ties, ALL_SHAPES);
    scenario.running().forEach(this::put);
  }

  private static TypicalPods typicalPods(List<TracePod> pods) {
    return TypicalPods.of(
        pods.stream()
            .collect(
                Collectors.groupingBy(TracePod::shape, LinkedHashMap::new, Collectors.counting())));
  }

  /** Tells the policy of a pod that arrived. */
  void observe(PodShape shape) {
    policy.observe(shape);
  }

  /** Places a pod where the policy likes it best; returns whether it fits anywhere. */
  boolean place(Pod pod) {
    NodeState node = scores.best(pod.shape());
    if (node == null) {
      return false;
    }
    placeOn(pod, node);
    return true;
  }

  /** Places a pod on a node that it fits. */
  void placeOn(Pod pod, NodeState node) {
    List<Integer> devices = Arrays.stream(policy.gpuDevices(pod.shape(), node)).boxed().toList();
    put(new Placement(pod, node.name(), devices));
  }

  private void put(Placement placement) {
    long before = freeGpuMilli(placement.nodeName());
    cluster.place(placement);
    count(placement, before, 1);
  }

  /** Removes a pod; returns the node it was on. */
  NodeState remove(String uid) {
    Placement placement = cluster.placement(uid);
    NodeState node = placement == null ? null : cluster.node(placement.nodeName());
    if (placement == null || node == null) {
      throw new IllegalStateException("pod " + uid + " is not placed");
    }
    long before = freeGpuMilli(placement.nodeName());
    cluster.remove(uid);
    count(placement, before, -1);
    return node;
  }

  private void count(Placement placement, long freeGpuMilliBefore, int sign) {
    NodeState node = cluster.node(placement.nodeName());
    if (node != null && node.node() != null && node.node().countsAsCapacity()) {
      allocatedGpuMilli += freeGpuMilliBefore - node.freeGpuMilli();
      allocatedCpuMilli += sign * placement.pod().shape().request().cpuMilli();
    }
  }

  private long freeGpuMilli(String nodeName) {
    NodeState node = cluster.node(nodeName);
    return node == null ? 0 : node.freeGpuMilli();
  }

  long gpuCapacityMilli() {
    return gpuCapacityMilli;
  }

  double gpuAllocationPercent() {
    return percent(allocatedGpuMilli, gpuCapacityMilli);
  }

  double cpuAllocationPercent() {
    return percent(allocatedCpuMilli, cpuCapacityMilli);
  }

  Stranded stranded(Collection<PodShape> workload) {
    return Stranded.of(cluster, workload);
  }

  static double percent(long part, long whole) {
    return whole == 0 ? 0 : 100.0 * part / whole;
  }

  /** Returns stranded GPU as percent of the capacity, by the cause's key. */
  Map<String, Double> strandedPercentByCause(Stranded stranded) {
    Map<String, Double> byCause = new LinkedHashMap<>();
    stranded
        .milliByCause()
        .forEach((cause, milli) -> byCause.put(cause.key(), percent(milli, gpuCapacityMilli)));
    return byCause;
  }
}
