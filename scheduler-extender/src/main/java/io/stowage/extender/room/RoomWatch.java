package io.stowage.extender.room;

import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.Placement;
import io.stowage.extender.kube.ClusterLabels;
import io.stowage.extender.kube.ObservedPod;
import io.stowage.extender.metrics.RoomMetrics;
import io.stowage.extender.metrics.ServiceMetrics;
import io.stowage.extender.observe.ObservedCluster;
import io.stowage.extender.observe.RoomReport;
import io.stowage.extender.observe.RoomSearch;
import io.stowage.extender.observe.RoomWanted;
import io.stowage.extender.observe.WaitingPod.NodeTypeName;
import io.stowage.extender.state.ClusterState;
import io.stowage.extender.state.StateLoop;
import io.stowage.extender.view.ClusterCopy;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Timer;
import java.util.TimerTask;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows what would make room while this instance is the active one.
 *
 * <p>After each look it rests nine times as long as that took, so that it costs a tenth of a core
 * at most; while nothing changes, what was found stands for {@link #STANDS} without another look.
 * Waiting pods are placed by a plan that the solver does not improve. {@link #latest} may be called
 * by any thread, all else belongs to one; the state's event loop only copies.
 */
public final class RoomWatch implements AutoCloseable {
  static final Duration STANDS = Duration.ofMinutes(5);

  private static final Logger LOG = LoggerFactory.getLogger(RoomWatch.class);
  private static final int REST = 9;
  private static final int MOVES = 0;

  private final StateLoop loop;
  private final ClusterLabels labels;
  private final RoomMetrics metrics;
  private final InstantSource clock;
  private final LongSupplier nanoClock;
  private final ClusterCopy copy;
  private volatile @Nullable RoomReport latest;
  private List<ObservedPod> waiting = List.of();
  private boolean stale = true;
  private boolean rests;
  private long restsUntilNanos;
  private long foundNanos;

  /** Null where it is not timed. */
  private @Nullable Timer timer;

  RoomWatch(
      StateLoop loop,
      ClusterLabels labels,
      RoomMetrics metrics,
      InstantSource clock,
      LongSupplier nanoClock) {
    this.loop = loop;
    this.labels = labels;
    this.metrics = metrics;
    this.clock = clock;
    this.nanoClock = nanoClock;
    this.copy = new ClusterCopy(loop);
  }

  /**
   * Starts looking, unless that is off.
   *
   * @param labels what is known of nodes' labels and taints, and of pods' rules and owners
   * @param active whether this instance is the one whose word counts
   */
  public static RoomWatch start(
      StateLoop loop,
      ServiceMetrics metrics,
      ClusterLabels labels,
      RoomSettings settings,
      BooleanSupplier active) {
    RoomWatch watch =
        new RoomWatch(loop, labels, metrics.room(), InstantSource.system(), System::nanoTime);
    if (settings.enabled()) {
      Timer timer = new Timer("stowage-room", true);
      watch.timer = timer;
      timer.schedule(
          new TimerTask() {
            @Override
            public void run() {
              watch.guardedRound(active.getAsBoolean());
            }
          },
          settings.minInterval().toMillis(),
          settings.minInterval().toMillis());
    }
    return watch;
  }

  private void guardedRound(boolean active) {
    try {
      round(active);
    } catch (RuntimeException e) {
      LOG.error("what would make room could not be found", e);
    }
  }

  /** Looks, where it is time to. */
  void round(boolean active) {
    long startNanos = nanoClock.getAsLong();
    Optional<List<ObservedPod>> now =
        active ? loop.call(RoomWatch::waitingPods).join() : Optional.empty();
    if (now.isEmpty()) {
      latest = null;
      metrics.unknown();
      return;
    }
    if (rests && startNanos - restsUntilNanos < 0) {
      return;
    }
    stale |= !copy.refresh().isEmpty() || !now.get().equals(waiting);
    RoomReport before = latest;
    if (before != null && !stale && startNanos - foundNanos < STANDS.toNanos()) {
      latest = new RoomReport(clock.instant(), before.roomWanted());
      return;
    }
    waiting = now.get();
    look();
    stale = false;
    foundNanos = startNanos;
    long endNanos = nanoClock.getAsLong();
    rests = true;
    restsUntilNanos = endNanos + REST * (endNanos - startNanos);
  }

  /** Returns what waits, empty where nodes and pods were never listed completely. */
  private static Optional<List<ObservedPod>> waitingPods(ClusterState state) {
    if (!state.isSynced()) {
      return Optional.empty();
    }
    return Optional.of(
        state.waitingPods(Integer.MAX_VALUE).stream()
            .filter(pod -> state.bound().placement(pod.pod().uid()) == null)
            .toList());
  }

  private void look() {
    List<Node> nodes = new ArrayList<>();
    List<Placement> bound = new ArrayList<>();
    copy.cluster()
        .forEachNode(
            node -> {
              if (node.node() != null) {
                nodes.add(node.node());
              }
              bound.addAll(node.placements());
            });
    ObservedCluster cluster = ObservedCluster.of(nodes, bound, waiting, labels);
    RoomWanted room = RoomSearch.find(cluster, MOVES);
    latest = new RoomReport(clock.instant(), room);
    Map<NodeTypeName, Integer> wanted = new HashMap<>();
    room.nodesToAdd().forEach(kind -> wanted.put(kind.type(), kind.count()));
    metrics.found(
        cluster.nodeTypes().stream()
            .map(
                kind ->
                    new RoomMetrics.Wanted(kind.type(), kind.pool(), wanted.getOrDefault(kind, 0)))
            .toList(),
        room.unplaceablePods(),
        room.nodesToEmpty().size());
  }

  /**
   * Returns what was found last; empty on a standby, before the first look, and where it is off.
   */
  public Optional<RoomReport> latest() {
    return Optional.ofNullable(latest);
  }

  @Override
  public void close() {
    if (timer != null) {
      timer.cancel();
    }
  }
}
