package io.stowage.core.plan;

import io.stowage.core.cluster.GpuDevice;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Resources;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What is free on a node, as the planner sees it. Immutable.
 *
 * @param name the node's name
 * @param free the CPU, memory, ephemeral storage and extended resources left
 * @param freePods how many more pods it takes
 * @param gpuResource what its GPUs are advertised as, empty where it has none
 * @param gpus its GPUs in order of their index
 * @param gpuFreeUnits what is left of each GPU, in the sharing protocol's unit
 * @param gpusKeptFor the number of GPUs of the forecast pods that it is kept for, 0 for any
 */
public record NodeRoom(
    String name,
    Resources free,
    int freePods,
    String gpuResource,
    List<GpuDevice> gpus,
    List<Long> gpuFreeUnits,
    int gpusKeptFor) {

  /** Copies the lists. */
  public NodeRoom {
    gpus = List.copyOf(gpus);
    gpuFreeUnits = List.copyOf(gpuFreeUnits);
    if (gpus.size() != gpuFreeUnits.size()) {
      throw new IllegalArgumentException(
          "room is needed for each of " + gpus.size() + " GPUs, was " + gpuFreeUnits.size());
    }
  }

  /** Returns what is free on a node that is known. */
  public static NodeRoom of(Node node, NodeState state, int gpusKeptFor) {
    Map<String, Long> extended = new HashMap<>();
    node.allocatable()
        .extended()
        .keySet()
        .forEach(resource -> extended.put(resource, state.freeExtended(resource)));
    Long[] units = new Long[state.gpuCount()];
    for (int i = 0; i < units.length; i++) {
      units[i] = state.gpuFreeUnits(i);
    }
    return new NodeRoom(
        node.name(),
        Resources.of(
            state.freeCpuMilli(),
            state.freeMemoryBytes(),
            state.freeEphemeralStorageBytes(),
            extended),
        state.freePods(),
        node.gpus().resource(),
        node.gpus().devices(),
        List.of(units),
        gpusKeptFor);
  }
}
