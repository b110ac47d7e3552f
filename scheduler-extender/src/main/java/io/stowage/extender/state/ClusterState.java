package io.stowage.extender.state;

import io.stowage.core.cluster.ChangeLog;
import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.plan.Demand;
import io.stowage.core.plan.PlanRequest;
import io.stowage.core.plan.Slot;
import io.stowage.core.plan.StowagePlan;
import io.stowage.core.policy.NodeScores;
import io.stowage.core.policy.PlacementPolicy;
import io.stowage.extender.kube.ClusterLabels;
import io.stowage.extender.kube.ObservedPod;
import io.stowage.extender.names.AskedNodes;
import io.stowage.extender.names.NodeNames;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The cluster as the service sees it, and what it decides.
 *
 * <p>Two clusters are kept: one holds what is bound or being bound, the other the same and the
 * holds. Ranking looks at the second, and at the first where the second has no room, so that a hold
 * steers others elsewhere but refuses nobody. For a pod, the holds of pods of lower priority do not
 * exist.
 *
 * <p>Events may come in any order and more than once: what is older than what is known changes
 * nothing, and a pod that is gone does not come back.
 *
 * <p>Not thread-safe: every call comes from the one event loop that owns it.
 */
public final class ClusterState {
  private static final Duration REFUSED_UNSEEN_MEMORY = Duration.ofMinutes(10);

  private final PlacementPolicy policy;
  private final PolicyFeed policyFeed;
  private final LongSupplier nanoClock;
  private final BoundPods bound = new BoundPods();
  private final FreedNodes freed = new FreedNodes(bound.hard());
  private final Holds holds = new Holds(bound.steering(), freed);
  private final ForeignExtenders foreign;
  private final DeviceRules rules;
  private final NodeRanking ranking;
  private final FreeGpuFigures freeGpu = new FreeGpuFigures();

  private final KnownNodes nodes = new KnownNodes(bound, freed);
  private final Claims claims = new Claims();
  private final PodVersions versions = new PodVersions();
  private final WaitingPods waiting = new WaitingPods();
  private final Refusals refusals = new Refusals();
  private final Filters filters;
  private final Binds binds;
  private final FreeSlots freeSlots;
  private final Nominations nominations;
  private final KeptOut keptOut;
  private final Rollouts rollouts = new Rollouts();
  private final Set<String> watchesDown = new TreeSet<>();
  private HoldSettings settings;
  private DecisionLog log = DecisionLog.NONE;
  private boolean synced;

  /** Creates an empty state that is not synced, for a cluster where no other extender works. */
  public ClusterState(
      HoldSettings settings, PlacementPolicy policy, RandomGenerator ties, LongSupplier nanoClock) {
    this(
        settings,
        DeviceSettings.DEFAULT,
        policy,
        new ClusterLabels(),
        ties,
        nanoClock,
        () -> Long.MAX_VALUE);
  }

  /**
   * Creates an empty state that is not synced.
   *
   * @param labels what is known of nodes' labels and taints, and of waiting pods' rules
   * @param ties what breaks ties of a policy that asks for it
   * @param nanoClock a monotonic clock in nanoseconds
   * @param epochNanoClock nanoseconds since 1970
   */
  public ClusterState(
      HoldSettings settings,
      DeviceSettings devices,
      PlacementPolicy policy,
      ClusterLabels labels,
      RandomGenerator ties,
      LongSupplier nanoClock,
      LongSupplier epochNanoClock) {
    this.settings = settings;
    this.policy = policy;
    this.nanoClock = nanoClock;
    this.foreign = new ForeignExtenders(devices.foreignExtenderMemory(), epochNanoClock);
    this.rules =
        new DeviceRules(
            bound.unassigned(), holds.shares(), foreign, devices.assignPatience(), nanoClock);
    this.ranking = new NodeRanking(bound, nodes, rules, policy, ties, refusals, nanoClock);
    this.policyFeed = new PolicyFeed(policy, bound.steering(), nanoClock);
    FailedNodes failedNodes = new FailedNodes(waiting, refusals, nanoClock);
    this.keptOut = new KeptOut(() -> this.settings.keep());
    this.filters =
        new Filters(
            () -> this.settings,
            bound,
            holds,
            waiting,
            claims,
            versions,
            failedNodes,
            ranking,
            freed,
            policyFeed,
            keptOut,
            nanoClock);
    this.binds =
        new Binds(bound, holds, waiting, nodes, rules, ranking, freed, policyFeed, nanoClock);
    this.freeSlots =
        new FreeSlots(bound, rules, ranking, policy, failedNodes, refusals, labels, nanoClock);
    this.nominations =
        new Nominations(
            () -> this.settings, bound, holds, waiting, freeSlots, policyFeed, nanoClock);
  }

