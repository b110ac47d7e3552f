package io.stowage.extender.watch;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.stowage.extender.kube.InvalidObjectException;
import io.stowage.extender.kube.UnhealthyGpus;
import io.stowage.extender.state.StateLoop;
import java.util.Optional;
import java.util.Set;

/** Feeds what ConfigMaps call unhealthy GPUs to the state; other ConfigMaps are let be. */
final class UnhealthyGpuFeed implements Feed<ConfigMap> {
  private final StateLoop loop;

  UnhealthyGpuFeed(StateLoop loop) {
    this.loop = loop;
  }

  @Override
  public void put(ConfigMap configMap) throws InvalidObjectException {
    Optional<UnhealthyGpus> read = UnhealthyGpus.read(configMap);
    read.ifPresent(
        gpus -> loop.run(state -> state.putUnhealthyGpus(gpus.nodeName(), gpus.deviceIndices())));
  }

  @Override
  public void remove(ConfigMap identity) {
    Optional<String> node = UnhealthyGpus.nodeOf(identity.getMetadata());
    node.ifPresent(name -> loop.run(state -> state.putUnhealthyGpus(name, Set.of())));
  }
}
