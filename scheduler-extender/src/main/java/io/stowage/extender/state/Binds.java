package io.stowage.extender.state;

import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.Pod;
import io.stowage.extender.kube.ObservedPod;
import io.stowage.extender.state.UnconfirmedBind.Phase;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Decides binds, and keeps those that the watch has not confirmed: their pods count on their nodes
 * meanwhile. Belongs to the state's one writer.
 */
final class Binds {
  private final BoundPods bound;
  private final Holds holds;
  private final WaitingPods waiting;
  private final KnownNodes nodes;
  private final DeviceRules rules;
  private final NodeRanking ranking;
  private final FreedNodes freed;
  private final PolicyFeed policy;
  private final LongSupplier nanoClock;
  private final Map<String, UnconfirmedBind> unconfirmed = new LinkedHashMap<>();

  Binds(
      BoundPods bound,
      Holds holds,
      WaitingPods waiting,
      KnownNodes nodes,
      DeviceRules rules,
      NodeRanking ranking,
      FreedNodes freed,
      PolicyFeed policy,
      LongSupplier nanoClock) {
    this.bound = bound;
    this.holds = holds;
    this.waiting = waiting;
    this.nodes = nodes;
    this.rules = rules;
    this.ranking = ranking;
    this.freed = freed;
    this.policy = policy;
    this.nanoClock = nanoClock;
  }

  /**
   * Decides whether a pod may be bound to a node, and with which devices. After {@link
   * BindDecision.Write} it counts there, and {@link #complete} must follow.
   */
  BindDecision start(String uid, String nodeName) {
    Placement known = bound.of(uid);
    if (known != null) {
      return repeatedBind(known, nodeName);
    }
    Hold hold = holds.of(uid);
    Pod pod = waitingPod(uid, hold);
    if (pod == null) {
      return new BindDecision.Refused(
          "the pod is not known: it was deleted, or the watch has not shown it yet");
    }
    if (nodes.isRemoved(nodeName)) {
      return refuse(uid, nodeName, "the node was deleted");
    }
    NodeState node = bound.hard().node(nodeName);
    if (pod.shape().gpu().isShare() && node != null) {
      if (rules.isForeign(nodeName)) {
        return refuse(uid, nodeName, Reasons.FOREIGN_EXTENDER);
      }
      if (NodeRanking.devicesFit(pod.shape(), node) && rules.mustWait(pod.shape(), nodeName)) {
        return new BindDecision.Wait(
            "the node's device plugin has not yet assigned its GPU to a pod that asks for the"
                + " same amount");
      }
    }
    List<Integer> wanted =
        hold != null && hold.placement().nodeName().equals(nodeName)
            ? hold.placement().gpuDevices()
            : List.of();
    boolean held = holds.drop(uid, nodeName);
    List<Integer> devices =
        holds.without(
            other -> other.priority() < pod.priority(),
            () -> ranking.devices(pod.shape(), nodeName, wanted));
    if (devices == null) {
      return refuse(uid, nodeName, "no GPU of the node has enough free for the pod");
    }
    Placement placement = new Placement(pod, nodeName, devices);
    bound.place(placement, nanoClock.getAsLong());
    if (!held) {
      policy.reserved(placement);
    }
    return write(placement);
  }

  private @Nullable Pod waitingPod(String uid, @Nullable Hold hold) {
    if (hold != null) {
      return hold.placement().pod();
    }
    ObservedPod pod = waiting.get(uid);
    return pod == null ? null : pod.pod();
  }

  private BindDecision refuse(String uid, String nodeName, String reason) {
    giveUp(uid, nodeName);
    return new BindDecision.Refused(reason);
  }

  /** Takes in that a pod will not be bound to a node, where nothing was written for it. */
  void giveUp(String uid, String nodeName) {
    holds.drop(uid, null);
    waiting.failedOn(uid, nodeName);
  }

  private BindDecision write(Placement placement) {
    setPhase(placement, Phase.WRITING);
    return new BindDecision.Write(placement, gpuCapacityUnits(placement));
  }

