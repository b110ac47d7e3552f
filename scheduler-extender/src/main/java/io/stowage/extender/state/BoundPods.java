package io.stowage.extender.state;

import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.Placement;
import org.jspecify.annotations.Nullable;

/**
 * What is bound or being bound: counted in both clusters, and the shares among it that the device
 * plugin has not assigned. Belongs to the state's one writer.
 */
final class BoundPods {
  private final Cluster hard = new Cluster();
  private final Cluster steering = new Cluster();
  private final UnassignedShares unassigned = new UnassignedShares();

  /** Returns the cluster with what is bound. */
  Cluster hard() {
    return hard;
  }

  /** Returns the cluster with what is bound, and the holds that others count in it. */
  Cluster steering() {
    return steering;
  }

  /** Returns the shares that are not assigned. */
  UnassignedShares unassigned() {
    return unassigned;
  }

  /** Returns where a pod is, null where it is nowhere. */
  @Nullable Placement of(String uid) {
    return hard.placement(uid);
  }

  /** Places a pod that is not placed so yet; it is not assigned. */
  void place(Placement placement, long nowNanos) {
    hard.place(placement);
    steering.place(placement);
    if (UnassignedShares.isShare(placement)) {
      unassigned.put(placement, nowNanos);
    } else {
      unassigned.remove(placement.pod().uid());
    }
  }

  /** Takes in that a pod has its device; returns whether that is news. */
  boolean assigned(String uid) {
    return unassigned.remove(uid) != null;
  }

  /** Removes a pod; returns where it was, null where it was nowhere. */
  @Nullable Placement remove(String uid) {
    unassigned.remove(uid);
    steering.remove(uid);
    return hard.remove(uid);
  }
}
