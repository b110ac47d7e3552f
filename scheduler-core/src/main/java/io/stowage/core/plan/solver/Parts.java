package io.stowage.core.plan.solver;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** How a large cluster is searched: in parts of which each is like the whole. */
final class Parts {
  /** Nodes that are told apart so that each part gets as many of each. */
  private record NodeKind(int gpus, int gpuModel, int gpusKeptFor) {
    static NodeKind of(Room room) {
      int gpus = room.gpuModel.length;
      return new NodeKind(gpus, gpus == 0 ? -1 : room.gpuModel[0], room.gpusKeptFor);
    }
  }

  private Parts() {}

  /**
   * Deals the nodes of each kind to the parts in turn: every node is in one part, and of each kind
   * no part has more than one node more than another.
   *
   * @param partNodes about how many nodes go into one part at most, at least 1
   */
  static List<List<PlannedNode>> deal(List<PlannedNode> nodes, int partNodes) {
    int count = quotientRoundedUp(nodes.size(), partNodes);
    List<List<PlannedNode>> parts = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      parts.add(new ArrayList<>());
    }
    Map<NodeKind, Integer> turns = new HashMap<>();
    for (PlannedNode node : nodes) {
      NodeKind kind = NodeKind.of(node.room());
      int turn = turns.computeIfAbsent(kind, added -> turns.size());
      turns.put(kind, turn + 1);
      parts.get(turn % count).add(node);
    }
    return parts;
  }

  /**
   * Returns how many pods of each kind a part may have: those that it has, and its part of those
   * that have no slot, rounded up; so a pod that finds no place in one part is offered to the next,
   * and to the last one all that are left are.
   *
   * @param supply how many of each kind have no slot
   * @param partsLeft how many parts have not been searched, this one included
   */
  static int[] offer(Supply supply, List<PlannedNode> part, int partsLeft) {
    int[] counts = new int[supply.kindCount()];
    for (int kind = 0; kind < counts.length; kind++) {
      counts[kind] = quotientRoundedUp(Math.max(0, supply.left(kind)), partsLeft);
    }
    for (PlannedNode node : part) {
      for (int kind : node.getPacking().kinds) {
        counts[kind]++;
      }
    }
    return counts;
  }

  private static int quotientRoundedUp(int amount, int size) {
    return -Math.floorDiv(-amount, size);
  }
}
