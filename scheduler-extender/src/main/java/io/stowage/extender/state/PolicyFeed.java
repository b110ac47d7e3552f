package io.stowage.extender.state;

import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.policy.PlacementPolicy;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Tells the policy what arrives, takes room, starts and ends, each pod once.
 *
 * <p>What was there before the lists were complete is told as of one time, the first, so that the
 * policy knows it for what was present at the start. Belongs to the state's one writer.
 */
final class PolicyFeed {
  private final PlacementPolicy policy;
  private final Cluster steering;
  private final LongSupplier nanoClock;
  private final double startSeconds;
  private final Map<String, PodShape> runningByUid = new HashMap<>();
  private boolean synced;

  /** Creates a feed that has told nothing; {@code steering} counts holds too. */
  PolicyFeed(PlacementPolicy policy, Cluster steering, LongSupplier nanoClock) {
    this.policy = policy;
    this.steering = steering;
    this.nanoClock = nanoClock;
    this.startSeconds = nanoClock.getAsLong() / 1e9;
  }

  /** Takes in that nodes and pods were listed completely. */
  void markSynced() {
    synced = true;
    policy.attach(steering);
  }

  private double nowSeconds() {
    return synced ? nanoClock.getAsLong() / 1e9 : startSeconds;
  }

  /** A pod was seen for the first time. */
  void arrived(Pod pod) {
    policy.arrived(pod.shape(), nowSeconds());
  }

  /** A pod's room on a node is counted, which was not before. */
  void reserved(Placement placement) {
    NodeState node = steering.node(placement.nodeName());
    if (node != null) {
      Pod pod = placement.pod();
      policy.reserved(pod.shape(), node, node.gpuDevices(pod.uid()));
    }
  }

  /** A pod is bound, as far as the API server has said; may be told again. */
  void bound(Pod pod) {
    if (runningByUid.putIfAbsent(pod.uid(), pod.shape()) == null) {
      policy.started(pod.shape(), nowSeconds());
    }
  }

  /** A pod is gone, or is not bound after all; may never have been. */
  void gone(String uid) {
    PodShape shape = runningByUid.remove(uid);
    if (shape != null) {
      policy.ended(shape, nowSeconds());
    }
  }
}
