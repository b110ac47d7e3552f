package io.stowage.extender.demo;

import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.replay.MeasuredCluster;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A scheduler with the cluster that it fills. Not thread-safe. */
interface DemoScheduler {

  /** Returns the cluster, to be read only. */
  MeasuredCluster cluster();

  /** Moves its clock, by which it learns how often pods arrive and how long they run. */
  default void advanceTo(double seconds) {}

  /** Takes in a new pod; its first scheduling cycle follows. */
  void arrived(Pod pod);

  /**
   * Runs one scheduling cycle.
   *
   * @return where the pod was placed, null where it is unschedulable for now
   */
  @Nullable Placement schedule(Pod pod) throws IOException, InterruptedException;

  /** Tells whether a pod's end on a node is worth another cycle for a waiting pod of a shape. */
  boolean mayFit(PodShape shape, NodeState freed);

  /** Takes in that a placed pod has ended; returns the node it was on. */
  NodeState ended(Pod pod);
}
