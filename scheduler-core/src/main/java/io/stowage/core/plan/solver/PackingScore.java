package io.stowage.core.plan.solver;

import org.optaplanner.core.api.score.buildin.hardmediumsoftlong.HardMediumSoftLongScore;
import org.optaplanner.core.api.score.calculator.IncrementalScoreCalculator;

/**
 * The objective: hard, no more pods of a kind than there are; medium, the worth of pending pods
 * with a slot; soft, that of forecast pods, then how useful the rest of the room is.
 */
public final class PackingScore
    implements IncrementalScoreCalculator<PackingProblem, HardMediumSoftLongScore> {
  /** What a milli-GPU of a forecast slot weighs against what is left. */
  private static final long FORECAST_WEIGHT = 1000;

  private Supply supply = Supply.NONE;
  private long pendingWorth;
  private long softWorth;

  @Override
  public void resetWorkingSolution(PackingProblem workingSolution) {
    supply = workingSolution.countSupply();
    pendingWorth = 0;
    softWorth = 0;
    for (PlannedNode node : workingSolution.getNodes()) {
      count(node.getPacking(), 1);
    }
  }

  private void count(Packing packing, int sign) {
    pendingWorth += sign * packing.pendingWorth;
    softWorth += sign * (FORECAST_WEIGHT * packing.forecastWorth + packing.leftWorth);
  }

  @Override
  public void beforeVariableChanged(Object entity, String variableName) {
    Packing packing = ((PlannedNode) entity).getPacking();
    count(packing, -1);
    supply.add(packing, 1);
  }

  @Override
  public void afterVariableChanged(Object entity, String variableName) {
    Packing packing = ((PlannedNode) entity).getPacking();
    count(packing, 1);
    supply.add(packing, -1);
  }

  @Override
  public void beforeEntityAdded(Object entity) {}

  @Override
  public void afterEntityAdded(Object entity) {}

  @Override
  public void beforeEntityRemoved(Object entity) {}

  @Override
  public void afterEntityRemoved(Object entity) {}

  @Override
  public HardMediumSoftLongScore calculateScore() {
    return HardMediumSoftLongScore.of(-supply.excess(), pendingWorth, softWorth);
  }
}
