package io.stowage.core.policy;

import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.PodShape;

/**
 * A rule that says how good a node is for a pod and which of its GPUs the pod should get.
 *
 * <p>Scores depend on the shape, the node's state and {@link #epoch()} alone, so that they can be
 * kept until one of them changes. Not thread-safe.
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
   * Returns the indices of the GPUs that a pod of the shape should get on a node that it fits;
   * empty where it asks for none or the node does not advertise them.
   */
  int[] gpuDevices(PodShape shape, NodeState node);

  /** Returns how equal scores are resolved. */
  TieBreak tieBreak();

  /** Takes note of a pod that arrived; for policies that learn the mix of shapes. */
  default void observe(PodShape shape) {}

  /** Returns a number that changes whenever scores given before no longer hold. */
  default long epoch() {
    return 0;
  }
}
