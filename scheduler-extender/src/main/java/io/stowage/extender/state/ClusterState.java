package io.stowage.extender.state;

import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.Pod;
import io.stowage.core.policy.PlacementPolicy;
import io.stowage.extender.kube.ObservedPod;
import io.stowage.extender.state.NodeRanking.Outcome;
import io.stowage.extender.state.NodeRanking.Ranked;
import io.stowage.extender.state.UnconfirmedBind.Phase;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The cluster as the service sees it, and what it decides.
 *
 * <p>Two clusters are kept: {@code bound} holds what is bound or being bound, {@code steering} the
 * same and the holds. Ranking looks at the second, and at the first where the second has no room,
 * so that a hold steers others elsewhere but refuses nobody. For a pod, the holds of pods of lower
 * priority do not exist.
 *
 * <p>Not thread-safe: every call comes from the one event loop that owns it.
 */
public final class ClusterState {
  private static final int MAX_FAILED_NODES = 8;

  private final HoldSettings settings;
  private final PlacementPolicy policy;
  private final LongSupplier nanoClock;
  private final Cluster bound = new Cluster();
  private final Cluster steering = new Cluster();
  private final Holds holds = new Holds(steering);
  private final NodeRanking ranking;
  private final FreeGpuFigures freeGpu = new FreeGpuFigures();

  private final Map<String, ObservedPod> pending = new HashMap<>();
  private final Map<String, UnconfirmedBind> unconfirmed = new LinkedHashMap<>();
  private final Map<String, Set<String>> failedNodes = new HashMap<>();
  private boolean synced;

  /**
   * Creates an empty state that is not synced.
   *
   * @param ties what breaks ties of a policy that asks for it
   * @param nanoClock a monotonic clock in nanoseconds
   */
  public ClusterState(
      HoldSettings settings, PlacementPolicy policy, RandomGenerator ties, LongSupplier nanoClock) {
    this.settings = settings;
    this.policy = policy;
    this.nanoClock = nanoClock;
    this.ranking = new NodeRanking(bound, steering, policy, ties);
  }

  /** Takes note that nodes and pods were listed completely. */
  public void markSynced() {
    synced = true;
  }

  /** Tells whether nodes and pods were listed completely. */
  public boolean isSynced() {
    return synced;
  }

  /** Returns the cluster with all that is bound or being bound; not to be written. */
  public Cluster bound() {
    return bound;
  }

  /** Adds a node, or replaces what is known of it. */
  public void putNode(Node node) {
    NodeState known = bound.node(node.name());
    if (known == null || !node.equals(known.node())) {
      bound.putNode(node);
      steering.putNode(node);
    }
  }

  /** Forgets a node; pods on it stay on record until they go. */
  public void removeNode(String name) {
    bound.removeNode(name);
    steering.removeNode(name);
  }

  /** Takes in what the API server says of a pod. */
  public void putPod(ObservedPod observed) {
    Pod pod = observed.pod();
    if (observed.ended()) {
      removePod(pod.uid());
      return;
    }
    Placement known = bound.placement(pod.uid());
    if (!observed.isBound()) {
      if (known == null) {
        if (pending.put(pod.uid(), observed) == null) {
          observe(pod);
        }
      }
      return;
    }
    if (known == null && !pending.containsKey(pod.uid())) {
      observe(pod);
    }
    forgetWaiting(pod.uid());
    unconfirmed.remove(pod.uid());
    Placement placement = new Placement(pod, observed.nodeName(), observed.gpuDevices());
    if (!placement.equals(known)) {
      place(placement);
    }
  }

  private void observe(Pod pod) {
    policy.observe(pod.shape());
    freeGpu.observe(pod.shape());
  }

  /** Takes in that a pod is gone. */
  public void removePod(String uid) {
    forgetWaiting(uid);
    unconfirmed.remove(uid);
    bound.remove(uid);
    steering.remove(uid);
  }

  private void forgetWaiting(String uid) {
    pending.remove(uid);
    failedNodes.remove(uid);
    holds.drop(uid);
  }

  private void place(Placement placement) {
    bound.place(placement);
    steering.place(placement);
  }

  /**
   * Decides which of the nodes a pod is offered, and holds the first of them for it.
   *
   * @param nodes the names asked about
   * @param described what the request itself says of a node that the watch does not know, null
   *     where it says nothing
   */
  public FilterDecision filter(ObservedPod observed, List<String> nodes, DescribedNodes described) {
    holds.lapse(nanoClock.getAsLong());
    Pod pod = observed.pod();
    Placement known = bound.placement(pod.uid());
    if (known != null && nodes.contains(known.nodeName())) {
      return new FilterDecision(List.of(known.nodeName()), Map.of(), Map.of(), 0);
    }
    Hold before = holds.drop(pod.uid());
    if (before != null) {
      rememberFailed(pod.uid(), before.placement().nodeName());
    }
    return holds.without(
        hold -> hold.priority() < pod.priority(),
        () -> {
          Outcome outcome = rank(observed, nodes, described);
          int limit = observed.prefersNodes() ? nodes.size() : settings.shortlistNodes();
          List<Ranked> best = outcome.best(limit);
          if (!best.isEmpty() && known == null) {
            hold(observed, best.get(0).node());
          }
          List<String> kept = new ArrayList<>(best.size());
          best.forEach(ranked -> kept.add(ranked.node()));
          return new FilterDecision(
              kept, outcome.failed(), outcome.unresolvable(), outcome.unknown());
        });
  }

