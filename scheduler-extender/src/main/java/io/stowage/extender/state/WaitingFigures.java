package io.stowage.extender.state;

import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.PodShape;
import io.stowage.extender.kube.ObservedPod;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;

/**
 * The pods that wait, by what they ask of GPUs; those that scheduling gates keep back left out.
 *
 * @param byAsk figures of each kind, every kind present
 */
public record WaitingFigures(Map<Ask, Waiting> byAsk) {

  /** Nobody waits. */
  public static final WaitingFigures NONE = new WaitingFigures(Map.of());

  private static final long LONG_MILLIS = 30_000;

  /** What a pod asks of GPUs. */
  public enum Ask {
    /** No GPU. */
    NONE("none"),
    /** A share of one GPU. */
    SHARE("share"),
    /** One whole GPU. */
    ONE("one"),
    /** Several whole GPUs of one node. */
    SEVERAL("several");

    private final String key;

    Ask(String key) {
      this.key = key;
    }

    /** Returns how metrics call it. */
    public String key() {
      return key;
    }

    private static Ask of(GpuRequest gpu) {
      if (gpu.isNone()) {
        return NONE;
      } else if (gpu.isShare()) {
        return SHARE;
      }
      return gpu.count() == 1 ? ONE : SEVERAL;
    }
  }

  /**
   * Pods of one kind.
   *
   * @param pods how many wait
   * @param fittingInSum how many of them were created half a minute ago or more and would fit, each
   *     taken alone, if all nodes were one
   * @param oldestMillis how long ago the oldest was created, 0 where none waits
   */
  public record Waiting(int pods, int fittingInSum, long oldestMillis) {
    private static final Waiting NOBODY = new Waiting(0, 0, 0);

    private Waiting plus(boolean fits, long ageMillis) {
      return new Waiting(
          pods + 1, fittingInSum + (fits ? 1 : 0), Math.max(oldestMillis, ageMillis));
    }
  }

  /** Copies {@code byAsk}. */
  public WaitingFigures {
    Map<Ask, Waiting> copy = new EnumMap<>(Ask.class);
    for (Ask ask : Ask.values()) {
      copy.put(ask, byAsk.getOrDefault(ask, Waiting.NOBODY));
    }
    byAsk = Collections.unmodifiableMap(copy);
  }

  /** Returns the figures of the pods that ask so. */
  public Waiting asking(Ask ask) {
    return byAsk.getOrDefault(ask, Waiting.NOBODY);
  }

  /** Sums up; looks at every node where a pod has waited long. */
  static WaitingFigures of(Collection<ObservedPod> waiting, Cluster cluster, long epochMillis) {
    Map<Ask, Waiting> byAsk = new EnumMap<>(Ask.class);
    Map<PodShape, Boolean> fits = new HashMap<>();
    Free free = new Free();
    for (ObservedPod observed : waiting) {
      if (observed.gated()) {
        continue;
      }
      PodShape shape = observed.pod().shape();
      long ageMillis =
          observed.creationEpochMillis() == 0
              ? 0
              : Math.max(0, epochMillis - observed.creationEpochMillis());
      boolean fitting =
          ageMillis >= LONG_MILLIS
              && fits.computeIfAbsent(shape, added -> free.of(cluster).holds(added));
      Ask ask = Ask.of(shape.gpu());
      byAsk.put(ask, byAsk.getOrDefault(ask, Waiting.NOBODY).plus(fitting, ageMillis));
    }
    return new WaitingFigures(byAsk);
  }

  /** What open nodes have free in sum, for pods without GPU and by kind of GPU. */
  private static final class Free {
    private final Map<GpuKind, Sum> byGpus = new HashMap<>();
    private final Sum withoutTaint = new Sum();
    private boolean summed;

    private record GpuKind(String resource, String model) {}

    private static final class Sum {
      private long gpuMilli;
      private long cpuMilli;
      private long memoryBytes;
      private long unitsPerGpu;

      private void add(NodeState state) {
        gpuMilli += state.freeGpuMilli();
        cpuMilli += state.freeCpuMilli();
        memoryBytes += state.freeMemoryBytes();
        unitsPerGpu = Math.max(unitsPerGpu, state.gpuCount() == 0 ? 0 : state.gpuCapacityUnits(0));
      }

      private void add(Sum other) {
        gpuMilli += other.gpuMilli;
        cpuMilli += other.cpuMilli;
        memoryBytes += other.memoryBytes;
        unitsPerGpu = Math.max(unitsPerGpu, other.unitsPerGpu);
      }
    }

    private Free of(Cluster cluster) {
      if (!summed) {
        summed = true;
        cluster.forEachNode(this::add);
      }
      return this;
    }

    private void add(NodeState state) {
      Node node = state.node();
      if (node == null || !node.countsAsCapacity() || node.cordoned()) {
        return;
      }
      // GPU nodes are often tainted for pods without GPU alone.
      if (!node.tainted()) {
        withoutTaint.add(state);
      }
      if (state.gpuCount() > 0) {
        byGpus
            .computeIfAbsent(
                new GpuKind(node.gpus().resource(), state.gpuModel(0)), added -> new Sum())
            .add(state);
      }
    }

    private boolean holds(PodShape shape) {
      Sum sum = shape.gpu().isNone() ? withoutTaint : new Sum();
      if (!shape.gpu().isNone()) {
        byGpus.forEach(
            (kind, part) -> {
              if (kind.resource().equals(shape.gpu().resource())
                  && shape.acceptsModel(kind.model())) {
                sum.add(part);
              }
            });
      }
      return shape.gpu().totalMilli(sum.unitsPerGpu) <= sum.gpuMilli
          && shape.request().cpuMilli() <= sum.cpuMilli
          && shape.request().memoryBytes() <= sum.memoryBytes
          && (shape.gpu().isNone() || sum.gpuMilli > 0);
    }
  }
}
