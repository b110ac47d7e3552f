package io.stowage.core.plan;

import io.stowage.core.cluster.PodShape;
import java.util.List;

/**
 * A place in the plan for one pod of a shape.
 *
 * @param shape what the pod asks for
 * @param nodeName the node it is to get
 * @param gpuDevices the indices of the GPUs it is to get there; empty where it asks for none
 * @param pending whether it is for a pod that waits now
 */
public record Slot(PodShape shape, String nodeName, List<Integer> gpuDevices, boolean pending) {

  /** Copies {@code gpuDevices}. */
  public Slot {
    gpuDevices = List.copyOf(gpuDevices);
  }
}
