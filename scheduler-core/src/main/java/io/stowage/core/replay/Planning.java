package io.stowage.core.replay;

import io.stowage.core.cluster.PodShape;
import io.stowage.core.plan.Demand;
import io.stowage.core.plan.PlanRequest;
import io.stowage.core.plan.Planner;
import io.stowage.core.plan.Slot;
import io.stowage.core.plan.StowagePlan;
import io.stowage.core.policy.PlacementPolicy;
import io.stowage.core.trace.TracePod;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

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

  private record Waiting(PodShape shape, int priority) {}

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

    /** So many arrivals that none but the first plan is made. */
    static final int ONCE_ARRIVALS = Integer.MAX_VALUE;

    /** For all pods at once. */
    static final Budget BURST = new Budget(ONCE_ARRIVALS, 400_000);

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

  /**
   * Tells the policy of pods that arrived at the same time, and plans for all of them.
   *
   * @param queue the pods in the order in which they are to be served
   * @return how many pods of each shape have a slot; none where the policy does not plan
   */
  Map<PodShape, Integer> arrivedTogether(List<TracePod> queue) {
    Map<Waiting, Integer> counts = new LinkedHashMap<>();
    for (TracePod pod : queue) {
      policy.arrived(pod.shape(), 0);
      counts.merge(new Waiting(pod.shape(), pod.priority()), 1, Integer::sum);
    }
    List<Demand> pending = new ArrayList<>();
    counts.forEach(
        (waiting, count) -> pending.add(Demand.pending(waiting.shape, count, waiting.priority)));
    Map<PodShape, Integer> slots = new HashMap<>();
    for (List<Slot> ofNode : plan(pending).slotsByNode().values()) {
      for (Slot slot : ofNode) {
        slots.merge(slot.shape(), slot.pending() ? 1 : 0, Integer::sum);
      }
    }
    return slots;
  }

  private StowagePlan plan(List<Demand> pending) {
    PlanRequest request = policy.planRequest(pending);
    if (request == null) {
      return StowagePlan.EMPTY;
    }
    StowagePlan plan = planner.plan(request, budget.moves());
    policy.adopt(plan);
    return plan;
  }
}
