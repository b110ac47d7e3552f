package io.stowage.core.fragmentation;

import static org.assertj.core.api.Assertions.assertThat;

import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeGpus;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.cluster.RandomChanges;
import io.stowage.core.cluster.Resources;
import io.stowage.core.fit.Fit;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StrandedTest {
  private static final String GPU = "gpu";

  /** Each GPU's free part by itself, each cause by the words of its documentation. */
  private static Map<StrandCause, Long> bruteForce(Cluster cluster, List<PodShape> workload) {
    Map<StrandCause, Long> milli = new EnumMap<>(StrandCause.class);
    for (StrandCause cause : StrandCause.values()) {
      milli.put(cause, 0L);
    }
    List<NodeState> nodes = new ArrayList<>();
    cluster.forEachNode(nodes::add);
    for (NodeState node : nodes) {
      Node spec = node.node();
      if (spec == null || !spec.countsAsCapacity()) {
        continue;
      }
      for (int i = 0; i < node.gpuCount(); i++) {
        int gpu = i;
        List<PodShape> roomForThem =
            workload.stream()
                .filter(shape -> !shape.gpu().isNone())
                .filter(shape -> node.hasGpuResource(shape.gpu().resource()))
                .filter(shape -> node.gpuHasRoom(gpu, shape.gpu()))
                .filter(
                    shape ->
                        IntStream.range(0, node.gpuCount())
                                .filter(other -> node.gpuHasRoom(other, shape.gpu()))
                                .count()
                            >= shape.gpu().count())
                .toList();
        List<PodShape> served =
            roomForThem.stream()
                .filter(shape -> shape.acceptsModel(node.gpuModel(gpu)))
                .filter(shape -> Fit.fitsGpus(shape, node))
                .toList();
        List<PodShape> withCpu =
            served.stream()
                .filter(shape -> shape.request().cpuMilli() <= node.freeCpuMilli())
                .toList();
        List<PodShape> withMemory =
            withCpu.stream()
                .filter(shape -> shape.request().memoryBytes() <= node.freeMemoryBytes())
                .toList();
        if (served.stream().noneMatch(shape -> Fit.shortages(shape, node).isEmpty())) {
          StrandCause cause =
              roomForThem.isEmpty()
                  ? StrandCause.FRAGMENT_TOO_SMALL
                  : served.isEmpty()
                      ? StrandCause.WRONG_MODEL
                      : withCpu.isEmpty()
                          ? StrandCause.NO_CPU
                          : withMemory.isEmpty() ? StrandCause.NO_MEMORY : StrandCause.OTHER;
          milli.merge(cause, node.gpuFreeMilli(gpu), Long::sum);
        }
      }
    }
    return milli;
  }

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {41, 42, 43, 44})
  void freeGpuThatNoShapeCanUseIsStrandedByItsCause(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    RandomChanges changes = new RandomChanges(random);
    Map<StrandCause, Long> seen = new EnumMap<>(StrandCause.class);
    for (int round = 0; round < 300; round++) {
      Cluster cluster = new Cluster();
      for (int i = 0; i < 6; i++) {
        cluster.putNode(changes.node(changes.nodeName()));
      }
      for (int i = random.nextInt(12); i > 0; i--) {
        cluster.place(changes.placement());
      }
      List<PodShape> workload = new ArrayList<>();
      for (int i = random.nextInt(4); i > 0; i--) {
        PodShape shape = changes.shape();
        workload.add(
            random.nextBoolean() || shape.gpu().isNone()
                ? shape
                : new PodShape(shape.request(), shape.gpu(), new TreeSet<>(List.of("A100"))));
      }
      Stranded stranded = Stranded.of(cluster, workload);
      assertThat(stranded.milliByCause()).isEqualTo(bruteForce(cluster, workload));
      assertThat(stranded.milli()).isLessThanOrEqualTo(stranded.freeMilli());
      stranded.milliByCause().forEach((cause, milli) -> seen.merge(cause, milli, Long::sum));
    }
    assertThat(seen).as("every cause was met").allSatisfy((c, m) -> assertThat(m).isPositive());
  }

  @Test
  void eachCauseIsToldApart() {
    PodShape half = shape(4_000, 1L << 30, 500);
    PodShape large = shape(4_000, 1L << 30, 900);
    PodShape ofP100 = new PodShape(half.request(), half.gpu(), new TreeSet<>(List.of("P100")));
    assertThat(causesOf(8_000, 8L << 30, 110, half)).isEmpty();
    assertThat(causesOf(3_000, 8L << 30, 110, half)).containsExactly(StrandCause.NO_CPU);
    assertThat(causesOf(8_000, 1L << 29, 110, half)).containsExactly(StrandCause.NO_MEMORY);
    assertThat(causesOf(3_000, 1L << 29, 110, half)).containsExactly(StrandCause.NO_CPU);
    assertThat(causesOf(8_000, 8L << 30, 1, half)).containsExactly(StrandCause.OTHER);
    assertThat(causesOf(8_000, 8L << 30, 110, large))
        .containsExactly(StrandCause.FRAGMENT_TOO_SMALL);
    assertThat(causesOf(8_000, 8L << 30, 110, ofP100)).containsExactly(StrandCause.WRONG_MODEL);
  }

  @Test
  void nodesThatAreNoCapacityStrandNothing() {
    Cluster cluster = new Cluster();
    cluster.putNode(
        new Node(
            "n",
            Resources.NONE,
            110,
            NodeGpus.shared(GPU, "T4", 4, 1000),
            false,
            false,
            false,
            false));
    Stranded stranded = Stranded.of(cluster, List.of(shape(1, 1, 500)));
    assertThat(stranded.freeMilli()).isZero();
    assertThat(stranded.milli()).isZero();
  }

  /** The causes on a node with one T4 of which 700 milli are left, and one pod there already. */
  private static List<StrandCause> causesOf(
      long cpuMilli, long memoryBytes, int podCapacity, PodShape workload) {
    Cluster cluster = new Cluster();
    cluster.putNode(
        Node.ready(
            "n",
            Resources.of(cpuMilli, memoryBytes),
            podCapacity,
            NodeGpus.shared(GPU, "T4", 1, 1000)));
    cluster.place(new Placement(new Pod("u", "", "", shape(0, 0, 300), 0), "n", List.of(0)));
    return Stranded.of(cluster, List.of(workload)).milliByCause().entrySet().stream()
        .filter(entry -> entry.getValue() > 0)
        .peek(entry -> assertThat(entry.getValue()).isEqualTo(700))
        .map(Map.Entry::getKey)
        .toList();
  }

  private static PodShape shape(long cpuMilli, long memoryBytes, long gpuMilli) {
    return PodShape.of(Resources.of(cpuMilli, memoryBytes), GpuRequest.share(GPU, gpuMilli));
  }
}
