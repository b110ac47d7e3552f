package io.stowage.core.plan;

import java.util.List;

/**
 * What a plan is asked for: an immutable picture of the cluster, and of what is to go into it.
 *
 * @param rooms what is free on each node that takes pods
 * @param demands the pods to find slots for
 * @param before the slots that are open now; the plan starts from them
 */
public record PlanRequest(List<NodeRoom> rooms, List<Demand> demands, StowagePlan before) {

  /** Copies the lists. */
  public PlanRequest {
    rooms = List.copyOf(rooms);
    demands = List.copyOf(demands);
  }
}
