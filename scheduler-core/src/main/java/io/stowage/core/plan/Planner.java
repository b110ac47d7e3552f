package io.stowage.core.plan;

import io.stowage.core.plan.solver.PackingSolver;

/** Makes stowage plans; equal seeds and requests give equal plans. Not thread-safe. */
public final class Planner {
  private final PackingSolver solver;

  /** Creates a planner. */
  public Planner(long seed) {
    this(seed, PackingSolver.PART_NODES);
  }

  /**
   * Creates a planner that works by parts of its own size.
   *
   * @param partNodes up to how many nodes the solver searches at once, at least 1
   */
  public Planner(long seed, int partNodes) {
    this.solver = new PackingSolver(seed, partNodes);
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
