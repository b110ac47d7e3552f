package io.stowage.extender.bind;

import io.stowage.extender.leader.Leadership;
import io.stowage.extender.state.BindDecision;
import io.stowage.extender.state.BindOutcome;
import io.stowage.extender.state.ClusterState;
import io.stowage.extender.state.StateLoop;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers {@code bind}: asks the state, has the binding written on a worker thread, and tells the
 * state what became of it, all within a time limit. A bind that has to wait until the device plugin
 * has assigned pods before it is asked again whenever something happened on its node, and given up
 * in time. Thread-safe.
 */
public final class BindService {
  private static final Logger LOG = LoggerFactory.getLogger(BindService.class);

  /** An API server that takes half a second for each of 16 at a time has them written in two. */
  static final int MOST_UNDER_WAY = 64;

  private static final Duration LONGEST_WAIT_FOR_ROOM = Duration.ofSeconds(1);

  private final StateLoop loop;
  private final Binder binder;
  private final Executor workers;
  private final Duration timeLimit;

  /**
   * What must be left of the time limit for a write to begin. Writes that would be given up keep
   * those from being written that have the time, and where a slow API server has a queue build up,
   * none would succeed any more.
   */
  private final Duration leastWriteLimit;

  private final Leadership leadership;

  /** Bindings under way, by pod UID; touched on the state's event loop only. */
  private final Map<String, Bind> inFlight = new HashMap<>();

  /** What waits until fewer bindings are under way; touched on the event loop only. */
  private final Queue<CompletableFuture<Void>> awaitingRoom = new ArrayDeque<>();

  /** Those that wait for a device, in the order they came; touched on the event loop only. */
  private final Map<String, Bind> waiting = new LinkedHashMap<>();

  /** One binding under way. */
  private record Bind(
      String uid,
      String node,
      long epoch,
      long deadlineNanos,
      CompletableFuture<BindOutcome> outcome) {}

  /**
   * Creates the service.
   *
   * @param workers threads that may block
   * @param timeLimit the time after which an answer is given whatever the API server does; must be
   *     less than kube-scheduler's {@code httpTimeout}. Three quarters of it may be spent waiting
   *     for leadership or for a device; what is left is for the write
   * @param leadership says whether this Stowage may bind
   */
  public BindService(
      StateLoop loop, Binder binder, Executor workers, Duration timeLimit, Leadership leadership) {
    this.loop = loop;
    this.binder = binder;
    this.workers = workers;
    this.timeLimit = timeLimit;
    this.leastWriteLimit = timeLimit.dividedBy(5);
    this.leadership = leadership;
    loop.afterEach(this::retryWaiting);
  }

  /** Creates the service of a single replica without a fence. */
  public BindService(StateLoop loop, Binder binder, Executor workers, Duration timeLimit) {
    this(loop, binder, workers, timeLimit, Leadership.always());
  }

  /**
   * Completes when no more bindings are being written than can be in time: at once as a rule, after
   * a second at the latest. kube-scheduler decides pod by pod and has each bound beside; where it
   * decides faster than the API server writes, an answer to it that waits for this keeps it from
   * piling up bindings that would run out of time. Call on the event loop.
   */
  public CompletableFuture<Void> roomToWrite() {
    if (inFlight.size() - waiting.size() < MOST_UNDER_WAY) {
      return CompletableFuture.completedFuture(null);
    }
    CompletableFuture<Void> room =
        new CompletableFuture<Void>()
            .completeOnTimeout(null, LONGEST_WAIT_FOR_ROOM.toMillis(), TimeUnit.MILLISECONDS);
    awaitingRoom.add(room);
    return room;
  }

  private void tellOfRoom() {
    while (!awaitingRoom.isEmpty() && inFlight.size() - waiting.size() < MOST_UNDER_WAY) {
      awaitingRoom.remove().complete(null);
    }
  }

  /** Binds a pod; the future always completes with an outcome. */
  public CompletableFuture<BindOutcome> bind(String uid, String node) {
    long deadlineNanos = System.nanoTime() + timeLimit.toNanos();
    return leadership
        .awaitActive(waitLimit(deadlineNanos))
        .thenCompose(
            epoch ->
                epoch.isPresent()
                    ? bind(
                        new Bind(
                            uid, node, epoch.getAsLong(), deadlineNanos, new CompletableFuture<>()))
                    : CompletableFuture.completedFuture(
                        new BindOutcome.NotBound(leadership.refusal())))
        .completeOnTimeout(
            new BindOutcome.InDoubt(
                "the API server did not answer within " + timeLimit.toMillis() + " ms"),
            timeLimit.toMillis(),
            TimeUnit.MILLISECONDS);
  }

