package io.stowage.extender.notice;

import io.github.bucket4j.Bucket;
import io.stowage.core.cluster.PodShape;
import io.stowage.extender.events.EventWriter;
import io.stowage.extender.events.Subject;
import io.stowage.extender.explain.Amounts;
import io.stowage.extender.explain.Missing;
import io.stowage.extender.explain.NodesByMissing;
import io.stowage.extender.explain.WaitSentence;
import io.stowage.extender.kube.ClusterLabels;
import io.stowage.extender.kube.ObservedPod;
import io.stowage.extender.kube.PlacementRules;
import io.stowage.extender.metrics.ServiceMetrics;
import io.stowage.extender.state.ClusterState;
import io.stowage.extender.state.StateLoop;
import io.stowage.extender.view.ClusterCopy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.Timer;
import java.util.TimerTask;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells of pods why they wait, by Events on them.
 *
 * <p>A pod that has waited for {@link #PATIENCE} is told of, or for {@link #ASKING_PATIENCE} where
 * nodes have room for it, for kube-scheduler may only not have come to it yet. After that it is
 * told of again where other things are missing than before, five minutes after the last time at the
 * earliest, and else every {@link #REPEAT}, for Events expire. A sentence with other numbers is no
 * news. Pods that are gated, held room for or being bound do not count as waiting. What exceeds the
 * budget waits for the next round.
 *
 * <p>Belongs to one thread; the state's event loop only copies.
 */
public final class PodNotices implements AutoCloseable {
  static final Duration PATIENCE = Duration.ofSeconds(10);
  static final Duration ASKING_PATIENCE = Duration.ofSeconds(60);
  static final Duration WRITE_PAUSE = Duration.ofMinutes(5);
  static final Duration REPEAT = Duration.ofMinutes(30);
  static final String REASON = "StowagePodWaits";

  private static final Logger LOG = LoggerFactory.getLogger(PodNotices.class);
  private static final Duration ROUND = Duration.ofSeconds(5);
  private static final Duration LOOK_PAUSE = Duration.ofMinutes(1);
  private static final int MOST_PODS = 10_000;
  private static final int KINDS_AT_ONCE = 64;
  private static final int PER_SECOND = 2;
  private static final int BURST = 20;

  private final StateLoop loop;
  private final ServiceMetrics metrics;
  private final ClusterLabels labels;
  private volatile Set<String> schedulerNames;
  private final Teller teller;
  private final Bucket budget;
  private final ClusterCopy copy;
  private final Map<String, Standing> standingByUid = new LinkedHashMap<>();

  /** Null where it is not timed. */
  private @Nullable Timer timer;

  private volatile boolean closed;

  /** Takes what is told. */
  @FunctionalInterface
  interface Teller {
    /** Tells something of a subject. */
    void warn(Subject subject, String reason, String message);
  }

  /** What is missing, without numbers. */
  private record Cause(boolean fits, Set<Missing> missing) {}

  /** Pods that wait for the same reason. */
  private record Kind(PodShape shape, PlacementRules rules) {}

  /** A pod that waits, as it is seen, and what was told of it. */
  private static final class Standing {
    private final long sinceNanos;
    private ObservedPod pod;
    private boolean refused;
    private long nextLookNanos;
    private long toldNanos;
    private @Nullable Cause told;

    Standing(ObservedPod pod, long nowNanos) {
      this.pod = pod;
      this.sinceNanos = nowNanos;
      this.nextLookNanos = nowNanos + PATIENCE.toNanos();
    }
  }

  /** A pod that waits, and whether the last filter kept no node for it. */
  private record Waiting(ObservedPod pod, boolean refused) {}

  PodNotices(
      StateLoop loop,
      ServiceMetrics metrics,
      ClusterLabels labels,
      Set<String> schedulerNames,
      Teller teller,
      Bucket budget) {
    this.loop = loop;
    this.metrics = metrics;
    this.labels = labels;
    this.schedulerNames = Set.copyOf(schedulerNames);
    this.teller = teller;
    this.budget = budget;
    this.copy = new ClusterCopy(loop);
  }

  /**
   * Starts looking, every five seconds.
   *
   * @param labels which nodes pods may be on
   * @param schedulerNames the schedulers of the pods that are told of; none for no pods
   * @param active whether this instance may write what nobody asked it for
   */
  public static PodNotices start(
      StateLoop loop,
      ServiceMetrics metrics,
      EventWriter events,
      ClusterLabels labels,
      Set<String> schedulerNames,
      BooleanSupplier active) {
    PodNotices notices =
        new PodNotices(
            loop,
            metrics,
            labels,
            schedulerNames,
            events::warn,
            Bucket.builder()
                .addLimit(
                    limit -> limit.capacity(BURST).refillGreedy(PER_SECOND, Duration.ofSeconds(1)))
                .build());
    Timer timer = new Timer("stowage-pod-notices", true);
    notices.timer = timer;
    timer.schedule(
        new TimerTask() {
          @Override
          public void run() {
            notices.guardedRound(active.getAsBoolean());
          }
        },
        ROUND.toMillis(),
        ROUND.toMillis());
    return notices;
  }

  /**
   * Tells of the pods of other schedulers from now on.
   *
   * @param newSchedulerNames none for no pods
   */
  public void set(Set<String> newSchedulerNames) {
    schedulerNames = Set.copyOf(newSchedulerNames);
  }

  private void guardedRound(boolean mayWrite) {
    try {
      if (mayWrite && !schedulerNames.isEmpty()) {
        round(System.nanoTime());
      } else {
        standingByUid.clear();
      }
    } catch (RuntimeException e) {
      if (!closed) {
        LOG.error("a round of notices about pods failed", e);
      }
    }
  }

  /** Looks at the pods that wait, and tells what is due. */
  void round(long nowNanos) {
    see(loop.call(this::waiting).join(), nowNanos);
    List<Standing> due = new ArrayList<>();
    for (Standing standing : standingByUid.values()) {
      if (nowNanos - standing.nextLookNanos >= 0) {
        due.add(standing);
      }
    }
    if (due.isEmpty()) {
      return;
    }
    copy.refresh();
    Map<Kind, NodesByMissing> found = new HashMap<>();
    for (Standing standing : due) {
      String uid = standing.pod.pod().uid();
      Kind kind = new Kind(standing.pod.pod().shape(), labels.rules(uid));
      NodesByMissing nodes = found.get(kind);
      if (nodes == null && found.size() < KINDS_AT_ONCE) {
        nodes =
            NodesByMissing.of(
                kind.shape(),
                copy.cluster(),
                node -> labels.refusal(kind.rules(), node),
                node -> !node.virtual());
        found.put(kind, nodes);
      }
      if (nodes != null) {
        look(standing, nodes, nowNanos);
      }
    }
  }

  private List<Waiting> waiting(ClusterState state) {
    List<Waiting> pods = new ArrayList<>();
    if (state.isSynced()) {
      for (ObservedPod observed : state.waitingPods(MOST_PODS)) {
        String uid = observed.pod().uid();
        if (schedulerNames.contains(observed.schedulerName())
            && !observed.gated()
            && state.heldPlacement(uid) == null
            && state.bound().placement(uid) == null) {
          pods.add(new Waiting(observed, state.isRefused(uid)));
        }
      }
    }
    return pods;
  }

  private void see(List<Waiting> waiting, long nowNanos) {
    Set<String> uids = new HashSet<>();
    for (Waiting one : waiting) {
      ObservedPod observed = one.pod();
      String uid = observed.pod().uid();
      uids.add(uid);
      Standing standing =
          standingByUid.computeIfAbsent(uid, added -> new Standing(observed, nowNanos));
      standing.pod = observed;
      standing.refused = one.refused();
    }
    standingByUid.keySet().retainAll(uids);
  }

  private void look(Standing standing, NodesByMissing nodes, long nowNanos) {
    boolean fits = !nodes.fittingNodes().isEmpty();
    if (fits && nowNanos - standing.sinceNanos < ASKING_PATIENCE.toNanos()) {
      standing.nextLookNanos = standing.sinceNanos + ASKING_PATIENCE.toNanos();
      return;
    }
    Cause cause = new Cause(fits, fits ? Set.of() : Set.copyOf(nodes.nodes().keySet()));
    if (cause.equals(standing.told) && nowNanos - standing.toldNanos < REPEAT.toNanos()) {
      standing.nextLookNanos = nowNanos + LOOK_PAUSE.toNanos();
      return;
    }
    if (!budget.tryConsume(1)) {
      metrics.event("postponed");
      return;
    }
    PodShape shape = standing.pod.pod().shape();
    teller.warn(
        Subject.pod(
            standing.pod.pod().namespace(), standing.pod.pod().name(), standing.pod.pod().uid()),
        REASON,
        WaitSentence.withNeed(
            shape, Amounts.unitsPerGpu(shape, copy.cluster()), nodes, standing.refused));
    standing.told = cause;
    standing.toldNanos = nowNanos;
    standing.nextLookNanos = nowNanos + WRITE_PAUSE.toNanos();
  }

  @Override
  public void close() {
    closed = true; // a round that is under way finds its client closed
    if (timer != null) {
      timer.cancel();
    }
  }
}
