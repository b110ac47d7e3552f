package io.stowage.extender.watch;

import io.fabric8.kubernetes.api.model.Pod;
import io.stowage.extender.kube.ClusterLabels;
import io.stowage.extender.kube.InvalidObjectException;
import io.stowage.extender.kube.ObservedPod;
import io.stowage.extender.kube.PodReader;
import io.stowage.extender.state.StateLoop;

/** Feeds pods that have not ended to the state. */
final class PodFeed implements Feed<Pod> {
  private final StateLoop loop;
  private final PodReader reader;
  private final WatchProgress progress;
  private final ClusterLabels labels;

  PodFeed(StateLoop loop, PodReader reader, WatchProgress progress, ClusterLabels labels) {
    this.labels = labels;
    this.loop = loop;
    this.reader = reader;
    this.progress = progress;
  }

  @Override
  public void put(Pod pod) throws InvalidObjectException {
    try {
      ObservedPod read = reader.read(pod);
      labels.putPod(pod);
      loop.run(state -> state.putPod(read));
    } finally {
      progress.saw(pod.getMetadata().getResourceVersion());
    }
  }

  @Override
  public void remove(Pod identity) {
    String uid = identity.getMetadata().getUid();
    labels.removePod(uid);
    loop.run(state -> state.removePod(uid));
    progress.saw(identity.getMetadata().getResourceVersion());
  }

  @Override
  public void lose(Pod identity) {
    String uid = identity.getMetadata().getUid();
    long version = WatchProgress.number(identity.getMetadata().getResourceVersion());
    labels.removePod(uid);
    loop.run(state -> state.losePod(uid, version));
  }
}
