package io.stowage.extender.state;

import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.fit.Fit;
import io.stowage.core.policy.NodeScores.Scored;
import io.stowage.core.policy.PlacementPolicy;
import io.stowage.extender.kube.ClusterLabels;
import io.stowage.extender.kube.ObservedPod;
import io.stowage.extender.kube.PlacementRules;
import io.stowage.extender.state.DeviceRules.Verdict;
import java.util.List;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Finds where a waiting pod can go at once: its slot of the plan, or the policy's best node where
 * nothing is planned. Room that is held for anybody is not free here, and a node where anything
 * speaks against the pod is left out: it loses nothing, kube-scheduler asks for it anyway.
 */
final class FreeSlots {
  private final BoundPods bound;
  private final DeviceRules rules;
  private final NodeRanking ranking;
  private final PlacementPolicy policy;
  private final FailedNodes failedNodes;
  private final Refusals refusals;
  private final ClusterLabels labels;
  private final LongSupplier nanoClock;
  private boolean planned;

  FreeSlots(
      BoundPods bound,
      DeviceRules rules,
      NodeRanking ranking,
      PlacementPolicy policy,
      FailedNodes failedNodes,
      Refusals refusals,
      ClusterLabels labels,
      LongSupplier nanoClock) {
    this.bound = bound;
    this.rules = rules;
    this.ranking = ranking;
    this.policy = policy;
    this.failedNodes = failedNodes;
    this.refusals = refusals;
    this.labels = labels;
    this.nanoClock = nanoClock;
  }

  /** Takes in that there is a plan: from now on slots alone count. */
  void planned() {
    planned = true;
  }

  /** Returns where a pod can go now, null where it has no slot that is free. */
  @Nullable Placement find(ObservedPod observed) {
    PodShape shape = observed.pod().shape();
    Set<String> failed = failedNodes.of(observed);
    PlacementRules rulesOfPod = rules(observed);
    List<Scored> best =
        ranking.scores().bestFirst(shape, 1, node -> takes(shape, rulesOfPod, node.name(), failed));
    if (best.isEmpty() || (planned && !policy.hasSlot(shape, best.get(0).node()))) {
      return null;
    }
    return placement(observed, best.get(0).node().name());
  }

  /** Returns a pod's place on a node, null where it has no devices for it. */
  @Nullable Placement placement(ObservedPod observed, String nodeName) {
    List<Integer> devices = ranking.devices(observed.pod().shape(), nodeName, List.of());
    return devices == null ? null : new Placement(observed.pod(), nodeName, devices);
  }

  /** Tells whether a pod can still go to a node, its own hold not counted. */
  boolean isFree(ObservedPod observed, String nodeName) {
    NodeState soft = bound.steering().node(nodeName);
    return soft != null && Fit.fits(observed.pod().shape(), soft) && takes(observed, nodeName);
  }

  /** Returns which nodes a pod may be on, whatever room they have. */
  PlacementRules rules(ObservedPod observed) {
    return labels.rules(observed.pod().uid());
  }

  /** Tells whether nothing but room speaks against a node, or against its devices. */
  boolean takes(ObservedPod observed, String nodeName) {
    return takes(observed.pod().shape(), rules(observed), nodeName, failedNodes.of(observed));
  }

  private boolean takes(
      PodShape shape, PlacementRules rulesOfPod, String nodeName, Set<String> failed) {
    NodeState hard = bound.hard().node(nodeName);
    Node node = hard == null ? null : hard.node();
    long nowNanos = nanoClock.getAsLong();
    return hard != null
        && node != null
        && !node.cordoned()
        && !node.virtual()
        && !failed.contains(nodeName)
        && !refusals.avoids(nodeName, nowNanos)
        && refusals.avoidedGpus(nodeName, nowNanos).isEmpty()
        && Fit.fits(shape, hard)
        && !policy.keeps(shape, hard)
        && NodeRanking.devicesFit(shape, hard)
        && (!shape.gpu().isShare() || rules.judge(shape, nodeName) == Verdict.FREE)
        && labels.refusal(rulesOfPod, node).isEmpty();
  }
}
