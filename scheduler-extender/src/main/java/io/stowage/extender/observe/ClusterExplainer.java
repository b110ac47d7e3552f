package io.stowage.extender.observe;

import io.stowage.core.cluster.PodShape;
import io.stowage.core.fragmentation.TypicalPods;
import io.stowage.core.policy.NodeScores;
import io.stowage.core.policy.PlacementPolicy;
import io.stowage.core.policy.Policies;
import io.stowage.extender.explain.ClusterTop;
import io.stowage.extender.explain.NodeExplanation;
import io.stowage.extender.explain.NodesByMissing;
import io.stowage.extender.explain.PodExplanation;
import io.stowage.extender.explain.PodExplanation.RankedNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/** Explains pods and nodes of a cluster that was read, without the service. */
public final class ClusterExplainer {
  private static final int BEST_SHOWN = 5;

  private final KnownCluster known;
  private final ObservedCluster observed;

  /** Takes a cluster as it is. */
  public ClusterExplainer(ObservedCluster cluster) {
    known = new KnownCluster(cluster);
    observed = cluster;
  }

  /** Explains a pod; empty where none of that name runs, waits or is gated. */
  public Optional<PodExplanation> explainPod(String namespace, String name) {
    String fullName = namespace + "/" + name;
    return Stream.of(observed.running(), observed.waiting(), observed.gated())
        .flatMap(List::stream)
        .filter(pod -> pod.name().equals(fullName))
        .findFirst()
        .map(pod -> pod.observed().isBound() ? explainBound(pod) : explainWaiting(pod));
  }

  private PodExplanation explainBound(KnownPod pod) {
    String own = pod.observed().nodeName();
    return PodExplanation.bound(
        pod.pod(),
        Objects.requireNonNull(known.now().node(own)),
        known.now(),
        known.nodesByMissing(pod, known.now(), node -> !node.virtual() && !node.name().equals(own)),
        rulesNotLookedAt(pod));
  }

  private PodExplanation explainWaiting(KnownPod pod) {
    NodesByMissing missing = known.nodesByMissing(pod, known.now(), node -> !node.virtual());
    List<String> places = List.of();
    String room = "";
    if (!pod.observed().gated()) {
      WaitingPod waiting =
          known
              .judge(
                  List.of(pod),
                  known.plan(ClusterObserver.Settings.of(observed).moves()),
                  known.types(GpuPrices.NONE))
              .get(0);
      places = waiting.outcome() instanceof WaitingPod.Fits fits ? List.of(fits.node()) : places;
      room = waiting.room();
    }
    Set<String> fitting = Set.copyOf(missing.fittingNodes());
    PlacementPolicy policy = policyThatHasSeenAll();
    PodShape shape = pod.pod().shape();
    return PodExplanation.waiting(
        new PodExplanation.Facts(
            pod.pod(),
            pod.observed().gated(),
            false,
            "",
            pod.observed().nominee().nodeName(),
            places,
            room,
            rulesNotLookedAt(pod)),
        known.now(),
        missing,
        (int)
            fitting.stream()
                .filter(node -> policy.keeps(shape, Objects.requireNonNull(known.now().node(node))))
                .count(),
        RankedNode.of(
            new NodeScores(known.now(), policy, new SplittableRandom(KnownCluster.SEED), 1)
                .bestByTerm(shape, BEST_SHOWN, node -> fitting.contains(node.name()))));
  }

  /** Returns a policy that knows the pods of the snapshot, and nothing of what came before. */
  private PlacementPolicy policyThatHasSeenAll() {
    PlacementPolicy policy = Policies.create(KnownCluster.POLICY, TypicalPods.of(Map.of()));
    policy.attach(known.now());
    double second = 0;
    for (KnownPod pod : observed.running()) {
      policy.arrived(pod.pod().shape(), second);
      policy.started(pod.pod().shape(), second++);
    }
    for (KnownPod pod : observed.waiting()) {
      policy.arrived(pod.pod().shape(), second++);
    }
    return policy;
  }

  private static List<String> rulesNotLookedAt(KnownPod pod) {
    return pod.unseen()
        ? List.of("Its pod affinity, spreading, volumes, host ports or claims are not looked at.")
        : List.of();
  }

  /** Explains a node; empty where none of that name is listed. */
  public Optional<NodeExplanation> explainNode(String name) {
    if (!known.nodes().containsKey(name)) {
      return Optional.empty();
    }
    Map<NodeExplanation.Waiting, Integer> waiting = new LinkedHashMap<>();
    for (KnownPod pod : observed.waiting()) {
      waiting.merge(new NodeExplanation.Waiting(pod.pod().shape(), pod.rules()), 1, Integer::sum);
    }
    return Optional.of(
        NodeExplanation.of(
            Objects.requireNonNull(known.now().node(name)),
            List.of(),
            List.of(),
            workload(),
            waiting,
            known::refusal,
            observed.notes()));
  }

  /** Returns the nodes in short. */
  public ClusterTop top() {
    return ClusterTop.of(known.now(), workload());
  }

  private List<PodShape> workload() {
    return Stream.concat(
            observed.running().stream().filter(pod -> !pod.tied()), observed.waiting().stream())
        .map(pod -> pod.pod().shape())
        .filter(shape -> !shape.gpu().isNone())
        .distinct()
        .toList();
  }
}
