package io.stowage.extender.observe;

import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.replay.BurstReplay;
import io.stowage.core.replay.Placer;
import io.stowage.core.trace.Scenario;
import io.stowage.core.trace.TracePod;
import io.stowage.extender.explain.Missing;
import io.stowage.extender.explain.NodesByMissing;
import io.stowage.extender.kube.PlacementRules;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * An observed cluster with its pods on it: where the plan puts the waiting ones, and what keeps
 * those off that it leaves out. Guessed GPUs count as held.
 */
final class KnownCluster {
  static final String POLICY = "stowage";
  static final int SEED = 1;

  private final ObservedCluster observed;
  private final Eligibility eligibility;
  private final Map<String, KnownNode> nodes = new LinkedHashMap<>();
  private final Cluster now = new Cluster();

  KnownCluster(ObservedCluster observed) {
    this.observed = observed;
    eligibility =
        new Eligibility(
            observed.nodes(),
            Stream.concat(
                    observed.waiting().stream(),
                    observed.running().stream().filter(pod -> !pod.tied()))
                .toList());
    observed.nodes().forEach(node -> nodes.put(node.name(), node));
    observed.nodes().forEach(node -> now.putNode(eligibility.marked(node)));
    placements().forEach(now::place);
  }

  /** Returns what it was made of. */
  ObservedCluster observed() {
    return observed;
  }

  /** Returns which pods may be on which nodes. */
  Eligibility eligibility() {
    return eligibility;
  }

  /** Returns the cluster as it is; not to be written. */
  Cluster now() {
    return now;
  }

  /** Returns the kinds of node that it has. */
  NodeTypes types(GpuPrices prices) {
    return new NodeTypes(observed.nodes(), observed.running(), eligibility, prices);
  }

  /** Returns the nodes by name. */
  Map<String, KnownNode> nodes() {
    return Collections.unmodifiableMap(nodes);
  }

  /** Returns where the running pods are. */
  List<Placement> placements() {
    return observed.running().stream().map(ObservedCluster::placement).toList();
  }

  /** Returns what keeps a pod off the nodes that count. */
  NodesByMissing nodesByMissing(KnownPod pod, Cluster cluster, Predicate<Node> counts) {
    return NodesByMissing.of(
        pod.pod().shape(), cluster, node -> refusal(pod.rules(), node), counts);
  }

  /** Returns what rules say of a node. */
  Optional<PlacementRules.Refusal> refusal(PlacementRules rules, Node node) {
    return Objects.requireNonNull(nodes.get(node.name())).refusal(rules);
  }

  /**
   * Returns the cluster with the waiting pods that the plan places, pods on it by the GPUs that
   * they hold, guessed ones included.
   *
   * @param moves how many moves are tried
   */
  Cluster plan(int moves) {
    Cluster placed = now;
    if (!observed.waiting().isEmpty() && !observed.nodes().isEmpty()) {
      List<Node> marked = observed.nodes().stream().map(eligibility::marked).toList();
      Map<TracePod, KnownPod> pods = new LinkedHashMap<>();
      for (KnownPod pod : observed.waiting()) {
        pods.put(
            new TracePod(
                pod.pod().uid(),
                eligibility.shape(pod),
                pod.pod().priority(),
                OptionalDouble.empty()),
            pod);
      }
      Placer placer =
          Placer.ofBurst(
              new Scenario(marked, placements(), List.copyOf(pods.keySet())),
              POLICY,
              new SplittableRandom(SEED),
              moves);
      place(placer, List.copyOf(pods.keySet()), pods);
      placed = placer.cluster().cluster();
    }
    return withDevices(placed);
  }

  /** Places pods by priority; among equals those first that have a slot in the plan. */
  private static void place(Placer placer, List<TracePod> queue, Map<TracePod, KnownPod> pods) {
    Map<PodShape, Integer> slots = placer.arrivedTogether(queue);
    Map<Integer, List<TracePod>> byPriority = new TreeMap<>(Comparator.reverseOrder());
    for (TracePod pod : queue) {
      byPriority.computeIfAbsent(pod.priority(), priority -> new ArrayList<>()).add(pod);
    }
    for (List<TracePod> equals : byPriority.values()) {
      for (TracePod pod : BurstReplay.slottedFirst(equals, slots)) {
        Pod own = Objects.requireNonNull(pods.get(pod)).pod();
        placer.place(
            new Pod(own.uid(), own.namespace(), own.name(), pod.shape(), own.priority()), 0);
      }
    }
  }

  /** Returns a copy whose placements name the GPUs that pods hold, guessed ones included. */
  static Cluster withDevices(Cluster cluster) {
    Cluster copy = new Cluster();
    cluster.forEachNode(
        node -> {
          if (node.node() != null) {
            copy.putNode(node.node());
          }
          for (Placement placement : node.placements()) {
            List<Integer> devices =
                Arrays.stream(node.gpuDevices(placement.pod().uid())).boxed().toList();
            copy.place(new Placement(placement.pod(), placement.nodeName(), devices));
          }
        });
    return copy;
  }

  /** Pods that are alike for the question what would make room. */
  private record Alike(PlacementRules rules, PodShape shape, int priority) {}

  /**
   * Judges waiting pods by where a plan has put them.
   *
   * @return what comes of each
   */
  List<WaitingPod> judge(List<KnownPod> pods, Cluster planned, NodeTypes types) {
    List<WaitingPod> waiting = new ArrayList<>();
    Set<String> mayEnd = new HashSet<>();
    observed.running().stream()
        .filter(pod -> !pod.tied())
        .forEach(pod -> mayEnd.add(pod.pod().uid()));
    RoomByEnding ending = new RoomByEnding(planned, mayEnd);
    Map<Alike, WaitingPod.NoRoom> known = new HashMap<>();
    for (KnownPod pod : pods) {
      Placement placement = planned.placement(pod.pod().uid());
      WaitingPod.Outcome outcome;
      if (placement != null) {
        boolean visible = Objects.requireNonNull(planned.node(placement.nodeName())).gpusVisible();
        outcome =
            new WaitingPod.Fits(placement.nodeName(), visible ? placement.gpuDevices() : List.of());
      } else {
        PodShape marked = eligibility.shape(pod);
        outcome =
            known.computeIfAbsent(
                new Alike(pod.rules(), pod.pod().shape(), pod.pod().priority()),
                alike ->
                    new WaitingPod.NoRoom(
                        missing(pod, planned),
                        ending.find(marked, alike.priority()),
                        types.firstFor(marked).map(NodeTypes.NodeType::name)));
      }
      waiting.add(
          new WaitingPod(
              pod.pod().namespace(),
              pod.pod().name(),
              pod.pod().priority(),
              pod.pod().shape(),
              pod.unseen(),
              outcome));
    }
    return waiting;
  }

  private Map<Missing, Integer> missing(KnownPod pod, Cluster planned) {
    NodesByMissing found = nodesByMissing(pod, planned, node -> true);
    Map<Missing, Integer> counts = found.counts();
    if (!found.fittingNodes().isEmpty()) { // the plan left it out all the same
      counts.merge(Missing.OTHER, found.fittingNodes().size(), Integer::sum);
    }
    return counts;
  }
}
