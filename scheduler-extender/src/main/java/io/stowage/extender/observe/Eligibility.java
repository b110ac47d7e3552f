package io.stowage.extender.observe;

import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.cluster.Resources;
import io.stowage.extender.kube.PlacementRules;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Placement rules in terms of the core, which knows resources alone: pods with rules that not every
 * node satisfies ask for one unit of a resource that only the nodes have that do.
 */
final class Eligibility {
  private static final String MARK = "eligible.stowage.io/";

  /** More than pods on a node. */
  private static final long PLENTY = Integer.MAX_VALUE;

  private final Map<PlacementRules, String> markByRules = new LinkedHashMap<>();
  private final Map<String, TreeMap<String, Long>> marksByNode = new HashMap<>();

  /** Creates marks for the rules of some pods. */
  Eligibility(List<KnownNode> nodes, Collection<KnownPod> pods) {
    for (KnownPod pod : pods) {
      markByRules.computeIfAbsent(pod.rules(), rules -> mark(rules, nodes));
    }
  }

  /** Marks the nodes that rules allow; returns the mark, empty where they allow all. */
  private String mark(PlacementRules rules, List<KnownNode> nodes) {
    List<KnownNode> allowed = nodes.stream().filter(node -> node.refusal(rules).isEmpty()).toList();
    if (allowed.size() == nodes.size()
        && nodes.stream().allMatch(node -> node.allowsOnNewLike(rules))) {
      return "";
    }
    String mark = MARK + markByRules.size();
    allowed.forEach(
        node ->
            marksByNode.computeIfAbsent(node.name(), name -> new TreeMap<>()).put(mark, PLENTY));
    return mark;
  }

  /** Returns a node with its marks. */
  Node marked(KnownNode node) {
    TreeMap<String, Long> marks = marksByNode.get(node.name());
    Node own = node.node();
    return marks == null
        ? own
        : new Node(
            own.name(),
            withMarks(own.allocatable(), marks),
            own.podCapacity(),
            own.gpus(),
            own.ready(),
            own.cordoned(),
            own.tainted(),
            own.virtual());
  }

  /** Returns an empty node of another name that is like one, with the marks that it would have. */
  Node newNodeLike(KnownNode node, String name) {
    TreeMap<String, Long> marks = new TreeMap<>();
    markByRules.forEach(
        (rules, mark) -> {
          if (!mark.isEmpty() && node.allowsOnNewLike(rules)) {
            marks.put(mark, PLENTY);
          }
        });
    Node own = node.node();
    return Node.ready(name, withMarks(own.allocatable(), marks), own.podCapacity(), own.gpus());
  }

  private static Resources withMarks(Resources own, Map<String, Long> marks) {
    TreeMap<String, Long> extended = new TreeMap<>(own.extended());
    extended.putAll(marks);
    return new Resources(own.cpuMilli(), own.memoryBytes(), own.ephemeralStorageBytes(), extended);
  }

  /** Returns the shape of a pod whose rules were given, with its mark. */
  PodShape shape(KnownPod pod) {
    PodShape shape = pod.pod().shape();
    String mark = markByRules.getOrDefault(pod.rules(), "");
    if (mark.isEmpty()) {
      return shape;
    }
    return new PodShape(
        withMarks(shape.request(), Map.of(mark, 1L)), shape.gpu(), shape.gpuModels());
  }
}
