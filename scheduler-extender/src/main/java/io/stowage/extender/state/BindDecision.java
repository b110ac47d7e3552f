package io.stowage.extender.state;

import io.stowage.core.cluster.Placement;

/** What {@code bind} decides before anything is written to the API server. */
public sealed interface BindDecision {

  /**
   * The pod counts on the node from now on; the binding is to be written, and the outcome reported.
   *
   * @param placement the pod, its node and the devices it gets
   * @param gpuCapacityUnits what the first of these devices can hold, in the sharing protocol's
   *     unit; 0 where it gets none
   * @param epoch by which it is decided, 0 without a fence
   */
  record Write(Placement placement, long gpuCapacityUnits, long epoch) implements BindDecision {

    /** A decision that no epoch is known of. */
    public Write(Placement placement, long gpuCapacityUnits) {
      this(placement, gpuCapacityUnits, 0);
    }

    /** Returns the same, decided by an epoch. */
    public Write by(long newEpoch) {
      return new Write(placement, gpuCapacityUnits, newEpoch);
    }
  }

  /** The pod is bound to that very node already. */
  record AlreadyBound() implements BindDecision {}

  /**
   * The pod can have none of the node's devices yet, but may when pods before it have theirs.
   *
   * @param reason one sentence
   */
  record Wait(String reason) implements BindDecision {}

  /**
   * The binding must not be made.
   *
   * @param reason one sentence
   */
  record Refused(String reason) implements BindDecision {}
}
