package io.stowage.core.bound;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Finds the packing of one node of a type with the largest surplus at given prices, by dynamic
 * programming.
 *
 * <p>First the best load of shares for each kind of GPU, by GPU units and CPU; then loads of all
 * GPUs are added up over CPU; last, pods of whole GPUs take open ones. Memory is not limited here
 * but priced, and a kind may be taken more often than there are pods: both may only overestimate.
 * Open GPUs of several models count as one that offers the best load of any. Not thread-safe.
 */
final class PackingSearch {
  private final int nodeType;
  private final NodeType type;
  private final List<PodKind> kinds;
  private final Grid grid;
  private final int cpuSteps;
  private final List<Item> wholes = new ArrayList<>();
  private final Map<GpuClass, List<Item>> sharesByClass = new LinkedHashMap<>();
  private long steps;

  /** GPUs that take the same shares at the same value. */
  private record GpuClass(String model, long capacityUnits) {
    static GpuClass of(GpuRoom gpu) {
      return new GpuClass(gpu.model(), gpu.capacityUnits());
    }
  }

  /** A kind as it counts on these nodes: {@code size} in GPUs, or in steps of units. */
  private record Item(int kind, int size, int cpu, long nanoGpu, long memoryMib) {}

  /** An item that is worth taking at given prices. */
  private record Priced(int kind, int size, int cpu, long surplus) {
    boolean isNoBetterThan(Priced other) {
      return other.size <= size && other.cpu <= cpu && other.surplus >= surplus;
    }
  }

  /** The best loads of shares of one class of GPU: surplus by steps of units and of CPU. */
  private static final class Loads {
    private final long[][] surplus;
    private final List<Priced> items;

    private Loads(long[][] surplus, List<Priced> items) {
      this.surplus = surplus;
      this.items = items;
    }
  }

  /** A packing and its surplus. */
  record Found(Packing packing, long surplus) {}

  PackingSearch(PackingProblem problem, int nodeType) {
    this.nodeType = nodeType;
    type = problem.nodeTypes().get(nodeType);
    kinds = problem.kinds();
    grid = Grid.of(type, kinds);
    cpuSteps = grid.cpuSteps(type.cpuMilli());
    for (GpuRoom gpu : type.gpus()) {
      sharesByClass.computeIfAbsent(GpuClass.of(gpu), of -> shares(gpu));
    }
    for (int k = 0; k < kinds.size(); k++) {
      PodKind kind = kinds.get(k);
      if (type.takesWhole(kind)) {
        wholes.add(item(k, kind.gpuCount(), type.gpus().get(type.gpus().size() - 1)));
      }
    }
  }

  private List<Item> shares(GpuRoom gpu) {
    GpuRoom open = new GpuRoom(gpu.model(), gpu.capacityUnits(), gpu.capacityUnits());
    List<Item> shares = new ArrayList<>();
    for (int k = 0; k < kinds.size(); k++) {
      if (type.takesShare(kinds.get(k), open)) {
        shares.add(item(k, grid.unitSteps(kinds.get(k).unitsPerGpu()), open));
      }
    }
    return shares;
  }

  private Item item(int k, int size, GpuRoom gpu) {
    PodKind kind = kinds.get(k);
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
    Map<GpuClass, Loads> loads = new LinkedHashMap<>();
    sharesByClass.forEach(
        (of, items) -> loads.put(of, loads(of, priced(items, kindPrices, memoryPricePerMib))));
    List<GpuRoom> partial = type.gpus().stream().filter(gpu -> !gpu.isOpen()).toList();
    List<GpuRoom> open = type.gpus().subList(partial.size(), type.gpus().size());

    // Row i is the best surplus of the first i GPUs' shares, by CPU.
    long[][] shared = new long[type.gpus().size() + 1][cpuSteps + 1];
    for (int i = 0; i < partial.size(); i++) {
      addUp(shared[i], row(loads, partial.get(i)), shared[i + 1]);
    }
    List<GpuRoom> openClasses = open.stream().distinct().toList();
    long[] bestOpen = new long[cpuSteps + 1];
    for (GpuRoom gpu : openClasses) {
      long[] row = row(loads, gpu);
      for (int c = 0; c <= cpuSteps; c++) {
        bestOpen[c] = Math.max(bestOpen[c], row[c]);
      }
    }
    for (int i = partial.size(); i < type.gpus().size(); i++) {
      addUp(shared[i], bestOpen, shared[i + 1]);
    }
    List<Priced> priced = priced(wholes, kindPrices, memoryPricePerMib);
    long[][] all = withWholes(shared, partial.size(), open.size(), priced);

    int[] pods = new int[kinds.size()];
    int cpu = cpuSteps;
    int opened = open.size();
    for (Priced taken = taken(all, shared, partial.size(), opened, cpu, priced);
        taken != null;
        taken = taken(all, shared, partial.size(), opened, cpu, priced)) {
      pods[taken.kind]++;
      opened -= taken.size;
      cpu -= taken.cpu;
    }
    for (int i = partial.size() + opened; i > 0; i--) {
      long[] row = i > partial.size() ? bestOpen : row(loads, partial.get(i - 1));
      int part = part(shared[i - 1], row, shared[i][cpu], cpu);
      List<GpuRoom> candidates = i > partial.size() ? openClasses : List.of(partial.get(i - 1));
      for (GpuRoom gpu : candidates) {
        if (row(loads, gpu)[part] == row[part]) {
          unload(loads(loads, gpu), grid.unitSteps(gpu.freeUnits()), part, pods);
          break;
        }
      }
      cpu -= part;
    }
    return new Found(
        new Packing(nodeType, Arrays.stream(pods).boxed().toList()), all[open.size()][cpuSteps]);
  }

