package io.stowage.extender.state;

import io.stowage.core.cluster.Pod;

/**
 * A change of a waiting pod's {@code status.nominatedNodeName} to be written.
 *
 * @param pod the pod
 * @param nodeName the node to nominate, empty to withdraw Stowage's nomination
 * @param resourceVersion the version of the pod that this was decided on; any other refuses it
 */
public record NominationWrite(Pod pod, String nodeName, long resourceVersion) {

  /** Tells whether it withdraws a nomination. */
  public boolean withdraws() {
    return nodeName.isEmpty();
  }
}
