package io.stowage.extender.page;

import io.stowage.core.cluster.ChangeLog;
import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.fragmentation.StrandCause;
import io.stowage.core.plan.Slot;
import io.stowage.extender.kube.ClusterLabels;
import io.stowage.extender.kube.ObservedPod;
import io.stowage.extender.metrics.AnswerTimes;
import io.stowage.extender.metrics.ServiceMetrics;
import io.stowage.extender.state.ClusterFigures;
import io.stowage.extender.state.ClusterState;
import io.stowage.extender.state.StateLoop;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The pictures of a running service.
 *
 * <p>On the state's event loop nothing is described: what it has of nodes that changed is copied,
 * for {@value #NODES_AT_ONCE} nodes at most in one task, into a cluster of the page's own, and all
 * the rest is worked out there. Belongs to the page's thread.
 */
public final class StatePictures implements PictureSource {
  private static final int NODES_AT_ONCE = 250;
  private static final int PENDING_SHOWN = 500;
  private static final int SHAPES_AT_ONCE = 32;
  private static final int PLANNED_NODES_SHOWN = 3;
  private static final long REASONS_STAND_MILLIS = 5_000;

  private final StateLoop loop;
  private final ServiceMetrics metrics;
  private final ClusterLabels labels;
  private final LongSupplier epochMillis;

  // Belong to the state's event loop.
  private final BitSet dirty = new BitSet();
  private long seenChange;
  private long seenSlotChange;

  // Belong to the page's thread.
  private final Cluster copy = new Cluster();
  private final Map<Integer, String> nameBySlot = new HashMap<>();
  private final Map<String, Integer> slotByName = new HashMap<>();
  private final Map<String, List<Slot>> openSlots = new HashMap<>();
  private List<PodShape> workload = List.of();
  private final Map<Kind, Told> reasons = new LinkedHashMap<>();
  private PendingPicture pending = PendingPicture.NONE;
  private @Nullable AnswerTimes timesBefore;
  private long timesBeforeMillis;

  /** Pods that wait for the same reason. */
  private record Kind(PodShape shape, int priority) {}

  /** A reason and when it was found. */
  private record Told(WaitReason reason, long epochMillis) {}

  /** What the state has of a node; a null name where the slot is free. */
  private record NodeCopy(
      int slot,
      @Nullable String name,
      @Nullable Node node,
      List<Placement> placements,
      List<Slot> slots) {}

  /** What was copied in one task. */
  private record Copied(List<NodeCopy> nodes, boolean more) {}

  /** The state's sums, and whether no pod was seen yet by which GPU could be called stranded. */
  private record Figures(ClusterFigures cluster, boolean withoutWorkload) {}

  /** What the state has of a pod that waits. */
  private record WaitingCopy(ObservedPod pod, @Nullable Placement held) {}

  /** What the state has of pods that wait, and what else the page goes by. */
  private record Waiting(
      int count, List<WaitingCopy> first, Set<String> refusedUids, List<PodShape> workload) {}

  /**
   * Creates a source.
   *
   * @param labels what people go by
   * @param epochMillis the time in milliseconds since 1970
   */
  public StatePictures(
      StateLoop loop, ServiceMetrics metrics, ClusterLabels labels, LongSupplier epochMillis) {
    this.loop = loop;
    this.metrics = metrics;
    this.labels = labels;
    this.epochMillis = epochMillis;
  }

  @Override
  public PictureChange changes() {
    Set<String> touched = new HashSet<>();
    Copied copied;
    do {
      copied = loop.call(this::copyNodes).join();
      copied.nodes().forEach(node -> take(node, touched));
    } while (copied.more());
    Waiting waiting = loop.call(StatePictures::copyWaiting).join();
    if (!waiting.workload().equals(workload)) {
      workload = waiting.workload();
      touched.addAll(slotByName.keySet());
    }
    List<NodePicture> nodes = new ArrayList<>();
    List<String> gone = new ArrayList<>();
    for (String name : touched) {
      NodeState state = slotByName.containsKey(name) ? copy.node(name) : null;
      if (state == null) {
        gone.add(name);
      } else {
        nodes.add(
            NodePictures.of(state, openSlots.getOrDefault(name, List.of()), workload, labels));
      }
    }
    PendingPicture before = pending;
    pending = picture(waiting);
    return new PictureChange(nodes, gone, pending.equals(before) ? null : pending);
  }

  // On the state's event loop

  private Copied copyNodes(ClusterState state) {
    Cluster cluster = state.bound();
    seenChange = mark(cluster.changes(), seenChange, cluster);
    ChangeLog slots = state.slotChanges();
    if (slots != null) {
      seenSlotChange = mark(slots, seenSlotChange, cluster);
    }
    List<NodeCopy> nodes = new ArrayList<>();
    int slot = dirty.nextSetBit(0);
    for (; slot >= 0 && nodes.size() < NODES_AT_ONCE; slot = dirty.nextSetBit(slot + 1)) {
      dirty.clear(slot);
      NodeState node = slot < cluster.slotLimit() ? cluster.slot(slot) : null;
      nodes.add(
          node == null
              ? new NodeCopy(slot, null, null, List.of(), List.of())
              : new NodeCopy(
                  slot,
                  node.name(),
                  node.node(),
                  List.copyOf(node.placements()),
                  state.openSlots(node)));
    }
    return new Copied(nodes, slot >= 0);
  }

  private long mark(ChangeLog log, long from, Cluster cluster) {
    if (!log.reaches(from)) {
      dirty.set(0, cluster.slotLimit());
    } else {
      for (long position = from; position < log.end(); position++) {
        dirty.set(log.slot(position));
      }
    }
    return log.end();
  }

  private static Waiting copyWaiting(ClusterState state) {
    List<WaitingCopy> first = new ArrayList<>();
    for (ObservedPod pod : state.waitingPods(PENDING_SHOWN)) {
      first.add(new WaitingCopy(pod, state.heldPlacement(pod.pod().uid())));
    }
    Set<String> refused = new HashSet<>();
    state.refusedPods().forEach(pod -> refused.add(pod.pod().pod().uid()));
    return new Waiting(state.waitingCount(), first, refused, state.gpuWorkload());
  }

  // On the page's thread

  private void take(NodeCopy node, Set<String> touched) {
    String before = nameBySlot.remove(node.slot());
    if (before != null && Objects.equals(slotByName.get(before), node.slot())) {
      slotByName.remove(before);
      touched.add(before);
      if (!before.equals(node.name())) {
        forget(before);
      }
    }
    String name = node.name();
    if (name == null) {
      return;
    }
    touched.add(name);
    nameBySlot.put(node.slot(), name);
    slotByName.put(name, node.slot());
    forget(name);
    if (node.node() != null) {
      copy.putNode(node.node());
    }
    node.placements().forEach(copy::place);
    if (!node.slots().isEmpty()) {
      openSlots.put(name, node.slots());
    }
  }

  private void forget(String name) {
    openSlots.remove(name);
    NodeState known = copy.node(name);
    if (known != null) {
      known.placements().forEach(placement -> copy.remove(placement.pod().uid()));
      copy.removeNode(name);
    }
  }

  private PendingPicture picture(Waiting waiting) {
    Map<PodShape, List<String>> planned = plannedNodes();
    Set<Kind> kinds = new HashSet<>();
    int[] found = {0};
    List<PendingPod> first = new ArrayList<>(waiting.first().size());
    for (WaitingCopy one : waiting.first()) {
      Pod pod = one.pod().pod();
      Kind kind = new Kind(pod.shape(), pod.priority());
      kinds.add(kind);
      Told told = told(kind, found);
      Placement held = one.held();
      boolean refused = waiting.refusedUids().contains(pod.uid());
      first.add(
          new PendingPod(
              pod.namespace(),
              pod.name(),
              labels.owner(pod.uid()),
              pod.priority(),
              one.pod().creationEpochMillis(),
              WaitReason.asks(pod.shape(), unitsPerGpu(pod.shape())),
              sentence(one, told, refused),
              told == null ? "" : told.reason().room(),
              held == null ? "" : held.nodeName(),
              planned.getOrDefault(pod.shape(), List.of())));
    }
    reasons.keySet().retainAll(kinds);
    return new PendingPicture(waiting.count(), first);
  }

  private static String sentence(WaitingCopy one, @Nullable Told told, boolean refused) {
    if (one.pod().gated()) {
      return "its scheduling gates keep it back";
    }
    if (one.held() != null) {
      return "room is held for it; kube-scheduler is binding it";
    }
    if (told == null) {
      return "not looked at yet";
    }
    int fitting = told.reason().fittingNodes();
    if (fitting == 0) {
      return "no room on any node: " + told.reason().sentence();
    }
    return refused
        ? "%,d nodes have room, which is held or kept for other pods, or is not for it to take"
            .formatted(fitting)
        : "%,d nodes have room; kube-scheduler has not asked for it yet, or its own rules say no"
            .formatted(fitting);
  }

  /** Returns why pods of a kind wait; null where too much else had to be found out now. */
  private @Nullable Told told(Kind kind, int[] found) {
    Told known = reasons.get(kind);
    long now = epochMillis.getAsLong();
    if ((known == null || now - known.epochMillis() >= REASONS_STAND_MILLIS)
        && found[0] < SHAPES_AT_ONCE) {
      found[0]++;
      known = new Told(WaitReason.of(kind.shape(), kind.priority(), copy), now);
      reasons.put(kind, known);
    }
    return known;
  }

  private Map<PodShape, List<String>> plannedNodes() {
    Map<PodShape, List<String>> nodes = new HashMap<>();
    openSlots.forEach(
        (name, slots) ->
            slots.stream()
                .filter(Slot::pending)
                .map(Slot::shape)
                .distinct()
                .forEach(
                    shape -> nodes.computeIfAbsent(shape, added -> new ArrayList<>()).add(name)));
    nodes.replaceAll((shape, names) -> names.stream().sorted().limit(PLANNED_NODES_SHOWN).toList());
    return nodes;
  }

  /** Returns what a GPU that shares like the shape's has, 0 where there is none or they differ. */
  private long unitsPerGpu(PodShape shape) {
    long[] units = {0, 0};
    if (shape.gpu().isShare()) {
      copy.forEachNode(
          node -> {
            if (node.hasGpuResource(shape.gpu().resource()) && node.gpuCount() > 0) {
              long here = node.gpuCapacityUnits(0);
              units[1] += units[0] == 0 || units[0] == here ? 0 : 1;
              units[0] = here;
            }
          });
    }
    return units[1] > 0 ? 0 : units[0];
  }

  @Override
  public Sample sample() {
    Figures measured =
        loop.call(state -> new Figures(state.figures(), state.gpuWorkload().isEmpty())).join();
    ClusterFigures figures = measured.cluster();
    AnswerTimes times = metrics.answerTimes("filter");
    long now = epochMillis.getAsLong();
    AnswerTimes before = timesBefore == null ? times : timesBefore;
    AnswerTimes since = times.since(before);
    double seconds = (now - timesBeforeMillis) / 1000.0;
    timesBefore = times;
    timesBeforeMillis = now;
    Map<StrandCause, Double> stranded = new EnumMap<>(StrandCause.class);
    if (!measured.withoutWorkload()) {
      figures
          .stranded()
          .milliByCause()
          .forEach(
              (cause, milli) -> stranded.put(cause, percent(milli, figures.gpuCapacityMilli())));
    }
    return new Sample(
        now,
        percent(figures.gpuRequestedMilli(), figures.gpuCapacityMilli()),
        percent(figures.cpuRequestedMilli(), figures.cpuCapacityMilli()),
        percent(figures.memoryRequestedBytes(), figures.memoryCapacityBytes()),
        percent(Math.round(figures.fragmentedGpuMilli()), figures.gpuCapacityMilli()),
        stranded,
        figures.pendingPods(),
        seconds > 0 ? since.count() / seconds : 0,
        since.meanMillis(),
        since.quantileMillis(0.99));
  }

  private static double percent(long part, long whole) {
    return whole == 0 ? 0 : 100.0 * part / whole;
  }
}
