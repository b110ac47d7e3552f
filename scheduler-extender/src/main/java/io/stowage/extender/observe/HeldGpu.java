package io.stowage.extender.observe;

import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Pod;

/** What a pod holds of a node's GPUs. */
final class HeldGpu {
  private static final long GPU_MILLI = 1000;

  private HeldGpu() {}

  /** Returns it in milli-GPU, rounded down on each GPU, and up to what GPUs have. */
  static long milli(NodeState node, Pod pod) {
    GpuRequest gpu = pod.shape().gpu();
    long milli = 0;
    for (int device : node.gpuDevices(pod.uid())) {
      long capacity = node.gpuCapacityUnits(device);
      milli +=
          capacity == 0 ? 0 : Math.min(GPU_MILLI, gpu.unitsOf(capacity) * GPU_MILLI / capacity);
    }
    return milli;
  }
}
