package io.stowage.core.policy;

import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * Visits the nodes of a tournament from the best on, and looks at few more than it visits.
 *
 * <p>The front holds matches whose nodes are still to be visited. The best winner of the front is
 * visited next, and those that it beat on its way join the front. Not thread-safe; serves one walk
 * after the other.
 *
 * <p>Where chance resolves ties, each node waits for a time drawn from the same exponential
 * distribution, and among equal scores the least time goes first. The least of n such times is
 * exponential with n times the rate, and what the others have left of theirs by then is distributed
 * as in the beginning; so a time is drawn for all equals of a match together when it joins the
 * front.
 */
final class BestFirstWalk {
  private final RandomGenerator ties;
  private final boolean random;
  private Tournament tournament;

  /** The matches of the front as a heap, the best first. */
  private int[] front = new int[64];

  /** By place in the heap: the least time among those that have the score of the winner. */
  private double[] times = new double[64];

  private int size;

  BestFirstWalk(Tournament tournament, RandomGenerator ties, boolean random) {
    this.tournament = tournament;
    this.ties = ties;
    this.random = random;
  }

  /** Begins a walk; the tournament must not change before it ends. */
  void start(Tournament walked) {
    tournament = walked;
    size = 0;
    if (tournament.entrants() > 0) {
      join(1, 0);
    }
  }

  /** Returns the slot of the next node, -1 where no more fit. */
  int next() {
    if (size == 0 || tournament.bestScore(front[0]) == NodeScores.UNFIT) {
      return -1;
    }
    int match = front[0];
    double time = times[0];
    removeFirst();
    while (!tournament.isSingle(match)) {
      match = tournament.isOfGroup(match) ? leaveGroup(match, time) : leaveMatch(match, time);
    }
    return tournament.winner(match);
  }

  /** Has the loser of a match join the front; returns the match before, which its winner won. */
  private int leaveMatch(int match, double time) {
    int left = 2 * match;
    int right = left + 1;
    boolean equal = tournament.bestScore(left) == tournament.bestScore(right);
    boolean leftWon =
        (random && equal)
            ? ties.nextInt(tournament.tied(match)) < tournament.tied(left)
            : tournament.winner(left) == tournament.winner(match);
    join(leftWon ? right : left, equal ? time : 0);
    return leftWon ? left : right;
  }

  /** Has the losers of a group join the front; returns the number of its winner. */
  private int leaveGroup(int match, double time) {
    double best = tournament.bestScore(match);
    int won = tournament.winner(match);
    int skipped = random ? ties.nextInt(tournament.tied(match)) : 0;
    for (int slot = tournament.firstSlot(match); random && skipped >= 0; slot++) {
      if (tournament.score(slot) == best) {
        won = slot;
        skipped--;
      }
    }
    for (int slot = tournament.firstSlot(match); slot < tournament.endSlot(match); slot++) {
      if (slot != won && tournament.score(slot) != NodeScores.UNFIT) {
        join(tournament.single(slot), tournament.score(slot) == best ? time : 0);
      }
    }
    return tournament.single(won);
  }

  private void join(int match, double sinceTime) {
    if (size == front.length) {
      front = Arrays.copyOf(front, 2 * size);
      times = Arrays.copyOf(times, 2 * size);
    }
    double time = random ? sinceTime + ties.nextExponential() / tournament.tied(match) : 0;
    int place = size++;
    while (place > 0 && isBefore(match, time, (place - 1) / 2)) {
      front[place] = front[(place - 1) / 2];
      times[place] = times[(place - 1) / 2];
      place = (place - 1) / 2;
    }
    front[place] = match;
    times[place] = time;
  }

  private void removeFirst() {
    int match = front[--size];
    double time = times[size];
    int place = 0;
    for (int child = 1; child < size; child = 2 * place + 1) {
      if (child + 1 < size && isBefore(front[child + 1], times[child + 1], child)) {
        child++;
      }
      if (isBefore(match, time, child)) {
        break;
      }
      front[place] = front[child];
      times[place] = times[child];
      place = child;
    }
    front[place] = match;
    times[place] = time;
  }

  private boolean isBefore(int match, double time, int place) {
    int other = front[place];
    if (random && tournament.bestScore(match) == tournament.bestScore(other)) {
      return time < times[place];
    }
    return tournament.isBetter(match, other);
  }
}
