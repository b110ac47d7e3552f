package io.stowage.core.bound;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Finds the packing of one node of a type with the largest surplus at given prices.
 *
 * <p>Memory is not limited here but priced, and a kind may be taken more often than there are pods:
 * both may only overestimate. Not thread-safe.
 */
final class PackingSearch {
  private final int nodeType;
  private final NodeType type;
  private final int kinds;
  private final Grid grid;
  private final int cpuSteps;
  private final List<Item> wholes = new ArrayList<>();
  private final Map<GpuClass, List<Item>> sharesByClass = new LinkedHashMap<>();
  private long steps;

  /** GPUs that take the same shares at the same value. */
  record GpuClass(String model, long capacityUnits) {
    static GpuClass of(GpuRoom gpu) {
      return new GpuClass(gpu.model(), gpu.capacityUnits());
    }
  }

  /** A kind as it counts on these nodes: {@code size} in GPUs, or in steps of units. */
  private record Item(int kind, int size, int cpu, long nanoGpu, long memoryMib) {}

  /** An item that is worth taking at given prices. */
  record Priced(int kind, int size, int cpu, long surplus) {
    private boolean isNoBetterThan(Priced other) {
      return other.size <= size && other.cpu <= cpu && other.surplus >= surplus;
    }
  }

  /** A packing and its surplus. */
  record Found(Packing packing, long surplus) {}

  PackingSearch(PackingProblem problem, int nodeType) {
    this.nodeType = nodeType;
    type = problem.nodeTypes().get(nodeType);
    kinds = problem.kinds().size();
    grid = Grid.of(type, problem.kinds());
    cpuSteps = grid.cpuSteps(type.cpuMilli());
    for (GpuRoom gpu : type.gpus()) {
      sharesByClass.computeIfAbsent(GpuClass.of(gpu), of -> shares(of, problem.kinds()));
    }
    for (int k = 0; k < kinds; k++) {
      PodKind kind = problem.kinds().get(k);
      if (type.takesWhole(kind)) {
        wholes.add(item(k, kind, kind.gpuCount(), type.gpus().get(type.gpus().size() - 1)));
      }
    }
  }

  private List<Item> shares(GpuClass of, List<PodKind> kinds) {
    GpuRoom open = new GpuRoom(of.model, of.capacityUnits, of.capacityUnits);
    List<Item> shares = new ArrayList<>();
    for (int k = 0; k < kinds.size(); k++) {
      PodKind kind = kinds.get(k);
      if (type.takesShare(kind, open)) {
        shares.add(item(k, kind, grid.unitSteps(kind.unitsPerGpu()), open));
      }
    }
    return shares;
  }

  private Item item(int k, PodKind kind, int size, GpuRoom gpu) {
    return new Item(k, size, grid.cpuSteps(kind.cpuMilli()), gpu.nanoGpuOf(kind), kind.memoryMib());
  }

  /** Returns the node type's index in the problem. */
  int nodeType() {
    return nodeType;
  }

  /** Returns the node type. */
  NodeType type() {
    return type;
  }

  /** Returns the steps in which CPU and GPU units are counted. */
  Grid grid() {
    return grid;
  }

  /** Returns how many elementary steps all searches took so far. */
  long steps() {
    return steps;
  }

  /**
   * Returns the best packing.
   *
   * @param kindPrices the price of a pod by kind, in nano-GPU
   * @param memoryPricePerMib the price of a MiB, in nano-GPU
   */
  Found best(List<Long> kindPrices, long memoryPricePerMib) {
    Map<GpuClass, List<Priced>> shares = new LinkedHashMap<>();
    sharesByClass.forEach(
        (of, items) -> shares.put(of, worthTaking(items, kindPrices, memoryPricePerMib)));
    PackingTables tables =
        new PackingTables(
            type, grid, cpuSteps, shares, worthTaking(wholes, kindPrices, memoryPricePerMib));
    steps += tables.steps();
    return new Found(new Packing(nodeType, tables.pods(kinds)), tables.surplus());
  }

  /** Returns the items with a surplus that no other has with less. */
  private static List<Priced> worthTaking(
      List<Item> items, List<Long> kindPrices, long memoryPricePerMib) {
    List<Priced> worth = new ArrayList<>();
    for (Item item : items) {
      long surplus =
          item.nanoGpu
              - kindPrices.get(item.kind)
              - Math.multiplyExact(memoryPricePerMib, item.memoryMib);
      Priced priced = new Priced(item.kind, item.size, item.cpu, surplus);
      if (surplus > 0 && worth.stream().noneMatch(priced::isNoBetterThan)) {
        worth.removeIf(other -> other.isNoBetterThan(priced));
        worth.add(priced);
      }
    }
    return worth;
  }
}
