package io.stowage.core.plan.solver;

import io.stowage.core.plan.NodeRoom;

/** What is free on a node, in the numbers of {@link Kinds}. Arrays must not be changed. */
final class Room {
  /** A node without room. */
  static final Room NONE = new Room("", new long[0], new long[0], new long[0], new int[0], -1, 0);

  /** GPUs beyond these are left out of the plan: a packing has a bit for each. */
  static final int MAX_GPUS = Long.SIZE;

  final String name;

  /** By resource: the amount. */
  final long[] free;

  /** By GPU: units left, units in all, number of the model. */
  final long[] gpuFree;

  final long[] gpuCapacity;
  final int[] gpuModel;
  final int gpuResource;
  final int gpusKeptFor;

  private Room(
      String name,
      long[] free,
      long[] gpuFree,
      long[] gpuCapacity,
      int[] gpuModel,
      int gpuResource,
      int gpusKeptFor) {
    this.name = name;
    this.free = free;
    this.gpuFree = gpuFree;
    this.gpuCapacity = gpuCapacity;
    this.gpuModel = gpuModel;
    this.gpuResource = gpuResource;
    this.gpusKeptFor = gpusKeptFor;
  }

  static Room of(NodeRoom room, Kinds kinds) {
    int gpus = Math.min(MAX_GPUS, room.gpus().size());
    long[] gpuFree = new long[gpus];
    long[] gpuCapacity = new long[gpus];
    int[] gpuModel = new int[gpus];
    for (int i = 0; i < gpus; i++) {
      gpuFree[i] = room.gpuFreeUnits().get(i);
      gpuCapacity[i] = room.gpus().get(i).capacityUnits();
      gpuModel[i] = kinds.numberOfModel(room.gpus().get(i).model());
    }
    return new Room(
        room.name(),
        kinds.amounts(room),
        gpuFree,
        gpuCapacity,
        gpuModel,
        kinds.numberOfGpuResource(room.gpuResource()),
        room.gpusKeptFor());
  }
}
