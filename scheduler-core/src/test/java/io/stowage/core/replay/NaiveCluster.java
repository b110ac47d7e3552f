package io.stowage.core.replay;

import static org.assertj.core.api.Assertions.assertThat;

import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.fit.Fit;
import io.stowage.core.fragmentation.Stranded;
import io.stowage.core.fragmentation.TypicalPods;
import io.stowage.core.policy.NodeScores;
import io.stowage.core.policy.PlacementPolicy;
import io.stowage.core.policy.Policies;
import io.stowage.core.trace.Scenario;
import io.stowage.core.trace.TracePod;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** A cluster that looks at every node for every pod and keeps no score and no total. */
final class NaiveCluster {
  private final Cluster cluster = new Cluster();
  private final PlacementPolicy policy;
  private final SplittableRandom ties;
  private final Planning planning;

  NaiveCluster(
      Scenario scenario, String policyName, SplittableRandom ties, Planning.Budget budget) {
    this.ties = ties;
    policy =
        Policies.create(
            policyName,
            TypicalPods.of(
                scenario.pods().stream()
                    .collect(
                        Collectors.groupingBy(
                            TracePod::shape, LinkedHashMap::new, Collectors.counting()))));
    policy.attach(cluster);
    scenario.nodes().forEach(cluster::putNode);
    scenario.running().forEach(cluster::place);
    planning = new Planning(policy, budget);
  }

  /** Places a pod on the best of all nodes; returns whether there is one. */
  boolean arrive(Pod pod, double nowSeconds) {
    seen(pod.shape(), nowSeconds);
    return tryAgain(pod, false, nowSeconds);
  }

  /** Tells whether any node could hold a pod of the shape if it were empty. */
  boolean couldHold(PodShape shape) {
    return nodes().stream()
        .anyMatch(
            state -> {
              Node node = state.node();
              return node != null && Fit.shortages(shape, new Cluster().putNode(node)).isEmpty();
            });
  }

  /** Tells the policy of a pod that arrived. */
  void seen(PodShape shape, double nowSeconds) {
    planning.arrived(shape, nowSeconds);
  }

  /** Tells the policy of pods that arrived at the same time. */
  void seenTogether(List<TracePod> pods) {
    assertThat(planning.arrivedTogether(pods).values()).allMatch(slots -> slots >= 0);
  }

  /**
   * Places a pod that is known already.
   *
   * @param mayWait whether not to take room that the policy keeps for others
   */
  boolean tryAgain(Pod pod, boolean mayWait, double nowSeconds) {
    NodeState best = best(pod);
    if (best == null || (mayWait && policy.keeps(pod.shape(), best))) {
      return false;
    }
    int[] devices = policy.gpuDevices(pod.shape(), best);
    cluster.place(new Placement(pod, best.name(), IntStream.of(devices).boxed().toList()));
    policy.reserved(pod.shape(), best, devices);
    policy.started(pod.shape(), nowSeconds);
    assertNothingIsOverCommitted(best);
    return true;
  }

  private @Nullable NodeState best(Pod pod) {
    NodeState best = null;
    double bestScore = 0;
    for (NodeState node : nodes()) {
      if (!Fit.shortages(pod.shape(), node).isEmpty()) {
        continue;
      }
      double score = policy.score(pod.shape(), node);
      if (best == null
          || score > bestScore
          || (score == bestScore && node.name().compareTo(best.name()) < 0)) {
        best = node;
        bestScore = score;
      }
    }
    return best == null || policy.tieBreak() == PlacementPolicy.TieBreak.FIRST_BY_NAME
        ? best
        : oneOfTheBest(pod, bestScore);
  }

  /** Draws as the class under test does, which is looked at from outside. */
  private @Nullable NodeState oneOfTheBest(Pod pod, double bestScore) {
    NodeState drawn = new NodeScores(cluster, policy, ties, 1).best(pod.shape());
    assertThat(drawn).isNotNull();
    if (drawn != null) {
      assertThat(policy.score(pod.shape(), drawn)).isEqualTo(bestScore);
    }
    return drawn;
  }

  private static void assertNothingIsOverCommitted(NodeState node) {
    Node spec = node.node();
    assertThat(spec).isNotNull();
    if (spec != null) {
      assertThat(node.requestedCpuMilli()).isLessThanOrEqualTo(spec.allocatable().cpuMilli());
      assertThat(node.requestedMemoryBytes()).isLessThanOrEqualTo(spec.allocatable().memoryBytes());
      long[] asked = new long[node.gpuCount()];
      for (Placement placement : node.placements()) {
        for (int device : node.gpuDevices(placement.pod().uid())) {
          asked[device] += placement.pod().shape().gpu().unitsOf(node.gpuCapacityUnits(device));
        }
      }
      for (int i = 0; i < asked.length; i++) {
        assertThat(asked[i]).isLessThanOrEqualTo(node.gpuCapacityUnits(i));
      }
    }
  }

  void end(Pod pod, double nowSeconds) {
    Placement placement = cluster.remove(pod.uid());
    assertThat(placement).isNotNull();
    policy.ended(pod.shape(), nowSeconds);
  }

  double gpuPercent() {
    long capacity = sum(NodeState::gpuCapacityMilli);
    return 100.0 * (capacity - sum(NodeState::freeGpuMilli)) / capacity;
  }

  double cpuPercent() {
    long capacity = sum(NaiveCluster::allocatableCpuMilli);
    return 100.0 * sum(NodeState::requestedCpuMilli) / capacity;
  }

  long gpuCapacityMilli() {
    return sum(NodeState::gpuCapacityMilli);
  }

  Map<String, Double> strandedPercent(Scenario scenario) {
    Stranded stranded =
        Stranded.of(cluster, scenario.pods().stream().map(TracePod::shape).distinct().toList());
    Map<String, Double> percent = new LinkedHashMap<>();
    stranded
        .milliByCause()
        .forEach((cause, milli) -> percent.put(cause.key(), 100.0 * milli / gpuCapacityMilli()));
    return percent;
  }

  private static long allocatableCpuMilli(NodeState node) {
    Node spec = node.node();
    return spec == null ? 0 : spec.allocatable().cpuMilli();
  }

  private long sum(ToLongFunction<NodeState> figure) {
    return nodes().stream().mapToLong(figure).sum();
  }

  private List<NodeState> nodes() {
    List<NodeState> nodes = new ArrayList<>();
    cluster.forEachNode(nodes::add);
    return nodes;
  }
}
