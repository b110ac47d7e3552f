package io.stowage.extender.planning;

import io.stowage.core.plan.PlanRequest;
import io.stowage.core.plan.Planner;
import io.stowage.core.plan.StowagePlan;
import io.stowage.extender.metrics.PlanMetrics;
import io.stowage.extender.metrics.ServiceMetrics;
import io.stowage.extender.state.ClusterState;
import io.stowage.extender.state.StateLoop;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The thread that plans, round after round, while there is something to gain: once the state is
 * synced, it takes a picture of it, improves the plan by a bounded number of moves, and has the
 * state adopt it. It rests when nothing has changed since the last picture and the last round found
 * nothing better, until something changes; and after each round nine times as long as that took, so
 * that it takes a tenth of a core at most from kube-scheduler and others beside it.
 *
 * <p>A round that fails is logged and counted; the plan before it stays, and the next round follows
 * after a pause that grows with each failure in a row. For a policy that does not plan the thread
 * ends by itself.
 */
public final class PlanningThread implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PlanningThread.class);
  private static final long SEED = 1;
  private static final Duration LONGEST_PAUSE = Duration.ofMinutes(1);
  private static final int REST = 9;
  private static final Duration LAST_ROUND = Duration.ofSeconds(5);

  private final StateLoop loop;
  private final PlanMetrics metrics;
  private volatile PlanningSettings settings;
  private final Planner planner = new Planner(SEED);
  private final Thread thread = new Thread(this::run, "stowage-planning");

  /** Has a permit when something has changed since the thread looked last. */
  private final Semaphore changed = new Semaphore(0);

  /** Until when no further round begins; belongs to the thread. */
  private long restsUntilNanos = System.nanoTime();

  /** The version that was seen last; belongs to the event loop. */
  private long seenVersion = -1;

  private PlanningThread(StateLoop loop, ServiceMetrics metrics, PlanningSettings settings) {
    this.loop = loop;
    this.metrics = metrics.planning();
    this.settings = settings;
  }

  /** Starts planning, where the settings say so. */
  @SuppressWarnings("ThreadPriorityCheck") // a wish on a busy machine; nothing relies on it
  public static PlanningThread start(
      StateLoop loop, ServiceMetrics metrics, PlanningSettings settings) {
    PlanningThread planning = new PlanningThread(loop, metrics, settings);
    if (settings.enabled()) {
      loop.afterEach(planning::look);
      planning.thread.setDaemon(true);
      planning.thread.setPriority(Thread.MIN_PRIORITY);
      planning.thread.start();
    }
    return planning;
  }

  /** Has the next round go by other moves and another interval; whether it plans is as it was. */
  public void set(PlanningSettings newSettings) {
    settings = newSettings;
  }

  private void look(ClusterState state) {
    long version = state.planVersion();
    if (version != seenVersion) {
      seenVersion = version;
      if (changed.availablePermits() == 0) {
        changed.release();
      }
    }
  }

  private void run() {
    int failures = 0;
    try {
      while (true) {
        long startNanos = System.nanoTime();
        Duration pause = settings.minInterval();
        try {
          if (!round()) {
            return;
          }
          failures = 0;
        } catch (ExecutionException | RuntimeException | Error e) { // the service goes on without
          failures++;
          pause = pause(settings.minInterval(), failures);
          metrics.failed();
          LOG.error(
              "a round of planning failed, the plan before it stays; the next follows in {} ms",
              pause.toMillis(),
              e instanceof ExecutionException ? e.getCause() : e);
        }
        long nowNanos = System.nanoTime();
        TimeUnit.NANOSECONDS.sleep(
            Math.max(startNanos + pause.toNanos(), restsUntilNanos) - nowNanos);
      }
    } catch (InterruptedException e) {
      LOG.debug("planning stops");
    }
  }

  /** Returns the pause after some failures in a row, at least 1. */
  static Duration pause(Duration minInterval, int failures) {
    Duration pause = minInterval.multipliedBy(1L << Math.min(failures, 20));
    return pause.compareTo(LONGEST_PAUSE) < 0 ? pause : LONGEST_PAUSE;
  }

  /**
   * Plans once, and waits after it for a change where it was in vain; false where it is for good.
   */
  private boolean round() throws InterruptedException, ExecutionException {
    changed.drainPermits();
    if (!loop.call(ClusterState::isSynced).get()) {
      changed.acquire();
      return true;
    }
    Optional<PlanRequest> asked = loop.call(ClusterState::planRequest).get();
    if (asked.isEmpty()) {
      return false;
    }
    PlanRequest request = asked.get();
    long startNanos = System.nanoTime();
    metrics.begun(request);
    StowagePlan plan = planner.plan(request, settings.moves());
    loop.call(
            state -> {
              state.adopt(plan);
              return plan;
            })
        .get();
    metrics.adopted(plan);
    long endNanos = System.nanoTime();
    restsUntilNanos = endNanos + REST * (endNanos - startNanos);
    if (plan.equals(request.before())) {
      metrics.resting();
      changed.acquire();
    }
    return true;
  }

  /** Tells whether it has not ended. */
  boolean isAlive() {
    return thread.isAlive();
  }

  /** Tells whether it waits for a change. */
  boolean isResting() {
    return changed.hasQueuedThreads();
  }

  /** Stops; a round under way is cut short. */
  @Override
  public void close() {
    thread.interrupt();
    try {
      thread.join(LAST_ROUND.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
