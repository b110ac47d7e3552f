package io.stowage.core.fragmentation;

import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.fit.Fit;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Free GPU that no pod of a workload can use now, by cause, in milli-GPU.
 *
 * <p>Each GPU's free part is judged by itself: it is stranded where no shape that asks for GPUs
 * fits the node with a part on that GPU. Where several causes hold, the first in the order fragment
 * too small, wrong model, no CPU, no memory, other is named.
 *
 * @param freeMilli all free milli-GPU of nodes that count as capacity
 * @param milliByCause the stranded part of it, every cause present
 */
public record Stranded(long freeMilli, Map<StrandCause, Long> milliByCause) {

  /** Copies {@code milliByCause}. */
  public Stranded {
    Map<StrandCause, Long> copy = new EnumMap<>(StrandCause.class);
    for (StrandCause cause : StrandCause.values()) {
      copy.put(cause, milliByCause.getOrDefault(cause, 0L));
    }
    milliByCause = Collections.unmodifiableMap(copy);
  }

  /** Returns all stranded milli-GPU. */
  public long milli() {
    return milliByCause.values().stream().mapToLong(Long::longValue).sum();
  }

  /** Nothing free, nothing stranded. */
  public static final Stranded NONE = new Stranded(0, Map.of());

  /** Measures a cluster against the shapes of its workload; looks at every node. */
  public static Stranded of(Cluster cluster, Collection<PodShape> workload) {
    Sum sum = new Sum();
    cluster.forEachNode(node -> sum.add(node, workload));
    return sum.total();
  }

  /** Measures one node against the shapes of the workload. */
  public static Stranded of(NodeState node, Collection<PodShape> workload) {
    Sum sum = new Sum();
    sum.add(node, workload);
    return sum.total();
  }

  /** Returns the sum of both. */
  public Stranded plus(Stranded other) {
    Map<StrandCause, Long> sums = new EnumMap<>(milliByCause);
    other.milliByCause.forEach((cause, milli) -> sums.merge(cause, milli, Long::sum));
    return new Stranded(freeMilli + other.freeMilli, sums);
  }

  /** A running sum over nodes. */
  private static final class Sum {
    private long freeMilli;
    private final Map<StrandCause, Long> byCause = new EnumMap<>(StrandCause.class);

    void add(NodeState node, Collection<PodShape> workload) {
      if (node.node() == null || !node.node().countsAsCapacity()) {
        return;
      }
      for (int i = 0; i < node.gpuCount(); i++) {
        long gpuFreeMilli = node.gpuFreeMilli(i);
        freeMilli += gpuFreeMilli;
        StrandCause cause = gpuFreeMilli == 0 ? null : causeOf(workload, node, i);
        if (cause != null) {
          byCause.merge(cause, gpuFreeMilli, Long::sum);
        }
      }
    }

    Stranded total() {
      return new Stranded(freeMilli, byCause);
    }
  }

  /**
   * Returns why no shape can use what is free of a GPU now, null where one can.
   *
   * @param device the index of a GPU of which something is free
   */
  public static @Nullable StrandCause causeOf(
      Collection<PodShape> shapes, NodeState node, int device) {
    boolean anyModel = false;
    boolean gpusFit = false;
    boolean cpuSuffices = false;
    boolean memorySuffices = false;
    for (PodShape shape : shapes) {
      if (shape.gpu().isNone() || !hasRoom(shape.gpu(), node, device)) {
        continue;
      }
      anyModel = true;
      if (!shape.acceptsModel(node.gpuModel(device)) || !Fit.fitsGpus(shape, node)) {
        continue;
      }
      if (Fit.fits(shape, node)) {
        return null;
      }
      gpusFit = true;
      boolean cpu = shape.request().cpuMilli() <= node.freeCpuMilli();
      boolean memory = shape.request().memoryBytes() <= node.freeMemoryBytes();
      cpuSuffices |= cpu;
      memorySuffices |= cpu && memory;
    }
    if (!gpusFit) {
      return anyModel ? StrandCause.WRONG_MODEL : StrandCause.FRAGMENT_TOO_SMALL;
    }
    if (!cpuSuffices) {
      return StrandCause.NO_CPU;
    }
    return memorySuffices ? StrandCause.OTHER : StrandCause.NO_MEMORY;
  }

  /** Tells whether the GPU has room for its part and the node enough such GPUs, of any model. */
  private static boolean hasRoom(GpuRequest gpu, NodeState node, int device) {
    if (!node.hasGpuResource(gpu.resource()) || !node.gpuHasRoom(device, gpu)) {
      return false;
    }
    int enough = 0;
    for (int i = 0; i < node.gpuCount(); i++) {
      enough += node.gpuHasRoom(i, gpu) ? 1 : 0;
    }
    return enough >= gpu.count();
  }
}
