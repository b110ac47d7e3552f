package io.stowage.core.policy;

import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.NodeState;
import java.util.Arrays;

/**
 * One shape's scores of all nodes as a tournament: of two nodes the better goes on to the next
 * match, so that the best stands at the top and a new score has few matches played again.
 *
 * <p>Match 1 is the last one; match i is between the winners of 2i and 2i + 1. Numbers from {@link
 * #entrants} on stand for the slots themselves. Not thread-safe.
 */
final class Tournament {
  private final Cluster cluster;

  /** Whether chance resolves ties; else the name that comes first wins. */
  private final boolean random;

  /** How many slots there is room for: a power of 2. */
  private int entrants;

  private double[] scores = {};
  private int[] winners = {};

  /** By match: how many nodes have the winner's score; kept only where chance resolves ties. */
  private int[] tied = {};

  Tournament(Cluster cluster, boolean random) {
    this.cluster = cluster;
    this.random = random;
  }

  /** Returns how many slots there is room for. */
  int entrants() {
    return entrants;
  }

  /** Makes room for the slots below a limit; then all scores are to be entered anew. */
  void resize(int slotLimit) {
    entrants = Math.max(2, Integer.highestOneBit(Math.max(1, slotLimit - 1)) * 2);
    scores = new double[entrants];
    winners = new int[entrants];
    tied = random ? new int[entrants] : tied;
    Arrays.fill(scores, NodeScores.UNFIT);
  }

  /** Enters a score without playing; {@link #playAll} is to follow. */
  void enter(int slot, double score) {
    scores[slot] = score;
  }

  /** Plays all matches. */
  void playAll() {
    for (int match = entrants - 1; match > 0; match--) {
      play(match);
    }
  }

  /** Takes in another score, or another node in the slot, and plays the matches it may decide. */
  void set(int slot, double score) {
    if (score == NodeScores.UNFIT && scores[slot] == NodeScores.UNFIT) {
      return;
    }
    scores[slot] = score;
    for (int match = (entrants + slot) / 2; match > 0; match /= 2) {
      int winnerBefore = winners[match];
      int tiedBefore = tied(match);
      play(match);
      if (winners[match] == winnerBefore && winnerBefore != slot && tied(match) == tiedBefore) {
        return;
      }
    }
  }

  private void play(int match) {
    int left = winner(2 * match);
    int right = winner(2 * match + 1);
    if (scores[left] == scores[right]) {
      winners[match] = !random && comesFirst(right, left) ? right : left;
      if (random) {
        tied[match] = tied(2 * match) + tied(2 * match + 1);
      }
    } else {
      boolean leftWins = scores[left] > scores[right];
      winners[match] = leftWins ? left : right;
      if (random) {
        tied[match] = tied(leftWins ? 2 * match : 2 * match + 1);
      }
    }
  }

  /** Tells whether a node's name comes before another's, where both fit. */
  private boolean comesFirst(int slot, int other) {
    if (scores[slot] == NodeScores.UNFIT) {
      return false;
    }
    NodeState node = cluster.slot(slot);
    NodeState otherNode = cluster.slot(other);
    return node != null && (otherNode == null || node.name().compareTo(otherNode.name()) < 0);
  }

  /** Returns the slot that wins a match, or the slot that the number stands for. */
  int winner(int match) {
    return match < entrants ? winners[match] : match - entrants;
  }

  /** Returns how many nodes have the score of a match's winner; 1 where names resolve ties. */
  int tied(int match) {
    return random && match < entrants ? tied[match] : 1;
  }

  /** Returns the score of the node in a slot. */
  double score(int slot) {
    return scores[slot];
  }

  /** Returns the score of a match's winner. */
  double bestScore(int match) {
    return scores[winner(match)];
  }

  /** Tells whether the winner of a match is better than that of another, by score and name. */
  boolean isBetter(int match, int other) {
    double score = bestScore(match);
    double otherScore = bestScore(other);
    return score > otherScore
        || (score == otherScore && !random && comesFirst(winner(match), winner(other)));
  }
}
