package io.stowage.core.policy;

import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.PodShape;

/**
 * What kube-scheduler's NodeResourcesFit scores over CPU, memory and, where weighted, GPUs; for the
 * default profile the NodeResourcesBalancedAllocation score added, both of weight 1.
 *
 * <p>The bin-packing profile is without BalancedAllocation, which spreads and works against it.
 *
 * <p>Integer arithmetic, the pod's own request included, and random choice among equal scores, as
 * in {@code pkg/scheduler/framework/plugins/noderesources} (least_allocated.go, most_allocated.go,
 * balanced_allocation.go) and {@code schedule_one.go} of v1.37. A GPU counts by its milli, for pods
 * that ask for GPUs only. The 100 milli-cores and 200 MB that kube-scheduler supposes for
 * containers without a request are left out, as containers are not known here. kube-scheduler knows
 * no single GPU; a share goes to the fullest one that fits.
 */
final class KubeSchedulerScore implements PlacementPolicy {
  private static final long MAX = 100;

  private final String name;
  private final boolean most;
  private final long gpuWeight;

  private KubeSchedulerScore(String name, boolean most, long gpuWeight) {
    this.name = name;
    this.most = most;
    this.gpuWeight = gpuWeight;
  }

  /** The default profile: least allocated by CPU and memory. */
  static KubeSchedulerScore leastAllocated() {
    return new KubeSchedulerScore("least-allocated", false, 0);
  }

  /** The bin-packing profile: most allocated by CPU and memory with weight 1, GPU with 10. */
  static KubeSchedulerScore mostAllocated() {
    return new KubeSchedulerScore("most-allocated", true, 10);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public double score(PodShape shape, NodeState node) {
    Node spec = node.node();
    if (spec == null) {
      return 0;
    }
    long cpu = spec.allocatable().cpuMilli();
    long memory = spec.allocatable().memoryBytes();
    long cpuBefore = node.requestedCpuMilli();
    long memoryBefore = node.requestedMemoryBytes();
    long cpuAfter = cpuBefore + shape.request().cpuMilli();
    long memoryAfter = memoryBefore + shape.request().memoryBytes();

    long sum = 0;
    long weights = 0;
    if (cpu > 0) {
      sum += allocated(cpuAfter, cpu);
      weights++;
    }
    if (memory > 0) {
      sum += allocated(memoryAfter, memory);
      weights++;
    }
    if (gpuWeight > 0 && GpuChoice.hasDevices(shape, node)) {
      long capacity = node.gpuCapacityMilli();
      double taken = GpuChoice.milli(shape, node, gpuDevices(shape, node));
      long requested = capacity - node.freeGpuMilli() + Math.round(taken);
      sum += gpuWeight * allocated(requested, capacity);
      weights += gpuWeight;
    }
    long fit = weights == 0 ? 0 : sum / weights;
    if (most) {
      return fit;
    }
    return fit
        + MAX / 2
        + (MAX / 2
                + balance(cpuAfter, cpu, memoryAfter, memory)
                - balance(cpuBefore, cpu, memoryBefore, memory))
            / 2;
  }

  private long allocated(long requested, long capacity) {
    if (most) {
      return Math.min(requested, capacity) * MAX / capacity;
    }
    return requested > capacity ? 0 : (capacity - requested) * MAX / capacity;
  }

  private static long balance(long cpuMilli, long cpu, long memoryBytes, long memory) {
    if (cpu == 0 || memory == 0) {
      return MAX;
    }
    double cpuFraction = Math.min(1.0, (double) cpuMilli / cpu);
    double memoryFraction = Math.min(1.0, (double) memoryBytes / memory);
    return (long) ((1 - Math.abs(cpuFraction - memoryFraction) / 2) * MAX);
  }

  @Override
  public int[] gpuDevices(PodShape shape, NodeState node) {
    return GpuChoice.tightest(shape, node);
  }

  @Override
  public TieBreak tieBreak() {
    return TieBreak.RANDOM;
  }
}