  private Outcome rank(ObservedPod observed, List<String> nodes, DescribedNodes described) {
    return ranking.rank(
        observed.pod().shape(),
        nodes,
        failedNodes.getOrDefault(observed.pod().uid(), Set.of()),
        described);
  }

  private void hold(ObservedPod observed, String node) {
    List<Integer> devices = ranking.devices(observed.pod().shape(), node, List.of());
    long nanos = (observed.usesVolumeClaims() ? settings.claimHold() : settings.hold()).toNanos();
    holds.put(
        new Hold(
            new Placement(observed.pod(), node, devices == null ? List.of() : devices),
            nanoClock.getAsLong() + nanos));
  }

  private void rememberFailed(String uid, String node) {
    if (!pending.containsKey(uid)) {
      return;
    }
    Set<String> nodes = failedNodes.computeIfAbsent(uid, added -> new LinkedHashSet<>());
    nodes.remove(node);
    nodes.add(node);
    if (nodes.size() > MAX_FAILED_NODES) {
      nodes.remove(nodes.iterator().next());
    }
  }

  /**
   * Returns the nodes of a request in the order that the pod should prefer them, best first; those
   * that it would be refused are left out.
   */
  public List<String> prioritize(
      ObservedPod observed, List<String> nodes, DescribedNodes described) {
    Pod pod = observed.pod();
    Hold own = holds.of(pod.uid());
    List<Ranked> ranked =
        holds.without(
            hold -> hold.equals(own) || hold.priority() < pod.priority(),
            () -> rank(observed, nodes, described).best(nodes.size()));
    List<String> order = new ArrayList<>(ranked.size());
    ranked.forEach(node -> order.add(node.node()));
    if (own != null && order.remove(own.placement().nodeName())) {
      order.add(0, own.placement().nodeName());
    }
    return order;
  }

  /**
   * Decides whether a pod may be bound to a node, and with which devices. From then on it counts
   * there; {@link #completeBind} must follow.
   */
  public BindDecision startBind(String uid, String nodeName) {
    Placement known = bound.placement(uid);
    if (known != null) {
      return repeatedBind(known, nodeName);
    }
    Hold hold = holds.of(uid);
    Pod pod = waitingPod(uid, hold);
    if (pod == null) {
      return new BindDecision.Refused(
          "the pod is not known: it was deleted, or the watch has not shown it yet");
    }
    List<Integer> wanted =
        hold != null && hold.placement().nodeName().equals(nodeName)
            ? hold.placement().gpuDevices()
            : List.of();
    holds.drop(uid);
    List<Integer> devices =
        holds.without(
            other -> other.priority() < pod.priority(),
            () -> ranking.devices(pod.shape(), nodeName, wanted));
    if (devices == null) {
      rememberFailed(uid, nodeName);
      return new BindDecision.Refused("no GPU of the node has enough free for the pod");
    }
    Placement placement = new Placement(pod, nodeName, devices);
    place(placement);
    return write(placement);
  }

  private BindDecision write(Placement placement) {
    setPhase(placement, Phase.WRITING);
    return new BindDecision.Write(placement, gpuCapacityUnits(placement));
  }

  private long gpuCapacityUnits(Placement placement) {
    NodeState node = bound.node(placement.nodeName());
    if (node == null || placement.gpuDevices().isEmpty()) {
      return 0;
    }
    int device = placement.gpuDevices().get(0);
    return device < node.gpuCount() ? node.gpuCapacityUnits(device) : 0;
  }

  private @Nullable Pod waitingPod(String uid, @Nullable Hold hold) {
    if (hold != null) {
      return hold.placement().pod();
    }
    ObservedPod waiting = pending.get(uid);
    return waiting == null ? null : waiting.pod();
  }

  private BindDecision repeatedBind(Placement known, String nodeName) {
    if (!known.nodeName().equals(nodeName)) {
      return new BindDecision.Refused("the pod is bound to node " + known.nodeName() + " already");
    }
    UnconfirmedBind binding = unconfirmed.get(known.pod().uid());
    if (binding == null || binding.phase() == Phase.ACCEPTED) {
      return new BindDecision.AlreadyBound();
    }
    return write(known);
  }

  private void setPhase(Placement placement, Phase phase) {
    unconfirmed.put(
        placement.pod().uid(), new UnconfirmedBind(placement, phase, nanoClock.getAsLong()));
  }

