package io.stowage.extender.state;

import io.stowage.extender.kube.ObservedPod;
import java.util.HashSet;
import java.util.Set;
import java.util.function.LongSupplier;

/**
 * The nodes that a pod was told before and did not get to, or that its like did not. Belongs to the
 * state's one writer.
 */
record FailedNodes(WaitingPods waiting, Refusals refusals, LongSupplier nanoClock) {

  /** Returns the names of a pod's nodes. */
  Set<String> of(ObservedPod observed) {
    Set<String> ofPod = waiting.failedNodes(observed.pod().uid());
    Set<String> ofOwner = refusals.failedNodes(observed.ownerUid(), nanoClock.getAsLong());
    if (ofPod.isEmpty()) {
      return ofOwner;
    }
    Set<String> failed = new HashSet<>(ofPod);
    failed.addAll(ofOwner);
    return failed;
  }
}
