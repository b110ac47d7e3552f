package io.stowage.core.bound;

import io.stowage.core.bound.PackingSearch.GpuClass;
import io.stowage.core.bound.PackingSearch.Priced;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The tables of the dynamic program for one node at given prices.
 *
 * <p>First the best load of shares for each class of GPU, by GPU units and CPU; then the loads of
 * all GPUs are added up over CPU; last, pods of whole GPUs take open ones. Open GPUs of several
 * classes count as one that offers the best load of any. Not thread-safe.
 */
final class PackingTables {
  private final Grid grid;
  private final int cpuSteps;
  private final Map<GpuClass, List<Priced>> shares;
  private final List<Priced> wholes;

  /** GPUs that are partly used, and open ones, each class once. */
  private final List<GpuRoom> partial;

  private final List<GpuRoom> openClasses;
  private final int openGpus;

  /** By class: the best surplus by steps of units and of CPU. */
  private final Map<GpuClass, long[][]> loads = new LinkedHashMap<>();

  /** The best surplus of an open GPU's shares, by CPU. */
  private final long[] openLoad;

  /** Row i: the best surplus of the shares on the first i GPUs, by CPU; partly used ones first. */
  private final long[][] shared;

  /** Row i: the best surplus with i open GPUs for shares and whole pods, by CPU. */
  private final long[][] all;

  private long steps;

  PackingTables(
      NodeType type,
      Grid grid,
      int cpuSteps,
      Map<GpuClass, List<Priced>> shares,
      List<Priced> wholes) {
    this.grid = grid;
    this.cpuSteps = cpuSteps;
    this.shares = shares;
    this.wholes = wholes;
    partial = type.gpus().stream().filter(gpu -> !gpu.isOpen()).toList();
    openClasses = type.gpus().stream().filter(GpuRoom::isOpen).distinct().toList();
    openGpus = type.openGpus();
    for (GpuRoom gpu : type.gpus()) {
      int units = grid.unitSteps(gpu.freeUnits());
      long[][] known = loads.get(GpuClass.of(gpu));
      if (known == null || known.length <= units) {
        loads.put(GpuClass.of(gpu), loads(sharesOf(gpu), units));
      }
    }
    openLoad = new long[cpuSteps + 1];
    for (GpuRoom gpu : openClasses) {
      long[] load = load(gpu);
      for (int c = 0; c <= cpuSteps; c++) {
        openLoad[c] = Math.max(openLoad[c], load[c]);
      }
    }
    shared = new long[type.gpus().size() + 1][cpuSteps + 1];
    for (int i = 0; i < type.gpus().size(); i++) {
      addUp(shared[i], i < partial.size() ? load(partial.get(i)) : openLoad, shared[i + 1]);
    }
    all = withWholes();
  }

  private List<Priced> sharesOf(GpuRoom gpu) {
    return Objects.requireNonNull(shares.get(GpuClass.of(gpu)));
  }

  private long[][] loadsOf(GpuRoom gpu) {
    return Objects.requireNonNull(loads.get(GpuClass.of(gpu)));
  }

  private long[] load(GpuRoom gpu) {
    return loadsOf(gpu)[grid.unitSteps(gpu.freeUnits())];
  }

  private long[][] loads(List<Priced> items, int units) {
    long[][] surplus = new long[units + 1][cpuSteps + 1];
    for (int u = 0; u <= units; u++) {
      for (Priced item : items) {
        if (item.size() <= u) {
          take(surplus[u], surplus[u - item.size()], item);
        }
      }
    }
    return surplus;
  }

  /** Sets {@code sum} to the best of both at any split of the CPU. */
  private void addUp(long[] before, long[] load, long[] sum) {
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

  private long[][] withWholes() {
    long[][] with = new long[openGpus + 1][];
    for (int i = 0; i <= openGpus; i++) {
      with[i] = shared[partial.size() + i].clone();
      for (Priced item : wholes) {
        if (item.size() <= i) {
          take(with[i], with[i - item.size()], item);
        }
      }
    }
    return with;
  }

  private void take(long[] best, long[] before, Priced item) {
    for (int c = item.cpu(); c <= cpuSteps; c++) {
      best[c] = Math.max(best[c], before[c - item.cpu()] + item.surplus());
    }
    steps += cpuSteps + 1;
  }

  /** Returns how many elementary steps it took. */
  long steps() {
    return steps;
  }

  /** Returns the largest surplus. */
  long surplus() {
    return all[openGpus][cpuSteps];
  }

  /** Returns how many pods of each of so many kinds a packing with that surplus holds. */
  List<Integer> pods(int kinds) {
    int[] pods = new int[kinds];
    int cpu = cpuSteps;
    int open = openGpus;
    for (Priced whole = lastWhole(open, cpu); whole != null; whole = lastWhole(open, cpu)) {
      pods[whole.kind()]++;
      open -= whole.size();
      cpu -= whole.cpu();
    }
    for (int i = partial.size() + open; i > 0; i--) {
      List<GpuRoom> candidates = i > partial.size() ? openClasses : List.of(partial.get(i - 1));
      cpu -= unload(candidates, shared[i - 1], shared[i][cpu], cpu, pods);
    }
    return Arrays.stream(pods).boxed().toList();
  }

  private @Nullable Priced lastWhole(int open, int cpu) {
    long surplus = all[open][cpu];
    if (surplus == shared[partial.size() + open][cpu]) {
      return null;
    }
    for (Priced item : wholes) {
      if (item.size() <= open
          && item.cpu() <= cpu
          && all[open - item.size()][cpu - item.cpu()] + item.surplus() == surplus) {
        return item;
      }
    }
    throw new IllegalStateException("a surplus without a pod");
  }

  /** Adds the pods of a load that takes a surplus from {@code before} to a sum; returns its CPU. */
  private int unload(List<GpuRoom> candidates, long[] before, long sum, int cpu, int[] pods) {
    for (int part = 0; part <= cpu; part++) {
      for (GpuRoom gpu : candidates) {
        if (before[cpu - part] + load(gpu)[part] == sum) {
          unload(gpu, part, pods);
          return part;
        }
      }
    }
    throw new IllegalStateException("a surplus without a load");
  }

  private void unload(GpuRoom gpu, int cpu, int[] pods) {
    long[][] surplus = loadsOf(gpu);
    int units = grid.unitSteps(gpu.freeUnits());
    while (surplus[units][cpu] > 0) {
      Priced share = lastShare(sharesOf(gpu), surplus, units, cpu);
      pods[share.kind()]++;
      units -= share.size();
      cpu -= share.cpu();
    }
  }

  private static Priced lastShare(List<Priced> items, long[][] surplus, int units, int cpu) {
    for (Priced item : items) {
      if (item.size() <= units
          && item.cpu() <= cpu
          && surplus[units - item.size()][cpu - item.cpu()] + item.surplus()
              == surplus[units][cpu]) {
        return item;
      }
    }
    throw new IllegalStateException("a load without a pod");
  }
}
