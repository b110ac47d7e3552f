package io.stowage.core.replay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.stowage.core.bound.Effort;
import io.stowage.core.bound.GpuBound;
import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeGpus;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.cluster.Resources;
import io.stowage.core.policy.Policies;
import io.stowage.core.trace.Scenario;
import io.stowage.core.trace.SyntheticWorkload.Gpus;
import io.stowage.core.trace.TracePod;
import io.stowage.core.trace.Traces;
import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** No policy passes the bound of its replay. */
class ReplayBoundTest {

  static Stream<Arguments> gpusAndSeeds() {
    return Stream.of(Gpus.values())
        .flatMap(gpus -> IntStream.range(0, 4).mapToObj(seed -> Arguments.of(gpus, seed)));
  }

  @ParameterizedTest
  @MethodSource("gpusAndSeeds")
  void noPolicyPassesTheBoundOfAnInflation(Gpus gpus, long seed) {
    Scenario scenario = Workloads.small(gpus, seed);
    ReplayBound.Inflation bound = ReplayBound.inflation(scenario, seed, Effort.DEFAULT);
    for (String policy : Policies.names()) {
      InflationReplay.Result result = InflationReplay.run(scenario, policy, seed, Progress.NONE);
      assertThat(result.gpuAllocationPercentAt100())
          .as("%s, %s, seed %d", policy, gpus, seed)
          .isLessThanOrEqualTo(bound.at100().gpuAllocationPercent());
      assertThat(result.gpuAllocationPercentAt130())
          .as("%s, %s, seed %d", policy, gpus, seed)
          .isLessThanOrEqualTo(bound.at130().gpuAllocationPercent());
    }
  }

  @ParameterizedTest
  @MethodSource("gpusAndSeeds")
  void noPolicyPassesTheBoundOfABurst(Gpus gpus, long seed) {
    Scenario scenario = Workloads.small(gpus, seed);
    GpuBound bound = ReplayBound.burst(scenario, Effort.DEFAULT);
    for (String policy : Policies.names()) {
      assertThat(
              BurstReplay.run(scenario, policy, false, seed, () -> 0, Progress.NONE)
                  .gpuAllocationPercent())
          .as("%s, %s, seed %d", policy, gpus, seed)
          .isLessThanOrEqualTo(bound.gpuAllocationPercent());
    }
  }

  @Test
  void churnBelowWhatFitsIsBoundedByWhatIsOffered() {
    Scenario scenario = sharesOf(0.5);
    ChurnReplay.Settings settings = new ChurnReplay.Settings(0.5, 500, 2_000, 0);
    ChurnReplay.Result result =
        ChurnReplay.run(scenario, List.of(), settings, "best-fit", 7, Progress.NONE);
    GpuBound bound = ReplayBound.churn(scenario, List.of(), settings, 7, Effort.DEFAULT);
    assertThat(bound.gpuAllocationPercent()).isCloseTo(result.gpuOfferedPercent(), within(0.05));
  }

  @Test
  void churnAboveWhatFitsIsBoundedByWhatCanBePacked() {
    Scenario scenario = sharesOf(0.6);
    ChurnReplay.Settings settings = new ChurnReplay.Settings(2, 500, 2_000, 0);
    GpuBound bound = ReplayBound.churn(scenario, List.of(), settings, 7, Effort.DEFAULT);
    assertThat(bound.gpuAllocationPercent()).isCloseTo(60, within(0.05));
  }

  /** Returns ten nodes of one GPU and pods that each ask for a part of one. */
  private static Scenario sharesOf(double part) {
    PodShape shape =
        PodShape.of(Resources.of(1_000, 0), GpuRequest.share("gpu", Math.round(1_000 * part)));
    return new Scenario(
        IntStream.range(0, 10)
            .mapToObj(
                i ->
                    Node.ready(
                        "node-" + i,
                        Resources.of(8_000, 1L << 30),
                        100,
                        NodeGpus.shared("gpu", "A", 1, 1_000)))
            .toList(),
        List.of(),
        List.of(new TracePod("pod", shape, 0, OptionalDouble.of(100))));
  }

  /** Expected: another program for the same relaxation, means of ten seeds, other arrivals. */
  @ParameterizedTest
  @CsvSource({"default, 96.90, 99.89", "gpushare100, 89.16, 91.61"})
  void boundsOfThePublicTracesAgreeWithAnotherProgram(String variant, double at100, double at130) {
    ReplayBound.Inflation bound =
        ReplayBound.inflation(Traces.scenario(variant), 42, Effort.GPUS_ALONE);
    System.out.printf(
        "%s, seed 42: %.2f / %.2f%n",
        variant, bound.at100().gpuAllocationPercent(), bound.at130().gpuAllocationPercent());
    assertThat(bound.at100().gpuAllocationPercent()).isCloseTo(at100, within(0.3));
    assertThat(bound.at130().gpuAllocationPercent()).isCloseTo(at130, within(0.3));
  }
}