  private long gpuCapacityUnits(Placement placement) {
    NodeState node = bound.hard().node(placement.nodeName());
    if (node == null || placement.gpuDevices().isEmpty()) {
      return 0;
    }
    int device = placement.gpuDevices().get(0);
    return device < node.gpuCount() ? node.gpuCapacityUnits(device) : 0;
  }

  private BindDecision repeatedBind(Placement known, String nodeName) {
    if (!known.nodeName().equals(nodeName)) {
      return new BindDecision.Refused("the pod is bound to node " + known.nodeName() + " already");
    }
    UnconfirmedBind binding = unconfirmed.get(known.pod().uid());
    if (binding == null || binding.phase() == Phase.ACCEPTED) {
      return new BindDecision.AlreadyBound();
    }
    return isStillRight(known)
        ? write(known)
        : new BindDecision.Refused(
            "whether the pod is bound there already is not known, and the GPU that it was given"
                + " cannot be given any more");
  }

  /** Tells whether a share that was decided before would be decided so again. */
  private boolean isStillRight(Placement decided) {
    if (!UnassignedShares.isShare(decided)) {
      return true;
    }
    NodeState node = bound.hard().node(decided.nodeName());
    int card = decided.gpuDevices().get(0);
    long amount = decided.pod().shape().gpu().unitsPerGpu();
    if (node == null
        || card >= node.gpuCount()
        || bound.unassigned().count(decided.nodeName(), amount) != 1) {
      return false;
    }
    long units = 0;
    for (Placement placement : node.placements()) {
      for (int device : node.gpuDevices(placement.pod().uid())) {
        units += device == card ? placement.pod().shape().gpu().unitsPerGpu() : 0;
      }
    }
    return units <= node.gpuCapacityUnits(card);
  }

  private void setPhase(Placement placement, Phase phase) {
    unconfirmed.put(
        placement.pod().uid(), new UnconfirmedBind(placement, phase, nanoClock.getAsLong()));
  }

  /** Takes in what became of a binding; what the watch has said meanwhile stands. */
  void complete(String uid, BindOutcome outcome) {
    UnconfirmedBind binding = unconfirmed.get(uid);
    if (binding == null) {
      return;
    }
    if (outcome instanceof BindOutcome.Bound) {
      waiting.remove(uid);
      holds.drop(uid, binding.placement().nodeName());
      policy.bound(binding.placement().pod());
      setPhase(binding.placement(), Phase.ACCEPTED);
    } else if (outcome instanceof BindOutcome.InDoubt) {
      setPhase(binding.placement(), Phase.IN_DOUBT);
    } else {
      release(binding);
    }
  }

  void release(UnconfirmedBind binding) {
    String uid = binding.placement().pod().uid();
    unconfirmed.remove(uid);
    bound.remove(uid);
    policy.gone(uid);
    freed.add(binding.placement().nodeName());
    waiting.failedOn(uid, binding.placement().nodeName());
  }

  /**
   * Releases what was decided about devices and is not known to be bound: by the epoch of those
   * decisions nothing can be written any more, and what was written has been shown.
   */
  void releaseFencedOff() {
    for (UnconfirmedBind binding : List.copyOf(unconfirmed.values())) {
      if (binding.phase() != Phase.ACCEPTED && !binding.placement().gpuDevices().isEmpty()) {
        release(binding);
      }
    }
  }

  /** Returns the bindings that nothing is being written for and that the watch has not shown. */
  List<UnconfirmedBind> unconfirmed() {
    return unconfirmed.values().stream()
        .filter(binding -> binding.phase() != Phase.WRITING)
        .toList();
  }

  /** Returns how many bindings the watch has not shown. */
  int unconfirmedCount() {
    return unconfirmed.size();
  }

  /** Tells whether nothing has happened to a binding since it was returned. */
  boolean isCurrent(UnconfirmedBind binding) {
    return binding.equals(unconfirmed.get(binding.placement().pod().uid()));
  }

  /** Tells whether the API server has not accepted a pod's binding, as far as is known. */
  boolean isOpen(String uid) {
    UnconfirmedBind binding = unconfirmed.get(uid);
    return binding != null && binding.phase() != Phase.ACCEPTED;
  }

  /** Forgets a pod's binding: the watch has shown it, or the pod is gone. */
  void forget(String uid) {
    unconfirmed.remove(uid);
  }
}
