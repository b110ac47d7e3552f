package io.stowage.core.policy;

import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.PodShape;

/**
 * The node whose free (CPU, GPU) vector has the smallest dot product with the pod's, both measured
 * against the largest node of the trace that the policy was published with; on it the fullest GPU
 * that fits.
 *
 * <p>The alignment rule of Tetris (SIGCOMM 2014) as in DotProductScore of the simulator of "Beware
 * of Fragmentation" (USENIX ATC 2023) with GPUs merged into one dimension, integer rounding
 * included; ties go to the first name.
 */
final class DotProduct implements PlacementPolicy {
  @Override
  public String name() {
    return "dot-product";
  }

  @Override
  public double score(PodShape shape, NodeState node) {
    double gpuMilli = GpuChoice.milli(shape, node, gpuDevices(shape, node));
    double cpu =
        node.freeCpuMilli()
            / BestFit.MAX_CPU_MILLI
            * (shape.request().cpuMilli() / BestFit.MAX_CPU_MILLI);
    double gpu = node.freeGpuMilli() / BestFit.MAX_GPU_MILLI * (gpuMilli / BestFit.MAX_GPU_MILLI);
    return (long) (100 * (1 - (cpu + gpu) / 2));
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
