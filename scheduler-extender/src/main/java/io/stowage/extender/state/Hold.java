package io.stowage.extender.state;

import io.stowage.core.cluster.Placement;

/**
 * Room on a node that a pod was told of at {@code filter}.
 *
 * @param placement the pod, the node and the devices
 * @param deadlineNanos when it lapses, on the state's monotonic clock
 */
record Hold(Placement placement, long deadlineNanos) {
  String uid() {
    return placement.pod().uid();
  }

  int priority() {
    return placement.pod().priority();
  }
}
