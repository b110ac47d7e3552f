package io.stowage.extender.kube;

import io.stowage.core.cluster.Pod;
import java.util.List;

/**
 * A pod as the API server describes it.
 *
 * @param pod what a scheduler needs to know of it
 * @param nodeName the node it is bound to, empty while it is bound to none
 * @param gpuDevices the GPUs written on it, empty where none are
 * @param ended whether it succeeded or failed and so holds no room; one that is being deleted still
 *     does
 * @param prefersNodes whether it brings soft preferences of its own: preferred node or pod
 *     affinity, or spreading with ScheduleAnyway
 * @param usesVolumeClaims whether binding its volume claims may delay its own binding
 */
public record ObservedPod(
    Pod pod,
    String nodeName,
    List<Integer> gpuDevices,
    boolean ended,
    boolean prefersNodes,
    boolean usesVolumeClaims) {

  /** Copies {@code gpuDevices}. */
  public ObservedPod {
    gpuDevices = List.copyOf(gpuDevices);
  }

  /** Returns a pod that waits to be bound and prefers no node. */
  public static ObservedPod pending(Pod pod) {
    return new ObservedPod(pod, "", List.of(), false, false, false);
  }

  /** Returns a pod bound to a node; {@code gpuDevices} may be empty. */
  public static ObservedPod bound(Pod pod, String nodeName, List<Integer> gpuDevices) {
    return new ObservedPod(pod, nodeName, gpuDevices, false, false, false);
  }

  /** Tells whether it is bound to a node. */
  public boolean isBound() {
    return !nodeName.isEmpty();
  }
}
