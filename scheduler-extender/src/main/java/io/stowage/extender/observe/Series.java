package io.stowage.extender.observe;

import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;

/**
 * Observations over time, by their main figures, the oldest first.
 *
 * @param points the figures, at most the last {@value #MAX_POINTS}
 */
public record Series(List<Point> points) {
  /** How many points are kept: a day at 15 seconds. */
  public static final int MAX_POINTS = 5_760;

  /** No observation yet. */
  public static final Series EMPTY = new Series(List.of());

  /** Copies the list. */
  public Series {
    points = List.copyOf(points);
  }

  /**
   * The main figures of an observation.
   *
   * @param observedAt when
   * @param gpuAllocationPercent as {@link Observation#gpuAllocationPercent}
   * @param planGpuAllocationPercent as {@link Observation#planGpuAllocationPercent}
   * @param boundGpuAllocationPercent as {@link Observation#boundGpuAllocationPercent}
   * @param strandedGpuMilli what is free and of use to nobody
   * @param waitingPods how many pods wait
   */
  public record Point(
      Instant observedAt,
      double gpuAllocationPercent,
      double planGpuAllocationPercent,
      double boundGpuAllocationPercent,
      long strandedGpuMilli,
      int waitingPods) {}

  /** Returns the series with one more observation. */
  public Series with(Observation observation) {
    Point point =
        new Point(
            observation.observedAt(),
            observation.gpuAllocationPercent(),
            observation.planGpuAllocationPercent(),
            observation.boundGpuAllocationPercent(),
            observation.gpu().strandedMilli(),
            observation.waiting().size());
    List<Point> all = Stream.concat(points.stream(), Stream.of(point)).toList();
    return new Series(all.subList(Math.max(0, all.size() - MAX_POINTS), all.size()));
  }
}
