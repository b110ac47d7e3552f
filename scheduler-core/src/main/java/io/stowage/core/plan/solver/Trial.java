package io.stowage.core.plan.solver;

import java.util.Arrays;

/**
 * A node being packed: what is left of its room as slots are put in. Reused from node to node; not
 * thread-safe.
 */
final class Trial {
  /** What demand for a model weighs: pods that may choose keep off models that others must have. */
  private static final double PRESSURE = 0.15;

  private static final double MAX_PRESSURE = 3;
  private static final double UNFIT = Double.POSITIVE_INFINITY;

  private final Kinds kinds;
  private Room room = Room.NONE;
  private long[] left = {};
  private long[] gpuLeft = {};
  private int[] slotKinds = new int[4];
  private long[] slotDevices = new long[4];
  private int slots;

  Trial(Kinds kinds) {
    this.kinds = kinds;
    this.left = new long[kinds.count() == 0 ? 0 : kinds.ask[0].length];
  }

  Room room() {
    return room;
  }

  /** Starts with an empty node. */
  void start(Room next) {
    room = next;
    System.arraycopy(next.free, 0, left, 0, left.length);
    if (gpuLeft.length < next.gpuFree.length) {
      gpuLeft = new long[next.gpuFree.length];
    }
    System.arraycopy(next.gpuFree, 0, gpuLeft, 0, next.gpuFree.length);
    slots = 0;
  }

  static boolean gpuFits(Kinds kinds, int kind, Room room, int gpu, long freeUnits) {
    long units = kinds.gpuUnits[kind];
    long capacity = room.gpuCapacity[gpu];
    return room.gpuResource == kinds.gpuResource[kind]
        && capacity > 0
        && (units == 0 ? freeUnits == capacity : freeUnits >= units)
        && kinds.accepts[kind][room.gpuModel[gpu]];
  }

  /**
   * Returns what a pod of a kind would waste here, lower is better: of a share, what is left of its
   * GPU; and how far GPU and CPU would be out of balance. Infinite where it does not fit.
   *
   * @param balance the weight of balance
   */
  double waste(int kind, double balance) {
    if (!kinds.mayUse(kind, room) || !kinds.sumsFit(kind, left)) {
      return UNFIT;
    }
    double waste = 0;
    int count = kinds.gpuCount[kind];
    long units = kinds.gpuUnits[kind];
    if (count > 0) {
      if (units > 0) {
        int gpu = tightest(kind);
        if (gpu < 0) {
          return UNFIT;
        }
        waste = (double) (gpuLeft[gpu] - units) / room.gpuCapacity[gpu];
      } else {
        int found = 0;
        for (int gpu = 0; gpu < room.gpuFree.length; gpu++) {
          found += gpuFits(kinds, kind, room, gpu, gpuLeft[gpu]) ? 1 : 0;
        }
        if (found < count) {
          return UNFIT;
        }
        waste = 0.1 * (found - count);
      }
      waste += PRESSURE * Math.min(MAX_PRESSURE, kinds.pressure[room.gpuModel[0]]);
    }
    if (balance > 0 && room.free[Kinds.CPU] > 0) {
      double gpuAll = 0;
      double gpuFree = 0;
      for (int gpu = 0; gpu < room.gpuFree.length; gpu++) {
        gpuAll += 1;
        gpuFree += room.gpuCapacity[gpu] == 0 ? 0 : (double) gpuLeft[gpu] / room.gpuCapacity[gpu];
      }
      if (gpuAll > 0) {
        gpuFree -= units > 0 ? 0.5 : count;
        waste +=
            balance
                * Math.abs(
                    gpuFree / gpuAll
                        - (double) (left[Kinds.CPU] - kinds.ask[kind][Kinds.CPU])
                            / room.free[Kinds.CPU]);
      } else {
        waste -= 1;
      }
    }
    return waste;
  }

  private int tightest(int kind) {
    int best = -1;
    for (int gpu = 0; gpu < room.gpuFree.length; gpu++) {
      if (gpuFits(kinds, kind, room, gpu, gpuLeft[gpu])
          && (best < 0 || gpuLeft[gpu] < gpuLeft[best])) {
        best = gpu;
      }
    }
    return best;
  }

  /** Tells whether a pod of a kind fits. */
  boolean fits(int kind) {
    return waste(kind, 0) < UNFIT;
  }

  /** Puts in a pod that fits; a share goes to the tightest GPU, whole GPUs are the first ones. */
  void put(int kind) {
    put(kind, kinds.gpuUnits[kind] > 0 ? 1L << tightest(kind) : firstFrom(0, kind));
  }

  /** Puts in a pod that fits, on the first GPUs from a given one on, and round. */
  void putFrom(int gpu, int kind) {
    put(kind, firstFrom(gpu, kind));
  }

  private long firstFrom(int start, int kind) {
    long devices = 0;
    int gpus = room.gpuFree.length;
    for (int i = 0; i < gpus && Long.bitCount(devices) < kinds.gpuCount[kind]; i++) {
      int gpu = (start + i) % gpus;
      devices |= gpuFits(kinds, kind, room, gpu, gpuLeft[gpu]) ? 1L << gpu : 0;
    }
    return devices;
  }

  /** Returns how many GPUs the node has. */
  int gpus() {
    return room.gpuFree.length;
  }

  /** Puts a pod on given GPUs. */
  void put(int kind, long devices) {
    long[] ask = kinds.ask[kind];
    for (int i = 0; i < ask.length; i++) {
      left[i] -= ask[i];
    }
    long units = kinds.gpuUnits[kind];
    for (long rest = devices; rest != 0; rest &= rest - 1) {
      int gpu = Long.numberOfTrailingZeros(rest);
      gpuLeft[gpu] -= units > 0 ? units : room.gpuCapacity[gpu];
    }
    if (slots == slotKinds.length) {
      slotKinds = Arrays.copyOf(slotKinds, 2 * slots);
      slotDevices = Arrays.copyOf(slotDevices, 2 * slots);
    }
    slotKinds[slots] = kind;
    slotDevices[slots++] = devices;
  }

  /** Tells whether a pod of a kind fits on given GPUs. */
  boolean fits(int kind, long devices) {
    if (!kinds.mayUse(kind, room) || !kinds.sumsFit(kind, left)) {
      return false;
    }
    for (long rest = devices; rest != 0; rest &= rest - 1) {
      int gpu = Long.numberOfTrailingZeros(rest);
      if (gpu >= room.gpuFree.length || !gpuFits(kinds, kind, room, gpu, gpuLeft[gpu])) {
        return false;
      }
    }
    return true;
  }

  /** Returns what has been put in. */
  Packing packing() {
    long pending = 0;
    long forecast = 0;
    for (int i = 0; i < slots; i++) {
      pending += kinds.pendingWorth[slotKinds[i]];
      forecast += kinds.forecastWorth[slotKinds[i]];
    }
    return new Packing(
        Arrays.copyOf(slotKinds, slots),
        Arrays.copyOf(slotDevices, slots),
        pending,
        forecast,
        leftWorth());
  }

  /** Prefers what is left in few GPUs to the same in many: the sum of squares. */
  private long leftWorth() {
    double sum = 0;
    for (int gpu = 0; gpu < room.gpuFree.length; gpu++) {
      if (room.gpuCapacity[gpu] > 0) {
        double part = (double) gpuLeft[gpu] / room.gpuCapacity[gpu];
        sum += part * part;
      }
    }
    return Math.round(100 * sum);
  }
}
