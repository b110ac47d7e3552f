package io.stowage.core.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeGpus;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Placement;
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
    Changing changing = new Changing(name, seed, 4);
    int found = 0;
    for (int step = 0; step < 3_000; step++) {
      changing.change();
      PodShape shape = changing.anyShape();
      List<NodeState> best = bestNodes(changing.cluster, changing.policy, shape);
      NodeState chosen = changing.scores.best(shape);
      if (best.isEmpty()) {
        assertThat(chosen).isNull();
      } else {
        assertThat(best.stream().map(NodeState::name))
            .as("step %s", step)
            .contains(Objects.requireNonNull(chosen).name());
        if (changing.policy.tieBreak() != PlacementPolicy.TieBreak.RANDOM) {
          assertThat(chosen)
              .isSameAs(best.stream().min(Comparator.comparing(NodeState::name)).orElseThrow());
        }
      }
      found += best.isEmpty() ? 0 : 1;
    }
    assertThat(found).as("pods that fitted somewhere").isGreaterThan(300);
  }

  @ParameterizedTest(name = "{0}, seed {1}")
  @MethodSource("policiesAndSeeds")
  void theWalkFromTheBestNodeOnIsASortedScan(String name, long seed) {
    SplittableRandom random = new SplittableRandom(~seed);
    Changing changing = new Changing(name, seed, 70);
    int visited = 0;
    for (int step = 0; step < 4_000; step++) {
      for (int changes = random.nextInt(100) == 0 ? 3_000 : random.nextInt(4);
          changes > 0;
          changes--) {
        changing.change();
      }
      PodShape shape = changing.anyShape();
      int limit = random.nextInt(80);
      int refused = random.nextInt(4);
      List<NodeScores.Scored> sorted = new ArrayList<>();
      changing.cluster.forEachNode(
          node -> {
            if (Fit.fits(shape, node) && node.slot() % 3 != refused) {
              sorted.add(new NodeScores.Scored(node, changing.policy.score(shape, node)));
            }
          });
      sorted.sort(
          Comparator.comparingDouble(NodeScores.Scored::score)
              .reversed()
              .thenComparing(scored -> scored.node().name()));
      List<NodeScores.Scored> expected = sorted.subList(0, Math.min(limit, sorted.size()));
      List<NodeScores.Scored> walked =
          changing.scores.bestFirst(shape, limit, node -> node.slot() % 3 != refused);
      if (changing.policy.tieBreak() == PlacementPolicy.TieBreak.RANDOM) {
        assertThat(walked.stream().map(NodeScores.Scored::score))
            .as("step %s", step)
            .isEqualTo(expected.stream().map(NodeScores.Scored::score).toList());
        assertThat(walked).doesNotHaveDuplicates().isSubsetOf(sorted);
      } else {
        assertThat(walked).as("step %s", step).isEqualTo(expected);
      }
      visited += walked.size();
    }
    assertThat(visited).as("nodes visited").isGreaterThan(4_000);
  }

  /** A cluster and a policy to which all happens that scores depend on, in any order. */
  private static final class Changing {
    private final SplittableRandom random;
    private final RandomChanges changes;
    private final List<PodShape> shapes;
    private final PlacementPolicy policy;
    private final Cluster cluster = new Cluster();
    private final NodeScores scores;
    private final Planner planner;
    private final int nodes;

    private Changing(String policyName, long seed, int nodes) {
      random = new SplittableRandom(seed);
      changes = new RandomChanges(random);
      shapes = Stream.generate(changes::shape).limit(20).toList();
      policy = Policies.create(policyName, typicalPods(shapes));
      scores = new NodeScores(cluster, policy, random.split(), 5);
      planner = new Planner(seed);
      this.nodes = nodes;
    }

    private void change() {
      switch (random.nextInt(10)) {
        case 0, 1 -> cluster.putNode(changes.node(anyNode()));
        case 2 -> cluster.removeNode(anyNode());
        case 3 -> place();
        case 4 -> policy.arrived(anyShape(), 0);
        case 6 -> scores.refresh(anyShape());
        case 5 -> {
          PlanRequest request = random.nextInt(nodes) < 4 ? policy.planRequest(List.of()) : null;
          if (request != null) {
            policy.adopt(planner.plan(request, 20));
          }
        }
        default -> cluster.remove(changes.uid());
      }
    }

    private void place() {
      Placement placement = changes.placement();
      String node = anyNode();
      cluster.place(new Placement(placement.pod(), node, placement.gpuDevices()));
      NodeState state = Objects.requireNonNull(cluster.node(node));
      if (random.nextBoolean()) {
        policy.reserved(placement.pod().shape(), state, state.gpuDevices(placement.pod().uid()));
      }
    }

    private String anyNode() {
      return "node-" + random.nextInt(nodes);
    }

    private PodShape anyShape() {
      return shapes.get(random.nextInt(shapes.size()));
    }
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
  void aWalkVisitsTiesInEveryOrderAlike() {
    Cluster cluster = new Cluster();
    for (int i = 0; i < 5; i++) {
      cluster.putNode(node("n" + i, i == 4 ? 1 : 8_000));
    }
    PlacementPolicy policy = Policies.create("random", typicalPods(List.of()));
    NodeScores scores = new NodeScores(cluster, policy, new SplittableRandom(57), 1);
    Map<List<String>, Integer> orders = new HashMap<>();
    for (int i = 0; i < 24_000; i++) {
      List<String> order =
          scores.bestFirst(cpu(100), 9, node -> true).stream()
              .map(scored -> scored.node().name())
              .toList();
      orders.merge(order, 1, Integer::sum);
    }
    assertThat(orders).hasSize(24);
    assertThat(orders.values()).allSatisfy(count -> assertThat(count).isBetween(850, 1150));
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
