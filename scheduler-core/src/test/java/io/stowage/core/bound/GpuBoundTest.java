package io.stowage.core.bound;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stowage.core.bound.GpuBound.Relaxation;
import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeGpus;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.cluster.Resources;
import io.stowage.core.trace.SyntheticWorkload;
import io.stowage.core.trace.SyntheticWorkload.Gpus;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Bounds hold whatever is done, and are reached where they can be. */
class GpuBoundTest {
  private static final int CASES = 1_200;
  private static final long GIB = 1L << 30;

  @Test
  void noPlacementPassesTheBound() {
    int tight = 0;
    int byNodes = 0;
    for (long seed = 0; seed < CASES; seed++) {
      SmallCases.Case small = SmallCases.random(seed);
      long most = SmallCases.most(small);
      GpuBound bound = GpuBound.of(small.nodes(), small.staying(), small.demand(), Effort.DEFAULT);
      GpuBound gpusAlone =
          GpuBound.of(small.nodes(), small.staying(), small.demand(), Effort.GPUS_ALONE);
      assertThat(bound.gpuMilli())
          .as("seed %d: %s", seed, small)
          .isBetween(most, gpusAlone.gpuMilli());
      tight += bound.gpuMilli() == most ? 1 : 0;
      byNodes += bound.relaxation() == Relaxation.NODE_TYPES ? 1 : 0;
    }
    System.out.printf(
        "seeds 0 to %d: bound reached in %d cases, lower by nodes in %d%n",
        CASES - 1, tight, byNodes);
    assertThat(tight).isGreaterThan(CASES / 2);
    assertThat(byNodes).isGreaterThan(CASES / 10);
  }

  @Test
  void lessEffortGivesAHigherBoundAndStillOne() {
    for (long seed = 0; seed < 200; seed++) {
      SmallCases.Case small = SmallCases.random(seed);
      GpuBound hasty =
          GpuBound.of(small.nodes(), small.staying(), small.demand(), new Effort(2, 1_000, 10));
      assertThat(hasty.gpuMilli())
          .as("seed %d: %s", seed, small)
          .isGreaterThanOrEqualTo(SmallCases.most(small));
    }
  }

  @Test
  void runningPodsOfASnapshotMayMove() {
    List<Node> nodes = nodes(2, 1, "A", 100_000);
    List<Placement> running = new ArrayList<>();
    for (Node node : nodes) {
      Pod pod = new Pod("on-" + node.name(), "", "running", share(500, 0), 0);
      running.add(new Placement(pod, node.name(), List.of(0)));
    }
    Pod waiting = new Pod("waiting", "", "waiting", whole(1, 0), 0);
    assertThat(
            GpuBound.ofSnapshot(nodes, running, List.of(waiting), Effort.DEFAULT)
                .gpuAllocationPercent())
        .isEqualTo(100);
    assertThat(
            GpuBound.of(nodes, running, Map.of(whole(1, 0), 1L), Effort.DEFAULT)
                .gpuAllocationPercent())
        .isEqualTo(50);
  }

  @Test
  void sharesThatDoNotGoTogetherLeaveTheRestOfAGpu() {
    GpuBound bound = bound(nodes(10, 1, "A", 100_000), Map.of(share(600, 1_000), 20L));
    assertThat(bound.gpuAllocationPercent()).isEqualTo(60);
    assertThat(bound.relaxation()).isEqualTo(Relaxation.PER_GPU);
  }

  @Test
  void pricesOfTheExampleInTheDocs() {
    Map<PodShape, Long> pods = new LinkedHashMap<>();
    pods.put(share(600, 1_000), 12L);
    pods.put(share(300, 1_000), 6L);
    GpuBound bound = bound(nodes(10, 1, "A", 8_000), pods);
    assertThat(bound.gpuMilli()).isEqualTo(7_800);
    assertThat(bound.certificate().kindPrices()).containsExactly(0L, 300_000_000L);
    assertThat(bound.certificate().nodeTypes().get(0).surplus()).isEqualTo(600_000_000);
  }

  @Test
  void sharesThatGoTogetherFillAGpu() {
    assertThat(
            bound(
                    nodes(10, 1, "A", 100_000),
                    Map.of(share(600, 1_000), 10L, share(400, 1_000), 10L))
                .gpuAllocationPercent())
        .isEqualTo(100);
  }

  @Test
  void podsOfSeveralGpusLeaveWhatANodeHasBeyond() {
    GpuBound bound = bound(nodes(4, 3, "A", 100_000), Map.of(whole(2, 1_000), 10L));
    assertThat(bound.gpuMilli()).isEqualTo(4 * 2_000);
    assertThat(bound.relaxation()).isEqualTo(Relaxation.NODE_TYPES);
  }

  @Test
  void cpuLimitsGpu() {
    GpuBound bound = bound(nodes(3, 8, "A", 16_000), Map.of(whole(1, 4_000), 100L));
    assertThat(bound.gpuAllocationPercent()).isEqualTo(50);
    assertThat(bound.relaxation()).isEqualTo(Relaxation.NODE_TYPES);
  }

