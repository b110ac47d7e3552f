package io.stowage.extender.explain;

import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.fit.Fit;
import io.stowage.core.fit.Shortage;
import io.stowage.core.policy.NodeScores;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Why a pod waits, or where it is, and what keeps it off other nodes. Its components are the keys
 * of its JSON.
 *
 * @param namespace its namespace
 * @param name its name
 * @param priority its priority
 * @param asks what it asks for, in words
 * @param standing {@code bound}, {@code gated}, {@code held} (room is held for it) or {@code
 *     waiting}
 * @param sentence why, in one sentence
 * @param node the node that it is bound to, empty where it waits
 * @param gpuDevices the indices of its GPUs there, empty where it has none or they are not visible
 * @param nodes how many nodes were looked at; of a pod that is bound, the others. Nodes that fit
 *     and nodes that lack something add up to it
 * @param fittingNodes how many of them fit it and may take it
 * @param lacking what the others miss first, what most do first
 * @param keptNodes how many of the fitting nodes are kept for pods of more GPUs
 * @param best the best of the fitting nodes with their scores, best first
 * @param heldNode the node where room is held for it, empty where none is
 * @param nominatedNode the node that its status nominates, empty where none is
 * @param plannedNodes where the plan has a place for it
 * @param room what would make room, empty where nothing simple would
 * @param notes what was not looked at
 */
public record PodExplanation(
    String namespace,
    String name,
    int priority,
    String asks,
    String standing,
    String sentence,
    String node,
    List<Integer> gpuDevices,
    int nodes,
    int fittingNodes,
    List<Lack> lacking,
    int keptNodes,
    List<RankedNode> best,
    String heldNode,
    String nominatedNode,
    List<String> plannedNodes,
    String room,
    List<String> notes) {
  private static final int NAMED = 3;

  /** Copies the lists. */
  public PodExplanation {
    gpuDevices = List.copyOf(gpuDevices);
    lacking = List.copyOf(lacking);
    best = List.copyOf(best);
    plannedNodes = List.copyOf(plannedNodes);
    notes = List.copyOf(notes);
  }

  /**
   * Nodes that miss the same first.
   *
   * @param missing what they miss, by the key of {@link Missing}
   * @param nodes how many they are
   * @param text what is to be said of them
   * @param named a few of them
   */
  public record Lack(String missing, int nodes, String text, List<NamedNode> named) {
    /** Copies {@code named}. */
    public Lack {
      named = List.copyOf(named);
    }
  }

  /**
   * A node with all that the pod lacks there by amounts and GPUs.
   *
   * @param node its name
   * @param shortages each with figures; empty where rules alone keep the pod away
   */
  public record NamedNode(String node, List<String> shortages) {
    /** Copies {@code shortages}. */
    public NamedNode {
      shortages = List.copyOf(shortages);
    }
  }

  /**
   * One of the best nodes.
   *
   * @param rank 1 for the best
   * @param node its name
   * @param score its score, higher is better
   * @param terms what the score is the sum of
   */
  public record RankedNode(int rank, String node, double score, Map<String, Double> terms) {
    /** Copies {@code terms}, in their order. */
    public RankedNode {
      terms = Collections.unmodifiableMap(new LinkedHashMap<>(terms));
    }

    /** Ranks nodes that are given best first. */
    public static List<RankedNode> of(List<NodeScores.ScoreByTerm> bestFirst) {
      List<RankedNode> ranked = new ArrayList<>();
      for (NodeScores.ScoreByTerm node : bestFirst) {
        ranked.add(new RankedNode(ranked.size() + 1, node.node(), node.score(), node.terms()));
      }
      return ranked;
    }
  }

  /**
   * What is known of a pod beside its standing on nodes.
   *
   * @param pod the pod
   * @param gated whether scheduling gates keep it back
   * @param refused whether the last filter of Stowage's kept no node for it
   * @param heldNode as in the explanation
   * @param nominatedNode as in the explanation
   * @param plannedNodes as in the explanation
   * @param room as in the explanation
   * @param notes as in the explanation
   */
  public record Facts(
      Pod pod,
      boolean gated,
      boolean refused,
      String heldNode,
      String nominatedNode,
      List<String> plannedNodes,
      String room,
      List<String> notes) {}

  /** Explains a pod that waits. */
  public static PodExplanation waiting(
      Facts facts, Cluster cluster, NodesByMissing nodes, int keptNodes, List<RankedNode> best) {
    PodShape shape = facts.pod().shape();
    long unitsPerGpu = Amounts.unitsPerGpu(shape, cluster);
    String standing = facts.gated() ? "gated" : facts.heldNode().isEmpty() ? "waiting" : "held";
    return new PodExplanation(
        facts.pod().namespace(),
        facts.pod().name(),
        facts.pod().priority(),
        Amounts.request(shape, unitsPerGpu),
        standing,
        switch (standing) {
          case "gated" -> WaitSentence.GATED;
          case "held" -> WaitSentence.HELD;
          default -> WaitSentence.withNeed(shape, unitsPerGpu, nodes, facts.refused());
        },
        "",
        List.of(),
        nodes.total(),
        nodes.fittingNodes().size(),
        lacking(shape, cluster, nodes),
        keptNodes,
        best,
        facts.heldNode(),
        facts.nominatedNode(),
        facts.plannedNodes(),
        facts.room(),
        facts.notes());
  }

  /**
   * Explains a pod that is bound.
   *
   * @param state its node
   * @param others what would keep it off the other nodes
   */
  public static PodExplanation bound(
      Pod pod, NodeState state, Cluster cluster, NodesByMissing others, List<String> notes) {
    List<Integer> gpus = new ArrayList<>();
    if (state.gpusVisible()) {
      for (int device : state.gpuDevices(pod.uid())) {
        gpus.add(device);
      }
    }
    PodShape shape = pod.shape();
    int fitting = others.fittingNodes().size();
    return new PodExplanation(
        pod.namespace(),
        pod.name(),
        pod.priority(),
        Amounts.request(shape, Amounts.unitsPerGpu(shape, cluster)),
        "bound",
        "it is on "
            + state.name()
            + (gpus.isEmpty() ? "" : ", GPU " + join(gpus))
            + "; "
            + (fitting == 0
                ? "no other node would have room"
                : Amounts.count(fitting, "other node") + " would have room too"),
        state.name(),
        gpus,
        others.total(),
        fitting,
        lacking(shape, cluster, others),
        0,
        List.of(),
        "",
        "",
        List.of(),
        "",
        notes);
  }

  private static String join(List<Integer> numbers) {
    return String.join(", ", numbers.stream().map(String::valueOf).toList());
  }

  private static List<Lack> lacking(PodShape shape, Cluster cluster, NodesByMissing nodes) {
    List<Lack> lacking = new ArrayList<>();
    for (Missing missing : nodes.mostFirst()) {
      List<String> names = nodes.nodes().getOrDefault(missing, List.of());
      List<NamedNode> named = new ArrayList<>();
      for (String name : names.stream().sorted().limit(NAMED).toList()) {
        NodeState state = cluster.node(name);
        named.add(
            new NamedNode(
                name,
                state == null
                    ? List.of()
                    : Fit.shortages(shape, state).stream().map(Shortage::describe).toList()));
      }
      lacking.add(new Lack(missing.key(), names.size(), missing.text(names.size(), shape), named));
    }
    return lacking;
  }
}
