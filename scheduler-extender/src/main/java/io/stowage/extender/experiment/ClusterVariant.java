package io.stowage.extender.experiment;

import com.fasterxml.jackson.annotation.JsonCreator;
import io.stowage.core.cluster.Node;
import io.stowage.core.trace.Scenario;
import io.stowage.core.trace.TracePod;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A cluster and its workload as they might be: nodes removed, then added, pods removed, then
 * replaced.
 *
 * @param name what it is called
 * @param addNodes the first node of each choice is copied so many times
 * @param removeNodes the nodes that go, and with them the pods that run there from the start
 * @param removePods the pods that do not arrive
 * @param replacePods the pods that ask for something else
 */
public record ClusterVariant(
    String name,
    List<NodeChoice> addNodes,
    List<NodeChoice> removeNodes,
    List<PodChoice> removePods,
    List<PodReplacement> replacePods) {
  /** The cluster and workload as they are. */
  public static final ClusterVariant NONE =
      new ClusterVariant("as it is", List.of(), List.of(), List.of(), List.of());

  /** Copies the lists. */
  public ClusterVariant {
    addNodes = List.copyOf(addNodes);
    removeNodes = List.copyOf(removeNodes);
    removePods = List.copyOf(removePods);
    replacePods = List.copyOf(replacePods);
  }

  @JsonCreator
  static ClusterVariant of(
      @Nullable String name,
      @Nullable List<NodeChoice> addNodes,
      @Nullable List<NodeChoice> removeNodes,
      @Nullable List<PodChoice> removePods,
      @Nullable List<PodReplacement> replacePods) {
    if (name == null || name.isBlank()) {
      throw new IllegalArgumentException("variants: expected a name for each");
    }
    return new ClusterVariant(
        name,
        Experiment.given(addNodes),
        Experiment.given(removeNodes),
        Experiment.given(removePods),
        Experiment.given(replacePods));
  }

  /** Returns a scenario changed; throws IllegalArgumentException where there is nothing such. */
  Scenario applied(Scenario scenario) {
    List<Node> nodes = new ArrayList<>(scenario.nodes());
    for (NodeChoice choice : removeNodes) {
      List<Node> chosen = choice.of(nodes);
      nodes.removeAll(
          new HashSet<>(choice.count() == null ? chosen : first(chosen, choice.count())));
    }
    for (NodeChoice choice : addNodes) {
      Node like = choice.of(scenario.nodes()).get(0);
      for (int copy = 1; copy <= (choice.count() == null ? 1 : choice.count()); copy++) {
        nodes.add(like.withName(like.name() + "-added-" + copy));
      }
    }
    Set<String> names = nodes.stream().map(Node::name).collect(Collectors.toSet());
    if (names.size() < nodes.size()) {
      throw new IllegalArgumentException("addNodes: expected each node to be copied in one place");
    }
    List<TracePod> pods = scenario.pods();
    for (PodChoice choice : removePods) {
      List<TracePod> left = pods.stream().filter(pod -> !choice.matches(pod)).toList();
      if (left.size() == pods.size()) {
        throw new IllegalArgumentException("removePods: no pod is like " + choice);
      }
      pods = left;
    }
    for (PodReplacement replacement : replacePods) {
      pods = replacement.applied(pods);
    }
    return new Scenario(
        nodes,
        scenario.running().stream()
            .filter(placement -> names.contains(placement.nodeName()))
            .toList(),
        pods);
  }

  private static List<Node> first(List<Node> nodes, int count) {
    if (nodes.size() < count) {
      throw new IllegalArgumentException(
          "removeNodes: expected at least " + count + " such nodes, there are " + nodes.size());
    }
    return nodes.subList(0, count);
  }
}
