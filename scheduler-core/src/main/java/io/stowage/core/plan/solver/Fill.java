package io.stowage.core.plan.solver;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/** Places pods that have no slot, kind by kind, each where it wastes least. */
final class Fill {
  private static final double BALANCE = 0.5;

  private record Candidate(int node, double waste) {
    static final Comparator<Candidate> LEAST_WASTE_FIRST =
        Comparator.comparingDouble(Candidate::waste).thenComparingInt(Candidate::node);
  }

  private Fill() {}

  /**
   * Places what it can.
   *
   * @param order the kinds in the order to place them in
   * @param supply how many of each kind have no slot; counted down
   * @param trials the nodes with the slots that they have already
   */
  static void place(Kinds kinds, List<Integer> order, Supply supply, List<Trial> trials) {
    for (int kind : order) {
      if (supply.left(kind) <= 0) {
        continue;
      }
      List<Candidate> fitting = new ArrayList<>();
      for (int node = 0; node < trials.size(); node++) {
        double waste = trials.get(node).waste(kind, BALANCE);
        if (waste < Double.POSITIVE_INFINITY) {
          fitting.add(new Candidate(node, waste));
        }
      }
      PriorityQueue<Candidate> best = new PriorityQueue<>(Candidate.LEAST_WASTE_FIRST);
      best.addAll(fitting);
      while (supply.left(kind) > 0 && !best.isEmpty()) {
        int node = best.remove().node();
        trials.get(node).put(kind);
        supply.add(kind, -1);
        double waste = trials.get(node).waste(kind, BALANCE);
        if (waste < Double.POSITIVE_INFINITY) {
          best.add(new Candidate(node, waste));
        }
      }
    }
  }
}
