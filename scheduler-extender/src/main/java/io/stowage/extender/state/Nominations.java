package io.stowage.extender.state;

import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.PodShape;
import io.stowage.extender.kube.Nominee;
import io.stowage.extender.kube.ObservedPod;
import io.stowage.extender.kube.PlacementRules;
import io.stowage.extender.names.AskedNodes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Decides which waiting pods get a nominated node, and which lose it.
 *
 * <p>kube-scheduler tries a nominated node first and alone, which spares it all others. The pods at
 * the head of its queue that have a free slot are nominated for it, with a hold on the room, while
 * it has a backlog and asks. A nomination stands while its room is there, its pod is among the
 * first and the hold has not lapsed; after that it is withdrawn. Once kube-scheduler has asked
 * about the pod, what happens to the nomination is its business, unless nothing comes of it.
 *
 * <p>What the API server shows decides whose a nomination is: it records who wrote the field. So
 * those that another Stowage left behind are looked after too, and nobody else's is touched.
 *
 * <p>Belongs to the state's one writer.
 */
final class Nominations {
  /** How long ago kube-scheduler may have asked last: it is at work. */
  static final Duration AT_WORK = Duration.ofSeconds(10);

  private final Supplier<HoldSettings> settings;
  private final BoundPods bound;
  private final Holds holds;
  private final WaitingPods waiting;
  private final FreeSlots slots;
  private final PolicyFeed policy;
  private final LongSupplier nanoClock;
  private final NominationQueue queue = new NominationQueue();
  private final Map<String, Nomination> byUid = new LinkedHashMap<>();

  /** Pods whose nomination lapsed or was cleared by somebody else: a second one helps no more. */
  private final Set<String> passedOver = new HashSet<>();

  private boolean everAsked;
  private long askedNanos;

  /** What two pods have in common of which one finds no place where the other found none. */
  private record Asking(PodShape shape, PlacementRules rules) {}

  /** A nomination that was written or is being written. */
  private static final class Nomination {
    private final String nodeName;
    private boolean writing;
    private boolean withdrawing;

    /** Whether room was ever held for it here; another Stowage may have written it. */
    private boolean held;

    /** Whether kube-scheduler has asked about its pod since. */
    private boolean asked;

    /** The version of the pod that first had it; the largest while that is not known. */
    private long sinceVersion = Long.MAX_VALUE;

    /** The version of the node, holds counted, at which it was found to be free last. */
    private long checkedVersion;

    private Nomination(String nodeName) {
      this.nodeName = nodeName;
    }
  }

  Nominations(
      Supplier<HoldSettings> settings,
      BoundPods bound,
      Holds holds,
      WaitingPods waiting,
      FreeSlots slots,
      PolicyFeed policy,
      LongSupplier nanoClock) {
    this.settings = settings;
    this.bound = bound;
    this.holds = holds;
    this.waiting = waiting;
    this.slots = slots;
    this.policy = policy;
    this.nanoClock = nanoClock;
  }

  /** Returns how many nominations there are. */
  int size() {
    return byUid.size();
  }

  /** Takes in what the API server says of a pod that waits. */
  void seen(ObservedPod observed) {
    String uid = observed.pod().uid();
    queue.put(observed);
    Nominee nominee = observed.nominee();
    Nomination known = byUid.get(uid);
    if (nominee.byStowage()) {
      // kube-scheduler clears what is nominated for a pod that it tried in vain, or preempts there
      // itself and the nomination has become its own; it leaves pods alone that never preempt.
      boolean handedOver = !nominee.open() && nominee.preempts();
      if (handedOver) {
        forget(uid);
      } else if (known == null || !known.nodeName.equals(nominee.nodeName())) {
        forget(uid);
        known = new Nomination(nominee.nodeName());
        known.sinceVersion = observed.resourceVersion();
        byUid.put(uid, known);
      } else {
        known.sinceVersion = Math.min(known.sinceVersion, observed.resourceVersion());
      }
    } else if (known != null
        && (nominee.isNominated() || observed.resourceVersion() > known.sinceVersion)) {
      if (!known.withdrawing) {
        passedOver.add(uid);
      }
      forget(uid);
    }
  }

  /** Forgets a pod that does not wait any more. */
  void gone(String uid) {
    queue.remove(uid);
    byUid.remove(uid);
    passedOver.remove(uid);
  }

  /** Forgets a nomination; room that is held for nothing else is free. */
  private void forget(String uid) {
    Nomination nomination = byUid.remove(uid);
    if (nomination != null && !nomination.asked) {
      holds.drop(uid, null);
    }
  }

  /**
   * Takes in that kube-scheduler asks about a pod. Returns the node alone that was nominated for
   * it, where that is asked about and still free; null where all nodes are to be looked at.
   */
  @Nullable FilterDecision asked(ObservedPod observed, AskedNodes nodes) {
    everAsked = true;
    askedNanos = nanoClock.getAsLong();
    String uid = observed.pod().uid();
    Nomination nomination = byUid.get(uid);
    if (nomination == null || nomination.asked) {
      return null;
    }
    nomination.asked = true;
    Hold hold = holds.of(uid);
    if (hold == null
        || bound.of(uid) != null
        || !hold.placement().nodeName().equals(nomination.nodeName)
        || !nodes.contains(nomination.nodeName)
        || !slots.takes(observed, nomination.nodeName)) {
      return null;
    }
    holds.put(new Hold(hold.placement(), deadline(), Set.of()));
    waiting.offered(uid);
    return new FilterDecision(List.of(nomination.nodeName), Map.of(), Map.of(), 0);
  }

