package io.stowage.core.plan.solver;

import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.cluster.Resources;
import io.stowage.core.plan.Demand;
import io.stowage.core.plan.NodeRoom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * The demands of a planning run in arrays, a kind each, and the numbers that stand for resources
 * and GPU models. Immutable.
 */
final class Kinds {
  static final int CPU = 0;
  static final int MEMORY = 1;
  static final int EPHEMERAL_STORAGE = 2;
  static final int PODS = 3;
  private static final int FIRST_EXTENDED = 4;

  /** How many levels of priority are told apart; lower ones count as the lowest. */
  private static final int PRIORITY_LEVELS = 3;

  private static final int LEVEL_BITS = 16;

  /** How much earlier a pod is packed, and how much more it is worth, that few GPUs can serve. */
  private static final double SCARCE_SIZE = 3;

  private static final double SCARCE_WORTH = 0.1;

  /** What a milli-GPU's worth of CPU counts where a pod asks for no GPU. */
  private static final double CPU_WORTH = 0.25;

  private final List<Demand> demands;
  private final Map<String, Integer> extended = new HashMap<>();
  private final Map<String, Integer> gpuResources = new HashMap<>();
  private final Map<String, Integer> models = new HashMap<>();

  /** By kind, then resource: what one pod asks for. */
  final long[][] ask;

  /** By kind: GPUs asked, units asked of one GPU (0 for whole ones), number of the resource. */
  final int[] gpuCount;

  final long[] gpuUnits;
  final int[] gpuResource;

  /** By kind, then model: whether it is accepted. */
  final boolean[][] accepts;

  /**
   * By kind: what one pod adds to the plan's worth, as pending and as forecast. A pending pod of a
   * higher priority outweighs 65,536 of the next; of equal priority the first weigh up to twice as
   * much as the last.
   */
  final long[] pendingWorth;

  final long[] forecastWorth;

  /** By model: how much of it is asked for, where each demand is spread over what it accepts. */
  final double[] pressure;

  /** By kind: what decides who is packed first, larger first. */
  final double[] size;

