package io.stowage.extender.state;

import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.extender.kube.ObservedPod;
import io.stowage.extender.names.AskedNodes;
import io.stowage.extender.state.NodeRanking.Outcome;
import io.stowage.extender.state.NodeRanking.Ranked;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Decides which nodes a pod is offered and in which order, and holds the first of them for it.
 * Belongs to the state's one writer.
 */
final class Filters {
  private final Supplier<HoldSettings> settings;
  private final BoundPods bound;
  private final Holds holds;
  private final WaitingPods waiting;
  private final Claims claims;
  private final PodVersions versions;
  private final FailedNodes failedNodes;
  private final NodeRanking ranking;
  private final FreedNodes freed;
  private final PolicyFeed policy;
  private final KeptOut keptOut;
  private final LongSupplier nanoClock;

  Filters(
      Supplier<HoldSettings> settings,
      BoundPods bound,
      Holds holds,
      WaitingPods waiting,
      Claims claims,
      PodVersions versions,
      FailedNodes failedNodes,
      NodeRanking ranking,
      FreedNodes freed,
      PolicyFeed policy,
      KeptOut keptOut,
      LongSupplier nanoClock) {
    this.settings = settings;
    this.bound = bound;
    this.holds = holds;
    this.waiting = waiting;
    this.claims = claims;
    this.versions = versions;
    this.failedNodes = failedNodes;
    this.ranking = ranking;
    this.freed = freed;
    this.policy = policy;
    this.keptOut = keptOut;
    this.nanoClock = nanoClock;
  }

  /**
   * Decides which of the nodes a pod is offered, and holds the first of them for it.
   *
   * @param asked the nodes asked about
   * @param described what the request itself says of a node that the watch does not know, null
   *     where it says nothing
   */
  FilterDecision filter(ObservedPod observed, AskedNodes asked, DescribedNodes described) {
    holds.lapse(nanoClock.getAsLong());
    Pod pod = observed.pod();
    Placement known = bound.of(pod.uid());
    if (known != null && asked.contains(known.nodeName())) {
      return new FilterDecision(List.of(known.nodeName()), Map.of(), Map.of(), 0);
    }
    Hold before = holds.remove(pod.uid());
    if (before != null) {
      waiting.failedOn(pod.uid(), before.placement().nodeName());
    }
    boolean waits = known == null && !versions.isGone(pod.uid());
    FilterDecision decision =
        holds.withoutBelow(pod.priority(), () -> decide(observed, asked, described, waits));
    if (before != null && !before.placement().nodeName().equals(heldNode(pod.uid()))) {
      freed.add(before.placement().nodeName());
    }
    if (waits && decision.kept().isEmpty()) {
      waiting.refused(observed, nanoClock.getAsLong());
    } else {
      waiting.offered(pod.uid());
    }
    return decision;
  }

  /**
   * A pod with preferences of its own is offered every node, but no last choice beside others: what
   * it prefers may outvote any rank, and would send it to the same node for ever.
   */
  private FilterDecision decide(
      ObservedPod observed, AskedNodes asked, DescribedNodes described, boolean waits) {
    PodShape shape = observed.pod().shape();
    Set<String> failed = failedNodes.of(observed);
    Outcome outcome;
    List<Ranked> best;
    if (observed.prefersNodes()) {
      outcome = ranking.rank(shape, asked.names(), failed, described);
      best = outcome.allButLastChoices();
    } else {
      outcome = ranking.shortlist(shape, asked, failed, described, settings.get().shortlistNodes());
      best = outcome.best(settings.get().shortlistNodes());
    }
    if (waits && mustWait(observed, best)) {
      return outcome.refusingAll(asked.names(), Reasons.KEPT);
    }
    List<String> kept = best.stream().map(Ranked::node).toList();
    if (!kept.isEmpty() && waits) {
      hold(observed, kept.get(0));
    }
    return new FilterDecision(kept, outcome.failed(), outcome.unresolvable(), outcome.unknown());
  }

  /** Tells whether even the best node has only room that is kept for larger pods. */
  private boolean mustWait(ObservedPod observed, List<Ranked> best) {
    return !best.isEmpty()
        && ranking.isKept(observed.pod().shape(), best.get(0))
        && keptOut.mustWait(observed.pod().uid(), best.get(0).node(), nanoClock.getAsLong());
  }

  private void hold(ObservedPod observed, String node) {
    List<Integer> devices = ranking.devices(observed.pod().shape(), node, List.of());
    Set<String> awaited = claims.unbound(observed);
    Duration time = awaited.isEmpty() ? settings.get().hold() : settings.get().claimHold();
    Placement placement =
        new Placement(observed.pod(), node, devices == null ? List.of() : devices);
    holds.put(new Hold(placement, nanoClock.getAsLong() + time.toNanos(), awaited));
    policy.reserved(placement);
  }

  private @Nullable String heldNode(String uid) {
    Hold hold = holds.of(uid);
    return hold == null ? null : hold.placement().nodeName();
  }

  /**
   * Returns the nodes of a request in the order that the pod should prefer them, best first; those
   * that it would be refused are left out.
   */
  List<String> prioritize(ObservedPod observed, AskedNodes asked, DescribedNodes described) {
    Pod pod = observed.pod();
    Hold own = holds.of(pod.uid());
    List<String> names = asked.names();
    List<Ranked> ranked =
        holds.without(
            hold -> hold.equals(own) || hold.priority() < pod.priority(),
            () ->
                ranking
                    .rank(pod.shape(), names, failedNodes.of(observed), described)
                    .best(names.size()));
    List<String> order = new ArrayList<>(ranked.size());
    ranked.forEach(node -> order.add(node.node()));
    if (own != null && order.remove(own.placement().nodeName())) {
      order.add(0, own.placement().nodeName());
    }
    return order;
  }
}
