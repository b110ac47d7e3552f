package io.stowage.core.policy;

import io.stowage.core.cluster.ChangeLog;
import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.plan.Demand;
import io.stowage.core.plan.PlanRequest;
import io.stowage.core.plan.Slot;
import io.stowage.core.plan.StowagePlan;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A rule that says how good a node is for a pod and which of its GPUs the pod should get.
 *
 * <p>Scores depend on the shape, the node's spec and what is left of it, {@link #likeness} and
 * {@link #epoch()} alone, so that they can be kept until one of them changes. Not thread-safe.
 */
public interface PlacementPolicy {

  /** How a policy chooses among nodes of equal score. */
  enum TieBreak {
    /** The node whose name comes first. */
    FIRST_BY_NAME,
    /** Any of them with equal probability. */
    RANDOM
  }

  /** Returns the name that users choose the policy by. */
  String name();

  /**
   * Returns the score of a node that the shape fits; higher is better.
   *
   * @param shape a shape that fits {@code node}
   */
  double score(PodShape shape, NodeState node);

  /**
   * Returns what a score is the sum of, by the names of the terms, to be told to people.
   *
   * @param shape a shape that fits {@code node}
   */
  default Map<String, Double> scoreTerms(PodShape shape, NodeState node) {
    return Map.of(name(), score(shape, node));
  }

  /**
   * Returns the indices of the GPUs that a pod of the shape should get on a node that it fits;
   * empty where it asks for none or the node does not advertise them.
   */
  int[] gpuDevices(PodShape shape, NodeState node);

  /**
   * Tells whether what is free on a node is kept for other pods, so that a pod of the shape, which
   * it fits, should rather wait a while where it may.
   */
  default boolean keeps(PodShape shape, NodeState node) {
    return false;
  }

  /** Returns how equal scores are resolved. */
  TieBreak tieBreak();

  /**
   * Shows the policy the cluster whose nodes it will score, to be read only and on the thread that
   * writes it, and again once nodes and pods have been listed; for policies that plan ahead.
   */
  default void attach(Cluster cluster) {}

  /**
   * Returns what should be planned now, null from policies that do not plan ahead.
   *
   * @param demands the pods that wait, and those that are announced
   */
  default @Nullable PlanRequest planRequest(List<Demand> demands) {
    return null;
  }

  /** Takes in a plan made for an earlier request; pods may have come and gone since. */
  default void adopt(StowagePlan plan) {}

  /**
   * Tells whether the plan has a slot of just this shape on a node; never for policies that do not
   * plan ahead.
   *
   * @param shape a shape that fits {@code node}
   */
  default boolean hasSlot(PodShape shape, NodeState node) {
    return false;
  }

  /** Returns the plan's open slots on a node; none from policies that do not plan ahead. */
  default List<Slot> slots(NodeState node) {
    return List.of();
  }

  /** Takes note of a pod that arrived; for policies that learn what arrives. */
  default void arrived(PodShape shape, double nowSeconds) {}

  /**
   * Takes note of room on a node that was taken for a pod, whether it is held or the pod was placed
   * at once; the node counts it already. What is held and then placed there is told once.
   *
   * @param gpuDevices the GPUs that it got there, empty where they are not visible
   */
  default void reserved(PodShape shape, NodeState node, int[] gpuDevices) {}

  /** Takes note of a pod that has been placed for good; once a pod. */
  default void started(PodShape shape, double nowSeconds) {}

  /** Takes note of a pod that had started and has ended. */
  default void ended(PodShape shape, double nowSeconds) {}

  /**
   * Returns a number for all that the scores of a node depend on beside its spec, what pods ask of
   * it and what is left of its GPUs: nodes that agree in these and in the number score alike.
   */
  default long likeness(NodeState node) {
    return 0;
  }

  /**
   * Returns the log of the nodes whose {@link #likeness} changed though no pod came or went there;
   * null from policies for which that does not happen.
   */
  default @Nullable ChangeLog changes() {
    return null;
  }

  /** Returns a number that changes whenever the scores given for any node no longer hold. */
  default long epoch() {
    return 0;
  }
}
