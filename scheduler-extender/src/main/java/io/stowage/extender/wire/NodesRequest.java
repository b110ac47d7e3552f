package io.stowage.extender.wire;

import io.fabric8.kubernetes.api.model.Pod;
import java.util.List;

/**
 * The arguments of {@code filter} and {@code prioritize}.
 *
 * @param pod the pod to be placed
 * @param nodes the nodes asked about, in the order of the request
 * @param wholeNodes whether the request carried whole nodes and so wants them back; else names
 */
public record NodesRequest(Pod pod, List<RequestedNode> nodes, boolean wholeNodes) {

  /** Copies {@code nodes}. */
  public NodesRequest {
    nodes = List.copyOf(nodes);
  }
}
