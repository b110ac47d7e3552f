package io.stowage.extender.watch;

import io.fabric8.kubernetes.api.model.Pod;
import io.stowage.extender.kube.InvalidObjectException;
import io.stowage.extender.kube.KubeletRefusal;
import io.stowage.extender.kube.ObservedPod;
import io.stowage.extender.kube.PodReader;
import java.util.Optional;
import java.util.function.BiConsumer;

/**
 * Tells of pods that the kubelet refused after they were bound, with its reason; those that had
 * failed before the start are let be, for nobody knows when that was.
 */
final class FailedPodFeed implements Feed<Pod> {
  private final PodReader reader;
  private final BiConsumer<ObservedPod, String> refused;
  private volatile boolean listed;

  FailedPodFeed(PodReader reader, BiConsumer<ObservedPod, String> refused) {
    this.reader = reader;
    this.refused = refused;
  }

  @Override
  public void put(Pod pod) throws InvalidObjectException {
    Optional<String> reason = listed ? KubeletRefusal.reason(pod) : Optional.empty();
    if (reason.isEmpty()) {
      return;
    }
    ObservedPod read = reader.read(pod);
    if (read.isBound()) {
      refused.accept(read, reason.orElseThrow());
    }
  }

  @Override
  public void remove(Pod identity) {
    // A pod that failed holds no room.
  }

  /** Takes in that the pods that had failed at the start were put. */
  void listed() {
    listed = true;
  }
}
