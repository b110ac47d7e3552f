package io.stowage.benchmarks;

import io.stowage.core.plan.PlanRequest;
import io.stowage.core.plan.Planner;
import io.stowage.core.plan.StowagePlan;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** A thread that plans whenever it is asked, while the one that asks goes on. */
final class BusyPlanner {
  private static final long SEED = 1;
  private static final int MOVES = 50_000;

  private final Thread thread = new Thread(this::plan, "planner");
  private final SynchronousQueue<PlanRequest> requests = new SynchronousQueue<>();
  private final AtomicReference<@Nullable StowagePlan> made = new AtomicReference<>();

  BusyPlanner() {
    thread.setDaemon(true);
    thread.start();
  }

  private void plan() {
    Planner planner = new Planner(SEED);
    try {
      while (true) {
        made.set(planner.plan(requests.take(), MOVES));
      }
    } catch (InterruptedException e) {
      // stopped
    }
  }

  /** Asks for a plan; the one before must have been fetched. */
  void ask(PlanRequest request) throws InterruptedException {
    requests.put(request);
  }

  /** Returns the plan once it is made, null until then. */
  @Nullable StowagePlan fetch() {
    return made.get() == null ? null : made.getAndSet(null);
  }

  void stop() throws InterruptedException {
    thread.interrupt();
    thread.join();
  }
}
