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
  private final Map<String, PodShape> waitingByUid = new HashMap<>();
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

  /** A pod that may be scheduled was seen; may be told again. */
  void arrived(Pod pod) {
    if (!runningByUid.containsKey(pod.uid())
        && waitingByUid.putIfAbsent(pod.uid(), pod.shape()) == null) {
      policy.arrived(pod.shape(), nowSeconds());
    }
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
      waitingByUid.remove(pod.uid());
      policy.started(pod.shape(), nowSeconds());
    }
  }

  /** A pod is not bound after all, and waits. */
  void released(Pod pod) {
    if (runningByUid.remove(pod.uid()) != null) {
      policy.ended(pod.shape(), nowSeconds());
    }
    waitingByUid.put(pod.uid(), pod.shape());
  }

  /** A pod is gone; may never have been seen. */
  void gone(String uid) {
    PodShape running = runningByUid.remove(uid);
    PodShape waiting = waitingByUid.remove(uid);
    if (running != null) {
      policy.ended(running, nowSeconds());
    } else if (waiting != null) {
      policy.gaveUp(waiting, nowSeconds());
    }
  }
}
