package io.stowage.core.policy;

import java.util.Arrays;

/**
 * One shape's scores of all nodes as a tournament: of two nodes the better goes on to the next
 * match, so that the best stands at the top and a new score has few matches played again.
 *
 * <p>Match 1 is the last one; match i is between the winners of 2i and 2i + 1. The first matches,
 * the last {@link #groups} numbers of all, are between the {@value #GROUP} slots of a group, which
 * lie together in memory. Numbers beyond stand for single slots. Not thread-safe.
 */
final class Tournament {
  private static final int GROUP = 16;

  private final NameRanks names;

  /** Whether chance resolves ties; else the name that comes first wins. */
  private final boolean random;

  /** How many groups of slots there are: a power of 2, 0 before there is room. */
  private int groups;

  private double[] scores = {};

  /** By match: the slot that wins, its score, and how many have that where chance resolves ties. */
  private int[] winners = {};

  private double[] bestScores = {};
  private int[] tied = {};

  Tournament(NameRanks names, boolean random) {
    this.names = names;
    this.random = random;
  }

  /** Returns how many slots there is room for. */
  int entrants() {
    return groups * GROUP;
  }

  /** Makes room for the slots below a limit; then all scores are to be entered anew. */
  void resize(int slotLimit) {
    groups = 1;
    while (groups * GROUP < slotLimit) {
      groups *= 2;
    }
    scores = new double[groups * GROUP];
    winners = new int[2 * groups];
    bestScores = new double[2 * groups];
    tied = random ? new int[2 * groups] : tied;
    Arrays.fill(scores, NodeScores.UNFIT);
  }

  /** Enters a score without playing; {@link #playAll} is to follow. */
  void enter(int slot, double score) {
    scores[slot] = score;
  }

  /** Plays all matches. */
  void playAll() {
    for (int match = 2 * groups - 1; match > 0; match--) {
      play(match);
    }
  }

  /** Takes in another score, or another node in the slot, and plays the matches it may decide. */
  void set(int slot, double score) {
    if (score == NodeScores.UNFIT && scores[slot] == NodeScores.UNFIT) {
      return;
    }
    scores[slot] = score;
    for (int match = groups + slot / GROUP; match > 0; match /= 2) {
      int winnerBefore = winners[match];
      int tiedBefore = tied(match);
      play(match);
      if (winners[match] == winnerBefore && winnerBefore != slot && tied(match) == tiedBefore) {
        return;
      }
    }
  }

  private void play(int match) {
    if (isOfGroup(match)) {
      playGroup(match);
      return;
    }
    int left = 2 * match;
    int right = left + 1;
    boolean equal = bestScores[left] == bestScores[right];
    int won =
        bestScores[right] > bestScores[left]
                || (equal && !random && comesFirst(winners[right], winners[left]))
            ? right
            : left;
    winners[match] = winners[won];
    bestScores[match] = bestScores[won];
    if (random) {
      tied[match] = equal ? tied[left] + tied[right] : tied[won];
    }
  }

  private void playGroup(int match) {
    int first = firstSlot(match);
    int best = first;
    int equals = 1;
    for (int slot = first + 1; slot < first + GROUP; slot++) {
      if (scores[slot] > scores[best]) {
        best = slot;
        equals = 1;
      } else if (scores[slot] == scores[best]) {
        equals++;
        if (!random && comesFirst(slot, best)) {
          best = slot;
        }
      }
    }
    winners[match] = best;
    bestScores[match] = scores[best];
    if (random) {
      tied[match] = equals;
    }
  }

  /** Tells whether a node's name comes before another's, where both fit. */
  private boolean comesFirst(int slot, int other) {
    return scores[slot] != NodeScores.UNFIT && names.comesFirst(slot, other);
  }

  /** Tells whether a match is between the slots of a group. */
  boolean isOfGroup(int match) {
    return match >= groups && match < 2 * groups;
  }

  /** Returns the first slot of the group that a match is of; {@value #GROUP} there are. */
  int firstSlot(int match) {
    return (match - groups) * GROUP;
  }

  /** Returns the slot after the last one of the group that a match is of. */
  int endSlot(int match) {
    return firstSlot(match) + GROUP;
  }

  /** Returns the number that stands for a single slot. */
  int single(int slot) {
    return 2 * groups + slot;
  }

  /** Tells whether a number stands for a single slot. */
  boolean isSingle(int match) {
    return match >= 2 * groups;
  }

  /** Returns the slot that wins a match, or that a number stands for. */
  int winner(int match) {
    return isSingle(match) ? match - 2 * groups : winners[match];
  }

  /** Returns how many nodes have the score of a match's winner; 1 where names resolve ties. */
  int tied(int match) {
    return random && !isSingle(match) ? tied[match] : 1;
  }

  /** Returns the score of the node in a slot. */
  double score(int slot) {
    return scores[slot];
  }

  /** Returns the score of a match's winner. */
  double bestScore(int match) {
    return isSingle(match) ? scores[match - 2 * groups] : bestScores[match];
  }

  /** Tells whether the winner of a match is better than that of another, by score and name. */
  boolean isBetter(int match, int other) {
    double score = bestScore(match);
    double otherScore = bestScore(other);
    return score > otherScore
        || (score == otherScore && !random && comesFirst(winner(match), winner(other)));
  }
}
