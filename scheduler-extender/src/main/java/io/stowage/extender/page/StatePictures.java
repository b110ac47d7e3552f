package io.stowage.extender.page;

import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.fragmentation.StrandCause;
import io.stowage.extender.explain.Amounts;
import io.stowage.extender.explain.ClusterTop;
import io.stowage.extender.explain.NodeExplanation;
import io.stowage.extender.explain.NodesByMissing;
import io.stowage.extender.explain.PodExplanation;
import io.stowage.extender.explain.PodExplanation.RankedNode;
import io.stowage.extender.explain.WaitSentence;
import io.stowage.extender.kube.ClusterLabels;
import io.stowage.extender.kube.ObservedPod;
import io.stowage.extender.kube.PlacementRules;
import io.stowage.extender.metrics.AnswerTimes;
import io.stowage.extender.metrics.ServiceMetrics;
import io.stowage.extender.observe.BoundQuestion;
import io.stowage.extender.observe.RoomReport;
import io.stowage.extender.state.ClusterFigures;
import io.stowage.extender.state.ClusterState;
import io.stowage.extender.state.StateLoop;
import io.stowage.extender.state.WaitingFigures;
import io.stowage.extender.view.ClusterCopy;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The pictures of a running service.
 *
 * <p>On the state's event loop nothing is described: what it has is copied, and all the rest is
 * worked out on the page's thread, which this belongs to.
 */
public final class StatePictures implements PictureSource {
  private static final int PENDING_SHOWN = 500;
  private static final int SHAPES_AT_ONCE = 32;
  private static final int PLANNED_NODES_SHOWN = 3;
  private static final int BEST_SHOWN = 5;
  private static final long REASONS_STAND_MILLIS = 5_000;
  private static final String RULES_NOT_LOOKED_AT =
      "Pod affinity, spreading, volumes, host ports and resource claims are not looked at.";

  private final StateLoop loop;
  private final ServiceMetrics metrics;
  private final ClusterLabels labels;
  private final LongSupplier epochMillis;
  private final Supplier<Optional<RoomReport>> room;

  private final ClusterCopy copy;
  private final Set<String> touched = new HashSet<>();
  private final BoundLine bound;
  private List<PodShape> workload = List.of();
  private final Map<Kind, Told> reasons = new LinkedHashMap<>();
  private PendingPicture pending = PendingPicture.NONE;
  private @Nullable AnswerTimes timesBefore;
  private long timesBeforeMillis;

  /** Pods that wait for the same reason. */
  private record Kind(PodShape shape, int priority, PlacementRules rules) {}

  /** A reason and when it was found. */
  private record Told(WaitReason reason, long epochMillis) {}

  /** The state's sums, and whether no pod was seen yet by which GPU could be called stranded. */
  private record Figures(ClusterFigures cluster, WaitingFigures waiting, boolean withoutWorkload) {}

  /** What the state has of a pod that waits; refused if the last filter kept no node for it. */
  private record WaitingCopy(ObservedPod pod, @Nullable Placement held, boolean refused) {
    static WaitingCopy of(ClusterState state, ObservedPod pod) {
      String uid = pod.pod().uid();
      return new WaitingCopy(pod, state.heldPlacement(uid), state.isRefused(uid));
    }
  }

  /** What the state has around a node: the holds there, and the pods that wait for room. */
  private record NodeCopy(List<Placement> held, List<Pod> waiting) {}

  /** The best of the nodes that a pod fits, and how many of them are kept for others. */
  private record Ranking(int keptNodes, List<RankedNode> best) {}

  /** What the state has of pods that wait, and what else the page goes by. */
  private record Waiting(int count, List<WaitingCopy> first, List<PodShape> workload) {}

  /**
   * Creates a source.
   *
   * @param labels what people go by
   * @param epochMillis the time in milliseconds since 1970
   * @param room what would make room, empty where that is not known; any thread
   */
  public StatePictures(
      StateLoop loop,
      ServiceMetrics metrics,
      ClusterLabels labels,
      LongSupplier epochMillis,
      Supplier<Optional<RoomReport>> room) {
    this(loop, metrics, labels, epochMillis, room, StatePictures::onThreadOfItsOwn);
  }

  /** Creates a source that has the bound worked out by {@code background}. */
  StatePictures(
      StateLoop loop,
      ServiceMetrics metrics,
      ClusterLabels labels,
      LongSupplier epochMillis,
      Supplier<Optional<RoomReport>> room,
      Executor background) {
    this.room = room;
    this.bound = new BoundLine(background, System::nanoTime);
    this.loop = loop;
    this.copy = new ClusterCopy(loop);
    this.metrics = metrics;
    this.labels = labels;
    this.epochMillis = epochMillis;
  }