  /** Has holds and shortlists be made by other settings from now on; those there are stay. */
  public void setHolds(HoldSettings newSettings) {
    settings = newSettings;
  }

  /** Has a log told what happens from now on. */
  public void tell(DecisionLog newLog) {
    log = newLog;
  }

  /** Takes note that nodes and pods were listed completely. */
  public void markSynced() {
    synced = true;
    log.synced();
    policyFeed.markSynced();
  }

  /** Tells whether nodes and pods were listed completely. */
  public boolean isSynced() {
    return synced;
  }

  /**
   * Takes in whether objects of a kind are being watched; what is known of them grows old while
   * they are not.
   */
  public void putWatch(String kind, boolean up) {
    if (up) {
      watchesDown.remove(kind);
    } else {
      watchesDown.add(kind);
    }
  }

  /** Returns the kinds of objects that should be watched and are not, in order. */
  public List<String> watchesDown() {
    return List.copyOf(watchesDown);
  }

  /** Returns the names of the known nodes, to match requests to; not to be written. */
  public NodeNames nodeNames() {
    return nodes.names();
  }

  /** Returns the cluster with all that is bound or being bound; not to be written. */
  public Cluster bound() {
    return bound.hard();
  }

  // Nodes, claims and time

  /** Adds a node, or replaces what is known of it. */
  public void putNode(Node node) {
    NodeState known = bound.hard().node(node.name());
    if (known == null || !node.equals(known.node())) {
      log.node(node);
    }
    nodes.put(node);
  }

  /**
   * Takes in which devices of a node are unhealthy, whether the node is known yet or not; they
   * count with capacity 0 until a call without them.
   */
  public void putUnhealthyGpus(String nodeName, Set<Integer> deviceIndices) {
    nodes.putUnhealthy(nodeName, deviceIndices);
  }

  /** Forgets a node; pods on it stay on record until they go. */
  public void removeNode(String name) {
    log.nodeGone(name);
    nodes.remove(name);
    refusals.removeNode(name);
  }

  /** Takes in a volume claim, and whether it is bound to a volume. */
  public void putClaim(String namespace, String claimName, boolean isBound) {
    if (claims.put(namespace, claimName, isBound)) {
      holds.claimBound(
          Claims.key(namespace, claimName), nanoClock.getAsLong() + settings.hold().toNanos());
    }
  }

  /** Takes in that a volume claim is gone. */
  public void removeClaim(String namespace, String claimName) {
    claims.remove(namespace, claimName);
  }

  /** Drops the holds whose time is over, and what else is remembered for a time only. */
  public void lapseHolds() {
    long now = nanoClock.getAsLong();
    holds.lapse(now);
    refusals.settle(now);
    foreign.lapse().forEach(freed::add);
    keptOut.takeLapsed(now).forEach(freed::add);
    versions.lapse(now);
    waiting.lapseRefused(now - REFUSED_UNSEEN_MEMORY.toNanos());
  }

  /** Returns what nodes refused since the last call, and forgets it. */
  public List<NodeRefusal> takeRefusals() {
    return refusals.takeNews();
  }

  /** Returns the nodes where another extender assigns devices, so that Stowage does not. */
  public Set<String> foreignExtenderNodes() {
    return foreign.nodes();
  }

  /**
   * Returns the nodes where room appeared since the last call, and forgets them: a pod or a hold
   * went, the node came or offers more, a device was assigned.
   */
  public Set<String> takeFreedNodes() {
    return freed.takeForWaitingPods();
  }

  /** Returns the nodes where a bind that waits may have its answer, and forgets them. */
  public Set<String> takeNodesForWaitingBinds() {
    return freed.takeForWaitingBinds();
  }

  /** Returns the waiting pods that the last filter refused everywhere, the earliest first. */
  public Collection<WaitingPod> refusedPods() {
    return waiting.refused();
  }