  private static List<Priced> priced(
      List<Item> items, List<Long> kindPrices, long memoryPricePerMib) {
    List<Priced> worth = new ArrayList<>();
    for (Item item : items) {
      long surplus =
          item.nanoGpu
              - kindPrices.get(item.kind)
              - Math.multiplyExact(memoryPricePerMib, item.memoryMib);
      if (surplus > 0) {
        worth.add(new Priced(item.kind, item.size, item.cpu, surplus));
      }
    }
    List<Priced> best = new ArrayList<>();
    for (int i = 0; i < worth.size(); i++) {
      boolean beaten = false;
      for (int j = 0; j < worth.size() && !beaten; j++) {
        beaten =
            i != j
                && worth.get(i).isNoBetterThan(worth.get(j))
                && (j < i || !worth.get(j).isNoBetterThan(worth.get(i)));
      }
      if (!beaten) {
        best.add(worth.get(i));
      }
    }
    return best;
  }

  private Loads loads(GpuClass of, List<Priced> items) {
    long largest =
        type.gpus().stream()
            .filter(gpu -> GpuClass.of(gpu).equals(of))
            .mapToLong(GpuRoom::freeUnits)
            .max()
            .orElseThrow();
    long[][] surplus = new long[grid.unitSteps(largest) + 1][cpuSteps + 1];
    for (int u = 0; u < surplus.length; u++) {
      long[] row = surplus[u];
      for (Priced item : items) {
        if (item.size <= u) {
          long[] before = surplus[u - item.size];
          for (int c = item.cpu; c <= cpuSteps; c++) {
            row[c] = Math.max(row[c], before[c - item.cpu] + item.surplus);
          }
          steps += cpuSteps + 1;
        }
      }
    }
    return new Loads(surplus, items);
  }

  private static Loads loads(Map<GpuClass, Loads> loads, GpuRoom gpu) {
    Loads of = loads.get(GpuClass.of(gpu));
    if (of == null) {
      throw new IllegalStateException("no loads of " + gpu);
    }
    return of;
  }

  private long[] row(Map<GpuClass, Loads> loads, GpuRoom gpu) {
    return loads(loads, gpu).surplus[grid.unitSteps(gpu.freeUnits())];
  }

  /** Sets {@code sum} to the best of both at any split of the CPU. */
  private void addUp(long[] before, long[] load, long[] sum) {
    Arrays.fill(sum, 0);
    long last = -1;
    for (int part = 0; part <= cpuSteps; part++) {
      if (load[part] > last) {
        last = load[part];
        for (int c = part; c <= cpuSteps; c++) {
          sum[c] = Math.max(sum[c], before[c - part] + last);
        }
        steps += cpuSteps + 1 - part;
      }
    }
  }

  private long[][] withWholes(long[][] shared, int partial, int open, List<Priced> items) {
    long[][] all = new long[open + 1][];
    for (int i = 0; i <= open; i++) {
      all[i] = shared[partial + i].clone();
      for (Priced item : items) {
        if (item.size <= i) {
          long[] before = all[i - item.size];
          for (int c = item.cpu; c <= cpuSteps; c++) {
            all[i][c] = Math.max(all[i][c], before[c - item.cpu] + item.surplus);
          }
          steps += cpuSteps + 1;
        }
      }
    }
    return all;
  }

  private static @Nullable Priced taken(
      long[][] all, long[][] shared, int partial, int open, int cpu, List<Priced> items) {
    long surplus = all[open][cpu];
    if (surplus == shared[partial + open][cpu]) {
      return null;
    }
    for (Priced item : items) {
      if (item.size <= open
          && item.cpu <= cpu
          && all[open - item.size][cpu - item.cpu] + item.surplus == surplus) {
        return item;
      }
    }
    throw new IllegalStateException("a surplus without a pod");
  }

  private static int part(long[] before, long[] load, long sum, int cpu) {
    for (int part = 0; part <= cpu; part++) {
      if (before[cpu - part] + load[part] == sum) {
        return part;
      }
    }
    throw new IllegalStateException("a surplus without a load");
  }

  private static void unload(Loads loads, int units, int cpu, int[] pods) {
    while (loads.surplus[units][cpu] > 0) {
      long surplus = loads.surplus[units][cpu];
      int unitsNow = units;
      int cpuNow = cpu;
      Priced taken =
          loads.items.stream()
              .filter(
                  item ->
                      item.size <= unitsNow
                          && item.cpu <= cpuNow
                          && loads.surplus[unitsNow - item.size][cpuNow - item.cpu] + item.surplus
                              == surplus)
              .findFirst()
              .orElseThrow();
      pods[taken.kind]++;
      units -= taken.size;
      cpu -= taken.cpu;
    }
  }
}
