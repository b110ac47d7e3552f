package io.stowage.core.replay;

import static org.assertj.core.api.Assertions.assertThat;

import io.stowage.core.cluster.PodShape;
import io.stowage.core.trace.Scenario;
import io.stowage.core.trace.TracePod;
import io.stowage.core.trace.Traces;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the plan costs where the past tells little of what comes, on the public trace. */
class RobustnessTest {
  private static final double ALLOWED_POINTS = 0.2;

  /** The same arrivals in an order that misleads a forecast. */
  private enum Misleading {
    /** The smallest first: the forecast never knows of the large ones in time. */
    SMALL_FIRST,
    /** The largest first. */
    LARGE_FIRST,
    /** First the pods of whole GPUs, then shares and the rest: a mix that changes in mid-run. */
    MIX_CHANGES,
    /** Rows of 100 pods that are alike. */
    REPLICAS,
    /** Kinds of pods in turn, each until there are no more of it: every forecast is wrong. */
    KIND_BY_KIND
  }

  private static List<TracePod> reordered(
      Misleading misleading, List<TracePod> arrivals, Map<PodShape, Long> milli) {
    return switch (misleading) {
      case SMALL_FIRST -> sorted(arrivals, bySize(milli));
      case LARGE_FIRST -> sorted(arrivals, bySize(milli).reversed());
      case MIX_CHANGES ->
          sorted(arrivals, Comparator.comparing(pod -> !pod.shape().gpu().isWhole()));
      case REPLICAS -> inRows(arrivals, 100);
      case KIND_BY_KIND -> inRows(arrivals, Integer.MAX_VALUE);
    };
  }

  private static Comparator<TracePod> bySize(Map<PodShape, Long> milli) {
    return Comparator.comparing(pod -> milli.getOrDefault(pod.shape(), 0L));
  }

  private static List<TracePod> sorted(List<TracePod> pods, Comparator<TracePod> order) {
    return pods.stream().sorted(order).toList();
  }

  /** Puts pods of a shape together, at most so many at a time, in random order of the rows. */
  private static List<TracePod> inRows(List<TracePod> pods, int length) {
    List<List<TracePod>> rows = new ArrayList<>();
    List<TracePod> sorted =
        sorted(pods, Comparator.comparingInt((TracePod pod) -> pod.shape().hashCode()));
    for (TracePod pod : sorted) {
      List<TracePod> last = rows.isEmpty() ? List.of() : rows.get(rows.size() - 1);
      if (last.isEmpty() || last.size() >= length || !last.get(0).shape().equals(pod.shape())) {
        rows.add(new ArrayList<>());
      }
      rows.get(rows.size() - 1).add(pod);
    }
    SplittableRandom random = new SplittableRandom(47);
    for (int i = rows.size() - 1; i > 0; i--) {
      Collections.swap(rows, i, random.nextInt(i + 1));
    }
    return rows.stream().flatMap(List::stream).toList();
  }

  @ParameterizedTest
  @EnumSource(Misleading.class)
  void aWrongForecastCostsLittle(Misleading misleading) {
    Scenario scenario = Traces.scenario("default");
    List<TracePod> arrivals =
        reordered(misleading, InflationReplay.arrivals(scenario, 42), scenario.gpuMilliByShape());
    InflationReplay.Result fgd = InflationReplay.run(scenario, arrivals, "fgd", 42, Progress.NONE);
    InflationReplay.Result stowage =
        InflationReplay.run(scenario, arrivals, "stowage", 42, Progress.NONE);
    System.out.printf(
        "%s: fgd %.2f / %.2f, dropped %s; stowage %.2f / %.2f, dropped %s%n",
        misleading,
        fgd.gpuAllocationPercentAt100(),
        fgd.gpuAllocationPercentAt130(),
        fgd.failedByClass(),
        stowage.gpuAllocationPercentAt100(),
        stowage.gpuAllocationPercentAt130(),
        stowage.failedByClass());
    assertThat(stowage.gpuAllocationPercentAt100())
        .isGreaterThanOrEqualTo(fgd.gpuAllocationPercentAt100() - ALLOWED_POINTS);
    assertThat(stowage.gpuAllocationPercentAt130())
        .isGreaterThanOrEqualTo(fgd.gpuAllocationPercentAt130() - ALLOWED_POINTS);
    fgd.failedByClass()
        .forEach(
            (podClass, failed) ->
                assertThat(stowage.failedByClass().getOrDefault(podClass, 0))
                    .as("dropped pods, class %s", podClass)
                    .isLessThanOrEqualTo((int) Math.ceil(1.1 * failed) + 2));
  }
}