  /** Tells whether the last filter kept no node for a pod. */
  public boolean isRefused(String uid) {
    return waiting.isRefused(uid);
  }

  /** Returns a copy of what is free on a node, holds counted; null where it is not known. */
  public @Nullable TrialRoom trialRoom(String nodeName) {
    NodeState state = bound.steering().node(nodeName);
    Node node = state == null ? null : state.node();
    return state == null || node == null
        ? null
        : new TrialRoom(state, node, rules, pod -> isKeptFrom(pod, state));
  }

  private boolean isKeptFrom(Pod pod, NodeState node) {
    return keptOut.isKeptOut(pod.uid(), nanoClock.getAsLong()) && policy.keeps(pod.shape(), node);
  }

  // Pods

  /** Takes in what the API server says of a pod; what is older than what is known is left out. */
  public void putPod(ObservedPod observed) {
    if (versions.isOutdated(observed)) {
      return;
    }
    String uid = observed.pod().uid();
    if (observed.ended()) {
      removePod(uid);
      return;
    }
    String namesake = versions.take(observed);
    if (namesake != null) {
      removePod(namesake);
    }
    rollouts.seen(observed, nanoClock.getAsLong());
    if (observed.isBound()) {
      putBound(observed);
    } else if (bound.of(uid) == null || binds.isOpen(uid)) {
      putWaiting(observed);
    }
  }

  private void putWaiting(ObservedPod observed) {
    if (waiting.put(observed)) {
      log.waits(observed.pod());
      observe(observed.pod());
      ranking.scores().refresh(observed.pod().shape()); // kube-scheduler is about to ask
    }
    nominations.seen(observed);
  }

  private void putBound(ObservedPod observed) {
    Pod pod = observed.pod();
    Placement known = bound.of(pod.uid());
    if (known == null && !waiting.contains(pod.uid())) {
      observe(pod);
    }
    waiting.remove(pod.uid());
    nominations.gone(pod.uid());
    boolean held = holds.drop(pod.uid(), observed.nodeName());
    binds.forget(pod.uid());
    keptOut.forget(pod.uid());
    Placement placement = new Placement(pod, observed.nodeName(), observed.gpuDevices());
    refusals.bound(placement, nanoClock.getAsLong());
    if (!placement.equals(known)) {
      log.placed(placement);
      foreign.look(observed);
      bound.place(placement, nanoClock.getAsLong());
      if (known != null) {
        freed.add(known.nodeName());
      }
      if (!held && (known == null || !known.nodeName().equals(observed.nodeName()))) {
        policyFeed.reserved(placement);
      }
    }
    policyFeed.bound(pod);
    if (observed.deviceAssigned() && bound.assigned(pod.uid())) {
      freed.add(observed.nodeName());
    }
  }

  private void observe(Pod pod) {
    policyFeed.arrived(pod);
    freeGpu.observe(pod.shape());
  }

  /** Takes in that a pod is gone for good. */
  public void removePod(String uid) {
    removePod(uid, Long.MAX_VALUE);
  }

  /**
   * Takes in that a list did not show a pod any more, which the watch has not shown to be deleted;
   * should the list have been an old one, the pod comes back with the version that was known.
   */
  public void losePod(String uid, long knownVersion) {
    removePod(uid, knownVersion - 1);
  }

  private void removePod(String uid, long lastVersion) {
    versions.gone(uid, lastVersion, nanoClock.getAsLong());
    if (waiting.contains(uid) || bound.of(uid) != null) {
      log.gone(uid);
    }
    waiting.remove(uid);
    nominations.gone(uid);
    holds.drop(uid, null);
    binds.forget(uid);
    refusals.gone(uid);
    keptOut.forget(uid);
    rollouts.gone(uid);
    policyFeed.gone(uid);
    Placement placement = bound.remove(uid);
    if (placement != null) {
      freed.add(placement.nodeName());
    }
  }

  /**
   * Takes in that the kubelet refused a pod that was bound.
   *
   * @param reason as the kubelet wrote it: {@code UnexpectedAdmissionError}, {@code OutOfcpu},
   *     {@code TopologyAffinityError}, ...
   */
  public void refused(ObservedPod observed, String reason) {
    removePod(observed.pod().uid());
    if (synced) { // what is listed at the start may be long past
      refusals.refused(observed, reason, nanoClock.getAsLong());
    }
  }

