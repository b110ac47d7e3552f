package io.stowage.core.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.stowage.core.cluster.Node;
import io.stowage.core.trace.SyntheticWorkload.Gpus;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SyntheticWorkloadTest {

  @ParameterizedTest
  @EnumSource
  void theSameArgumentsGiveTheSameWorkload(Gpus gpus) {
    assertThat(SyntheticWorkload.generate(50, 500, gpus, 7))
        .isEqualTo(SyntheticWorkload.generate(50, 500, gpus, 7))
        .isNotEqualTo(SyntheticWorkload.generate(50, 500, gpus, 8));
  }

  @Test
  void classesAndRunTimesAreCloseToThePublishedFigures() {
    Scenario scenario = SyntheticWorkload.generate(1_209, 20_000, Gpus.MIXED, 7);
    Map<PodClass, Integer> count = new EnumMap<>(PodClass.class);
    scenario.pods().forEach(pod -> count.merge(PodClass.of(pod.shape()), 1, Integer::sum));
    assertThat(percent(count, PodClass.CPU)).isCloseTo(13.3, within(1.0));
    assertThat(percent(count, PodClass.SHARE)).isCloseTo(37.8, within(1.0));
    assertThat(percent(count, PodClass.ONE)).isCloseTo(48.0, within(1.0));
    assertThat(percent(count, PodClass.TWO_TO_FOUR)).isCloseTo(0.3, within(0.15));
    assertThat(percent(count, PodClass.EIGHT)).isCloseTo(0.6, within(0.2));

    double[] seconds =
        scenario.pods().stream()
            .map(TracePod::runSeconds)
            .mapToDouble(OptionalDouble::orElseThrow)
            .sorted()
            .toArray();
    assertThat(seconds[seconds.length / 2]).isBetween(550.0, 690.0);
    assertThat(seconds[(int) (0.985 * seconds.length)]).isBetween(60_000.0, 114_715.0);
    assertThat(seconds[seconds.length - 1]).isEqualTo(114_715);
  }

  @Test
  void aClusterOfTheTracesSizeHasItsGpusAndCores() {
    List<Node> nodes = SyntheticWorkload.generate(1_213, 1, Gpus.MIXED, 7).nodes();
    long gpus = nodes.stream().mapToLong(node -> node.gpus().devices().size()).sum();
    long cores = nodes.stream().mapToLong(node -> node.allocatable().cpuMilli()).sum() / 1000;
    assertThat((double) gpus).isCloseTo(6_212, within(0.03 * 6_212));
    assertThat((double) cores).isCloseTo(107_018, within(0.03 * 107_018));
  }

  @Test
  void poolsKeepSharesAndWholeGpusApart() {
    Scenario scenario = SyntheticWorkload.generate(60, 2_000, Gpus.POOLS, 7);
    assertThat(scenario.nodes())
        .extracting(node -> node.gpus().resource())
        .contains("nvidia.com/gpu", "aliyun.com/gpu-mem");
    assertThat(scenario.nodes())
        .allSatisfy(
            node ->
                assertThat(node.gpus().visible())
                    .isEqualTo(node.gpus().resource().equals("aliyun.com/gpu-mem")));
    assertThat(scenario.pods())
        .filteredOn(pod -> pod.shape().gpu().isShare())
        .isNotEmpty()
        .allMatch(pod -> pod.shape().gpu().resource().equals("aliyun.com/gpu-mem"))
        .allMatch(pod -> pod.shape().gpu().unitsPerGpu() <= 16);
  }

  @Test
  void smallClustersHaveTheMixToo() {
    assertThat(SyntheticWorkload.generate(10, 1, Gpus.MIXED, 7).nodes())
        .extracting(node -> node.gpus().devices().get(0).model())
        .contains("A10", "T4", "P100");
  }

  @Test
  void nothingToGenerateIsRefused() {
    assertThatThrownBy(() -> SyntheticWorkload.generate(0, 5, Gpus.MIXED, 7))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("nodes and pods must be at least 1, were 0 and 5");
    assertThatThrownBy(() -> new Scenario(List.of(), List.of(), List.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a replay needs nodes and pods, there were 0 nodes and 0 pods");
  }

  private static double percent(Map<PodClass, Integer> count, PodClass podClass) {
    return 100.0
        * count.getOrDefault(podClass, 0)
        / count.values().stream().mapToInt(Integer::intValue).sum();
  }
}