  private long deadline() {
    return nanoClock.getAsLong() + settings.get().hold().toNanos();
  }

  /**
   * Returns what is to be written now, withdrawals first; {@link #written} must follow for each.
   *
   * @param budget how much may be written at most
   */
  List<NominationWrite> round(NominationLimits limits, int budget) {
    List<String> head =
        queue.head(limits.schedulerName(), limits.window(), uid -> !isUnderWay(uid));
    List<NominationWrite> writes = new ArrayList<>();
    withdraw(new HashSet<>(head), budget, writes);
    if (head.size() > limits.backlog()
        && everAsked
        && nanoClock.getAsLong() - askedNanos < AT_WORK.toNanos()) {
      nominate(head.subList(limits.backlog(), head.size()), limits.window(), budget, writes);
    }
    return writes;
  }

  /** Tells whether kube-scheduler has a pod in hand. */
  private boolean isUnderWay(String uid) {
    Nomination nomination = byUid.get(uid);
    return nomination == null ? holds.contains(uid) || bound.of(uid) != null : nomination.asked;
  }

  private void withdraw(Set<String> head, int budget, List<NominationWrite> writes) {
    for (Map.Entry<String, Nomination> entry : byUid.entrySet()) {
      String uid = entry.getKey();
      Nomination nomination = entry.getValue();
      ObservedPod pod = waiting.get(uid);
      if (nomination.writing || pod == null || stands(pod, nomination, head.contains(uid))) {
        continue;
      }
      if (nomination.held && !nomination.asked && !holds.contains(uid)) {
        passedOver.add(uid); // kube-scheduler did not come to it in time
      }
      holds.drop(uid, null);
      nomination.withdrawing = true;
      if (writes.size() < budget) {
        nomination.writing = true;
        writes.add(
            new NominationWrite(
                pod.pod(), "", Math.max(pod.resourceVersion(), nomination.sinceVersion)));
      }
    }
  }

  private boolean stands(ObservedPod pod, Nomination nomination, boolean isInHead) {
    String uid = pod.pod().uid();
    if (nomination.withdrawing) {
      return false;
    }
    if (nomination.asked) {
      return bound.of(uid) != null || holds.contains(uid);
    }
    if (!isInHead || !pod.nominee().open()) {
      return false;
    }
    NodeState node = bound.steering().node(nomination.nodeName);
    if (node == null || !holds.contains(uid)) {
      return node != null && adopt(pod, nomination);
    }
    if (node.version() == nomination.checkedVersion) {
      return true;
    }
    boolean free =
        holds.without(hold -> hold.uid().equals(uid), () -> slots.isFree(pod, nomination.nodeName));
    nomination.checkedVersion = node.version();
    return free;
  }

  /** Holds room for a nomination that was found and not made here; returns whether it is free. */
  private boolean adopt(ObservedPod pod, Nomination nomination) {
    Placement placement =
        nomination.held || !slots.isFree(pod, nomination.nodeName)
            ? null
            : slots.placement(pod, nomination.nodeName);
    if (placement == null) {
      return false;
    }
    hold(placement, nomination);
    return true;
  }

  private void hold(Placement placement, Nomination nomination) {
    nomination.held = true;
    holds.put(new Hold(placement, deadline(), Set.of()));
    policy.reserved(placement);
  }

  private void nominate(List<String> head, int window, int budget, List<NominationWrite> writes) {
    Set<Asking> withoutSlot = new HashSet<>();
    for (String uid : head) {
      if (writes.size() >= budget || byUid.size() >= window) {
        return;
      }
      ObservedPod pod = waiting.get(uid);
      if (pod == null
          || byUid.containsKey(uid)
          || passedOver.contains(uid)
          || pod.nominee().isNominated()
          || withoutSlot.contains(asking(pod))) {
        continue;
      }
      Placement placement = slots.find(pod);
      if (placement == null) {
        withoutSlot.add(asking(pod));
        continue;
      }
      Nomination nomination = new Nomination(placement.nodeName());
      hold(placement, nomination);
      nomination.writing = true;
      byUid.put(uid, nomination);
      writes.add(new NominationWrite(pod.pod(), placement.nodeName(), pod.resourceVersion()));
    }
  }

  private Asking asking(ObservedPod pod) {
    return new Asking(pod.pod().shape(), slots.rules(pod));
  }

  /** Takes in what became of what was to be written. */
  void written(NominationWrite write, NominationOutcome outcome) {
    String uid = write.pod().uid();
    Nomination nomination = byUid.get(uid);
    if (nomination == null || !nomination.writing || nomination.withdrawing != write.withdraws()) {
      return;
    }
    nomination.writing = false;
    if (outcome instanceof NominationOutcome.Written done && !write.withdraws()) {
      nomination.sinceVersion = Math.min(nomination.sinceVersion, done.resourceVersion());
    } else if (!write.withdraws() || isOver(outcome)) {
      forget(uid);
    }
  }

  private static boolean isOver(NominationOutcome outcome) {
    return outcome instanceof NominationOutcome.Written
        || outcome instanceof NominationOutcome.Gone;
  }
}
