package io.stowage.core.replay;

import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.fragmentation.TypicalPods;
import io.stowage.core.policy.NodeScores;
import io.stowage.core.policy.PlacementPolicy;
import io.stowage.core.policy.Policies;
import io.stowage.core.trace.Scenario;
import io.stowage.core.trace.TracePod;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;

/** A policy that places pods on a cluster of its own, from which pods go. Not thread-safe. */
public final class Placer {
  private static final int ALL_SHAPES = Integer.MAX_VALUE;

  private final MeasuredCluster cluster;
  private final PlacementPolicy policy;
  private final NodeScores scores;
  private final Planning planning;

  /**
   * Creates a cluster as the scenario describes it.
   *
   * @param policyName one of {@link Policies#names()}
   * @param ties what breaks ties of a policy that asks for it
   */
  public Placer(Scenario scenario, String policyName, RandomGenerator ties) {
    this(scenario, policyName, ties, Planning.Budget.FILLING);
  }

  /**
   * Creates a cluster as the scenario describes it, for pods that are all there at once.
   *
   * @param policyName one of {@link Policies#names()}
   * @param ties what breaks ties of a policy that asks for it
   * @param moves how many moves are tried for the plan, at least 0
   */
  public static Placer ofBurst(
      Scenario scenario, String policyName, RandomGenerator ties, int moves) {
    return new Placer(
        scenario, policyName, ties, new Planning.Budget(Planning.Budget.ONCE_ARRIVALS, moves));
  }

  /** Creates a cluster as the scenario describes it, with another budget for planning. */
  Placer(Scenario scenario, String policyName, RandomGenerator ties, Planning.Budget budget) {
    policy = Policies.create(policyName, typicalPods(scenario.pods()));
    cluster = new MeasuredCluster(scenario.nodes());
    scores = new NodeScores(cluster.cluster(), policy, ties, ALL_SHAPES);
    scenario.running().forEach(cluster::place);
    planning = new Planning(policy, budget);
  }

  private static TypicalPods typicalPods(List<TracePod> pods) {
    return TypicalPods.of(
        pods.stream()
            .collect(
                Collectors.groupingBy(TracePod::shape, LinkedHashMap::new, Collectors.counting())));
  }

  /** Returns the cluster, to be read only. */
  public MeasuredCluster cluster() {
    return cluster;
  }

  /** Tells the policy of a pod that arrived. */
  public void arrived(PodShape shape, double nowSeconds) {
    planning.arrived(shape, nowSeconds);
  }

  /**
   * Tells the policy of pods that arrived at the same time, and plans for all of them.
   *
   * @param queue the pods in the order in which they are to be served
   * @return how many pods of each shape have a slot; none where the policy does not plan
   */
  public Map<PodShape, Integer> arrivedTogether(List<TracePod> queue) {
    return planning.arrivedTogether(queue);
  }

  /** Places a pod where the policy likes it best; returns whether it fits anywhere. */
  public boolean place(Pod pod, double nowSeconds) {
    NodeState node = scores.best(pod.shape());
    if (node == null) {
      return false;
    }
    placeOn(pod, node, nowSeconds);
    return true;
  }

  /** Tells whether a pod of the shape fits somewhere that is not kept for others. */
  boolean hasRoomNotKept(PodShape shape) {
    NodeState node = scores.best(shape);
    return node != null && !policy.keeps(shape, node);
  }

  /** Places a pod on a node that it fits. */
  void placeOn(Pod pod, NodeState node, double nowSeconds) {
    int[] devices = policy.gpuDevices(pod.shape(), node);
    cluster.place(new Placement(pod, node.name(), Arrays.stream(devices).boxed().toList()));
    policy.reserved(pod.shape(), node, devices);
    policy.started(pod.shape(), nowSeconds);
  }

  /** Removes a pod, which must be placed; returns the node it was on. */
  public NodeState remove(Pod pod, double nowSeconds) {
    NodeState node = cluster.remove(pod.uid());
    policy.ended(pod.shape(), nowSeconds);
    return node;
  }
}
