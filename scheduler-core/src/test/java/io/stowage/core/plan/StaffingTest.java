package io.stowage.core.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeGpus;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.cluster.Resources;
import io.stowage.core.fit.Fit;
import io.stowage.core.forecast.ShapeForecast;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StaffingTest {
  private static final List<String> MODELS = List.of("T4", "V100", "A100");

  @ParameterizedTest
  @CsvSource({"0, 0", "0.05, 0", "0.2, 1", "1, 3", "4, 7", "100, 115", "400, 430"})
  void roomIsTheLoadAndSomeTimesItsRoot(double loadPods, long room) {
    assertThat(Staffing.staffed(loadPods)).isEqualTo(room);
  }

  @Test
  void eachClassGetsItsNodesTheLargestFirst() {
    Cluster cluster = new Cluster();
    for (int i = 0; i < 30; i++) {
      cluster.putNode(node("n" + (10 + i), 96, 8, "A100"));
    }
    Zones zones =
        Staffing.zones(
            cluster,
            new NodeKinds(),
            List.of(load(shape(1, 1), 90), load(shape(8, 2), 16), load(shape(40, 8), 4)),
            Zones.NONE);
    assertThat(zones.nodesByGpus())
        .as("4 + 1.5 x 2 for 8 GPUs; 16 + 1.5 x 4 pods of 2 GPUs, four a node")
        .isEqualTo(Map.of(8, 7, 2, 6));
  }

  @Test
  void podsWithoutAnEndSoFarAreTakenToFillTheCluster() {
    Cluster cluster = new Cluster();
    for (int i = 0; i < 20; i++) {
      cluster.putNode(node("n" + (10 + i), 96, 8, "A100"));
    }
    double part = 1 / 9.0; // as many pods of 8 GPUs as of 1: eight ninths of all GPUs
    Zones zones =
        Staffing.zones(
            cluster,
            new NodeKinds(),
            List.of(unbounded(shape(1, 1), part), unbounded(shape(40, 8), part)),
            Zones.NONE);
    assertThat(zones.nodesByGpus())
        .as("17.8 + 1.5 x 4.2, of 20 there are")
        .isEqualTo(Map.of(8, 20));
  }

  @Test
  void loadsBeyondTheCapacityAreCutAlike() {
    Cluster cluster = new Cluster();
    for (int i = 0; i < 40; i++) {
      cluster.putNode(node("n" + (10 + i), 96, 8, "A100"));
    }
    Zones zones =
        Staffing.zones(
            cluster,
            new NodeKinds(),
            List.of(load(shape(1, 1), 600), load(shape(40, 8), 5)),
            Zones.NONE);
    assertThat(zones.nodesByGpus()).as("320 GPUs for 640 asked").isEqualTo(Map.of(8, 5));
  }

  @Test
  void podsThatFewNodesCanHoldGetThoseNodes() {
    Cluster cluster = new Cluster();
    for (int i = 0; i < 10; i++) {
      cluster.putNode(node("large" + i, 128, 8, "A100"));
      cluster.putNode(node("plain" + i, 96, 8, "V100"));
    }
    PodShape any = shape(64, 8);
    PodShape named = new PodShape(any.request(), any.gpu(), new TreeSet<>(List.of("A100")));
    PodShape hungry = shape(120, 8);
    for (PodShape narrow : List.of(named, hungry)) {
      Zones zones =
          Staffing.zones(
              cluster, new NodeKinds(), List.of(load(any, 3), load(narrow, 1)), Zones.NONE);
      int large = 0;
      int plain = 0;
      for (int i = 0; i < 10; i++) {
        large += zones.gpusKeptFor("large" + i) > 0 ? 1 : 0;
        plain += zones.gpusKeptFor("plain" + i) > 0 ? 1 : 0;
      }
      assertThat(large)
          .as("at least 1 + 1.5 x 1 on nodes that can hold %s, and all that is spare", narrow)
          .isEqualTo(7);
      assertThat(large + plain).as("4 + 1.5 x 2 in sum").isEqualTo(7);
    }
  }

  @Test
  void twoModelsGetZonesOfTheirOwn() {
    Cluster cluster = new Cluster();
    for (int i = 0; i < 10; i++) {
      cluster.putNode(node("a" + i, 96, 8, "A100"));
      cluster.putNode(node("v" + i, 96, 8, "V100"));
    }
    PodShape any = shape(40, 8);
    Zones zones =
        Staffing.zones(
            cluster,
            new NodeKinds(),
            List.of(
                load(new PodShape(any.request(), any.gpu(), new TreeSet<>(List.of("A100"))), 1),
                load(new PodShape(any.request(), any.gpu(), new TreeSet<>(List.of("V100"))), 4)),
            Zones.NONE);
    int[] kept = new int[2];
    for (int i = 0; i < 10; i++) {
      kept[0] += zones.gpusKeptFor("a" + i) == 8 ? 1 : 0;
      kept[1] += zones.gpusKeptFor("v" + i) == 8 ? 1 : 0;
    }
    assertThat(kept).containsExactly(3, 7);
  }

  @Test
  void nodesThatRunTheClassComeFirstThenThoseWithRoom() {
    Cluster cluster = new Cluster();
    for (int i = 0; i < 6; i++) {
      cluster.putNode(node("n" + i, 96, 8, "A100"));
    }
    place(cluster, "small", shape(1, 1), "n0");
    place(cluster, "large", shape(40, 8), "n4");
    Zones zones =
        Staffing.zones(cluster, new NodeKinds(), List.of(load(shape(40, 8), 1)), Zones.NONE);
    assertThat(zones.gpusKeptFor("n4")).isEqualTo(8);
    assertThat(zones.gpusKeptFor("n0")).isZero();
    assertThat(zones.nodesByGpus()).isEqualTo(Map.of(8, 3));
  }

  @Test
  void nodesTakenByPodsThatCouldBeElsewhereAreNoRoomForThoseThatCannot() {
    Cluster cluster = new Cluster();
    for (int i = 0; i < 6; i++) {
      cluster.putNode(node("large" + i, 128, 8, "A100"));
      cluster.putNode(node("plain" + i, 96, 8, "V100"));
    }
    PodShape any = shape(64, 8);
    PodShape hungry = shape(120, 8);
    for (int i = 0; i < 3; i++) {
      place(cluster, "any" + i, any, "large" + i);
    }
    place(cluster, "hungry", hungry, "large3");
    Zones zones =
        Staffing.zones(
            cluster, new NodeKinds(), List.of(load(any, 3), load(hungry, 1)), Zones.NONE);
    PodShape one = shape(1, 1);
    for (int i = 3; i < 6; i++) {
      assertThat(zones.zone("large" + i))
          .as("of 120 cores, where a pod of 64 has room too")
          .isEqualTo(new Zone(8, 6, false, 64_000, 1));
    }
    assertThat(zones.order(any, node(cluster, "large4")))
        .as("a pod that could be elsewhere comes to the scarce nodes last of its own")
        .isGreaterThan(zones.order(any, node(cluster, "plain5")));
    assertThat(zones.order(hungry, node(cluster, "large4")))
        .isLessThan(zones.order(one, node(cluster, "large4")));
  }

  @Test
  void podsOfOtherClassesUseNodesWithoutRoomForTheirClassBeforeIntactOnes() {
    Cluster cluster = new Cluster();
    for (int i = 0; i < 6; i++) {
      cluster.putNode(node("n" + i, 96, 8, "A100"));
    }
    Zones zones =
        Staffing.zones(
            cluster,
            new NodeKinds(),
            List.of(load(shape(2, 2), 4), load(shape(40, 8), 1)),
            Zones.NONE);
    assertThat(zones.nodesByGpus()).isEqualTo(Map.of(8, 3, 2, 2));
    PodShape one = shape(1, 1);
    Map<Integer, NodeState> intact = new HashMap<>();
    cluster.forEachNode(node -> intact.put(zones.gpusKeptFor(node.name()), node));
    int unkept = zones.order(one, keptFor(intact, 0));
    int keptForTwo = zones.order(one, keptFor(intact, 2));
    int keptForEight = zones.order(one, keptFor(intact, 8));
    assertThat(List.of(unkept, keptForTwo, keptForEight)).isSorted().doesNotHaveDuplicates();
    place(cluster, "one", one, keptFor(intact, 8).name());
    assertThat(zones.order(one, keptFor(intact, 8))).isBetween(unkept + 1, keptForTwo - 1);
  }

  @Test
  void roomIsWhatAPodOfTheClassCanUse() {
    Cluster cluster = new Cluster();
    cluster.putNode(node("a", 96, 8, "A100"));
    PodShape four = shape(40, 4);
    Zones filling =
        Staffing.zones(cluster, new NodeKinds(), List.of(unbounded(four, 1)), Zones.NONE);
    Zones churning = Staffing.zones(cluster, new NodeKinds(), List.of(load(four, 2)), Zones.NONE);
    PodShape one = shape(1, 1);
    int intact = filling.order(one, node(cluster, "a"));
    assertThat(filling.gpusRoomIsKeptFor(node(cluster, "a"))).isEqualTo(4);
    place(cluster, "hungry", shape(70, 1), "a");
    assertThat(filling.order(one, node(cluster, "a")))
        .as("seven GPUs are free, and 26 cores")
        .isLessThan(intact);
    assertThat(filling.gpusRoomIsKeptFor(node(cluster, "a"))).as("nothing ends").isZero();
    assertThat(churning.gpusRoomIsKeptFor(node(cluster, "a"))).as("room comes back").isEqualTo(4);
  }

  private static NodeState keptFor(Map<Integer, NodeState> intact, int gpus) {
    return Objects.requireNonNull(intact.get(gpus));
  }

  private static NodeState node(Cluster cluster, String name) {
    return Objects.requireNonNull(cluster.node(name));
  }

  @Test
  void nodesThatTakeNoPodsOrDoNotCountAreNotKept() {
    Cluster cluster = new Cluster();
    Node node = node("a", 96, 8, "A100");
    Node cordoned =
        new Node("cordoned", node.allocatable(), 110, node.gpus(), true, true, false, false);
    Node down = new Node("down", node.allocatable(), 110, node.gpus(), false, false, false, false);
    List.of(node, cordoned, down).forEach(cluster::putNode);
    place(cluster, "pod", shape(1, 8), "unknown-node");
    Zones zones =
        Staffing.zones(cluster, new NodeKinds(), List.of(load(shape(40, 8), 9)), Zones.NONE);
    assertThat(zones.nodesByGpus()).isEqualTo(Map.of(8, 1));
    assertThat(zones.gpusKeptFor("a")).isEqualTo(8);
  }

  @ParameterizedTest
  @ValueSource(longs = {301, 302, 303, 304})
  void zonesHaveEnoughRoomOnNodesThatCanHoldThePods(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    for (int round = 0; round < 60; round++) {
      Cluster cluster = randomCluster(random);
      List<ShapeForecast> mix = randomMix(random);
      Zones zones = Staffing.zones(cluster, new NodeKinds(), mix, Zones.NONE);
      assertEnough(cluster, mix, zones, "seed %d, round %d".formatted(seed, round));
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {321, 322, 323})
  void whatIsRememberedOfNodesMakesNoDifference(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    for (int round = 0; round < 30; round++) {
      Cluster cluster = randomCluster(random);
      NodeKinds remembered = new NodeKinds();
      for (int change = 0; change < 10; change++) {
        List<Node> nodes = new ArrayList<>();
        cluster.forEachNode(
            state -> {
              if (state.node() != null) { // pods may be on record without it
                nodes.add(state.node());
              }
            });
        Node some = nodes.get(random.nextInt(nodes.size()));
        List<Node> others = new ArrayList<>();
        randomCluster(random).forEachNode(state -> others.add(state.node()));
        cluster.removeNode(some.name());
        cluster.putNode(
            others.get(0).withName(random.nextBoolean() ? some.name() : "new" + change));
        List<ShapeForecast> mix = randomMix(random);
        Zones zones = Staffing.zones(cluster, remembered, mix, Zones.NONE);
        assertThat(zones.differences(Staffing.zones(cluster, new NodeKinds(), mix, Zones.NONE)))
            .as("seed %s, round %s, change %s", seed, round, change)
            .isEmpty();
      }
    }
  }

  /** With one set of nodes a class; sets within each other may take a few rounds to settle. */
  @ParameterizedTest
  @ValueSource(longs = {311, 312, 313})
  void zonesStayWherePodsOfNoClassComeAndGo(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    for (int round = 0; round < 60; round++) {
      Cluster cluster = randomCluster(random);
      List<ShapeForecast> mix =
          List.of(load(shape(1, 8), 1), load(shape(1, 4), 1.5), load(shape(1, 2), 2));
      Zones zones = Staffing.zones(cluster, new NodeKinds(), mix, Zones.NONE);
      randomPlacements(random, cluster, 20);
      assertThat(Staffing.zones(cluster, new NodeKinds(), mix, zones).differences(zones))
          .as("seed %s, round %s", seed, round)
          .isEmpty();
    }
  }

  /**
   * Counts, for each class and each set of nodes that some shape of the class can ever use, the
   * room that is kept there.
   */
  private static void assertEnough(
      Cluster cluster, List<ShapeForecast> mix, Zones zones, String where) {
    for (int gpus : new int[] {2, 4, 8}) {
      List<ShapeForecast> shapes =
          mix.stream().filter(shape -> shape.shape().gpu().count() == gpus).toList();
      for (ShapeForecast shape : shapes) {
        Set<String> able = able(cluster, shape.shape());
        double load =
            shapes.stream()
                .filter(other -> !able(cluster, other.shape()).isEmpty())
                .filter(other -> able.containsAll(able(cluster, other.shape())))
                .mapToDouble(ShapeForecast::loadPods)
                .sum();
        long kept = able.stream().filter(name -> zones.gpusKeptFor(name) == gpus).count();
        long untaken = able.stream().filter(name -> zones.gpusKeptFor(name) == 0).count();
        int most = 8 / gpus; // pods of the class on a node, at most
        assertThat(kept * most >= Staffing.staffed(load) || untaken == 0)
            .as("%s: %s nodes for a load of %s x %s GPUs", where, kept, load, gpus)
            .isTrue();
      }
      Set<String> ableOfClass = new HashSet<>();
      shapes.forEach(shape -> ableOfClass.addAll(able(cluster, shape.shape())));
      cluster.forEachNode(
          node -> {
            if (zones.gpusKeptFor(node.name()) == gpus) {
              assertThat(ableOfClass).as(where).contains(node.name());
            }
          });
    }
  }

  private static Set<String> able(Cluster cluster, PodShape shape) {
    Set<String> names = new TreeSet<>();
    cluster.forEachNode(
        state -> {
          Node node = state.node();
          if (node != null && Fit.fits(shape, new Cluster().putNode(node))) {
            names.add(node.name());
          }
        });
    return names;
  }

  private static Cluster randomCluster(SplittableRandom random) {
    Cluster cluster = new Cluster();
    int count = 1 + random.nextInt(40);
    for (int i = 0; i < count; i++) {
      String model = MODELS.get(random.nextInt(MODELS.size()));
      int gpus = new int[] {0, 1, 2, 4, 8, 8}[random.nextInt(6)];
      cluster.putNode(node("n" + i, 16 << random.nextInt(4), gpus, model));
    }
    randomPlacements(random, cluster, random.nextInt(60));
    return cluster;
  }

  private static void randomPlacements(SplittableRandom random, Cluster cluster, int count) {
    for (int i = 0; i < count; i++) {
      List<NodeState> fitting = new ArrayList<>();
      PodShape shape = shape(1 + random.nextInt(8), random.nextInt(2));
      cluster.forEachNode(
          node -> {
            if (Fit.fits(shape, node)) {
              fitting.add(node);
            }
          });
      if (!fitting.isEmpty()) {
        place(
            cluster,
            "pod-" + cluster.podCount(),
            shape,
            fitting.get(random.nextInt(fitting.size())).name());
      }
    }
  }

  private static List<ShapeForecast> randomMix(SplittableRandom random) {
    List<ShapeForecast> mix = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      PodShape shape = shape(1 + random.nextInt(40), 1 << random.nextInt(4));
      Set<String> models = new HashSet<>();
      for (int j = random.nextInt(3) * random.nextInt(2); j > 0; j--) {
        models.add(MODELS.get(random.nextInt(MODELS.size())));
      }
      PodShape named = new PodShape(shape.request(), shape.gpu(), new TreeSet<>(models));
      mix.add(load(named, 0.01 + 0.4 * random.nextDouble()));
    }
    return mix;
  }

  private static ShapeForecast load(PodShape shape, double pods) {
    return new ShapeForecast(shape, 0.1, pods / 100, 100, pods, Math.sqrt(pods));
  }

  private static ShapeForecast unbounded(PodShape shape, double part) {
    double infinite = Double.POSITIVE_INFINITY;
    return new ShapeForecast(shape, part, part, infinite, infinite, infinite);
  }

  private static PodShape shape(int cores, int gpus) {
    return PodShape.of(Resources.of(cores * 1_000L, 1), GpuRequest.whole("gpu", gpus));
  }

  private static Node node(String name, int cores, int gpus, String model) {
    return Node.ready(
        name,
        Resources.of(cores * 1_000L, 1L << 40),
        110,
        NodeGpus.shared("gpu", model, gpus, 1_000));
  }

  private static void place(Cluster cluster, String uid, PodShape shape, String node) {
    cluster.place(new Placement(new Pod(uid, "", uid, shape, 0), node, List.of()));
  }
}
