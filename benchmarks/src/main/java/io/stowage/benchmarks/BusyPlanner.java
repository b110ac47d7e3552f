package io.stowage.benchmarks;

import io.stowage.core.plan.PlanRequest;
import io.stowage.core.plan.Planner;
import io.stowage.core.plan.StowagePlan;
import org.jspecify.annotations.Nullable;

/** A thread that plans all the time, each plan from the one before. */
final class BusyPlanner {
  private static final long SEED = 1;
  private static final int MOVES = 50_000;

  private final Thread thread;
  private volatile boolean stopped;

  /** Starts it; without a request, as of a policy that does not plan, it ends at once. */
  BusyPlanner(@Nullable PlanRequest request) {
    thread = new Thread(() -> plan(request), "planner");
    thread.setDaemon(true);
    thread.start();
  }

  private void plan(@Nullable PlanRequest first) {
    Planner planner = new Planner(SEED);
    PlanRequest request = first;
    while (!stopped && request != null) {
      StowagePlan plan = planner.plan(request, MOVES);
      request = new PlanRequest(request.rooms(), request.demands(), plan);
    }
  }

  void stop() throws InterruptedException {
    stopped = true;
    thread.join();
  }
}
