package io.stowage.core.replay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.stowage.core.policy.Policies;
import io.stowage.core.trace.Scenario;
import io.stowage.core.trace.SyntheticWorkload;
import io.stowage.core.trace.SyntheticWorkload.Gpus;
import io.stowage.core.trace.TracePod;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalDouble;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ChurnReplayTest {

  @ParameterizedTest(name = "{0}, {1}, seed {2}")
  @MethodSource("io.stowage.core.replay.Workloads#policiesGpusAndSeeds")
  void theResultIsThatOfANaiveReplay(String policy, Gpus gpus, long seed) {
    Scenario scenario = Workloads.small(gpus, seed);
    ChurnReplay.Settings settings = new ChurnReplay.Settings(1.05, 100, 300, 0);
    ChurnReplay.Result expected =
        new NaiveChurn(scenario, List.of(), settings, policy, seed).run(policy, seed);
    ChurnReplay.Result result =
        ChurnReplay.run(scenario, List.of(), settings, policy, seed, Progress.NONE);
    assertThat(result)
        .usingRecursiveComparison()
        .withComparatorForType(
            (a, b) -> Math.abs(a - b) <= 1e-9 * (1 + Math.abs(b)) ? 0 : Double.compare(a, b),
            Double.class)
        .isEqualTo(expected);
  }

  @ParameterizedTest(name = "kept for {0} s, seed {1}")
  @CsvSource({"50, 81", "500, 82", "5000, 83", "500, 84"})
  void podsMayHaveToWaitForRoomThatIsKept(double keepSeconds, long seed) {
    Scenario drawn = Workloads.small(Gpus.MIXED, seed);
    Scenario scenario =
        new Scenario(
            drawn.nodes(),
            drawn.running(),
            drawn.pods().stream()
                .map(pod -> new TracePod(pod.name(), pod.shape(), 0, pod.runSeconds()))
                .toList());
    ChurnReplay.Settings settings = new ChurnReplay.Settings(0.95, 200, 400, keepSeconds);
    ChurnReplay.Result result =
        ChurnReplay.run(scenario, List.of(), settings, "stowage", seed, Progress.NONE);
    assertThat(result)
        .usingRecursiveComparison()
        .withComparatorForType(
            (a, b) -> Math.abs(a - b) <= 1e-9 * (1 + Math.abs(b)) ? 0 : Double.compare(a, b),
            Double.class)
        .isEqualTo(
            new NaiveChurn(scenario, List.of(), settings, "stowage", seed).run("stowage", seed));
    ChurnReplay.Settings atOnce = new ChurnReplay.Settings(0.95, 200, 400, 0);
    assertThat(ChurnReplay.run(scenario, List.of(), atOnce, "stowage", seed, Progress.NONE))
        .as("the setting matters in seed %s", seed)
        .isNotEqualTo(result);
  }

  @ParameterizedTest(name = "window of {0} arrivals")
  @ValueSource(ints = {1, 2, 101})
  void aShortWindowHasFiguresToo(int window) {
    ChurnReplay.Settings settings = new ChurnReplay.Settings(0.9, 0, window, 0);
    Scenario scenario = Workloads.small(Gpus.MIXED, 71);
    ChurnReplay.Result result =
        ChurnReplay.run(scenario, List.of(), settings, "fgd", 71, Progress.NONE);
    assertThat(result.gpuAllocationPercent()).isBetween(1.0, 100.0);
    assertThat(result.gpuOfferedPercent()).isPositive();
    assertThat(result.arrivals()).isEqualTo(window);
  }

  @Test
  void everyArrivalIsPlacedOrWaits() {
    Scenario scenario = Workloads.small(Gpus.MIXED, 72);
    ChurnReplay.Settings settings = new ChurnReplay.Settings(1.3, 0, 2_000, 0);
    ChurnReplay.Result result =
        ChurnReplay.run(scenario, List.of(), settings, "best-fit", 72, Progress.NONE);
    int waiting =
        result.waitingByClass().values().stream().mapToInt(WaitingTimes::stillWaiting).sum();
    int counted = result.waitingByClass().values().stream().mapToInt(WaitingTimes::count).sum();
    assertThat(waiting).as("overload").isPositive();
    assertThat(counted + result.unplaceable()).isEqualTo(2_000);
    assertThat(result.placed() + waiting + result.unplaceable()).isEqualTo(2_000);
    assertThat(result.maxOvertaken()).isPositive();
  }

  @ParameterizedTest(name = "{0} of capacity")
  @CsvSource({"0.5, 2.5", "0.9, 4.5", "1.1, 5.5"})
  void theOfferedLoadIsNearTheOneAskedFor(double load, double tolerance) {
    Scenario generated = SyntheticWorkload.generate(60, 3_000, Gpus.MIXED, 73);
    List<TracePod> pods =
        generated.pods().stream()
            .map(pod -> new TracePod(pod.name(), pod.shape(), 0, OptionalDouble.of(100)))
            .toList();
    Scenario scenario = new Scenario(generated.nodes(), List.of(), pods);
    ChurnReplay.Settings settings = new ChurnReplay.Settings(load, 1_000, 20_000, 0);
    ChurnReplay.Result result =
        ChurnReplay.run(scenario, List.of(), settings, "best-fit", 73, Progress.NONE);
    assertThat(result.gpuOfferedPercent()).isCloseTo(100 * load, within(tolerance));
    assertThat(result.gpuAllocationPercent()).isLessThan(100);
  }

  @Test
  void aSeedGivesTheSameResultAgainAndTheSameArrivalsToEveryPolicy() {
    Scenario scenario = Workloads.small(Gpus.MIXED, 74);
    ChurnReplay.Settings settings = new ChurnReplay.Settings(0.95, 50, 200, 0);
    Set<Double> offered = new HashSet<>();
    for (String policy : Policies.names()) {
      ChurnReplay.Result result =
          ChurnReplay.run(scenario, List.of(), settings, policy, 74, Progress.NONE);
      assertThat(ChurnReplay.run(scenario, List.of(), settings, policy, 74, Progress.NONE))
          .isEqualTo(result);
      offered.add(result.gpuOfferedPercent());
    }
    assertThat(offered).hasSize(1);
  }

  @Test
  void settingsOutOfRangeAreRefused() {
    assertThatThrownBy(() -> new ChurnReplay.Settings(0, 0, 1, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("load must be above 0 and at most 10, was 0.0");
    assertThatThrownBy(() -> new ChurnReplay.Settings(Double.NaN, 0, 1, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("load must be above 0 and at most 10, was NaN");
    assertThatThrownBy(() -> new ChurnReplay.Settings(1, -1, 0, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("warm-up must be at least 0 and window at least 1 arrivals, were -1 and 0");
  }

  @Test
  void withoutAnyRunTimeTheUserIsToldWhereTheyComeFrom() {
    Scenario generated = SyntheticWorkload.generate(5, 50, Gpus.MIXED, 75);
    List<TracePod> pods =
        generated.pods().stream()
            .map(pod -> new TracePod(pod.name(), pod.shape(), 0, OptionalDouble.empty()))
            .toList();
    Scenario scenario = new Scenario(generated.nodes(), List.of(), pods);
    ChurnReplay.Settings settings = new ChurnReplay.Settings(1, 0, 10, 0);
    assertThatThrownBy(
            () -> ChurnReplay.run(scenario, List.of(), settings, "fgd", 75, Progress.NONE))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "churn needs run times, and no pod has a scheduled_time and a deletion_time;"
                + " name a file that has them with --run-times");
    assertThat(
            ChurnReplay.run(scenario, generated.pods(), settings, "fgd", 75, Progress.NONE)
                .arrivals())
        .isEqualTo(10);
  }
}