  Kinds(List<Demand> demands, List<NodeRoom> rooms) {
    this.demands = List.copyOf(demands);
    int kinds = demands.size();
    Map<String, Long> largestGpu = new HashMap<>();
    double gpuMilli = 0;
    double cpuMilli = 0;
    for (NodeRoom room : rooms) {
      gpuResources.computeIfAbsent(room.gpuResource(), added -> gpuResources.size());
      for (int i = 0; i < room.gpus().size(); i++) {
        models.computeIfAbsent(room.gpus().get(i).model(), added -> models.size());
        largestGpu.merge(room.gpuResource(), room.gpus().get(i).capacityUnits(), Math::max);
        gpuMilli += 1000;
      }
      cpuMilli += room.free().cpuMilli();
    }
    for (Demand demand : demands) {
      for (String resource : demand.shape().request().extended().keySet()) {
        extended.computeIfAbsent(resource, added -> FIRST_EXTENDED + extended.size());
      }
    }
    ask = new long[kinds][FIRST_EXTENDED + extended.size()];
    gpuCount = new int[kinds];
    gpuUnits = new long[kinds];
    gpuResource = new int[kinds];
    accepts = new boolean[kinds][];
    pendingWorth = new long[kinds];
    forecastWorth = new long[kinds];
    size = new double[kinds];
    List<Integer> priorities =
        new ArrayList<>(
            new TreeSet<>(demands.stream().filter(Demand::pending).map(Demand::priority).toList())
                .descendingSet());
    double[] capacity = new double[models.size()];
    for (NodeRoom room : rooms) {
      for (int i = 0; i < room.gpus().size(); i++) {
        if (room.gpus().get(i).capacityUnits() > 0) {
          capacity[numberOfModel(room.gpus().get(i).model())] +=
              1000.0 * room.gpuFreeUnits().get(i) / room.gpus().get(i).capacityUnits();
        }
      }
    }
    double capacityMilli = Arrays.stream(capacity).sum();
    pressure = new double[models.size()];
    double gpuPerCpu = cpuMilli == 0 ? 0 : gpuMilli / cpuMilli;
    for (int kind = 0; kind < kinds; kind++) {
      Demand demand = demands.get(kind);
      PodShape shape = demand.shape();
      fill(ask[kind], shape.request());
      GpuRequest gpu = shape.gpu();
      gpuCount[kind] = gpu.count();
      gpuUnits[kind] = gpu.unitsPerGpu();
      gpuResource[kind] = gpu.isNone() ? -1 : gpuResources.getOrDefault(gpu.resource(), -1);
      accepts[kind] = accepted(shape);
      long milli = gpu.totalMilli(largestGpu.getOrDefault(gpu.resource(), 0L));
      double cpuAsGpuMilli = shape.request().cpuMilli() * gpuPerCpu;
      size[kind] = milli * 10 + cpuAsGpuMilli;
      double open = 0;
      for (int model = 0; model < capacity.length; model++) {
        open += accepts[kind][model] ? capacity[model] : 0;
      }
      double openPart = capacityMilli == 0 ? 1 : open / capacityMilli;
      if (open > 0) {
        for (int model = 0; model < capacity.length; model++) {
          pressure[model] += accepts[kind][model] ? milli * demand.count() / open : 0;
        }
      }
      size[kind] *= 1 + SCARCE_SIZE * (1 - openPart);
      long worth =
          gpu.isNone()
              ? 1 + Math.round(CPU_WORTH * cpuAsGpuMilli)
              : Math.round(milli * (1 + SCARCE_WORTH * (1 - openPart)));
      if (demand.pending()) {
        int level = Math.min(PRIORITY_LEVELS - 1, priorities.indexOf(demand.priority()));
        long aged = Math.round(worth * (2 - (double) kind / kinds));
        pendingWorth[kind] = aged << (LEVEL_BITS * (PRIORITY_LEVELS - 1 - level));
      } else {
        forecastWorth[kind] = worth * (1 + demand.priority());
      }
    }
  }

  private boolean[] accepted(PodShape shape) {
    boolean[] accepted = new boolean[models.size()];
    models.forEach((model, number) -> accepted[number] = shape.acceptsModel(model));
    return accepted;
  }

  private void fill(long[] amounts, Resources resources) {
    amounts[CPU] = resources.cpuMilli();
    amounts[MEMORY] = resources.memoryBytes();
    amounts[EPHEMERAL_STORAGE] = resources.ephemeralStorageBytes();
    amounts[PODS] = 1;
    extended.forEach((resource, index) -> amounts[index] = resources.extended(resource));
  }

  /**
   * Tells whether a kind may have slots on a node: forecast pods keep off what is kept for others.
   */
  boolean mayUse(int kind, Room room) {
    return room.gpusKeptFor == 0
        || demands.get(kind).pending()
        || (gpuUnits[kind] == 0 && gpuCount[kind] == room.gpusKeptFor);
  }

  /** Tells whether the sums that one pod of a kind asks for are left; GPUs are left aside. */
  boolean sumsFit(int kind, long[] left) {
    long[] sums = ask[kind];
    for (int i = 0; i < sums.length; i++) {
      if (sums[i] > 0 && sums[i] > left[i]) {
        return false;
      }
    }
    return true;
  }

  /** Returns how many kinds there are. */
  int count() {
    return demands.size();
  }

  Demand demand(int kind) {
    return demands.get(kind);
  }

  /** Returns what a node has left, by resource. */
  long[] amounts(NodeRoom room) {
    long[] amounts = new long[FIRST_EXTENDED + extended.size()];
    fill(amounts, room.free());
    amounts[PODS] = room.freePods();
    return amounts;
  }

  int numberOfGpuResource(String resource) {
    return gpuResources.getOrDefault(resource, -1);
  }

  int numberOfModel(String model) {
    return models.getOrDefault(model, -1);
  }
}