  /** Takes in what became of a binding; what the watch has said meanwhile stands. */
  public void completeBind(String uid, BindOutcome outcome) {
    UnconfirmedBind binding = unconfirmed.get(uid);
    if (binding == null) {
      return;
    }
    if (outcome instanceof BindOutcome.Bound) {
      forgetWaiting(uid);
      setPhase(binding.placement(), Phase.ACCEPTED);
    } else if (outcome instanceof BindOutcome.InDoubt) {
      setPhase(binding.placement(), Phase.IN_DOUBT);
    } else {
      release(binding);
    }
  }

  private void release(UnconfirmedBind binding) {
    String uid = binding.placement().pod().uid();
    unconfirmed.remove(uid);
    bound.remove(uid);
    steering.remove(uid);
    rememberFailed(uid, binding.placement().nodeName());
  }

  /**
   * Releases what was decided about devices and is not known to be bound: by the epoch of those
   * decisions nothing can be written any more, and what was written has been shown.
   */
  public void releaseFencedOff() {
    for (UnconfirmedBind binding : List.copyOf(unconfirmed.values())) {
      if (binding.phase() != Phase.ACCEPTED && !binding.placement().gpuDevices().isEmpty()) {
        release(binding);
      }
    }
  }

  /** Returns the bindings that nothing is being written for and that the watch has not shown. */
  public List<UnconfirmedBind> unconfirmedBinds() {
    return unconfirmed.values().stream()
        .filter(binding -> binding.phase() != Phase.WRITING)
        .toList();
  }

  /**
   * Takes in what was read back for a binding; does nothing where anything happened to it since.
   *
   * @param found the pod as the API server has it, null where it has no pod of that UID
   */
  public void confirm(UnconfirmedBind binding, @Nullable ObservedPod found) {
    String uid = binding.placement().pod().uid();
    if (!binding.equals(unconfirmed.get(uid))) {
      return;
    }
    if (found == null) {
      removePod(uid);
    } else if (found.isBound()) {
      putPod(found);
    } else {
      release(binding);
    }
  }

  /**
   * Tells whether a pod finds its devices on a node once the victims are gone. Sums are left to
   * kube-scheduler.
   */
  public boolean fitsWithout(ObservedPod observed, String nodeName, Set<String> victims) {
    NodeState node = bound.node(nodeName);
    if (node == null || node.node() == null) {
      return !observed.pod().shape().gpu().isShare();
    }
    Cluster scratch = new Cluster();
    NodeState rest = scratch.putNode(node.node());
    for (Placement placement : node.placements()) {
      Pod pod = placement.pod();
      if (!victims.contains(pod.uid())) {
        List<Integer> devices = new ArrayList<>();
        for (int device : node.gpuDevices(pod.uid())) {
          devices.add(device);
        }
        scratch.place(new Placement(pod, nodeName, devices));
      }
    }
    return NodeRanking.devicesFit(observed.pod().shape(), rest);
  }

  /** Returns the room held for a pod, null where none is. */
  @Nullable Placement heldPlacement(String uid) {
    Hold hold = holds.of(uid);
    return hold == null ? null : hold.placement();
  }

  /** Returns the sums that the metrics tell; visits every node. */
  public ClusterFigures figures() {
    holds.lapse(nanoClock.getAsLong());
    Totals totals = new Totals();
    bound.forEachNode(totals::add);
    FreeGpuFigures.Sums free = freeGpu.measure(bound);
    return new ClusterFigures(
        totals.nodes,
        totals.capacityNodes,
        bound.podCount(),
        pending.size(),
        holds.size(),
        unconfirmed.size(),
        totals.gpuCapacityMilli,
        totals.gpuRequestedMilli,
        totals.cpuCapacityMilli,
        totals.cpuRequestedMilli,
        totals.memoryCapacityBytes,
        totals.memoryRequestedBytes,
        free.stranded(),
        free.fragmentedMilli());
  }

  /** Running sums over nodes. */
  private static final class Totals {
    private int nodes;
    private int capacityNodes;
    private long gpuCapacityMilli;
    private long gpuRequestedMilli;
    private long cpuCapacityMilli;
    private long cpuRequestedMilli;
    private long memoryCapacityBytes;
    private long memoryRequestedBytes;

    void add(NodeState state) {
      Node node = state.node();
      if (node == null) {
        return;
      }
      nodes++;
      if (!node.countsAsCapacity()) {
        return;
      }
      capacityNodes++;
      gpuCapacityMilli += state.gpuCapacityMilli();
      gpuRequestedMilli += state.gpuCapacityMilli() - state.freeGpuMilli();
      cpuCapacityMilli += node.allocatable().cpuMilli();
      cpuRequestedMilli += node.allocatable().cpuMilli() - state.freeCpuMilli();
      memoryCapacityBytes += node.allocatable().memoryBytes();
      memoryRequestedBytes += node.allocatable().memoryBytes() - state.freeMemoryBytes();
    }
  }
}