  /** Binds by an epoch that began before the decision: by it older decisions are fenced off. */
  private CompletableFuture<BindOutcome> bind(Bind bind) {
    return loop.call(state -> start(state, bind)).thenCompose(Bind::outcome);
  }

  private Bind start(ClusterState state, Bind bind) {
    String uid = bind.uid;
    Bind running = inFlight.get(uid);
    if (running != null && running.node.equals(bind.node)) {
      return running;
    }
    Bind superseded = waiting.get(uid);
    if (superseded != null) {
      end(
          superseded,
          new BindOutcome.NotBound("the pod was to be bound to " + bind.node + " since"));
    }
    Optional<String> wait = proceed(state, bind);
    if (wait.isPresent()) {
      inFlight.put(uid, bind);
      waiting.put(uid, bind);
      CompletableFuture.delayedExecutor(
              waitLimit(bind.deadlineNanos).toNanos(), TimeUnit.NANOSECONDS, Runnable::run)
          .execute(() -> loop.run(later -> giveUp(later, bind, wait.get())));
    }
    return bind;
  }

  /** Returns how long a binding may still wait, so that a quarter of its time is left to write. */
  private Duration waitLimit(long deadlineNanos) {
    Duration left =
        Duration.ofNanos(deadlineNanos - System.nanoTime()).minus(timeLimit.dividedBy(4));
    return left.isNegative() ? Duration.ZERO : left;
  }

  /**
   * Has a binding decided and, if so, written; returns why it has to wait, empty where it has not.
   */
  private Optional<String> proceed(ClusterState state, Bind bind) {
    BindDecision decision = state.startBind(bind.uid, bind.node);
    if (decision instanceof BindDecision.Wait wait) {
      return Optional.of(wait.reason());
    } else if (decision instanceof BindDecision.Write write) {
      write(bind, write);
    } else if (decision instanceof BindDecision.Refused refused) {
      end(bind, new BindOutcome.NotBound(refused.reason()));
    } else {
      end(bind, new BindOutcome.Bound());
    }
    return Optional.empty();
  }

  private void write(Bind bind, BindDecision.Write write) {
    waiting.remove(bind.uid, bind);
    inFlight.put(bind.uid, bind);
    workers.execute(
        () -> {
          BindOutcome outcome = outcome(write.by(bind.epoch), bind.deadlineNanos);
          loop.run(state -> complete(state, bind, outcome));
          bind.outcome.complete(outcome);
        });
  }

  private void complete(ClusterState state, Bind bind, BindOutcome outcome) {
    inFlight.remove(bind.uid, bind);
    state.completeBind(bind.uid, outcome);
    tellOfRoom();
  }

  private void end(Bind bind, BindOutcome outcome) {
    waiting.remove(bind.uid, bind);
    inFlight.remove(bind.uid, bind);
    bind.outcome.complete(outcome);
    tellOfRoom();
  }

  private void retryWaiting(ClusterState state) {
    Set<String> nodes = state.takeNodesForWaitingBinds();
    if (waiting.isEmpty() || nodes.isEmpty()) {
      return;
    }
    for (Bind bind : List.copyOf(waiting.values())) {
      if (nodes.contains(bind.node)) {
        proceed(state, bind);
      }
    }
  }

  private void giveUp(ClusterState state, Bind bind, String reason) {
    if (bind.equals(waiting.get(bind.uid)) && proceed(state, bind).isPresent()) {
      state.giveUpBind(bind.uid, bind.node);
      end(bind, new BindOutcome.NotBound(reason));
    }
  }

  private BindOutcome outcome(BindDecision.Write binding, long deadlineNanos) {
    Duration left = Duration.ofNanos(deadlineNanos - System.nanoTime());
    if (left.compareTo(leastWriteLimit) < 0) {
      return new BindOutcome.NotBound(
          "too many bindings are being written: %d ms of %d were left"
              .formatted(Math.max(0, left.toMillis()), timeLimit.toMillis()));
    }
    try {
      return binder.bind(binding, left);
    } catch (RuntimeException e) {
      LOG.error("a binding failed", e);
      return new BindOutcome.InDoubt("the binding failed: " + e);
    }
  }
}
