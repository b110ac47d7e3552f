package io.stowage.core.policy;

import io.stowage.core.cluster.ChangeLog;
import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.fit.Fit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The scores that a policy gives to a cluster's nodes, in order, evaluated anew only for what
 * changed.
 *
 * <p>Each shape has a {@link Tournament} of all nodes. It is brought up to date when the shape is
 * asked about: with the nodes that changed since it was asked about last, where these are still on
 * record, else with all. Nodes that are alike share one evaluation. The shapes used least recently
 * are forgotten. Not thread-safe: belongs to the cluster's one writer.
 */
public final class NodeScores {
  /** The score of a node that the shape does not fit. */
  public static final double UNFIT = Double.NEGATIVE_INFINITY;

  private final Cluster cluster;
  private final PlacementPolicy policy;
  private final boolean randomTies;
  private final AlikeNodes alike;
  private final Map<PodShape, OfShape> byShape;
  private final BestFirstWalk walk;

  /** By kind of node: its score for the shape that is brought up to date, where of this update. */
  private double[] scoreOfKind = {};

  private long[] updateOfKind = {};
  private long update;

  private static final class OfShape {
    private final PodShape shape;
    private final Tournament tournament;
    private long epoch;

    /** Up to where changes have been taken in. */
    private long read;

    private OfShape(PodShape shape, Tournament tournament) {
      this.shape = shape;
      this.tournament = tournament;
    }
  }

  /**
   * A node with its score.
   *
   * @param node a node that the shape fits
   * @param score higher is better
   */
  public record Scored(NodeState node, double score) {}

  /**
   * A node and what its score is the sum of.
   *
   * @param node the name of a node that the shape fits
   * @param score higher is better
   * @param terms what it is the sum of, by name
   */
  public record ScoreByTerm(String node, double score, Map<String, Double> terms) {}

  /**
   * Creates an empty cache and attaches the policy to the cluster.
   *
   * @param ties what breaks ties of a policy that asks for it
   * @param shapes how many shapes are kept, at least 1
   */
  public NodeScores(Cluster cluster, PlacementPolicy policy, RandomGenerator ties, int shapes) {
    this.cluster = cluster;
    this.policy = policy;
    this.randomTies = policy.tieBreak() == PlacementPolicy.TieBreak.RANDOM;
    this.byShape =
        new LinkedHashMap<>(16, 0.75f, true) {
          @Override
          protected boolean removeEldestEntry(Map.Entry<PodShape, OfShape> eldest) {
            return size() > shapes;
          }
        };
    policy.attach(cluster);
    this.alike = new AlikeNodes(cluster, policy);
    this.walk = new BestFirstWalk(new Tournament(alike.names(), randomTies), ties, randomTies);
  }

  /** Returns the policy that scores. */
  public PlacementPolicy policy() {
    return policy;
  }

  /** Returns a node's score for the shape, {@link #UNFIT} where the shape does not fit. */
  public double score(PodShape shape, NodeState node) {
    return upToDate(shape).tournament.score(node.slot());
  }

  /**
   * Returns what scores many nodes for one shape as {@link #score} does, without looking the shape
   * up each time; of the nodes as they are now, to be used before the next change.
   */
  public ToDoubleFunction<NodeState> scorer(PodShape shape) {
    Tournament tournament = upToDate(shape).tournament;
    return node -> tournament.score(node.slot());
  }

  /** Returns the best node among all, null where the shape fits nowhere. */
  public @Nullable NodeState best(PodShape shape) {
    Tournament tournament = upToDate(shape).tournament;
    if (tournament.entrants() == 0 || tournament.bestScore(1) == UNFIT) {
      return null;
    }
    if (tournament.tied(1) == 1) {
      return cluster.slot(tournament.winner(1));
    }
    walk.start(tournament);
    return cluster.slot(walk.next());
  }

  /**
   * Returns the best nodes among those accepted, best first, ties resolved as for {@link #best}.
   * The nodes are looked at from the best on, and no further than needed.
   *
   * @param limit how many at most, at least 0
   * @param accept asked of each node that is looked at, once; must not change the cluster
   */
  public List<Scored> bestFirst(PodShape shape, int limit, Predicate<NodeState> accept) {
    Tournament tournament = upToDate(shape).tournament;
    List<Scored> best = new ArrayList<>(Math.min(limit, 64));
    walk.start(tournament);
    while (best.size() < limit) {
      int slot = walk.next();
      if (slot < 0) {
        break;
      }
      NodeState node = cluster.slot(slot);
      if (node != null && accept.test(node)) {
        best.add(new Scored(node, tournament.score(slot)));
      }
    }
    return best;
  }

  /** Returns what {@link #bestFirst} does, with what each score is the sum of. */
  public List<ScoreByTerm> bestByTerm(PodShape shape, int limit, Predicate<NodeState> accept) {
    return bestFirst(shape, limit, accept).stream()
        .map(
            best ->
                new ScoreByTerm(
                    best.node().name(), best.score(), policy.scoreTerms(shape, best.node())))
        .toList();
  }

  /**
   * Takes in now what changed for a shape that was asked about before, so that the next question
   * need not. Does nothing for others.
   */
  public void refresh(PodShape shape) {
    if (byShape.containsKey(shape)) {
      upToDate(shape);
    }
  }

  private OfShape upToDate(PodShape shape) {
    alike.update();
    OfShape scores = byShape.get(shape);
    if (scores == null) {
      scores = new OfShape(shape, new Tournament(alike.names(), randomTies));
      byShape.put(shape, scores);
    }
    ChangeLog changes = alike.changes();
    boolean tooSmall = scores.tournament.entrants() < cluster.slotLimit();
    if (tooSmall) {
      scores.tournament.resize(cluster.slotLimit());
    }
    if (tooSmall || scores.epoch != policy.epoch() || !changes.reaches(scores.read)) {
      scoreAll(scores);
    } else if (scores.read < changes.end()) {
      scoreChanged(scores, changes);
    }
    return scores;
  }

  private void scoreAll(OfShape scores) {
    beginUpdate();
    for (int slot = 0; slot < cluster.slotLimit(); slot++) {
      scores.tournament.enter(slot, evaluate(scores.shape, slot));
    }
    scores.tournament.playAll();
    scores.epoch = policy.epoch();
    scores.read = alike.changes().end();
  }

  private void scoreChanged(OfShape scores, ChangeLog changes) {
    beginUpdate();
    for (; scores.read < changes.end(); scores.read++) {
      int slot = changes.slot(scores.read);
      scores.tournament.set(slot, evaluate(scores.shape, slot));
    }
  }

  private void beginUpdate() {
    update++;
    if (scoreOfKind.length < alike.kindLimit()) {
      int length = Math.max(alike.kindLimit(), 2 * scoreOfKind.length);
      scoreOfKind = Arrays.copyOf(scoreOfKind, length);
      updateOfKind = Arrays.copyOf(updateOfKind, length);
    }
  }

  private double evaluate(PodShape shape, int slot) {
    NodeState node = cluster.slot(slot);
    if (node == null) {
      return UNFIT;
    }
    int kind = alike.kind(slot);
    if (updateOfKind[kind] != update) {
      updateOfKind[kind] = update;
      scoreOfKind[kind] = Fit.fits(shape, node) ? policy.score(shape, node) : UNFIT;
    }
    return scoreOfKind[kind];
  }
}
