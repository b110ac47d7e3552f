package io.stowage.core.cluster;

import java.util.List;

/**
 * A pod on a node.
 *
 * @param pod the pod
 * @param nodeName the node's name
 * @param gpuDevices indices of the GPUs it holds, empty where it holds none or they are not known;
 *     one that the node does not have, or that is named twice, counts as not known
 */
public record Placement(Pod pod, String nodeName, List<Integer> gpuDevices) {

  /** Copies {@code gpuDevices}. */
  public Placement {
    gpuDevices = List.copyOf(gpuDevices);
  }
}
