package io.stowage.core.fragmentation;

import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.cluster.Resources;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;

/**
 * The commonest shapes of a workload with their share of it.
 *
 * <p>As in "Beware of Fragmentation" (USENIX ATC 2023): distinct (CPU, GPUs, share, models), most
 * frequent first, until {@link #COVERAGE} of the pods are covered; pods without a GPU are included,
 * memory is not looked at, and frequencies sum to 1.
 *
 * @param pods the shapes, most frequent first; empty for an empty workload
 */
public record TypicalPods(List<TypicalPod> pods) {
  /** The part of all pods that typical ones cover. */
  public static final double COVERAGE = 0.95;

  /**
   * One typical shape.
   *
   * @param cpuMilli the CPU it asks for, in milli-cores
   * @param gpu the GPUs it asks for
   * @param gpuModels the models it accepts, empty for all
   * @param frequency its part of the typical pods, above 0, at most 1
   */
  public record TypicalPod(
      long cpuMilli, GpuRequest gpu, SortedSet<String> gpuModels, double frequency) {}

  /** Copies {@code pods}. */
  public TypicalPods {
    pods = List.copyOf(pods);
  }

  /** How the published simulator orders shapes of equal frequency, the largest first. */
  private static final Comparator<PodShape> LESS =
      Comparator.<PodShape>comparingLong(shape -> shape.request().cpuMilli())
          .thenComparing(
              PodShape::gpu,
              Comparator.comparing(GpuRequest::isWhole)
                  .thenComparingLong(GpuRequest::unitsPerGpu)
                  .thenComparingInt(GpuRequest::count))
          .thenComparing(shape -> String.join("|", shape.gpuModels()));

  /** Returns the typical pods among those counted. */
  public static TypicalPods of(Map<PodShape, Long> countByShape) {
    Map<PodShape, Long> merged = new LinkedHashMap<>();
    long total = 0;
    for (Map.Entry<PodShape, Long> entry : countByShape.entrySet()) {
      PodShape shape = entry.getKey();
      Resources cpuOnly = Resources.of(shape.request().cpuMilli(), 0);
      merged.merge(
          new PodShape(cpuOnly, shape.gpu(), shape.gpuModels()), entry.getValue(), Long::sum);
      total += entry.getValue();
    }
    List<Map.Entry<PodShape, Long>> byCount =
        merged.entrySet().stream()
            .sorted(
                Map.Entry.<PodShape, Long>comparingByValue()
                    .thenComparing(Map.Entry::getKey, LESS)
                    .reversed())
            .toList();
    int kept = 0;
    long covered = 0;
    while (kept < byCount.size() && covered < COVERAGE * total) {
      covered += byCount.get(kept++).getValue();
    }
    double sum = covered;
    return new TypicalPods(
        byCount.subList(0, kept).stream()
            .map(
                entry ->
                    new TypicalPod(
                        entry.getKey().request().cpuMilli(),
                        entry.getKey().gpu(),
                        entry.getKey().gpuModels(),
                        entry.getValue() / sum))
            .toList());
  }
}
