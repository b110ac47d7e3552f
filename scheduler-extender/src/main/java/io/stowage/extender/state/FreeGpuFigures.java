package io.stowage.extender.state;

import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.fragmentation.Fragmentation;
import io.stowage.core.fragmentation.Stranded;
import io.stowage.core.fragmentation.TypicalPods;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What the workload seen so far could use of the free GPU.
 *
 * <p>Figures are kept per node and measured anew only where the node changed, or everywhere when
 * the number of pods seen has grown by a quarter. Belongs to the state's one writer.
 */
final class FreeGpuFigures {
  private static final int MAX_SHAPES = 1024;
  private static final int MAX_GPU_SHAPES = 64;

  private final Map<PodShape, Long> seen =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<PodShape, Long> eldest) {
          return size() > MAX_SHAPES;
        }
      };
  private long seenPods;
  private long measuredPods = -1;
  private List<PodShape> gpuShapes = List.of();
  private Fragmentation fragmentation = new Fragmentation(TypicalPods.of(Map.of()));

  private long[] versionBySlot = {};
  private Stranded[] strandedBySlot = {};
  private double[] fragmentedMilliBySlot = {};

  /**
   * The sums over the nodes that count as capacity.
   *
   * @param stranded free GPU that no pod of the workload can use, by cause
   * @param fragmentedMilli free milli-GPU that a typical pod cannot use, in the mean
   */
  record Sums(Stranded stranded, double fragmentedMilli) {}

  /** Takes note of a pod of the workload. */
  void observe(PodShape shape) {
    seen.merge(shape, 1L, Long::sum);
    seenPods++;
  }

  /** Measures the cluster. */
  Sums measure(Cluster cluster) {
    if (measuredPods < 0 || seenPods - measuredPods > measuredPods / 4) {
      takeWorkload();
    }
    int slots = cluster.slotLimit();
    if (versionBySlot.length < slots) {
      versionBySlot = Arrays.copyOf(versionBySlot, slots * 2);
      strandedBySlot = Arrays.copyOf(strandedBySlot, slots * 2);
      fragmentedMilliBySlot = Arrays.copyOf(fragmentedMilliBySlot, slots * 2);
    }
    Stranded stranded = Stranded.NONE;
    double fragmentedMilli = 0;
    for (int slot = 0; slot < slots; slot++) {
      NodeState node = cluster.slot(slot);
      if (node == null
          || node.node() == null
          || !node.node().countsAsCapacity()
          || node.gpuCount() == 0) {
        continue;
      }
      if (versionBySlot[slot] != node.version()) {
        versionBySlot[slot] = node.version();
        strandedBySlot[slot] = Stranded.of(node, gpuShapes);
        fragmentedMilliBySlot[slot] = fragmentation.milli(node);
      }
      stranded = stranded.plus(strandedBySlot[slot]);
      fragmentedMilli += fragmentedMilliBySlot[slot];
    }
    return new Sums(stranded, fragmentedMilli);
  }

  /** Returns the shapes that ask for GPUs and that {@link #measure} went by last. */
  List<PodShape> gpuShapes() {
    return gpuShapes;
  }

  private void takeWorkload() {
    measuredPods = seenPods;
    gpuShapes =
        seen.entrySet().stream()
            .filter(entry -> !entry.getKey().gpu().isNone())
            .sorted(Map.Entry.<PodShape, Long>comparingByValue().reversed())
            .limit(MAX_GPU_SHAPES)
            .map(Map.Entry::getKey)
            .toList();
    fragmentation = new Fragmentation(TypicalPods.of(seen));
    Arrays.fill(versionBySlot, 0);
  }
}
