package io.stowage.core.policy;

import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.PodShape;

/**
 * The node with the least CPU and GPU left, each measured against the largest node of the trace
 * that the policy was published with; on it the fullest GPU that fits.
 *
 * <p>Source: BestFitScore of the simulator of "Beware of Fragmentation" (USENIX ATC 2023), integer
 * rounding included; ties go to the first name.
 */
final class BestFit implements PlacementPolicy {
  static final double MAX_CPU_MILLI = 128_000;
  static final double MAX_GPU_MILLI = 8_000;

  @Override
  public String name() {
    return "best-fit";
  }

  @Override
  public double score(PodShape shape, NodeState node) {
    double cpuLeft = node.freeCpuMilli() - shape.request().cpuMilli();
    double gpuLeft = node.freeGpuMilli() - GpuChoice.milli(shape, node, gpuDevices(shape, node));
    return (long) ((1 - 0.5 * cpuLeft / MAX_CPU_MILLI - 0.5 * gpuLeft / MAX_GPU_MILLI) * 100);
  }

  @Override
  public int[] gpuDevices(PodShape shape, NodeState node) {
    return GpuChoice.tightest(shape, node);
  }

  @Override
  public TieBreak tieBreak() {
    return TieBreak.FIRST_BY_NAME;
  }
}
