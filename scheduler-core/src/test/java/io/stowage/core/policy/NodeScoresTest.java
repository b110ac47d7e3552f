package io.stowage.core.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeGpus;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.cluster.RandomChanges;
import io.stowage.core.cluster.Resources;
import io.stowage.core.fit.Fit;
import io.stowage.core.fragmentation.TypicalPods;
import io.stowage.core.plan.PlanRequest;
import io.stowage.core.plan.Planner;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class NodeScoresTest {

  static Stream<Arguments> policiesAndSeeds() {
    return Policies.names().stream()
        .flatMap(name -> Stream.of(51L, 52L).map(seed -> Arguments.of(name, seed)));
  }

  /** All that the kept scores must agree with: a look at every node, for every pod, anew. */
  @ParameterizedTest(name = "{0}, seed {1}")
  @MethodSource("policiesAndSeeds")
  void theBestNodeIsThatOfAScanThatKeepsNothing(String name, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    RandomChanges changes = new RandomChanges(random);
    List<PodShape> shapes = Stream.generate(changes::shape).limit(20).toList();
    PlacementPolicy policy = Policies.create(name, typicalPods(shapes));
    Cluster cluster = new Cluster();
    NodeScores scores = new NodeScores(cluster, policy, random.split(), 5);
    Planner planner = new Planner(seed);
    int found = 0;
    for (int step = 0; step < 3_000; step++) {
      switch (random.nextInt(9)) {
        case 0, 1 -> cluster.putNode(changes.node(changes.nodeName()));
        case 2 -> cluster.removeNode(changes.nodeName());
        case 3 -> cluster.place(changes.placement());
        case 4 -> policy.arrived(shapes.get(random.nextInt(shapes.size())), 0);
        case 5 -> {
          PlanRequest request = policy.planRequest(List.of());
          if (request != null) {
            policy.adopt(planner.plan(request, 20));
          }
        }
        default -> cluster.remove(changes.uid());
      }
      PodShape shape = shapes.get(random.nextInt(shapes.size()));
      List<NodeState> best = bestNodes(cluster, policy, shape);
      NodeState chosen = scores.best(shape);
      if (best.isEmpty()) {
        assertThat(chosen).isNull();
      } else if (policy.tieBreak() == PlacementPolicy.TieBreak.RANDOM) {
        assertThat(best).contains(Objects.requireNonNull(chosen));
      } else {
        assertThat(chosen)
            .isSameAs(best.stream().min(Comparator.comparing(NodeState::name)).orElseThrow());
      }
      found += best.isEmpty() ? 0 : 1;
    }
    assertThat(found).as("pods that fitted somewhere").isGreaterThan(300);
  }

  private static List<NodeState> bestNodes(
      Cluster cluster, PlacementPolicy policy, PodShape shape) {
    List<NodeState> best = new ArrayList<>();
    double[] bestScore = {Double.NEGATIVE_INFINITY};
    cluster.forEachNode(
        node -> {
          if (Fit.fits(shape, node)) {
            double score = policy.score(shape, node);
            assertThat(score).as("a score of a node that fits").isFinite();
            assertDevicesHaveRoom(policy.gpuDevices(shape, node), shape, node);
            if (score > bestScore[0]) {
              best.clear();
              bestScore[0] = score;
            }
            if (score == bestScore[0]) {
              best.add(node);
            }
          }
        });
    return best;
  }

  private static void assertDevicesHaveRoom(int[] devices, PodShape shape, NodeState node) {
    boolean advertised = node.hasGpuResource(shape.gpu().resource());
    assertThat(devices).hasSize(advertised ? shape.gpu().count() : 0).doesNotHaveDuplicates();
    for (int device : devices) {
      assertThat(Fit.gpuFits(shape, node, device)).as("GPU %s has room", device).isTrue();
    }
  }

  @Test
  void randomTiesFallOnAllAlike() {
    Cluster cluster = new Cluster();
    for (int i = 0; i < 10; i++) {
      cluster.putNode(node("n" + i, 8_000));
    }
    PlacementPolicy policy = Policies.create("random", typicalPods(List.of()));
    NodeScores scores = new NodeScores(cluster, policy, new SplittableRandom(53), 1);
    Map<String, Integer> chosen = new HashMap<>();
    for (int i = 0; i < 10_000; i++) {
      chosen.merge(Objects.requireNonNull(scores.best(cpu(100))).name(), 1, Integer::sum);
    }
    assertThat(chosen).hasSize(10);
    assertThat(chosen.values()).allSatisfy(count -> assertThat(count).isBetween(850, 1150));
  }

  @Test
  void whatAPolicyLearntMakesScoresKeptBeforeVoid() {
    Cluster cluster = new Cluster();
    NodeState node = cluster.putNode(node("n", 64_000));
    PlacementPolicy policy = Policies.create("stowage", typicalPods(List.of()));
    NodeScores scores = new NodeScores(cluster, policy, new SplittableRandom(54), 10);
    PodShape share = PodShape.of(Resources.of(1000, 0), GpuRequest.share("gpu", 300));
    double before = scores.score(share, node);
    long epoch = policy.epoch();
    policy.arrived(PodShape.of(Resources.of(1000, 0), GpuRequest.whole("gpu", 1)), 0);

    assertThat(policy.epoch()).isNotEqualTo(epoch);
    assertThat(scores.score(share, node)).isNotEqualTo(before);
    assertThat(scores.score(share, node)).isEqualTo(policy.score(share, node));
  }

  @Test
  void aNodeThatTakesTheSlotOfAnotherIsScoredByItself() {
    Cluster cluster = new Cluster();
    NodeScores scores =
        new NodeScores(
            cluster,
            Policies.create("best-fit", typicalPods(List.of())),
            new SplittableRandom(55),
            1);
    cluster.putNode(node("large", 64_000));
    assertThat(scores.best(cpu(10_000))).isNotNull();
    cluster.removeNode("large");
    cluster.putNode(node("small", 8_000));
    assertThat(scores.best(cpu(10_000))).isNull();
  }

  @Test
  void aShapeForgottenIsScoredAgain() {
    Cluster cluster = new Cluster();
    NodeState node = cluster.putNode(node("n", 8_000));
    List<PodShape> asked = new ArrayList<>();
    PlacementPolicy counting =
        new PlacementPolicy() {
          @Override
          public String name() {
            return "counting";
          }

          @Override
          public double score(PodShape shape, NodeState scoredNode) {
            asked.add(shape);
            return 1;
          }

          @Override
          public int[] gpuDevices(PodShape shape, NodeState scoredNode) {
            return new int[0];
          }

          @Override
          public TieBreak tieBreak() {
            return TieBreak.FIRST_BY_NAME;
          }
        };
    NodeScores scores = new NodeScores(cluster, counting, new SplittableRandom(56), 2);
    for (int i : new int[] {1, 2, 1, 3, 1, 2}) {
      scores.score(cpu(i), node);
    }
    assertThat(asked)
        .as("2 was used least when 3 came")
        .containsExactly(cpu(1), cpu(2), cpu(3), cpu(2));
  }

  private static TypicalPods typicalPods(List<PodShape> shapes) {
    Map<PodShape, Long> counts = new HashMap<>();
    shapes.forEach(shape -> counts.merge(shape, 1L, Long::sum));
    return TypicalPods.of(counts);
  }

  private static Node node(String name, long cpuMilli) {
    return Node.ready(name, Resources.of(cpuMilli, 0), 110, NodeGpus.shared("gpu", "T4", 2, 1000));
  }

  private static PodShape cpu(long milli) {
    return PodShape.of(Resources.of(milli, 0), GpuRequest.NONE);
  }
}
