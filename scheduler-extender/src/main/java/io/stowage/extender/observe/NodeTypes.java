package io.stowage.extender.observe;

import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.Node;
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
import java.util.Objects;
import java.util.Optional;

/**
 * The kinds of node that a cluster has, as new ones would be: empty but for the pods that come with
 * the node, such as those of DaemonSets.
 *
 * <p>Nodes of one type and pool are one kind; the one with the least memory stands for it. Kinds
 * are in the order in which they are to be added: the cheapest first where both have a price, else
 * those with fewer GPUs, less CPU, less memory.
 */
final class NodeTypes {
  private final List<NodeType> types = new ArrayList<>();
  private final Eligibility eligibility;
  private final Map<PodShape, Optional<NodeType>> firstFor = new HashMap<>();

  /**
   * A kind of node.
   *
   * @param name its name
   * @param example the node that stands for it
   * @param comesWith the pods that come with such a node
   */
  record NodeType(WaitingPod.NodeTypeName name, KnownNode example, List<Pod> comesWith) {}

  NodeTypes(
      List<KnownNode> nodes, List<KnownPod> running, Eligibility eligibility, GpuPrices prices) {
    this.eligibility = eligibility;
    Map<WaitingPod.NodeTypeName, KnownNode> examples = new LinkedHashMap<>();
    for (KnownNode node : nodes) {
      if (node.node().countsAsCapacity()) {
        examples.merge(
            node.type(), node, (known, other) -> isSmaller(other, known) ? other : known);
      }
    }
    Map<String, List<Pod>> tied = new LinkedHashMap<>();
    for (KnownPod pod : running) {
      if (pod.tied()) {
        tied.computeIfAbsent(pod.observed().nodeName(), name -> new ArrayList<>()).add(pod.pod());
      }
    }
    examples.forEach(
        (name, node) ->
            types.add(new NodeType(name, node, tied.getOrDefault(node.name(), List.of()))));
    types.sort(order(prices));
  }

  private static boolean isSmaller(KnownNode node, KnownNode other) {
    return node.node().allocatable().memoryBytes() < other.node().allocatable().memoryBytes();
  }

  private static Comparator<NodeType> order(GpuPrices prices) {
    Comparator<NodeType> bySize =
        Comparator.<NodeType>comparingInt(type -> type.example().node().gpus().devices().size())
            .thenComparingLong(type -> type.example().node().allocatable().cpuMilli())
            .thenComparingLong(type -> type.example().node().allocatable().memoryBytes())
            .thenComparing(type -> type.name().text());
    return Comparator.<NodeType>comparingDouble(
            type -> prices.perNodeHour(type.example()).orElse(Double.POSITIVE_INFINITY))
        .thenComparing(bySize);
  }

  /** Returns the kind to add for a pod of a marked shape, empty where none could hold it. */
  Optional<NodeType> firstFor(PodShape shape) {
    return firstFor.computeIfAbsent(
        shape,
        asked ->
            types.stream()
                .filter(type -> Fit.fits(asked, add(new Cluster(), type, "new")))
                .findFirst());
  }

  /** Adds a new node of a kind to a cluster, with what comes with it. */
  NodeState add(Cluster cluster, NodeType type, String name) {
    Node node = eligibility.newNodeLike(type.example(), name);
    cluster.putNode(node);
    for (Pod pod : type.comesWith()) {
      cluster.place(
          new Placement(
              new Pod(
                  name + "/" + pod.uid(), pod.namespace(), pod.name(), pod.shape(), pod.priority()),
              name,
              List.of()));
    }
    return Objects.requireNonNull(cluster.node(name));
  }
}