  @Test
  void memoryLimitsGpu() {
    PodShape large = PodShape.of(Resources.of(0, 64 * GIB), GpuRequest.whole("gpu", 1));
    GpuBound bound = bound(nodes(3, 4, "A", 16_000), Map.of(large, 100L));
    // A MiB's price is a whole number of nano-GPU, so that a milli-GPU may be lost to rounding.
    assertThat(bound.gpuMilli()).isBetween(6_000L, 6_001L);
    assertThat(bound.relaxation()).isEqualTo(Relaxation.NODE_TYPES);
  }

  @Test
  void modelsLimitGpu() {
    List<Node> nodes = new ArrayList<>(nodes(1, 4, "A", 100_000));
    nodes.add(node("other", 4, "B", 100_000));
    PodShape onlyA =
        new PodShape(
            Resources.of(1_000, 0), GpuRequest.whole("gpu", 1), new TreeSet<>(Set.of("A")));
    assertThat(bound(nodes, Map.of(onlyA, 8L)).gpuAllocationPercent()).isEqualTo(50);
  }

  @Test
  void podsThatStayHoldTheirGpus() {
    List<Node> nodes = nodes(2, 1, "A", 100_000);
    Placement staying =
        new Placement(
            new Pod("staying", "", "", share(500, 0), 0), nodes.get(0).name(), List.of(0));
    GpuBound bound =
        GpuBound.of(nodes, List.of(staying), Map.of(share(600, 0), 5L), Effort.DEFAULT);
    assertThat(bound.gpuMilli()).isEqualTo(500 + 600);
  }

  @Test
  void unitsMayBeBytes() {
    List<Node> nodes =
        List.of(
            Node.ready(
                "node", Resources.of(1_000, 0), 110, NodeGpus.shared("gpu", "", 2, 80 * GIB)));
    GpuBound bound =
        bound(nodes, Map.of(PodShape.of(Resources.NONE, GpuRequest.share("gpu", 30 * GIB)), 5L));
    assertThat(bound.gpuMilli()).isBetween(1_500L, 1_502L);
  }

  @Test
  void sharesTooSmallToBeCountedAreRefused() {
    assertThatThrownBy(
            () ->
                bound(
                    List.of(
                        Node.ready(
                            "node",
                            Resources.of(1_000, 0),
                            110,
                            NodeGpus.shared("gpu", "", 2, 80 * GIB))),
                    Map.of(PodShape.of(Resources.NONE, GpuRequest.share("gpu", 1)), 5L)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at least 1/65536 of a GPU");
  }

  @Test
  void aMeanIsBoundedByTheSameRules() {
    List<Node> nodes = nodes(4, 2, "A", 100_000);
    assertThat(
            GpuBound.ofMean(nodes, List.of(), Map.of(whole(1, 0), 2.5), Effort.DEFAULT).gpuMilli())
        .isEqualTo(2_500);
    assertThat(
            GpuBound.ofMean(nodes, List.of(), Map.of(share(600, 0), 9.5), Effort.DEFAULT)
                .gpuMilli())
        .isEqualTo(4 * 2 * 600);
  }

  @Test
  void nodesThatAreDownCountForNothing() {
    Node up = node("up", 1, "A", 1_000);
    Node down = new Node("down", up.allocatable(), 100, up.gpus(), false, false, false, false);
    GpuBound bound = bound(List.of(up, down), Map.of(whole(1, 0), 2L));
    assertThat(bound.capacityGpuMilli()).isEqualTo(1_000);
    assertThat(bound.gpuMilli()).isEqualTo(1_000);
  }

  @Test
  void nothingToPlaceAllocatesNothing() {
    assertThat(bound(nodes(2, 2, "A", 1_000), Map.of()).gpuMilli()).isZero();
    assertThat(bound(List.of(node("n", 0, "", 1_000)), Map.of(whole(1, 0), 2L)).gpuMilli())
        .isZero();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2})
  void sameInputGivesTheSameBound(long seed) {
    var scenario = SyntheticWorkload.generate(30, 200, Gpus.MIXED, seed);
    Map<PodShape, Long> demand =
        scenario.pods().stream()
            .collect(Collectors.groupingBy(pod -> pod.shape(), Collectors.counting()));
    GpuBound bound = bound(scenario.nodes(), demand);
    assertThat(bound(scenario.nodes(), demand)).isEqualTo(bound);
    assertThat(bound.gpuMilli()).isPositive();
  }

  private static GpuBound bound(List<Node> nodes, Map<PodShape, Long> pods) {
    return GpuBound.of(nodes, List.of(), pods, Effort.DEFAULT);
  }

  private static List<Node> nodes(int count, int gpus, String model, long cpuMilli) {
    return IntStream.range(0, count)
        .mapToObj(i -> node("node-" + i, gpus, model, cpuMilli))
        .toList();
  }

  private static Node node(String name, int gpus, String model, long cpuMilli) {
    return Node.ready(
        name, Resources.of(cpuMilli, 128 * GIB), 110, NodeGpus.shared("gpu", model, gpus, 1_000));
  }

  private static PodShape share(long milli, long cpuMilli) {
    return PodShape.of(Resources.of(cpuMilli, 0), GpuRequest.share("gpu", milli));
  }

  private static PodShape whole(int gpus, long cpuMilli) {
    return PodShape.of(Resources.of(cpuMilli, 0), GpuRequest.whole("gpu", gpus));
  }
}
