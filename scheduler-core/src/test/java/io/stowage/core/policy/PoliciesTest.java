package io.stowage.core.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeGpus;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.cluster.Resources;
import io.stowage.core.fragmentation.TypicalPods;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Scores against values worked out by hand from each policy's source. */
class PoliciesTest {
  private static final String GPU = "gpu";

  @Test
  void anUnknownNameIsAnsweredWithAllThereAre() {
    assertThat(Policies.names())
        .containsExactly(
            "random",
            "least-allocated",
            "most-allocated",
            "best-fit",
            "dot-product",
            "gpu-packing",
            "gpu-clustering",
            "fgd",
            "stowage");
    assertThatThrownBy(() -> Policies.create("worst-fit", TypicalPods.of(Map.of())))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "no placement policy is called 'worst-fit'; there are random, least-allocated,"
                + " most-allocated, best-fit, dot-product, gpu-packing, gpu-clustering, fgd,"
                + " stowage");
    assertThat(Policies.names())
        .allSatisfy(
            name ->
                assertThat(Policies.create(name, TypicalPods.of(Map.of())).name()).isEqualTo(name));
  }

  /**
   * A node with 1000 and 400 milli left, and a workload of halves and whole GPUs alike. Before,
   * neither can use the 400: F = 400.
   *
   * <ul>
   *   <li>A share of 300 on the second GPU leaves 1000 and 100: F = 100, d = +300, and 100 x
   *       sigmoid(0.3) = 57.4.
   *   <li>On the first it leaves 700 and 400: a half cannot use 400, a whole GPU none of the 1100:
   *       F = 750, d = -350, and 100 x sigmoid(-0.35) = 41.3.
   * </ul>
   */
  @Test
  void fgdPutsAShareWhereFragmentationFallsMost() {
    NodeState node = node(NodeGpus.shared(GPU, "T4", 2, 1000), share(600, 1));
    TypicalPods typical =
        TypicalPods.of(
            Map.of(
                PodShape.of(Resources.of(1000, 0), GpuRequest.share(GPU, 500)), 1L,
                PodShape.of(Resources.of(1000, 0), GpuRequest.whole(GPU, 1)), 1L));
    PlacementPolicy fgd = Policies.create("fgd", typical);
    PodShape share = PodShape.of(Resources.of(1000, 0), GpuRequest.share(GPU, 300));

    assertThat(fgd.score(share, node)).isEqualTo(57);
    assertThat(fgd.gpuDevices(share, node)).containsExactly(1);
  }

  /**
   * kube-scheduler v1.37 on a node of 4000 milli-cores and 10,000 bytes, of which 1000 and 5000 are
   * asked for, and a pod that asks for 500 and 1000.
   *
   * <ul>
   *   <li>least_allocated.go: (4000 - 1500) x 100 / 4000 = 62, (10000 - 6000) x 100 / 10000 = 40;
   *       (62 + 40) / 2 = 51.
   *   <li>balanced_allocation.go: with the pod (1 - |0.375 - 0.6| / 2) x 100 = 88, without it (1 -
   *       |0.25 - 0.5| / 2) x 100 = 87; 50 + (50 + 88 - 87) / 2 = 75.
   *   <li>most_allocated.go: 1500 x 100 / 4000 = 37, 6000 x 100 / 10000 = 60; (37 + 60) / 2 = 48.
   *       With 2 of 4 GPUs asked where 1 is taken: 3 x 100 / 4 = 75 with weight 10; (37 + 60 + 750)
   *       / 12 = 70.
   * </ul>
   */
  @Test
  void leastAndMostAllocatedScoreAsKubeSchedulerDoes() {
    Cluster cluster = new Cluster();
    NodeState node =
        cluster.putNode(
            Node.ready("n", Resources.of(4_000, 10_000), 110, NodeGpus.counted(GPU, "T4", 4)));
    place(cluster, PodShape.of(Resources.of(1_000, 5_000), GpuRequest.whole(GPU, 1)));
    PlacementPolicy least = Policies.create("least-allocated", TypicalPods.of(Map.of()));
    PlacementPolicy most = Policies.create("most-allocated", TypicalPods.of(Map.of()));
    PodShape cpuOnly = PodShape.of(Resources.of(500, 1_000), GpuRequest.NONE);
    PodShape twoGpus = PodShape.of(Resources.of(500, 1_000), GpuRequest.whole(GPU, 2));

    assertThat(least.score(cpuOnly, node)).isEqualTo(51 + 75);
    assertThat(least.score(twoGpus, node)).as("GPUs have no weight").isEqualTo(51 + 75);
    assertThat(most.score(cpuOnly, node)).isEqualTo(48);
    assertThat(most.score(twoGpus, node)).isEqualTo(70);
  }

  /** What a node without CPU or memory has is left out of kube-scheduler's mean. */
  @Test
  void aResourceThatTheNodeLacksIsLeftOutOfTheMean() {
    Cluster cluster = new Cluster();
    NodeState node = cluster.putNode(Node.ready("n", Resources.of(4_000, 0), 110, NodeGpus.NONE));
    PodShape shape = PodShape.of(Resources.of(1_000, 0), GpuRequest.NONE);
    assertThat(Policies.create("most-allocated", TypicalPods.of(Map.of())).score(shape, node))
        .isEqualTo(25);
    assertThat(Policies.create("least-allocated", TypicalPods.of(Map.of())).score(shape, node))
        .as("75 and a balance that stays the same: 50 + 50 / 2")
        .isEqualTo(75 + 75);
  }

  /**
   * One GPU and 12 cores of a node with 64 cores and 2 GPUs. Best fit: 1 - 0.5 x 52 / 128 - 0.5 x 1
   * / 8 = 0.734. Dot product: 1 - (64 / 128 x 12 / 128 + 2 / 8 x 1 / 8) / 2 = 0.961.
   */
  @Test
  void bestFitAndDotProductMeasureAgainstTheLargestNode() {
    NodeState node = node(NodeGpus.shared(GPU, "T4", 2, 1000));
    PodShape shape = PodShape.of(Resources.of(12_000, 0), GpuRequest.whole(GPU, 1));
    assertThat(Policies.create("best-fit", TypicalPods.of(Map.of())).score(shape, node))
        .isEqualTo(73);
    assertThat(Policies.create("dot-product", TypicalPods.of(Map.of())).score(shape, node))
        .isEqualTo(96);
  }

  static Stream<Arguments> packing() {
    return Stream.of(
        Arguments.of("a free node with 4 GPUs: 33 - 4", 29.0, new Held[0], shape(500)),
        Arguments.of(
            "one free GPU of a node in use: 50 - 1", 49.0, held(share(600, 0)), shape(500)),
        Arguments.of(
            "a used GPU with 40 % left: 100 - 40 / 10", 96.0, held(share(600, 0)), shape(400)),
        Arguments.of("two free GPUs of a node in use: 50 - 2", 48.0, held(share(600, 0)), whole(2)),
        Arguments.of(
            "no GPU asked",
            0.0,
            held(share(600, 0)),
            PodShape.of(Resources.NONE, GpuRequest.NONE)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("packing")
  void gpuPackingFillsUsedGpusFirst(String what, double score, Held[] held, PodShape shape) {
    NodeState node = node(NodeGpus.shared(GPU, "T4", 4, 1000), held);
    assertThat(Policies.create("gpu-packing", TypicalPods.of(Map.of())).score(shape, node))
        .as(what)
        .isEqualTo(score);
  }

  static Stream<Arguments> clustering() {
    return Stream.of(
        Arguments.of("other kinds only: 0 + 25 x 5000 / 8000", 15.0, held(whole(1), 0), shape(500)),
        Arguments.of("nothing: 25 + 25 x 4000 / 8000", 37.0, new Held[0], shape(500)),
        Arguments.of(
            "this kind and others: 50 + 25 x 5100 / 8000",
            65.0,
            held(whole(1), 0, share(100, 1)),
            shape(500)),
        Arguments.of(
            "this kind only: 75 + 25 x 4100 / 8000", 87.0, held(share(100, 0)), shape(500)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("clustering")
  void gpuClusteringPrefersNodesWithPodsOfTheKind(
      String what, double expected, Held[] held, PodShape shape) {
    NodeState node = node(NodeGpus.shared(GPU, "T4", 4, 1000), held);
    double score = Policies.create("gpu-clustering", TypicalPods.of(Map.of())).score(shape, node);
    assertThat(score).as(what).isEqualTo(expected);
  }

  private record Held(PodShape shape, int device) {}

  private static Held share(long milli, int device) {
    return new Held(shape(milli), device);
  }

  private static Held[] held(Held... held) {
    return held;
  }

  private static Held[] held(PodShape whole, int device, Held... more) {
    return Stream.concat(Stream.of(new Held(whole, device)), Stream.of(more)).toArray(Held[]::new);
  }

  private static PodShape shape(long milli) {
    return PodShape.of(Resources.NONE, GpuRequest.share(GPU, milli));
  }

  private static PodShape whole(int count) {
    return PodShape.of(Resources.NONE, GpuRequest.whole(GPU, count));
  }

  private static NodeState node(NodeGpus gpus, Held... held) {
    Cluster cluster = new Cluster();
    NodeState node = cluster.putNode(Node.ready("n", Resources.of(64_000, 1L << 38), 110, gpus));
    for (Held pod : held) {
      place(cluster, pod.shape, pod.device);
    }
    return node;
  }

  private static void place(Cluster cluster, PodShape shape, Integer... devices) {
    String uid = "u" + cluster.podCount();
    cluster.place(new Placement(new Pod(uid, "", "", shape, 0), "n", List.of(devices)));
  }
}
