package io.stowage.core.policy;

import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.fit.Fit;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The scores that a policy gives to a cluster's nodes, evaluated anew only where a node changed.
 *
 * <p>One evaluation is kept per shape and node; the shapes used least recently are forgotten. Not
 * thread-safe: belongs to the cluster's one writer.
 */
public final class NodeScores {
  /** The score of a node that the shape does not fit. */
  public static final double UNFIT = Double.NEGATIVE_INFINITY;

  private final Cluster cluster;
  private final PlacementPolicy policy;
  private final RandomGenerator ties;
  private final Map<PodShape, OfShape> byShape;
  private long epoch;

  /** The scores of one shape by slot, with the version of the node that each was given for. */
  private static final class OfShape {
    private double[] score = {};
    private long[] version = {};
  }

  /**
   * Creates an empty cache and attaches the policy to the cluster.
   *
   * @param ties what breaks ties of a policy that asks for it
   * @param shapes how many shapes are kept, at least 1
   */
  public NodeScores(Cluster cluster, PlacementPolicy policy, RandomGenerator ties, int shapes) {
    this.cluster = cluster;
    this.policy = policy;
    this.ties = ties;
    this.byShape =
        new LinkedHashMap<>(16, 0.75f, true) {
          @Override
          protected boolean removeEldestEntry(Map.Entry<PodShape, OfShape> eldest) {
            return size() > shapes;
          }
        };
    policy.attach(cluster);
    this.epoch = policy.epoch();
  }

  /** Returns the policy that scores. */
  public PlacementPolicy policy() {
    return policy;
  }

  /** Returns a node's score for the shape, {@link #UNFIT} where the shape does not fit. */
  public double score(PodShape shape, NodeState node) {
    return score(shape, ofShape(shape), node);
  }

  /**
   * Returns what scores many nodes for one shape as {@link #score} does, without looking the shape
   * up each time; to be used before the next node is added.
   */
  public ToDoubleFunction<NodeState> scorer(PodShape shape) {
    OfShape scores = ofShape(shape);
    return node -> score(shape, scores, node);
  }

  /** Returns the best node among all, null where the shape fits nowhere. */
  public @Nullable NodeState best(PodShape shape) {
    OfShape scores = ofShape(shape);
    NodeState best = null;
    double bestScore = UNFIT;
    int tied = 0;
    boolean random = policy.tieBreak() == PlacementPolicy.TieBreak.RANDOM;
    for (int slot = 0; slot < cluster.slotLimit(); slot++) {
      NodeState node = cluster.slot(slot);
      if (node == null) {
        continue;
      }
      double score = score(shape, scores, node);
      if (score > bestScore) {
        best = node;
        bestScore = score;
        tied = 1;
      } else if (score == bestScore && best != null) {
        if (random) {
          best = ties.nextInt(++tied) == 0 ? node : best;
        } else if (node.name().compareTo(best.name()) < 0) {
          best = node;
        }
      }
    }
    return best;
  }

  private OfShape ofShape(PodShape shape) {
    if (epoch != policy.epoch()) {
      byShape.clear();
      epoch = policy.epoch();
    }
    OfShape scores = byShape.computeIfAbsent(shape, added -> new OfShape());
    if (scores.score.length < cluster.slotLimit()) {
      int length = Math.max(cluster.slotLimit(), scores.score.length * 2);
      scores.score = Arrays.copyOf(scores.score, length);
      scores.version = Arrays.copyOf(scores.version, length);
    }
    return scores;
  }

  private double score(PodShape shape, OfShape scores, NodeState node) {
    int slot = node.slot();
    long version = policy.version(node);
    if (scores.version[slot] != version) {
      scores.version[slot] = version;
      scores.score[slot] = Fit.fits(shape, node) ? policy.score(shape, node) : UNFIT;
    }
    return scores.score[slot];
  }
}
