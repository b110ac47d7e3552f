package io.stowage.extender.explain;

import static org.assertj.core.api.Assertions.assertThat;

import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeGpus;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.cluster.Resources;
import io.stowage.core.fit.Fit;
import io.stowage.extender.kube.PlacementRules.Refusal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NodesByMissingTest {
  private static final String SHARED = "aliyun.com/gpu-mem";
  private static final String WHOLE = "nvidia.com/gpu";
  private static final long GIB = 1L << 30;

  private static PodShape shape(long cpuMilli, GpuRequest gpu) {
    return PodShape.of(Resources.of(cpuMilli, GIB), gpu);
  }

  private static Node node(String name, long cpuMilli, NodeGpus gpus) {
    return Node.ready(name, Resources.of(cpuMilli, 64 * GIB), 10, gpus);
  }

  @Test
  void sentenceOfTheDocumentation() {
    PodShape shape =
        PodShape.of(Resources.of(3_200, GIB), GpuRequest.share("stowage.io/gpu-milli", 810));
    NodesByMissing nodes =
        new NodesByMissing(
            List.of(),
            Map.of(
                Missing.CORDONED,
                names(14),
                Missing.CPU,
                names(87),
                Missing.FRAGMENTED,
                names(212)));
    assertThat(WaitSentence.withNeed(shape, 1000, nodes, false))
        .isEqualTo(
            "needs 1 GPU with 810 of 1000 free: 212 nodes have enough in total but no single GPU;"
                + " 87 lack CPU (need 3.2 cores); 14 are cordoned");
  }

  private static List<String> names(int count) {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      names.add("n" + i);
    }
    return names;
  }

  @Test
  void rulesComeBeforeAmountsAndGpusOfAnotherKindBeforeRules() {
    Cluster cluster = new Cluster();
    cluster.putNode(node("plain", 1_000, NodeGpus.NONE));
    cluster.putNode(node("small", 1_000, NodeGpus.counted(WHOLE, "T4", 4)));
    PodShape shape = shape(2_000, GpuRequest.whole(WHOLE, 1));
    assertThat(NodesByMissing.of(shape, cluster, node -> Optional.empty(), node -> true).counts())
        .isEqualTo(Map.of(Missing.NO_GPU, 1, Missing.CPU, 1));
    assertThat(
            NodesByMissing.of(shape, cluster, node -> Optional.of(Refusal.TAINTED), node -> true)
                .counts())
        .isEqualTo(Map.of(Missing.NO_GPU, 1, Missing.TAINTED, 1));
    assertThat(
            NodesByMissing.of(shape, cluster, node -> Optional.of(Refusal.CORDONED), node -> true)
                .counts())
        .isEqualTo(Map.of(Missing.CORDONED, 2));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void everyNodeCountsOnce(long seed) {
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    for (int round = 0; round < 50; round++) {
      Cluster cluster = new Cluster();
      Map<String, Optional<Refusal>> refusals = new HashMap<>();
      int nodes = random.nextInt(30);
      for (int i = 0; i < nodes; i++) {
        NodeGpus gpus =
            switch (random.nextInt(4)) {
              case 0 -> NodeGpus.NONE;
              case 1 -> NodeGpus.counted(WHOLE, "A100", 1 + random.nextInt(4));
              default -> NodeGpus.shared(SHARED, "T4", 1 + random.nextInt(4), 16);
            };
        cluster.putNode(node("n" + i, 1_000L * (1 + random.nextInt(8)), gpus));
        Refusal[] all = Refusal.values();
        refusals.put(
            "n" + i,
            random.nextInt(4) == 0
                ? Optional.of(all[random.nextInt(all.length)])
                : Optional.empty());
      }
      for (int i = 0; i < 3 * nodes; i++) {
        PodShape placed = randomShape(random);
        String name = "n" + random.nextInt(nodes);
        if (Fit.fits(placed, Objects.requireNonNull(cluster.node(name)))) {
          cluster.place(new Placement(new Pod("u" + i, "d", "p" + i, placed, 0), name, List.of()));
        }
      }
      PodShape shape = randomShape(random);
      NodesByMissing found =
          NodesByMissing.of(
              shape,
              cluster,
              node -> Objects.requireNonNull(refusals.get(node.name())),
              node -> true);
      assertThat(found.total()).as("seed %d, round %d", seed, round).isEqualTo(nodes);
      List<String> every = new ArrayList<>(found.fittingNodes());
      found.nodes().values().forEach(every::addAll);
      assertThat(new HashSet<>(every)).as("seed %d, round %d", seed, round).hasSize(nodes);
      for (int i = 0; i < nodes; i++) {
        String name = "n" + i;
        boolean fits =
            Objects.requireNonNull(refusals.get(name)).isEmpty()
                && Fit.fits(shape, Objects.requireNonNull(cluster.node(name)));
        assertThat(found.fittingNodes().contains(name))
            .as("seed %d, round %d, %s", seed, round, name)
            .isEqualTo(fits);
      }
    }
  }

  private static PodShape randomShape(Random random) {
    GpuRequest gpu =
        switch (random.nextInt(3)) {
          case 0 -> GpuRequest.NONE;
          case 1 -> GpuRequest.whole(random.nextBoolean() ? WHOLE : SHARED, 1 + random.nextInt(3));
          default -> GpuRequest.share(SHARED, 1 + random.nextInt(16));
        };
    return shape(500L * (1 + random.nextInt(6)), gpu);
  }
}