  private static void onThreadOfItsOwn(Runnable task) {
    Thread thread = new Thread(task, "stowage-bound");
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public PictureChange changes() {
    touched.addAll(copy.refresh());
    Waiting waiting = loop.call(StatePictures::copyWaiting).join();
    if (!waiting.workload().equals(workload)) {
      workload = waiting.workload();
      touched.addAll(copy.nodeNames());
    }
    List<NodePicture> nodes = new ArrayList<>();
    List<String> gone = new ArrayList<>();
    for (String name : touched) {
      NodeState state = copy.node(name);
      if (state == null) {
        gone.add(name);
      } else {
        nodes.add(NodePictures.of(state, copy.openSlots(name), workload, labels));
      }
    }
    touched.clear();
    PendingPicture before = pending;
    pending = picture(waiting);
    return new PictureChange(nodes, gone, pending.equals(before) ? null : pending);
  }

  // On the state's event loop

  private static Waiting copyWaiting(ClusterState state) {
    List<WaitingCopy> first =
        state.waitingPods(PENDING_SHOWN).stream().map(pod -> WaitingCopy.of(state, pod)).toList();
    return new Waiting(state.waitingCount(), first, state.gpuWorkload());
  }

  // On the page's thread

  private PendingPicture picture(Waiting waiting) {
    Map<PodShape, List<String>> planned = copy.plannedNodes();
    Map<PodShape, String> asks = new HashMap<>();
    Set<Kind> kinds = new HashSet<>();
    int[] found = {0};
    List<PendingPod> first = new ArrayList<>(waiting.first().size());
    for (WaitingCopy one : waiting.first()) {
      Pod pod = one.pod().pod();
      Kind kind = new Kind(pod.shape(), pod.priority(), labels.rules(pod.uid()));
      kinds.add(kind);
      Told told = told(kind, found);
      Placement held = one.held();
      first.add(
          new PendingPod(
              pod.namespace(),
              pod.name(),
              labels.owner(pod.uid()),
              pod.priority(),
              one.pod().creationEpochMillis(),
              asks.computeIfAbsent(pod.shape(), this::asks),
              sentence(one, told),
              told == null ? "" : told.reason().room(),
              held == null ? "" : held.nodeName(),
              planned.getOrDefault(pod.shape(), List.of()).stream()
                  .limit(PLANNED_NODES_SHOWN)
                  .toList()));
    }
    reasons.keySet().retainAll(kinds);
    return new PendingPicture(waiting.count(), first);
  }

  private String asks(PodShape shape) {
    return Amounts.request(shape, Amounts.unitsPerGpu(shape, copy.cluster()));
  }

  private static String sentence(WaitingCopy one, @Nullable Told told) {
    if (one.pod().gated()) {
      return WaitSentence.GATED;
    }
    if (one.held() != null) {
      return WaitSentence.HELD;
    }
    return told == null
        ? "not looked at yet"
        : WaitSentence.of(one.pod().pod().shape(), told.reason().nodes(), one.refused());
  }

  /** Returns why pods of a kind wait; null where too much else had to be found out now. */
  private @Nullable Told told(Kind kind, int[] found) {
    Told known = reasons.get(kind);
    long now = epochMillis.getAsLong();
    if ((known == null || now - known.epochMillis() >= REASONS_STAND_MILLIS)
        && found[0] < SHAPES_AT_ONCE) {
      found[0]++;
      known = new Told(reason(kind), now);
      reasons.put(kind, known);
    }
    return known;
  }

  private WaitReason reason(Kind kind) {
    return WaitReason.of(
        kind.shape(), kind.priority(), copy.cluster(), node -> labels.refusal(kind.rules(), node));
  }

  @Override
  public Optional<PodExplanation> explainPod(String namespace, String name) {
    Optional<WaitingCopy> waiting = loop.call(state -> asked(state, namespace, name)).join();
    if (waiting.isPresent()) {
      return Optional.of(explain(waiting.get()));
    }
    List<Placement> found = new ArrayList<>();
    copy.cluster()
        .forEachNode(
            node ->
                node.placements().stream()
                    .filter(
                        placement ->
                            placement.pod().name().equals(name)
                                && placement.pod().namespace().equals(namespace))
                    .forEach(found::add));
    return found.stream().findFirst().map(this::explain);
  }

  private static Optional<WaitingCopy> asked(ClusterState state, String namespace, String name) {
    return state
        .waitingPodNamed(namespace, name)
        .filter(pod -> state.bound().placement(pod.pod().uid()) == null)
        .map(pod -> WaitingCopy.of(state, pod));
  }

  private PodExplanation explain(WaitingCopy asked) {
    ObservedPod observed = asked.pod();
    Pod pod = observed.pod();
    WaitReason reason = reason(new Kind(pod.shape(), pod.priority(), labels.rules(pod.uid())));
    Set<String> fitting = Set.copyOf(reason.nodes().fittingNodes());
    Ranking ranking = loop.call(state -> rank(state, pod.shape(), fitting)).join();
    Placement held = asked.held();
    return PodExplanation.waiting(
        new PodExplanation.Facts(
            pod,
            observed.gated(),
            asked.refused(),
            held == null ? "" : held.nodeName(),
            observed.nominee().nodeName(),
            copy.plannedNodes().getOrDefault(pod.shape(), List.of()),
            reason.room(),
            List.of(RULES_NOT_LOOKED_AT)),
        copy.cluster(),
        reason.nodes(),
        ranking.keptNodes(),
        ranking.best());
  }

  private static Ranking rank(ClusterState state, PodShape shape, Set<String> fitting) {
    return new Ranking(
        (int) fitting.stream().filter(node -> state.keeps(shape, node)).count(),
        RankedNode.of(state.bestNodes(shape, BEST_SHOWN, fitting::contains)));
  }

  private PodExplanation explain(Placement placement) {
    Pod pod = placement.pod();
    NodesByMissing others =
        NodesByMissing.of(
            pod.shape(),
            copy.cluster(),
            node -> labels.refusal(PlacementRules.NONE, node),
            node -> !node.virtual() && !node.name().equals(placement.nodeName()));
    return PodExplanation.bound(
        pod,
        Objects.requireNonNull(copy.cluster().node(placement.nodeName())),
        copy.cluster(),
        others,
        List.of(
            "Of a pod that is bound, node selector, affinity and tolerations are not looked at:"
                + " tainted nodes count as closed to it, and all others as open."));
  }

  @Override
  public Optional<NodeExplanation> explainNode(String name) {
    NodeState node = copy.node(name);
    if (node == null) {
      return Optional.empty();
    }
    NodeCopy asked = loop.call(state -> aroundNode(state, name)).join();
    Map<NodeExplanation.Waiting, Integer> waiting = new LinkedHashMap<>();
    asked
        .waiting()
        .forEach(
            pod ->
                waiting.merge(
                    new NodeExplanation.Waiting(pod.shape(), labels.rules(pod.uid())),
                    1,
                    Integer::sum));
    return Optional.of(
        NodeExplanation.of(
            node,
            asked.held(),
            copy.openSlots(name),
            workload,
            waiting,
            labels::refusal,
            List.of(RULES_NOT_LOOKED_AT)));
  }

  private static NodeCopy aroundNode(ClusterState state, String name) {
    List<Placement> held = new ArrayList<>();
    List<Pod> waiting = new ArrayList<>();
    for (ObservedPod observed : state.waitingPods(Integer.MAX_VALUE)) {
      Placement hold = state.heldPlacement(observed.pod().uid());
      if (hold != null) {
        if (hold.nodeName().equals(name)) {
          held.add(hold);
        }
      } else if (!observed.gated()) {
        waiting.add(observed.pod());
      }
    }
    return new NodeCopy(held, waiting);
  }

  @Override
  public ClusterTop top() {
    return ClusterTop.of(copy.cluster(), workload);
  }

  @Override
  public Optional<RoomReport> roomWanted() {
    return room.get();
  }

  @Override
  public Sample sample() {
    long now = epochMillis.getAsLong();
    Figures measured =
        loop.call(
                state ->
                    new Figures(
                        state.figures(), state.waitingFigures(now), state.gpuWorkload().isEmpty()))
            .join();
    ClusterFigures figures = measured.cluster();
    BoundLine.Shown shown = bound.sample(this::boundQuestion);
    AnswerTimes times = metrics.answerTimes("filter");
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
        shown.gpuPercent(),
        shown.note(),
        figures.pendingPods(),
        measured.waiting(),
        seconds > 0 ? since.count() / seconds : 0,
        since.meanMillis(),
        since.quantileMillis(0.99));
  }

  private BoundQuestion boundQuestion() {
    touched.addAll(copy.refresh());
    List<PodShape> waiting = loop.call(StatePictures::waitingShapes).join();
    List<Node> nodes = new ArrayList<>();
    List<Placement> running = new ArrayList<>();
    copy.cluster()
        .forEachNode(
            state -> {
              if (state.node() != null) {
                nodes.add(state.node());
              }
              running.addAll(state.placements());
            });
    return BoundQuestion.of(nodes, copy.cluster(), running, waiting);
  }

  private static List<PodShape> waitingShapes(ClusterState state) {
    return state.waitingPods(Integer.MAX_VALUE).stream()
        .filter(pod -> !pod.gated() && state.bound().placement(pod.pod().uid()) == null)
        .map(pod -> pod.pod().shape())
        .toList();
  }

  private static double percent(long part, long whole) {
    return whole == 0 ? 0 : 100.0 * part / whole;
  }
}
