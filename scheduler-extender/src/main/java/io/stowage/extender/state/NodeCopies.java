package io.stowage.extender.state;

import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.GpuDevice;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeGpus;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Placement;
import java.util.Arrays;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Copies of nodes, with what is placed on them, on which something can be tried. */
final class NodeCopies {
  private NodeCopies() {}

  /**
   * Returns a node as it would be with only the pods that match.
   *
   * @param into the cluster that the copy belongs to; has no node of that name
   */
  static NodeState copy(NodeState state, Node node, Cluster into, Predicate<String> uidMatches) {
    NodeState copy = into.putNode(node);
    for (Placement placement : state.placements()) {
      String uid = placement.pod().uid();
      if (uidMatches.test(uid)) {
        into.place(
            new Placement(
                placement.pod(),
                placement.nodeName(),
                Arrays.stream(state.gpuDevices(uid)).boxed().toList()));
      }
    }
    return copy;
  }

  /** Returns a node as it would be if some of its GPUs had nothing to give; null where unknown. */
  static @Nullable NodeState withoutGpus(@Nullable NodeState state, Set<Integer> indices) {
    Node node = state == null ? null : state.node();
    if (state == null || node == null) {
      return null;
    }
    NodeGpus gpus =
        new NodeGpus(
            node.gpus().resource(),
            node.gpus().visible(),
            node.gpus().devices().stream()
                .map(
                    gpu ->
                        indices.contains(gpu.index())
                            ? new GpuDevice(gpu.index(), gpu.model(), 0)
                            : gpu)
                .toList());
    Node without =
        new Node(
            node.name(),
            node.allocatable(),
            node.podCapacity(),
            gpus,
            node.ready(),
            node.cordoned(),
            node.tainted(),
            node.virtual());
    return copy(state, without, new Cluster(), uid -> true);
  }
}
