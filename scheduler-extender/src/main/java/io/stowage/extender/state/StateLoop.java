package io.stowage.extender.state;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
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
  private final List<Consumer<ClusterState>> followers = new CopyOnWriteArrayList<>();

  /**
   * Creates the way to a state.
   *
   * @param eventLoop runs tasks one after another, never two at once
   */
  public StateLoop(Executor eventLoop, ClusterState state) {
    this.eventLoop = eventLoop;
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
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return task.apply(state);
          } finally {
            follow();
          }
        },
        eventLoop);
  }

  /** Runs a task that answers nobody; what it throws is logged. */
  public void run(Consumer<ClusterState> task) {
    eventLoop.execute(
        () -> {
          apply(task);
          follow();
        });
  }

  private void follow() {
    followers.forEach(this::apply);
  }

  private void apply(Consumer<ClusterState> task) {
    try {
      task.accept(state);
    } catch (RuntimeException e) {
      LOG.error("a change could not be applied to the cluster state", e);
    }
  }
}
