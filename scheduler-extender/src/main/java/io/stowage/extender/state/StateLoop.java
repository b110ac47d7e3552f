package io.stowage.extender.state;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way to the cluster state from other threads: tasks run one after another, in the order in
 * which one thread gives them, on the event loop that owns the state. Thread-safe.
 */
public final class StateLoop {
  private static final Logger LOG = LoggerFactory.getLogger(StateLoop.class);

  private final Executor eventLoop;
  private final ClusterState state;
  private final BooleanSupplier onEventLoop;
  private final List<Consumer<ClusterState>> followers = new CopyOnWriteArrayList<>();

  /** Whether a task is under way; belongs to the event loop. */
  private boolean busy;

  /**
   * Creates the way to a state.
   *
   * @param eventLoop runs tasks one after another, never two at once
   */
  public StateLoop(Executor eventLoop, ClusterState state) {
    this(eventLoop, () -> false, state);
  }

  /**
   * Creates the way to a state whose event loop serves others too.
   *
   * @param onEventLoop whether the calling thread is the event loop's
   */
  public StateLoop(Executor eventLoop, BooleanSupplier onEventLoop, ClusterState state) {
    this.eventLoop = eventLoop;
    this.onEventLoop = onEventLoop;
    this.state = state;
  }

  /**
   * Has {@code follower} called after every task, on the event loop; it must be quick and may
   * change the state.
   */
  public void afterEach(Consumer<ClusterState> follower) {
    followers.add(follower);
  }

  /** Runs a task; what it returns completes the future, on the event loop. */
  public <T> CompletableFuture<T> call(Function<ClusterState, T> task) {
    return CompletableFuture.supplyAsync(() -> perform(task), eventLoop);
  }

  /** Runs a task that answers nobody; what it throws is logged. */
  public void run(Consumer<ClusterState> task) {
    eventLoop.execute(
        () ->
            perform(
                changed -> {
                  apply(task);
                  return changed;
                }));
  }

  /**
   * Runs an action on the event loop while no task is under way: at once where that is so now. It
   * may {@link #callNow} tasks.
   */
  public void enter(Runnable action) {
    if (onEventLoop.getAsBoolean() && !busy) {
      action.run();
    } else {
      eventLoop.execute(action);
    }
  }

  /** Runs a task at once; only for actions that {@link #enter} runs. */
  public <T> T callNow(Function<ClusterState, T> task) {
    if (busy) {
      throw new IllegalStateException("a task is under way");
    }
    return perform(task);
  }

  private <T> T perform(Function<ClusterState, T> task) {
    busy = true;
    try {
      return task.apply(state);
    } finally {
      followers.forEach(this::apply);
      busy = false;
    }
  }

  private void apply(Consumer<ClusterState> task) {
    try {
      task.accept(state);
    } catch (RuntimeException e) {
      LOG.error("a change could not be applied to the cluster state", e);
    }
  }
}