  /** Returns how many pods are remembered as gone. */
  int rememberedGonePods() {
    return versions.goneCount();
  }

  /**
   * Returns a waiting pod as last seen.
   *
   * @param resourceVersion the version that it must have
   * @return null where it is not known to wait, or in another version
   */
  public @Nullable ObservedPod waitingPod(String uid, String resourceVersion) {
    ObservedPod pod = waiting.get(uid);
    return pod != null
            && pod.resourceVersion() > 0
            && resourceVersion.equals(String.valueOf(pod.resourceVersion()))
        ? pod
        : null;
  }

  // Filter and prioritize

  /**
   * Decides which of the nodes a pod is offered, and holds the first of them for it.
   *
   * @param asked the nodes asked about, matched to {@link #nodeNames}
   * @param described what the request itself says of a node that the watch does not know, null
   *     where it says nothing
   */
  public FilterDecision filter(ObservedPod observed, AskedNodes asked, DescribedNodes described) {
    FilterDecision nominated = nominations.asked(observed, asked);
    FilterDecision decision =
        nominated == null ? filters.filter(observed, asked, described) : nominated;
    log.filtered(observed.pod(), asked.size(), decision);
    return decision;
  }

  /**
   * Returns the nodes of a request in the order that the pod should prefer them, best first; those
   * that it would be refused are left out.
   */
  public List<String> prioritize(ObservedPod observed, AskedNodes asked, DescribedNodes described) {
    return filters.prioritize(observed, asked, described);
  }

  /** Returns the room held for a pod, null where none is. */
  public @Nullable Placement heldPlacement(String uid) {
    Hold hold = holds.of(uid);
    return hold == null ? null : hold.placement();
  }

  // Bind

  /**
   * Decides whether a pod may be bound to a node, and with which devices. After {@link
   * BindDecision.Write} it counts there, and {@link #completeBind} must follow; after {@link
   * BindDecision.Wait} it is asked again, or given up with {@link #giveUpBind}.
   */
  public BindDecision startBind(String uid, String nodeName) {
    return binds.start(uid, nodeName);
  }

  /** Takes in that a pod will not be bound to a node, where nothing was written for it. */
  public void giveUpBind(String uid, String nodeName) {
    binds.giveUp(uid, nodeName);
  }

  /** Takes in what became of a binding; what the watch has said meanwhile stands. */
  public void completeBind(String uid, BindOutcome outcome) {
    Placement placement = bound.of(uid);
    if (placement != null) {
      log.bound(placement, outcome);
    }
    binds.complete(uid, outcome);
    if (outcome instanceof BindOutcome.NotBound notBound
        && placement != null
        && bound.of(uid) == null) {
      refusals.bindFailed(uid, placement.nodeName(), notBound.reason(), nanoClock.getAsLong());
    }
  }

  /**
   * Releases what was decided about devices and is not known to be bound: by the epoch of those
   * decisions nothing can be written any more, and what was written has been shown.
   */
  public void releaseFencedOff() {
    binds.releaseFencedOff();
  }

  /** Returns the bindings that nothing is being written for and that the watch has not shown. */
  public List<UnconfirmedBind> unconfirmedBinds() {
    return binds.unconfirmed();
  }

  /**
   * Takes in what was read back for a binding; does nothing where anything happened to it since.
   *
   * @param found the pod as the API server has it, null where it has no pod of that UID
   */
  public void confirm(UnconfirmedBind binding, @Nullable ObservedPod found) {
    if (!binds.isCurrent(binding)) {
      return;
    }
    if (found == null) {
      removePod(binding.placement().pod().uid());
    } else if (found.isBound() || found.ended()) {
      putPod(found);
    } else {
      waiting.put(found);
      nominations.seen(found);
      binds.release(binding);
    }
  }

  /**
   * Tells whether a pod finds its devices on a node once the victims are gone. Sums are left to
   * kube-scheduler.
   */
  public boolean fitsWithout(ObservedPod observed, String nodeName, Set<String> victims) {
    return ranking.fitsWithout(observed.pod().shape(), nodeName, victims);
  }

  // Nominations

  /**
   * Returns which nominations of waiting pods should be written or withdrawn now; {@link
   * #nominationWritten} must follow for each.
   *
   * @param budget how many at most
   */
  public List<NominationWrite> nominations(NominationLimits limits, int budget) {
    return nominations.round(limits, budget);
  }

