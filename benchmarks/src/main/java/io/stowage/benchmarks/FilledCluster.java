package io.stowage.benchmarks;

import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.Pod;
import io.stowage.core.fragmentation.TypicalPods;
import io.stowage.core.plan.PlanRequest;
import io.stowage.core.plan.Planner;
import io.stowage.core.policy.NodeScores;
import io.stowage.core.policy.PlacementPolicy;
import io.stowage.core.policy.Policies;
import io.stowage.core.trace.Scenario;
import io.stowage.core.trace.SyntheticWorkload;
import io.stowage.core.trace.TracePod;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Collectors;

/**
 * A generated cluster that a policy has filled to 90 % of its GPUs; a policy that plans ahead has
 * its plan for the rest.
 */
final class FilledCluster {
  private static final double FILLED = 0.9;
  private static final long SEED = 42;
  private static final int WORKLOAD = 2_000;
  private static final int SHAPES = 512;
  private static final int MOVES = 5_000;

  private final Cluster cluster = new Cluster();
  private final List<TracePod> workload;
  private final PlacementPolicy policy;
  private final NodeScores scores;
  private final List<Pod> running = new ArrayList<>();
  private final SplittableRandom random = new SplittableRandom(SEED);
  private int created;

  FilledCluster(int nodes, String policyName) {
    Scenario scenario =
        SyntheticWorkload.generate(nodes, WORKLOAD, SyntheticWorkload.Gpus.MIXED, SEED);
    workload = scenario.pods();
    policy =
        Policies.create(
            policyName,
            TypicalPods.of(
                workload.stream()
                    .collect(
                        Collectors.groupingBy(
                            TracePod::shape, LinkedHashMap::new, Collectors.counting()))));
    workload.forEach(pod -> policy.arrived(pod.shape(), 0));
    scenario.nodes().forEach(cluster::putNode);
    scores = new NodeScores(cluster, policy, new SplittableRandom(SEED), SHAPES);
    long capacityMilli = freeGpuMilli();
    while (freeGpuMilli() > (1 - FILLED) * capacityMilli && created < 100 * nodes) {
      for (int i = 0; i < nodes / 20 + 1; i++) {
        Pod pod = pod(workload.get(random.nextInt(workload.size())));
        NodeState node = scores.best(pod.shape());
        if (node != null) {
          place(pod, node);
        }
      }
    }
    PlanRequest planned = policy.planRequest(List.of());
    if (planned != null) {
      policy.adopt(new Planner(SEED).plan(planned, MOVES));
    }
  }

  private long freeGpuMilli() {
    long[] sum = new long[1];
    cluster.forEachNode(node -> sum[0] += node.freeGpuMilli());
    return sum[0];
  }

  Pod pod(TracePod pod) {
    return new Pod("pod-" + created++, "benchmark", pod.name(), pod.shape(), pod.priority());
  }

  void place(Pod pod, NodeState node) {
    int[] devices = policy.gpuDevices(pod.shape(), node);
    List<Integer> indices = new ArrayList<>(devices.length);
    for (int device : devices) {
      indices.add(device);
    }
    cluster.place(new Placement(pod, node.name(), indices));
    policy.reserved(pod.shape(), node, devices);
    running.add(pod);
  }

  /** Has one of the pods end, each with equal probability. */
  void endOne() {
    int ended = random.nextInt(running.size());
    Pod last = running.remove(running.size() - 1);
    Pod pod = ended == running.size() ? last : running.set(ended, last);
    cluster.remove(pod.uid());
  }

  Cluster cluster() {
    return cluster;
  }

  List<TracePod> workload() {
    return workload;
  }

  PlacementPolicy policy() {
    return policy;
  }

  NodeScores scores() {
    return scores;
  }
}
