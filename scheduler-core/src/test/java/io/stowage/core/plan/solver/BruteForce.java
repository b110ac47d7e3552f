package io.stowage.core.plan.solver;

import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.plan.Demand;
import io.stowage.core.plan.NodeRoom;
import java.util.ArrayList;
import java.util.List;

/**
 * The best score of a small problem, by trying every placement of every pod on every choice of
 * GPUs. It shares with the solver what a pod is worth, and nothing else.
 */
final class BruteForce {
  /** What a milli-GPU of a forecast slot weighs against what is left of GPUs. */
  private static final long FORECAST_WEIGHT = 1000;

  private final List<NodeRoom> rooms;
  private final List<Demand> pods = new ArrayList<>();
  private final List<Integer> kindOfPod = new ArrayList<>();
  private final Kinds worth;

  private final long[] freeCpuMilli;
  private final long[] freeMemoryBytes;
  private final int[] freePods;
  private final long[][] gpuFreeUnits;

  private long bestPending = Long.MIN_VALUE;
  private long bestSoft = Long.MIN_VALUE;

  BruteForce(List<NodeRoom> rooms, List<Demand> demands) {
    this.rooms = rooms;
    this.worth = new Kinds(demands, rooms);
    for (int kind = 0; kind < demands.size(); kind++) {
      for (int i = 0; i < demands.get(kind).count(); i++) {
        pods.add(demands.get(kind));
        kindOfPod.add(kind);
      }
    }
    freeCpuMilli = rooms.stream().mapToLong(room -> room.free().cpuMilli()).toArray();
    freeMemoryBytes = rooms.stream().mapToLong(room -> room.free().memoryBytes()).toArray();
    freePods = rooms.stream().mapToInt(NodeRoom::freePods).toArray();
    gpuFreeUnits =
        rooms.stream()
            .map(room -> room.gpuFreeUnits().stream().mapToLong(Long::longValue).toArray())
            .toArray(long[][]::new);
    place(0, 0, 0, 0);
  }

  long bestPending() {
    return bestPending;
  }

  long bestSoft() {
    return bestSoft;
  }

  /**
   * Tries all for one pod and those after it.
   *
   * @param from the first choice for the pod: pods of one kind go in order, for they are alike
   */
  private void place(int pod, int from, long pending, long forecast) {
    if (pod == pods.size()) {
      long soft = FORECAST_WEIGHT * forecast + leftWorth();
      if (pending > bestPending || (pending == bestPending && soft > bestSoft)) {
        bestPending = pending;
        bestSoft = soft;
      }
      return;
    }
    Demand demand = pods.get(pod);
    int kind = kindOfPod.get(pod);
    boolean nextIsAlike = pod + 1 < pods.size() && kindOfPod.get(pod + 1) == kind;
    int choice = 0;
    for (int node = 0; node < rooms.size(); node++) {
      for (int gpus = 0; gpus < 1 << gpuFreeUnits[node].length; gpus++, choice++) {
        if (choice >= from && take(demand, node, gpus)) {
          place(
              pod + 1,
              nextIsAlike ? choice : 0,
              pending + worth.pendingWorth[kind],
              forecast + worth.forecastWorth[kind]);
          giveBack(demand, node, gpus);
        }
      }
    }
    place(pod + 1, nextIsAlike ? Integer.MAX_VALUE : 0, pending, forecast);
  }

  private boolean take(Demand demand, int node, int gpus) {
    NodeRoom room = rooms.get(node);
    GpuRequest gpu = demand.shape().gpu();
    if (Integer.bitCount(gpus) != gpu.count()
        || (gpus != 0 && !gpu.resource().equals(room.gpuResource()))
        || demand.shape().request().cpuMilli() > freeCpuMilli[node]
        || demand.shape().request().memoryBytes() > freeMemoryBytes[node]
        || freePods[node] == 0
        || !mayUse(demand, room)) {
      return false;
    }
    for (int i = 0; i < room.gpus().size(); i++) {
      if ((gpus & 1 << i) != 0) {
        long capacity = room.gpus().get(i).capacityUnits();
        boolean fits =
            capacity > 0
                && gpuFreeUnits[node][i] >= gpu.unitsOf(capacity)
                && demand.shape().acceptsModel(room.gpus().get(i).model());
        if (!fits) {
          return false;
        }
      }
    }
    change(demand, node, gpus, -1);
    return true;
  }

  private static boolean mayUse(Demand demand, NodeRoom room) {
    GpuRequest gpu = demand.shape().gpu();
    return demand.pending()
        || room.gpusKeptFor() == 0
        || (gpu.isWhole() && gpu.count() == room.gpusKeptFor());
  }

  private void giveBack(Demand demand, int node, int gpus) {
    change(demand, node, gpus, 1);
  }

  private void change(Demand demand, int node, int gpus, int sign) {
    freeCpuMilli[node] += sign * demand.shape().request().cpuMilli();
    freeMemoryBytes[node] += sign * demand.shape().request().memoryBytes();
    freePods[node] += sign;
    for (int i = 0; i < gpuFreeUnits[node].length; i++) {
      if ((gpus & 1 << i) != 0) {
        long capacity = rooms.get(node).gpus().get(i).capacityUnits();
        gpuFreeUnits[node][i] += sign * demand.shape().gpu().unitsOf(capacity);
      }
    }
  }

  /** Returns the squares of what is left of each GPU, in percent of a GPU, of all open nodes. */
  private long leftWorth() {
    long sum = 0;
    for (int node = 0; node < rooms.size(); node++) {
      double ofNode = 0;
      for (int i = 0; i < gpuFreeUnits[node].length; i++) {
        long capacity = rooms.get(node).gpus().get(i).capacityUnits();
        double left = capacity == 0 ? 0 : (double) gpuFreeUnits[node][i] / capacity;
        ofNode += left * left;
      }
      sum += Math.round(100 * ofNode);
    }
    return sum;
  }
}
