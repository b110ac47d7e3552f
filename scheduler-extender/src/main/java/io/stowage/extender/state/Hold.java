package io.stowage.extender.state;

import io.stowage.core.cluster.Placement;
import java.util.Set;

/**
 * Room on a node that a pod was told of at {@code filter}.
 *
 * @param placement the pod, the node and the devices
 * @param deadlineNanos when it lapses, on the state's monotonic clock
 * @param awaitedClaims keys of the volume claims that its pod's binding waits for
 */
record Hold(Placement placement, long deadlineNanos, Set<String> awaitedClaims) {

  /** Copies {@code awaitedClaims}. */
  Hold {
    awaitedClaims = Set.copyOf(awaitedClaims);
  }

  String uid() {
    return placement.pod().uid();
  }

  int priority() {
    return placement.pod().priority();
  }
}
