package io.stowage.core.plan.solver;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.optaplanner.core.api.domain.solution.PlanningEntityCollectionProperty;
import org.optaplanner.core.api.domain.solution.PlanningScore;
import org.optaplanner.core.api.domain.solution.PlanningSolution;
import org.optaplanner.core.api.domain.solution.cloner.SolutionCloner;
import org.optaplanner.core.api.domain.valuerange.ValueRangeProvider;
import org.optaplanner.core.api.score.buildin.hardmediumsoftlong.HardMediumSoftLongScore;

/** The plan as the solver sees it: nodes with packings, and how many pods there are of a kind. */
@PlanningSolution(solutionCloner = PackingProblem.Cloner.class)
public class PackingProblem {
  private final Kinds kinds;
  private final int[] counts;
  private final List<PlannedNode> nodes;
  private Supply supply;
  private @Nullable HardMediumSoftLongScore score;

  /**
   * Creates a problem.
   *
   * @param counts how many pods there are of each kind
   */
  PackingProblem(Kinds kinds, int[] counts, List<PlannedNode> nodes) {
    this.kinds = kinds;
    this.counts = counts;
    this.nodes = nodes;
    this.supply = Supply.NONE;
  }

  Kinds kinds() {
    return kinds;
  }

  /** Counts anew how many pods of each kind are in no packing. */
  Supply countSupply() {
    supply = new Supply(counts);
    nodes.forEach(node -> supply.add(node.getPacking(), -1));
    return supply;
  }

  /** Returns how many pods of each kind are in no packing, as of the last change to any. */
  Supply supply() {
    return supply;
  }

  /** Returns the nodes. */
  @PlanningEntityCollectionProperty
  public List<PlannedNode> getNodes() {
    return nodes;
  }

  /** Returns the one packing that is known beforehand: moves make all others. */
  @ValueRangeProvider
  public List<Packing> getPackings() {
    return List.of(Packing.EMPTY);
  }

  /** Returns the score, null before it is known. */
  @PlanningScore
  public @Nullable HardMediumSoftLongScore getScore() {
    return score;
  }

  /** Sets the score. */
  public void setScore(@Nullable HardMediumSoftLongScore score) {
    this.score = score;
  }

  /** Copies what moves change, and nothing else. */
  public static final class Cloner implements SolutionCloner<PackingProblem> {
    @Override
    public PackingProblem cloneSolution(PackingProblem original) {
      List<PlannedNode> copies = new ArrayList<>(original.nodes.size());
      for (PlannedNode node : original.nodes) {
        copies.add(new PlannedNode(node.index(), node.room(), node.getPacking()));
      }
      PackingProblem clone = new PackingProblem(original.kinds, original.counts, copies);
      clone.score = original.score;
      return clone;
    }
  }
}
