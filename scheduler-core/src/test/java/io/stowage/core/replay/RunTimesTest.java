package io.stowage.core.replay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.cluster.Resources;
import io.stowage.core.trace.TracePod;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.SplittableRandom;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RunTimesTest {
  private static final GpuRequest ONE = GpuRequest.whole("gpu", 1);
  private static final GpuRequest EIGHT = GpuRequest.whole("gpu", 8);

  @Test
  void aPodRunsAsLongAsItDidButNotLongerThanThe99thPercentile() {
    List<TracePod> pods =
        IntStream.rangeClosed(1, 200).mapToObj(seconds -> pod(ONE, seconds)).toList();
    RunTimes times = new RunTimes(pods, List.of());
    assertThat(times.longestSeconds()).as("two of 200 are longer or equal").isEqualTo(199);
    assertThat(times.draw(9, new SplittableRandom(1))).isEqualTo(10);
    assertThat(times.draw(199, new SplittableRandom(1))).isEqualTo(199);
    assertThat(times.mean(199)).isEqualTo(199);
    assertThat(times.drawByLength(199, new SplittableRandom(1))).isEqualTo(199);
  }

  @Test
  void aPodWithoutOneDrawsFromTheRestWhateverTheirClass() {
    RunTimes times = new RunTimes(List.of(pod(ONE, 10), pod(EIGHT, 30), pod(ONE)), List.of());
    assertThat(draws(times, 2)).containsOnly(10, 30);
    assertThat(times.mean(2)).isEqualTo(20);
  }

  @Test
  void aWorkloadWithoutAnyTakesAnothersClassByClass() {
    List<TracePod> others = List.of(pod(ONE, 10), pod(EIGHT, 30), pod(GpuRequest.NONE, 50));
    RunTimes times =
        new RunTimes(List.of(pod(ONE), pod(EIGHT), pod(GpuRequest.share("gpu", 500))), others);
    assertThat(draws(times, 0)).containsOnly(10);
    assertThat(draws(times, 1)).containsOnly(30);
    assertThat(draws(times, 2)).as("a class that the other lacks").containsOnly(10, 30, 50);
  }

  @Test
  void ofAWorkloadWithSomeTheOthersAreNotLookedAt() {
    RunTimes times = new RunTimes(List.of(pod(ONE, 10), pod(EIGHT)), List.of(pod(EIGHT, 30)));
    assertThat(draws(times, 1)).containsOnly(10);
  }

  @Test
  void whatRunsWhenOneLooksIsDrawnInProportionToItsLength() {
    RunTimes times = new RunTimes(List.of(pod(ONE, 10), pod(ONE, 30), pod(ONE)), List.of());
    SplittableRandom random = new SplittableRandom(76);
    double mean =
        DoubleStream.generate(() -> times.drawByLength(2, random))
            .limit(40_000)
            .average()
            .orElseThrow();
    assertThat(mean).as("(10 x 10 + 30 x 30) / 40").isCloseTo(25, within(0.2));
  }

  private static List<Integer> draws(RunTimes times, int pod) {
    SplittableRandom random = new SplittableRandom(77);
    List<Integer> draws = new ArrayList<>();
    for (int i = 0; i < 1_000; i++) {
      draws.add((int) times.draw(pod, random));
    }
    return draws;
  }

  private static TracePod pod(GpuRequest gpu, double... seconds) {
    return new TracePod(
        "p",
        PodShape.of(Resources.NONE, gpu),
        0,
        seconds.length == 0 ? OptionalDouble.empty() : OptionalDouble.of(seconds[0]));
  }
}
