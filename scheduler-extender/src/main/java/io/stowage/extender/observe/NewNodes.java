package io.stowage.extender.observe;

import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.fit.Fit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Packs pods onto new nodes: the largest first, each on the first new node that it fits, else on
 * one more of the kind chosen for it. A packing like any other, so more nodes than are needed may
 * be wanted and never too few.
 */
final class NewNodes {
  private final NodeTypes types;
  private final Cluster cluster = new Cluster();
  private final List<NodeState> opened = new ArrayList<>();
  private final Map<NodeState, WaitingPod.NodeTypeName> typeOf = new HashMap<>();
  private final Map<WaitingPod.NodeTypeName, Integer> nodes = new LinkedHashMap<>();
  private final Map<WaitingPod.NodeTypeName, Integer> pods = new HashMap<>();
  private int unplaceable;

  /** From which of the new nodes on a shape may fit; what is placed never goes again. */
  private final Map<PodShape, Integer> firstRoom = new HashMap<>();

  private NewNodes(NodeTypes types) {
    this.types = types;
  }

  /** A pod with its marked shape, and the kind of node for it. */
  record Wanting(Pod pod, PodShape shape, Optional<NodeTypes.NodeType> type) {}

  /** Packs pods; returns what nodes are wanted for them, none to empty. */
  static RoomWanted pack(List<Wanting> wanting, NodeTypes types) {
    NewNodes packing = new NewNodes(types);
    wanting.stream()
        .sorted(
            Comparator.<Wanting>comparingInt(pod -> -pod.shape().gpu().count())
                .thenComparingLong(pod -> -pod.shape().gpu().unitsPerGpu())
                .thenComparingLong(pod -> -pod.shape().request().cpuMilli())
                .thenComparingLong(pod -> -pod.shape().request().memoryBytes()))
        .forEach(packing::add);
    List<RoomWanted.NodesToAdd> toAdd = new ArrayList<>();
    packing.nodes.forEach(
        (type, count) ->
            toAdd.add(new RoomWanted.NodesToAdd(type, count, packing.pods.getOrDefault(type, 0))));
    return new RoomWanted(toAdd, packing.unplaceable, List.of(), false);
  }

  private void add(Wanting pod) {
    if (pod.type().isEmpty()) {
      unplaceable++;
      return;
    }
    int at = firstRoom.getOrDefault(pod.shape(), 0);
    while (at < opened.size() && !Fit.fits(pod.shape(), opened.get(at))) {
      at++;
    }
    firstRoom.put(pod.shape(), at);
    if (at == opened.size()) {
      NodeTypes.NodeType type = pod.type().orElseThrow();
      NodeState node = types.add(cluster, type, "new-" + at);
      opened.add(node);
      typeOf.put(node, type.name());
      nodes.merge(type.name(), 1, Integer::sum);
    }
    NodeState node = opened.get(at);
    Pod placed =
        new Pod(
            pod.pod().uid(),
            pod.pod().namespace(),
            pod.pod().name(),
            pod.shape(),
            pod.pod().priority());
    cluster.place(new Placement(placed, node.name(), List.of()));
    pods.merge(typeOf.get(node), 1, Integer::sum);
  }
}