  /** Takes in what became of a change of a nomination. */
  public void nominationWritten(NominationWrite write, NominationOutcome outcome) {
    nominations.written(write, outcome);
  }

  // Plans

  /** Returns a number that grows whenever there may be something else to plan for. */
  public long planVersion() {
    return bound.steering().version() + waiting.changes() + (synced ? 1 : 0);
  }

  /**
   * Returns what should be planned now, for the pods that wait and for which no room is counted
   * yet, and for those that a roll-out in progress is about to create; empty where the policy does
   * not plan. A pod that has to wait for other room than what is kept for larger ones is not
   * planned for: it would be given just that.
   */
  public Optional<PlanRequest> planRequest() {
    long now = nanoClock.getAsLong();
    List<Demand> demands =
        new ArrayList<>(
            waiting.demands(
                uid ->
                    !holds.contains(uid) && bound.of(uid) == null && !keptOut.isKeptOut(uid, now)));
    demands.addAll(rollouts.expected(now));
    return Optional.ofNullable(policy.planRequest(demands));
  }

  /** Takes in a plan made for the last request. */
  public void adopt(StowagePlan plan) {
    policy.adopt(plan);
    freeSlots.planned();
  }

  // To be looked at

  /** Returns how many pods wait. */
  public int waitingCount() {
    return waiting.size();
  }

  /** Returns up to so many of the waiting pods, those seen first. */
  public List<ObservedPod> waitingPods(int limit) {
    return waiting.first(limit);
  }

  /** Returns the waiting pod of a name, empty where none of that name waits. */
  public Optional<ObservedPod> waitingPodNamed(String namespace, String name) {
    return waiting.first(Integer.MAX_VALUE).stream()
        .filter(
            observed ->
                observed.pod().name().equals(name) && observed.pod().namespace().equals(namespace))
        .findFirst();
  }

  /**
   * Returns the best nodes for a shape, what is held counted, best first, with what their scores
   * are the sums of.
   *
   * @param limit how many at most
   * @param mayGo which nodes are asked about, by name
   */
  public List<NodeScores.ScoreByTerm> bestNodes(
      PodShape shape, int limit, Predicate<String> mayGo) {
    return ranking.scores().bestByTerm(shape, limit, node -> mayGo.test(node.name()));
  }

  /** Tells whether what is free on a node is kept for other pods than those of a shape. */
  public boolean keeps(PodShape shape, String nodeName) {
    NodeState node = bound.steering().node(nodeName);
    return node != null && policy.keeps(shape, node);
  }

  /** Returns the plan's open slots on a node. */
  public List<Slot> openSlots(NodeState node) {
    return policy.slots(node);
  }

  /** Returns the log of nodes whose open slots may have changed; null from policies without. */
  public @Nullable ChangeLog slotChanges() {
    return policy.changes();
  }

  /**
   * Returns the shapes that ask for GPUs by which {@link #figures} called GPU stranded last; the
   * same list until others count.
   */
  public List<PodShape> gpuWorkload() {
    return freeGpu.gpuShapes();
  }

  /** Returns the sums that the metrics tell; visits every node. */
  public ClusterFigures figures() {
    lapseHolds();
    NodeTotals totals = new NodeTotals();
    bound.hard().forEachNode(totals::add);
    FreeGpuFigures.Sums free = freeGpu.measure(bound.hard());
    return new ClusterFigures(
        totals.nodes,
        totals.capacityNodes,
        bound.hard().podCount(),
        waiting.size(),
        holds.size(),
        nominations.size(),
        binds.unconfirmedCount(),
        refusals.avoidedNodes(nanoClock.getAsLong()),
        totals.gpuCapacityMilli,
        totals.gpuRequestedMilli,
        totals.cpuCapacityMilli,
        totals.cpuRequestedMilli,
        totals.memoryCapacityBytes,
        totals.memoryRequestedBytes,
        free.stranded(),
        free.fragmentedMilli());
  }

  /**
   * Returns what there is to tell of the pods that wait; may visit every node.
   *
   * @param epochMillis the time in milliseconds since 1970
   */
  public WaitingFigures waitingFigures(long epochMillis) {
    return WaitingFigures.of(waiting.all(), bound.hard(), epochMillis);
  }
}
