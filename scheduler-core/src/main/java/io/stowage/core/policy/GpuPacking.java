package io.stowage.core.policy;

import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.PodShape;

/**
 * Shared GPUs first, then free GPUs of a node in use, then free nodes; a share goes to the fullest
 * GPU that fits.
 *
 * <p>Source: GpuPackingScore of the simulator of "Beware of Fragmentation" (USENIX ATC 2023), after
 * Antman (OSDI 2020); ties go to the first name. A pod without GPU scores 0 everywhere.
 */
final class GpuPacking implements PlacementPolicy {
  @Override
  public String name() {
    return "gpu-packing";
  }

  @Override
  public double score(PodShape shape, NodeState node) {
    if (!GpuChoice.hasDevices(shape, node)) {
      return 0;
    }
    int free = 0;
    for (int i = 0; i < node.gpuCount(); i++) {
      free += node.gpuIsFree(i) ? 1 : 0;
    }
    if (free == node.gpuCount()) {
      return Math.max(33 - free, free);
    }
    int freeTaken = 0;
    long sharedFreePercent = 0;
    for (int device : gpuDevices(shape, node)) {
      freeTaken += node.gpuIsFree(device) ? 1 : 0;
      sharedFreePercent += node.gpuFreeMilli(device) / 10;
    }
    return freeTaken > 0
        ? Math.max(50 - freeTaken, 33)
        : Math.max(100 - sharedFreePercent / 10, 50);
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
