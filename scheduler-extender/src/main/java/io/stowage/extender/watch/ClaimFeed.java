package io.stowage.extender.watch;

import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.stowage.extender.state.StateLoop;

/** Feeds volume claims to the state, and whether they are bound. */
final class ClaimFeed implements Feed<PersistentVolumeClaim> {
  private final StateLoop loop;

  ClaimFeed(StateLoop loop) {
    this.loop = loop;
  }

  @Override
  public void put(PersistentVolumeClaim claim) {
    ObjectMeta metadata = claim.getMetadata();
    String namespace = metadata.getNamespace();
    String name = metadata.getName();
    boolean bound = claim.getStatus() != null && "Bound".equals(claim.getStatus().getPhase());
    loop.run(state -> state.putClaim(namespace, name, bound));
  }

  @Override
  public void remove(PersistentVolumeClaim identity) {
    String namespace = identity.getMetadata().getNamespace();
    String name = identity.getMetadata().getName();
    loop.run(state -> state.removeClaim(namespace, name));
  }
}
