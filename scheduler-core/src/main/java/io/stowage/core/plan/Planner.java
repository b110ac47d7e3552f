package io.stowage.core.plan;

import io.stowage.core.plan.solver.PackingSolver;

/** Makes stowage plans; equal seeds and requests give equal plans. Not thread-safe. */
public final class Planner {
  private final PackingSolver solver;

  /** Creates a planner. */
  public Planner(long seed) {
    this.solver = new PackingSolver(seed);
  }

  /**
   * Returns a plan.
   *
   * @param moves how many moves the solver tries, at least 0
   */
  public StowagePlan plan(PlanRequest request, int moves) {
    return solver.pack(request.rooms(), request.demands(), request.before(), moves);
  }
}
