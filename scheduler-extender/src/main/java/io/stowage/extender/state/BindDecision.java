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
   */
  record Write(Placement placement, long gpuCapacityUnits) implements BindDecision {}

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
