package io.stowage.core.bound;

import java.util.Comparator;
import java.util.List;

/**
 * Nodes with the same room.
 *
 * @param gpuResource the resource that their GPUs are advertised as
 * @param gpus their GPUs with room left, those partly used before the open ones, then by model and
 *     capacity
 * @param cpuMilli CPU left, in milli-cores
 * @param memoryMib memory left, in MiB, rounded down
 * @param count how many such nodes there are, at least 1
 */
record NodeType(String gpuResource, List<GpuRoom> gpus, long cpuMilli, long memoryMib, long count) {
  private static final Comparator<GpuRoom> ORDER =
      Comparator.comparing(GpuRoom::isOpen)
          .thenComparing(GpuRoom::model)
          .thenComparing(GpuRoom::capacityUnits)
          .thenComparing(GpuRoom::freeUnits);

  /** Copies and sorts {@code gpus}; throws IllegalArgumentException for a value out of range. */
  NodeType {
    gpus = gpus.stream().filter(gpu -> gpu.freeUnits() > 0).sorted(ORDER).toList();
    if (cpuMilli < 0 || memoryMib < 0 || count < 1) {
      throw new IllegalArgumentException(
          "expected no negative amount and at least 1 node, were "
              + cpuMilli
              + " milli-cores, "
              + memoryMib
              + " MiB, "
              + count
              + " nodes");
    }
  }

  /** Returns the same type with another count. */
  NodeType withCount(long newCount) {
    return new NodeType(gpuResource, gpus, cpuMilli, memoryMib, newCount);
  }

  /** Returns how many GPUs are open. */
  int openGpus() {
    return (int) gpus.stream().filter(GpuRoom::isOpen).count();
  }

  /** Tells whether a kind's CPU and memory fit and its GPUs are of the right resource. */
  boolean admits(PodKind kind) {
    return kind.gpuResource().equals(gpuResource)
        && kind.cpuMilli() <= cpuMilli
        && kind.memoryMib() <= memoryMib;
  }

  /** Tells whether one GPU of such a node can take a share of a kind. */
  boolean takesShare(PodKind kind, GpuRoom gpu) {
    return !kind.isWhole()
        && admits(kind)
        && kind.unitsPerGpu() <= gpu.freeUnits()
        && kind.acceptsModel(gpu.model());
  }

  /**
   * Tells whether the node's open GPUs can take a pod of whole GPUs. On a node of several models
   * one that is accepted is enough: more is promised than there is, never less.
   */
  boolean takesWhole(PodKind kind) {
    return kind.isWhole()
        && admits(kind)
        && kind.gpuCount() <= openGpus()
        && gpus.stream().anyMatch(gpu -> gpu.isOpen() && kind.acceptsModel(gpu.model()));
  }
}
