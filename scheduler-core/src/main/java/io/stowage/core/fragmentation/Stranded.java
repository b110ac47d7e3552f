package io.stowage.core.fragmentation;

import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.fit.Fit;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
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

  /** Measures a cluster against the shapes of its workload; looks at every node. */
  public static Stranded of(Cluster cluster, Collection<PodShape> workload) {
    List<PodShape> shapes = workload.stream().filter(shape -> !shape.gpu().isNone()).toList();
    Map<StrandCause, Long> byCause = new EnumMap<>(StrandCause.class);
    LongAdder free = new LongAdder();
    cluster.forEachNode(
        node -> {
          if (node.node() != null && node.node().countsAsCapacity()) {
            for (int i = 0; i < node.gpuCount(); i++) {
              long freeMilli = node.gpuFreeMilli(i);
              free.add(freeMilli);
              StrandCause cause = freeMilli == 0 ? null : causeOf(shapes, node, i);
              if (cause != null) {
                byCause.merge(cause, freeMilli, Long::sum);
              }
            }
          }
        });
    return new Stranded(free.sum(), byCause);
  }

  private static @Nullable StrandCause causeOf(List<PodShape> shapes, NodeState node, int device) {
    boolean anyModel = false;
    boolean gpusFit = false;
    boolean cpuSuffices = false;
    boolean memorySuffices = false;
    for (PodShape shape : shapes) {
      if (!hasRoom(shape.gpu(), node, device)) {
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
