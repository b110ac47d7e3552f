package io.stowage.core.policy;

import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.fit.Fit;

/** Ways to choose among the GPUs of a node that a shape fits. */
final class GpuChoice {
  private static final int[] NONE = {};

  private GpuChoice() {}

  /**
   * Returns the GPU with the least left for a share, the first free ones for whole GPUs, and none
   * where the shape asks for none that the node advertises.
   */
  static int[] tightest(PodShape shape, NodeState node) {
    if (!hasDevices(shape, node)) {
      return NONE;
    }
    if (shape.gpu().isWhole()) {
      return firstFree(shape, node);
    }
    int tightest = -1;
    for (int i = 0; i < node.gpuCount(); i++) {
      if (Fit.gpuFits(shape, node, i)
          && (tightest < 0 || node.gpuFreeMilli(i) < node.gpuFreeMilli(tightest))) {
        tightest = i;
      }
    }
    return new int[] {tightest};
  }

  /** Returns the first GPUs of the node that are free and of an accepted model. */
  static int[] firstFree(PodShape shape, NodeState node) {
    int[] devices = new int[shape.gpu().count()];
    int found = 0;
    for (int i = 0; found < devices.length; i++) {
      if (Fit.gpuFits(shape, node, i)) {
        devices[found++] = i;
      }
    }
    return devices;
  }

  /** Tells whether two GPUs of a node are of the same model and size and have as much left. */
  static boolean areAlike(NodeState node, int device, int other) {
    return node.gpuFreeUnits(device) == node.gpuFreeUnits(other)
        && node.gpuCapacityUnits(device) == node.gpuCapacityUnits(other)
        && node.gpuModel(device).equals(node.gpuModel(other));
  }

  /** Tells whether the shape asks for GPUs that the node advertises as GPUs. */
  static boolean hasDevices(PodShape shape, NodeState node) {
    return !shape.gpu().isNone() && node.hasGpuResource(shape.gpu().resource());
  }

  /** Returns the milli-GPU that the shape takes of the given GPUs of a node. */
  static double milli(PodShape shape, NodeState node, int[] devices) {
    double milli = 0;
    for (int device : devices) {
      long capacityUnits = node.gpuCapacityUnits(device);
      milli += shape.gpu().unitsOf(capacityUnits) * 1000.0 / capacityUnits;
    }
    return milli;
  }
}
