package io.stowage.core.replay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeGpus;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.cluster.Resources;
import io.stowage.core.policy.Policies;
import io.stowage.core.trace.PodClass;
import io.stowage.core.trace.Scenario;
import io.stowage.core.trace.SyntheticWorkload.Gpus;
import io.stowage.core.trace.TracePod;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class InflationReplayTest {

  /** The protocol step by step, with a look at every node for every pod. */
  private static InflationReplay.Result naive(Scenario scenario, String policy, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    SplittableRandom draws = random.split();
    SplittableRandom ties = random.split();
    NaiveCluster cluster =
        new NaiveCluster(renamed(scenario, random), policy, ties, Planning.Budget.FILLING);
    double capacity = cluster.gpuCapacityMilli();
    Map<PodShape, Long> milli = scenario.gpuMilliByShape();

    List<TracePod> arrivals = new ArrayList<>(scenario.pods());
    shuffle(arrivals, draws);
    double asked = sum(arrivals, milli);
    while (Math.round(asked) > Math.round(1.3 * capacity)) {
      arrivals.remove(arrivals.size() - 1);
      asked = sum(arrivals, milli);
    }
    while (Math.round(asked) < Math.round(1.3 * capacity)) {
      arrivals.add(scenario.pods().get(draws.nextInt(scenario.pods().size())));
      asked = sum(arrivals, milli);
    }

    Map<String, Integer> failed = PodClass.noneByKey();
    int placed = 0;
    double at100 = Double.NaN;
    for (int i = 0; i < arrivals.size(); i++) {
      TracePod pod = arrivals.get(i);
      if (cluster.arrive(new Pod("u" + i, "", pod.name(), pod.shape(), pod.priority()), i)) {
        placed++;
      } else {
        failed.merge(PodClass.of(pod.shape()).key(), 1, Integer::sum);
      }
      if (Double.isNaN(at100) && sum(arrivals.subList(0, i + 1), milli) >= capacity) {
        at100 = cluster.gpuPercent();
      }
    }
    return new InflationReplay.Result(
        policy,
        seed,
        arrivals.size(),
        placed,
        at100,
        cluster.gpuPercent(),
        cluster.cpuPercent(),
        failed,
        cluster.strandedPercent(scenario));
  }

  private static double sum(List<TracePod> pods, Map<PodShape, Long> milli) {
    return pods.stream().mapToLong(pod -> milli.getOrDefault(pod.shape(), 0L)).sum();
  }

  private static void shuffle(List<?> list, SplittableRandom random) {
    for (int last = list.size() - 1; last > 0; last--) {
      Collections.swap(list, last, random.nextInt(last + 1));
    }
  }

  /** A random number before each name, as the published simulator puts it. */
  private static Scenario renamed(Scenario scenario, SplittableRandom random) {
    List<Integer> numbers = new ArrayList<>();
    scenario.nodes().forEach(node -> numbers.add(numbers.size()));
    shuffle(numbers, random);
    Map<String, String> names = new HashMap<>();
    List<Node> nodes = new ArrayList<>();
    for (Node node : scenario.nodes()) {
      names.put(node.name(), String.format("%05d", numbers.get(nodes.size())));
      nodes.add(node.withName(String.format("%05d", numbers.get(nodes.size()))));
    }
    List<Placement> running = new ArrayList<>();
    for (Placement placement : scenario.running()) {
      String name = names.getOrDefault(placement.nodeName(), "");
      running.add(new Placement(placement.pod(), name, placement.gpuDevices()));
    }
    return new Scenario(nodes, running, scenario.pods());
  }

  @ParameterizedTest(name = "{0}, {1}, seed {2}")
  @MethodSource("io.stowage.core.replay.Workloads#policiesGpusAndSeeds")
  void theResultIsThatOfANaiveReplay(String policy, Gpus gpus, long seed) {
    Scenario scenario = Workloads.small(gpus, seed);
    InflationReplay.Result expected = naive(scenario, policy, seed);
    InflationReplay.Result result = InflationReplay.run(scenario, policy, seed, Progress.NONE);
    assertThat(result)
        .usingRecursiveComparison()
        .withComparatorForType(
            (a, b) -> Math.abs(a - b) < 1e-9 ? 0 : Double.compare(a, b), Double.class)
        .isEqualTo(expected);
    assertThat(result.placed() + sum(result.failedByClass())).isEqualTo(result.arrivals());
  }

  private static int sum(Map<String, Integer> counts) {
    return counts.values().stream().mapToInt(Integer::intValue).sum();
  }

  @Test
  void aSeedGivesTheSameResultAgainAndTheSameArrivalsToEveryPolicy() {
    Scenario scenario = Workloads.small(Gpus.MIXED, 3);
    Set<Integer> arrivals = new HashSet<>();
    for (String policy : Policies.names()) {
      InflationReplay.Result result = InflationReplay.run(scenario, policy, 3, Progress.NONE);
      assertThat(InflationReplay.run(scenario, policy, 3, Progress.NONE)).isEqualTo(result);
      arrivals.add(result.arrivals());
    }
    assertThat(arrivals).hasSize(1);
    assertThat(InflationReplay.run(scenario, "random", 4, Progress.NONE))
        .isNotEqualTo(InflationReplay.run(scenario, "random", 3, Progress.NONE));
  }

  @Test
  void aTraceThatAsksForMoreIsCutTo130Percent() {
    Node node =
        Node.ready("n", Resources.of(1_000_000, 0), 1000, NodeGpus.shared("gpu", "T4", 10, 1000));
    TracePod pod =
        new TracePod(
            "p",
            PodShape.of(Resources.NONE, GpuRequest.whole("gpu", 1)),
            0,
            OptionalDouble.empty());
    Scenario scenario = new Scenario(List.of(node), List.of(), Collections.nCopies(40, pod));
    List<Progress.Point> points = new ArrayList<>();
    InflationReplay.Result result =
        InflationReplay.run(
            scenario,
            "fgd",
            5,
            new Progress() {
              @Override
              public void update(double part) {}

              @Override
              public void reached(Point point) {
                points.add(point);
              }
            });
    // Each arrival asks for 10 %, and the curve has a point every 2.6 %.
    assertThat(points).hasSize(Progress.POINTS);
    assertThat(points.get(0).at()).isCloseTo(2.6, within(1e-9));
    assertThat(points.get(0).gpuAllocationPercent()).isCloseTo(10, within(1e-9));
    assertThat(points.get(18).at()).isCloseTo(49.4, within(1e-9));
    assertThat(points.get(18).gpuAllocationPercent()).isCloseTo(50, within(1e-9));
    assertThat(points.get(49).gpuAllocationPercent()).isCloseTo(100, within(1e-9));
    assertThat(result.arrivals()).isEqualTo(13);
    assertThat(result.placed()).isEqualTo(10);
    assertThat(result.failedByClass()).containsEntry("one", 3);
    assertThat(result.gpuAllocationPercentAt100()).isCloseTo(100, within(1e-9));
  }

  @Test
  void withoutGpusThereIsNothingToInflate() {
    Node node = Node.ready("n", Resources.of(1000, 0), 10, NodeGpus.NONE);
    TracePod pod =
        new TracePod("p", PodShape.of(Resources.NONE, GpuRequest.NONE), 0, OptionalDouble.empty());
    Scenario scenario = new Scenario(List.of(node), List.of(), List.of(pod));
    assertThatThrownBy(() -> InflationReplay.run(scenario, "fgd", 5, Progress.NONE))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("inflation needs GPUs: the cluster has 0 milli-GPU, the pods ask for 0");
  }
}
