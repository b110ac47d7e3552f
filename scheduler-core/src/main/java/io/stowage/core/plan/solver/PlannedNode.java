package io.stowage.core.plan.solver;

import org.optaplanner.core.api.domain.entity.PlanningEntity;
import org.optaplanner.core.api.domain.lookup.PlanningId;
import org.optaplanner.core.api.domain.variable.PlanningVariable;

/** A node and what the plan puts on it. */
@PlanningEntity
public class PlannedNode {
  @PlanningId private final int index;
  private final Room room;

  @PlanningVariable private Packing packing = Packing.EMPTY;

  /** For the solver alone. */
  PlannedNode() {
    this(-1, Room.NONE, Packing.EMPTY);
  }

  PlannedNode(int index, Room room, Packing packing) {
    this.index = index;
    this.room = room;
    this.packing = packing;
  }

  int index() {
    return index;
  }

  Room room() {
    return room;
  }

  /** Returns what the plan puts on the node. */
  public Packing getPacking() {
    return packing;
  }

  /** Puts something else on the node. */
  public void setPacking(Packing packing) {
    this.packing = packing;
  }
}
