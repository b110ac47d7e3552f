package io.stowage.core.plan.solver;

import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import org.optaplanner.core.api.score.director.ScoreDirector;
import org.optaplanner.core.impl.heuristic.move.AbstractMove;

/** The move that gives a few nodes other packings. */
public final class Refill extends AbstractMove<PackingProblem> {
  private static final String PACKING = "packing";

  private final PlannedNode[] nodes;
  private final Packing[] packings;

  Refill(PlannedNode[] nodes, Packing[] packings) {
    this.nodes = nodes;
    this.packings = packings;
  }

  @Override
  public boolean isMoveDoable(ScoreDirector<PackingProblem> scoreDirector) {
    for (int i = 0; i < nodes.length; i++) {
      if (nodes[i].getPacking() != packings[i]) {
        return true;
      }
    }
    return false;
  }

  @Override
  protected Refill createUndoMove(ScoreDirector<PackingProblem> scoreDirector) {
    Packing[] before = new Packing[nodes.length];
    for (int i = 0; i < nodes.length; i++) {
      before[i] = nodes[i].getPacking();
    }
    return new Refill(nodes, before);
  }

  @Override
  protected void doMoveOnGenuineVariables(ScoreDirector<PackingProblem> scoreDirector) {
    for (int i = 0; i < nodes.length; i++) {
      scoreDirector.beforeVariableChanged(nodes[i], PACKING);
      nodes[i].setPacking(packings[i]);
      scoreDirector.afterVariableChanged(nodes[i], PACKING);
    }
  }

  @Override
  public Refill rebase(ScoreDirector<PackingProblem> destinationScoreDirector) {
    PlannedNode[] rebased = new PlannedNode[nodes.length];
    for (int i = 0; i < nodes.length; i++) {
      rebased[i] = destinationScoreDirector.lookUpWorkingObject(nodes[i]);
    }
    return new Refill(rebased, packings);
  }

  @Override
  public Collection<? extends Object> getPlanningEntities() {
    return Arrays.asList(nodes);
  }

  @Override
  public Collection<? extends Object> getPlanningValues() {
    return List.of(packings);
  }
}
