package io.stowage.extender.explain;

import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.PodShape;
import io.stowage.extender.kube.PlacementRules.Refusal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * What keeps pods of one shape off the nodes of a cluster: every known node counts once, as one
 * where they fit or by the first thing that it misses.
 *
 * @param fittingNodes the names of the nodes where they fit and may be
 * @param nodes the names of the others, by what they miss first
 */
public record NodesByMissing(List<String> fittingNodes, Map<Missing, List<String>> nodes) {

  /** Copies the collections. */
  public NodesByMissing {
    fittingNodes = List.copyOf(fittingNodes);
    EnumMap<Missing, List<String>> copy = new EnumMap<>(Missing.class);
    nodes.forEach((missing, names) -> copy.put(missing, List.copyOf(names)));
    nodes = Collections.unmodifiableMap(copy);
  }

  /**
   * Looks at every known node of a cluster.
   *
   * @param refusal what rules say of a node for these pods
   * @param counts which nodes count
   */
  public static NodesByMissing of(
      PodShape shape,
      Cluster cluster,
      Function<Node, Optional<Refusal>> refusal,
      Predicate<Node> counts) {
    List<String> fitting = new ArrayList<>();
    Map<Missing, List<String>> nodes = new EnumMap<>(Missing.class);
    cluster.forEachNode(
        state -> {
          Node node = state.node();
          if (node != null && counts.test(node)) {
            Missing.first(shape, state, refusal.apply(node))
                .ifPresentOrElse(
                    missing ->
                        nodes.computeIfAbsent(missing, added -> new ArrayList<>()).add(node.name()),
                    () -> fitting.add(node.name()));
          }
        });
    return new NodesByMissing(fitting, nodes);
  }

  /** Returns how many nodes miss what. */
  public Map<Missing, Integer> counts() {
    Map<Missing, Integer> counts = new EnumMap<>(Missing.class);
    nodes.forEach((missing, names) -> counts.put(missing, names.size()));
    return counts;
  }

  /** Returns how many nodes were looked at. */
  public int total() {
    return fittingNodes.size() + nodes.values().stream().mapToInt(List::size).sum();
  }

  /** Returns what the nodes miss, what most do first. */
  public List<Missing> mostFirst() {
    return mostFirst(counts());
  }

  private static List<Missing> mostFirst(Map<Missing, Integer> counts) {
    return counts.entrySet().stream()
        .sorted(
            Comparator.comparingInt((Map.Entry<Missing, Integer> entry) -> -entry.getValue())
                .thenComparing(Map.Entry::getKey))
        .map(Map.Entry::getKey)
        .toList();
  }

  /** Returns a part of a sentence, as {@link #sentence(Map, PodShape)} does. */
  public String sentence(PodShape shape) {
    return sentence(counts(), shape);
  }

  /**
   * Returns a part of a sentence, what most nodes miss first: {@code 212 nodes have enough in total
   * but no single GPU; 14 are cordoned}.
   *
   * @param counts how many nodes miss what
   * @param shape what the pods ask for
   */
  public static String sentence(Map<Missing, Integer> counts, PodShape shape) {
    List<String> parts = new ArrayList<>();
    for (Missing missing : mostFirst(counts)) {
      int count = counts.getOrDefault(missing, 0);
      parts.add(
          (parts.isEmpty() ? Amounts.count(count, "node") : String.valueOf(count))
              + " "
              + missing.text(count, shape));
    }
    return parts.isEmpty() ? "there are no nodes" : String.join("; ", parts);
  }
}
