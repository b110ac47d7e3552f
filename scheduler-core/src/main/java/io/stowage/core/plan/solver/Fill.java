package io.stowage.core.plan.solver;

import java.util.List;
import java.util.PriorityQueue;

/** Places pods that have no slot, kind by kind, each where it wastes least. */
final class Fill {

  private record Candidate(int node, double waste) {}

  private Fill() {}

  /**
   * Places what it can.
   *
   * @param order the kinds in the order to place them in
   */
  static void place(
      Kinds kinds, List<Integer> order, Supply supply, List<PlannedNode> nodes, double balance) {
    Trial trial = new Trial(kinds);
    for (int kind : order) {
      if (supply.left(kind) <= 0) {
        continue;
      }
      PriorityQueue<Candidate> best =
          new PriorityQueue<>(
              (a, b) -> {
                int byWaste = Double.compare(a.waste(), b.waste());
                return byWaste != 0 ? byWaste : Integer.compare(a.node(), b.node());
              });
      for (int i = 0; i < nodes.size(); i++) {
        offer(best, trial, nodes.get(i), i, kind, balance);
      }
      while (supply.left(kind) > 0 && !best.isEmpty()) {
        int chosen = best.remove().node();
        PlannedNode node = nodes.get(chosen);
        trial.start(node.room(), node.getPacking());
        trial.put(kind);
        node.setPacking(trial.packing());
        supply.add(kind, -1);
        offer(best, trial, node, chosen, kind, balance);
      }
    }
  }

  private static void offer(
      PriorityQueue<Candidate> best,
      Trial trial,
      PlannedNode node,
      int index,
      int kind,
      double balance) {
    trial.start(node.room(), node.getPacking());
    double waste = trial.waste(kind, balance);
    if (waste < Double.POSITIVE_INFINITY) {
      best.add(new Candidate(index, waste));
    }
  }
}
