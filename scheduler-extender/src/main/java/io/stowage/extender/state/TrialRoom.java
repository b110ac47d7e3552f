package io.stowage.extender.state;

import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.Pod;
import io.stowage.core.fit.Fit;
import java.util.List;
import java.util.function.Predicate;

/** What is free on a node, copied, so that it can be dealt out on trial. Not thread-safe. */
public final class TrialRoom {
  private final Cluster cluster = new Cluster();
  private final NodeState node;

  private final DeviceRules rules;
  private final Predicate<Pod> isKeptFrom;

  /**
   * Copies a node that is known.
   *
   * @param isKeptFrom whether a pod has to wait for other room as long as the node is as it is
   */
  TrialRoom(NodeState state, Node node, DeviceRules rules, Predicate<Pod> isKeptFrom) {
    this.rules = rules;
    this.isKeptFrom = isKeptFrom;
    this.node = NodeCopies.copy(state, node, cluster, uid -> true);
  }

  /** Tells whether a pod would get what it asks for. */
  public boolean fits(Pod pod) {
    return Fit.fits(pod.shape(), node)
        && !isKeptFrom.test(pod)
        && (!pod.shape().gpu().isShare() || rules.judge(pod.shape(), node.name()).isOffered());
  }

  /** Gives a pod what it asks for. */
  public void place(Pod pod) {
    cluster.place(new Placement(pod, node.name(), List.of()));
  }
}
