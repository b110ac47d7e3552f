package io.stowage.extender.experiment;

import io.stowage.core.bound.GpuBound;
import io.stowage.core.replay.ReplayBound;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The bound of a seed's replays, and how far from it each policy stays.
 *
 * @param byMoment the bound by what the names of the figures at its moment end in
 */
public record BoundFigures(Map<String, Proven> byMoment) {
  private static final String ALLOCATION = "gpuAllocationPercent";
  private static final String BOUND = "boundGpuAllocationPercent";
  private static final String BASELINE = "fgd";

  /**
   * A bound.
   *
   * @param gpuAllocationPercent what no policy could pass
   * @param relaxation what it was proven by
   */
  public record Proven(double gpuAllocationPercent, String relaxation) {
    private static Proven of(GpuBound bound) {
      return new Proven(bound.gpuAllocationPercent(), bound.relaxation().key());
    }
  }

  /** Copies the map, keeping its order. */
  public BoundFigures {
    byMoment = Collections.unmodifiableMap(new LinkedHashMap<>(byMoment));
  }

  /** Returns the bounds of an inflation. */
  static BoundFigures of(ReplayBound.Inflation bound) {
    Map<String, Proven> byMoment = new LinkedHashMap<>();
    byMoment.put("At100", Proven.of(bound.at100()));
    byMoment.put("At130", Proven.of(bound.at130()));
    return new BoundFigures(byMoment);
  }

  /** Returns the bound of a replay that reports one allocation. */
  static BoundFigures of(GpuBound bound) {
    return new BoundFigures(Map.of("", Proven.of(bound)));
  }

  /**
   * Adds to each run the bound, the points that it stays below it, and where {@code fgd} is among
   * the policies the part of the way from there to the bound, in percent.
   *
   * @param runs the runs of all policies with one seed
   */
  public void addTo(List<Map<String, Object>> runs) {
    byMoment.forEach(
        (moment, bound) -> {
          double percent = bound.gpuAllocationPercent();
          double baseline =
              runs.stream()
                  .filter(run -> BASELINE.equals(run.get("policy")))
                  .mapToDouble(run -> allocation(run, moment))
                  .findFirst()
                  .orElse(Double.NaN);
          for (Map<String, Object> run : runs) {
            double allocation = allocation(run, moment);
            run.put(BOUND + moment, percent);
            run.put("boundRelaxation" + moment, bound.relaxation());
            run.put("pointsBelowBound" + moment, percent - allocation);
            if (!Double.isNaN(baseline)) {
              run.put("percentOfWayFromFgdToBound" + moment, way(baseline, allocation, percent));
            }
          }
        });
  }

  private static double allocation(Map<String, Object> run, String moment) {
    return run.get(ALLOCATION + moment) instanceof Number number ? number.doubleValue() : 0;
  }

  private static double way(double from, double reached, double to) {
    return from < to ? 100 * (reached - from) / (to - from) : 100;
  }
}
