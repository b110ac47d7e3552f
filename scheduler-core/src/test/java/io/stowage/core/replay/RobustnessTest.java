package io.stowage.core.replay;

import static org.assertj.core.api.Assertions.assertThat;

import io.stowage.core.cluster.PodShape;
import io.stowage.core.trace.Scenario;
import io.stowage.core.trace.TracePod;
import io.stowage.core.trace.Traces;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the plan costs where the past tells little of what comes, on the public trace. */
class RobustnessTest {
  private static final double ALLOWED_POINTS = 0.2;

  @ParameterizedTest
  @EnumSource(MisleadingOrder.class)
  void aWrongForecastCostsLittle(MisleadingOrder misleading) {
    Scenario scenario = Traces.scenario("default");
    Map<PodShape, Long> milli = scenario.gpuMilliByShape();
    List<TracePod> arrivals =
        misleading.of(
            InflationReplay.arrivals(scenario, 42),
            TracePod::shape,
            shape -> milli.getOrDefault(shape, 0L));
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
