package io.stowage.core.replay;

import io.stowage.core.cluster.PodShape;
import io.stowage.core.plan.Demand;
import io.stowage.core.plan.PlanRequest;
import io.stowage.core.plan.Planner;
import io.stowage.core.policy.PlacementPolicy;
import java.util.List;

/**
 * Lets a policy that plans ahead have a plan every so many arrivals, at once: in a replay it takes
 * no time. Budgets are in moves, so that equal seeds give equal runs. Not thread-safe.
 */
final class Planning {
  /** The seed of every planner; arrivals are what a run's seed draws. */
  private static final long SEED = 1;

  /** The very first plans come sooner. */
  private static final List<Long> EARLY_ARRIVALS = List.of(50L, 150L);

  private final PlacementPolicy policy;
  private final Budget budget;
  private final Planner planner = new Planner(SEED);
  private long arrivals;

  /**
   * How much is planned.
   *
   * @param everyArrivals how many pods arrive between plans, at least 1
   * @param moves how many moves the solver tries for a plan, at least 0
   */
  record Budget(int everyArrivals, int moves) {
    /** For a cluster that fills up. */
    static final Budget FILLING = new Budget(500, 50_000);

    /** For one whose pods come and go: little is free at a time, and plans are many. */
    static final Budget CHURNING = new Budget(500, 3_000);

    /** Throws IllegalArgumentException for a value out of range. */
    Budget {
      if (everyArrivals < 1 || moves < 0) {
        throw new IllegalArgumentException(
            "a plan needs at least 1 arrival and 0 moves, were " + everyArrivals + " and " + moves);
      }
    }
  }

  Planning(PlacementPolicy policy, Budget budget) {
    this.policy = policy;
    this.budget = budget;
  }

  /** Tells the policy of a pod that arrived, and plans when it is time. */
  void arrived(PodShape shape, double nowSeconds) {
    policy.arrived(shape, nowSeconds);
    arrivals++;
    if (arrivals % budget.everyArrivals() == 0 || EARLY_ARRIVALS.contains(arrivals)) {
      plan(List.of());
    }
  }

  /** Plans now. */
  void plan(List<Demand> pending) {
    PlanRequest request = policy.planRequest(pending);
    if (request != null) {
      policy.adopt(planner.plan(request, budget.moves()));
    }
  }
}
