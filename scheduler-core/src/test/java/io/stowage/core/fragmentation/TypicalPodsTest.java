package io.stowage.core.fragmentation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.cluster.Resources;
import io.stowage.core.fragmentation.TypicalPods.TypicalPod;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TypicalPodsTest {

  @Test
  void theCommonestShapesAreKeptUntil95PercentAreCoveredAndSumTo1() {
    Map<PodShape, Long> counts = new LinkedHashMap<>();
    counts.put(shape(1000, 0), 5L);
    counts.put(shape(2000, 0), 60L);
    counts.put(shape(3000, 0), 30L);
    counts.put(shape(4000, 0), 5L);

    List<TypicalPod> pods = TypicalPods.of(counts).pods();

    assertThat(pods).as("90 % is not enough, 95 % is").hasSize(3);
    assertThat(pods).extracting(TypicalPod::cpuMilli).containsExactly(2000L, 3000L, 4000L);
    assertThat(pods)
        .extracting(TypicalPod::frequency)
        .containsExactly(60 / 95.0, 30 / 95.0, 5 / 95.0);
  }

  @Test
  void memoryIsNotLookedAt() {
    Map<PodShape, Long> counts = new LinkedHashMap<>();
    counts.put(shape(1000, 1), 1L);
    counts.put(shape(1000, 2), 1L);
    assertThat(TypicalPods.of(counts).pods())
        .containsExactly(new TypicalPod(1000, GpuRequest.share("gpu", 500), new TreeSet<>(), 1.0));
  }

  @Test
  void podsWithoutAGpuAndModelsTellShapesApart() {
    Map<PodShape, Long> counts = new LinkedHashMap<>();
    counts.put(shape(1000, 0), 1L);
    counts.put(PodShape.of(Resources.of(1000, 0), GpuRequest.NONE), 1L);
    counts.put(
        new PodShape(
            Resources.of(1000, 0), GpuRequest.share("gpu", 500), new TreeSet<>(List.of("T4"))),
        1L);
    assertThat(TypicalPods.of(counts).pods())
        .hasSize(3)
        .allSatisfy(pod -> assertThat(pod.frequency()).isCloseTo(1 / 3.0, within(1e-12)));
  }

  @Test
  void anEmptyWorkloadHasNone() {
    assertThat(TypicalPods.of(Map.of()).pods()).isEmpty();
  }

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {31, 32, 33})
  void noShapeLeftOutIsCommonerThanOneKept(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    Map<PodShape, Long> counts = new HashMap<>();
    long total = 0;
    for (int cpu = 0; cpu < 200; cpu++) {
      long count = 1L + random.nextInt(50);
      counts.put(shape(cpu, 0), count);
      total += count;
    }
    List<TypicalPod> pods = TypicalPods.of(counts).pods();

    long kept = 0;
    long least = Long.MAX_VALUE;
    Map<PodShape, Long> rest = new HashMap<>(counts);
    for (TypicalPod pod : pods) {
      long count = Objects.requireNonNull(rest.remove(shape(pod.cpuMilli(), 0)));
      assertThat(count).as("in descending order").isLessThanOrEqualTo(least);
      kept += count;
      least = count;
    }
    assertThat(kept).isGreaterThanOrEqualTo((long) Math.ceil(0.95 * total));
    assertThat(kept - least).as("without the last").isLessThan((long) Math.ceil(0.95 * total));
    long rarestKept = least;
    assertThat(rest.values()).allSatisfy(c -> assertThat(c).isLessThanOrEqualTo(rarestKept));
    assertThat(pods.stream().mapToDouble(TypicalPod::frequency).sum()).isCloseTo(1, within(1e-9));
  }

  private static PodShape shape(long cpuMilli, long memoryBytes) {
    return PodShape.of(Resources.of(cpuMilli, memoryBytes), GpuRequest.share("gpu", 500));
  }
}
