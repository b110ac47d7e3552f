package io.stowage.extender.bind;

import io.stowage.extender.leader.Leadership;
import io.stowage.extender.state.BindDecision;
import io.stowage.extender.state.BindOutcome;
import io.stowage.extender.state.ClusterState;
import io.stowage.extender.state.StateLoop;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers {@code bind}: asks the state, has the binding written on a worker thread, and tells the
 * state what became of it, all within a time limit. Thread-safe.
 */
public final class BindService {
  private static final Logger LOG = LoggerFactory.getLogger(BindService.class);

  private final StateLoop loop;
  private final Binder binder;
  private final Executor workers;
  private final Duration timeLimit;
  private final Leadership leadership;

  /** Bindings being written, by pod UID; touched on the state's event loop only. */
  private final Map<String, Writing> inFlight = new HashMap<>();

  /** A binding being written. */
  private record Writing(String node, CompletableFuture<BindOutcome> outcome) {
    static Writing done(String node, BindOutcome outcome) {
      return new Writing(node, CompletableFuture.completedFuture(outcome));
    }
  }

  /**
   * Creates the service.
   *
   * @param workers threads that may block
   * @param timeLimit the time after which an answer is given whatever the API server does; must be
   *     less than kube-scheduler's {@code httpTimeout}
   * @param leadership says whether this Stowage may bind; it is waited for within the time limit
   */
  public BindService(
      StateLoop loop, Binder binder, Executor workers, Duration timeLimit, Leadership leadership) {
    this.loop = loop;
    this.binder = binder;
    this.workers = workers;
    this.timeLimit = timeLimit;
    this.leadership = leadership;
  }

  /** Creates the service of a single replica without a fence. */
  public BindService(StateLoop loop, Binder binder, Executor workers, Duration timeLimit) {
    this(loop, binder, workers, timeLimit, Leadership.always());
  }

  /** Binds a pod; the future always completes with an outcome. */
  public CompletableFuture<BindOutcome> bind(String uid, String node) {
    long deadlineNanos = System.nanoTime() + timeLimit.toNanos();
    return leadership
        .awaitActive(timeLimit.multipliedBy(3).dividedBy(4)) // what is left is for the write
        .thenCompose(
            epoch ->
                epoch.isPresent()
                    ? bind(uid, node, epoch.getAsLong(), deadlineNanos)
                    : CompletableFuture.completedFuture(
                        new BindOutcome.NotBound(leadership.refusal())))
        .completeOnTimeout(
            new BindOutcome.InDoubt(
                "the API server did not answer within " + timeLimit.toMillis() + " ms"),
            timeLimit.toMillis(),
            TimeUnit.MILLISECONDS);
  }

  /** Binds by an epoch that began before the decision: by it older decisions are fenced off. */
  private CompletableFuture<BindOutcome> bind(
      String uid, String node, long epoch, long deadlineNanos) {
    return loop.call(state -> start(uid, node, state.startBind(uid, node), epoch, deadlineNanos))
        .thenCompose(Writing::outcome);
  }

  private Writing start(
      String uid, String node, BindDecision decision, long epoch, long deadlineNanos) {
    Writing running = inFlight.get(uid);
    if (running != null && running.node.equals(node)) {
      return running;
    }
    if (decision instanceof BindDecision.Refused refused) {
      return Writing.done(node, new BindOutcome.NotBound(refused.reason()));
    }
    if (!(decision instanceof BindDecision.Write write)) {
      return Writing.done(node, new BindOutcome.Bound());
    }
    Writing started =
        new Writing(
            node,
            CompletableFuture.supplyAsync(() -> write(write.by(epoch), deadlineNanos), workers)
                .exceptionally(BindService::failed)
                .thenApply(
                    outcome -> {
                      loop.run(state -> complete(state, uid, outcome));
                      return outcome;
                    }));
    inFlight.put(uid, started);
    return started;
  }

  private void complete(ClusterState state, String uid, BindOutcome outcome) {
    inFlight.remove(uid);
    state.completeBind(uid, outcome);
  }

  private BindOutcome write(BindDecision.Write binding, long deadlineNanos) {
    Duration left = Duration.ofNanos(deadlineNanos - System.nanoTime());
    return left.isNegative() || left.isZero()
        ? new BindOutcome.NotBound("too many bindings are being written")
        : binder.bind(binding, left);
  }

  private static BindOutcome failed(Throwable thrown) {
    Throwable cause = thrown instanceof CompletionException ? thrown.getCause() : thrown;
    LOG.error("a binding failed", cause);
    return new BindOutcome.InDoubt("the binding failed: " + cause);
  }
}
