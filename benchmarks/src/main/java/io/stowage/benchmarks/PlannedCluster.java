package io.stowage.benchmarks;

import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.fit.Fit;
import io.stowage.core.forecast.Forecast;
import io.stowage.core.fragmentation.TypicalPods;
import io.stowage.core.plan.NodeKinds;
import io.stowage.core.plan.PlanRequest;
import io.stowage.core.plan.Slot;
import io.stowage.core.plan.Staffing;
import io.stowage.core.plan.StowagePlan;
import io.stowage.core.plan.Zones;
import io.stowage.core.policy.PlacementPolicy;
import io.stowage.core.policy.Policies;
import io.stowage.core.trace.Scenario;
import io.stowage.core.trace.SyntheticWorkload;
import io.stowage.core.trace.TracePod;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * A generated cluster with half of its GPUs taken by pods placed at random, to plan the rest of.
 */
final class PlannedCluster {
  private static final double FILLED = 0.5;
  private static final long SEED = 42;
  private static final int WORKLOAD = 2_000;

  private final Cluster cluster = new Cluster();
  private final PlacementPolicy policy = Policies.create("stowage", TypicalPods.of(Map.of()));
  private final Forecast forecast = new Forecast();
  private final List<TracePod> workload;
  private final List<Pod> running = new ArrayList<>();
  private final SplittableRandom random = new SplittableRandom(SEED);
  private final long capacityMilli;
  private int created;

  PlannedCluster(int nodes) {
    Scenario scenario =
        SyntheticWorkload.generate(nodes, WORKLOAD, SyntheticWorkload.Gpus.MIXED, SEED);
    workload = scenario.pods();
    scenario.nodes().forEach(cluster::putNode);
    policy.attach(cluster);
    workload.forEach(pod -> policy.arrived(pod.shape(), 0));
    workload.forEach(pod -> forecast.arrived(pod.shape(), 0));
    capacityMilli = freeGpuMilli();
    while (freeGpuMilli() > (1 - FILLED) * capacityMilli) {
      for (int i = 0; i < nodes / 10 + 1; i++) {
        placeAtRandom();
      }
    }
  }

  private void placeAtRandom() {
    NodeState node = cluster.slot(random.nextInt(cluster.slotLimit()));
    PodShape shape = workload.get(random.nextInt(workload.size())).shape();
    if (node != null && Fit.fits(shape, node)) {
      Pod pod = new Pod("pod-" + created++, "benchmark", "pod", shape, 0);
      List<Integer> devices = Arrays.stream(policy.gpuDevices(shape, node)).boxed().toList();
      cluster.place(new Placement(pod, node.name(), devices));
      running.add(pod);
    }
  }

  /** Has pods end and others placed at random, so many of each at most. */
  void change(int pods) {
    for (int i = 0; i < pods; i++) {
      int last = running.size() - 1;
      int ended = random.nextInt(running.size());
      cluster.remove(running.get(ended).uid());
      running.set(ended, running.get(last));
      running.remove(last);
      placeAtRandom();
    }
  }

  /** Takes in a plan; the next request starts from it. */
  void adopt(StowagePlan plan) {
    policy.adopt(plan);
  }

  PlanRequest request() {
    PlanRequest request = policy.planRequest(List.of());
    if (request == null) {
      throw new IllegalStateException("there is nothing to plan");
    }
    return request;
  }

  Zones zones() {
    return Staffing.zones(cluster, new NodeKinds(), forecast.mix(), Zones.NONE);
  }

  private long freeGpuMilli() {
    long[] sum = new long[1];
    cluster.forEachNode(node -> sum[0] += node.freeGpuMilli());
    return sum[0];
  }

  /** Returns the part of the GPUs that running pods and slots have together, in percent. */
  double allocatedPercent(StowagePlan plan) {
    long plannedMilli = 0;
    for (List<Slot> slots : plan.slotsByNode().values()) {
      for (Slot slot : slots) {
        plannedMilli += slot.shape().gpu().totalMilli(1000);
      }
    }
    return 100.0 * (capacityMilli - freeGpuMilli() + plannedMilli) / capacityMilli;
  }
}
