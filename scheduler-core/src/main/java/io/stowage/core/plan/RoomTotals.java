package io.stowage.core.plan;

import io.stowage.core.cluster.GpuDevice;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * What is free in rooms in sum, by the number of GPUs of the pods that they are kept for; a room
 * that comes or goes is added or taken off. Sums are whole numbers, so that the order of changes
 * leaves no trace. Not thread-safe.
 */
public final class RoomTotals {
  private final Map<Integer, OfClass> byGpusKeptFor = new TreeMap<>();

  /** How many GPUs there are by resource, then by their capacity in units. */
  private final Map<String, TreeMap<Long, Long>> gpusByResource = new TreeMap<>();

  private static final class OfClass {
    private int rooms;
    private long cpuMilli;
    private long memoryBytes;

    /** By the capacity of GPUs in units: what is free of them in units. */
    private final Map<Long, Long> freeGpuUnits = new TreeMap<>();
  }

  /** Returns the totals of some rooms. */
  public static RoomTotals of(Collection<NodeRoom> rooms) {
    RoomTotals totals = new RoomTotals();
    rooms.forEach(totals::add);
    return totals;
  }

  /** Adds a room. */
  public void add(NodeRoom room) {
    count(room, 1);
  }

  /** Takes off a room that was added. */
  public void remove(NodeRoom room) {
    count(room, -1);
  }

  private void count(NodeRoom room, int sign) {
    OfClass sums = byGpusKeptFor.computeIfAbsent(room.gpusKeptFor(), added -> new OfClass());
    sums.rooms += sign;
    sums.cpuMilli += sign * room.free().cpuMilli();
    sums.memoryBytes += sign * room.free().memoryBytes();
    for (GpuDevice gpu : room.gpus()) {
      if (gpu.capacityUnits() > 0) {
        sums.freeGpuUnits.merge(
            gpu.capacityUnits(), sign * room.gpuFreeUnits().get(gpu.index()), Long::sum);
        gpusByResource
            .computeIfAbsent(room.gpuResource(), added -> new TreeMap<>())
            .merge(gpu.capacityUnits(), (long) sign, Long::sum);
      }
    }
    if (sums.rooms == 0) {
      byGpusKeptFor.remove(room.gpusKeptFor());
    }
  }

  /** Returns the numbers of GPUs of the pods that any rooms are kept for, 0 for any pods. */
  Set<Integer> gpusKeptFor() {
    return byGpusKeptFor.keySet();
  }

  /** Returns what is free of GPUs kept for pods of so many, in milli-GPU. */
  double freeGpuMilli(int gpusKeptFor) {
    double milli = 0;
    for (Map.Entry<Long, Long> units : ofClass(gpusKeptFor).freeGpuUnits.entrySet()) {
      milli += 1000.0 * units.getValue() / units.getKey();
    }
    return milli;
  }

  /** Returns what is free of CPU there, in milli-cores. */
  long freeCpuMilli(int gpusKeptFor) {
    return ofClass(gpusKeptFor).cpuMilli;
  }

  /** Returns what is free of memory there, in bytes. */
  long freeMemoryBytes(int gpusKeptFor) {
    return ofClass(gpusKeptFor).memoryBytes;
  }

  private OfClass ofClass(int gpusKeptFor) {
    return byGpusKeptFor.getOrDefault(gpusKeptFor, new OfClass());
  }

  /** Returns the capacity of the largest GPU advertised as a resource in units, 0 for none. */
  long largestGpuUnits(String resource) {
    TreeMap<Long, Long> gpus = gpusByResource.getOrDefault(resource, new TreeMap<>());
    for (Map.Entry<Long, Long> count : gpus.descendingMap().entrySet()) {
      if (count.getValue() > 0) {
        return count.getKey();
      }
    }
    return 0;
  }
}
