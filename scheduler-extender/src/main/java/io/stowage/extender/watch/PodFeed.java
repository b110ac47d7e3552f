package io.stowage.extender.watch;

import io.fabric8.kubernetes.api.model.Pod;
import io.stowage.extender.kube.InvalidObjectException;
import io.stowage.extender.kube.ObservedPod;
import io.stowage.extender.kube.PodReader;
import io.stowage.extender.state.StateLoop;

/** Feeds pods that have not ended to the state. */
final class PodFeed implements Feed<Pod> {
  private final StateLoop loop;
  private final PodReader reader;

  PodFeed(StateLoop loop, PodReader reader) {
    this.loop = loop;
    this.reader = reader;
  }

  @Override
  public void put(Pod pod) throws InvalidObjectException {
    ObservedPod read = reader.read(pod);
    loop.run(state -> state.putPod(read));
  }

  @Override
  public void remove(Pod identity) {
    String uid = identity.getMetadata().getUid();
    loop.run(state -> state.removePod(uid));
  }
}
