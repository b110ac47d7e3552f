package io.stowage.core.bound;

import io.stowage.core.cluster.GpuDevice;
import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.PodShape;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Nodes to be packed and the pods to pack them with, so that as much GPU as possible is taken.
 *
 * @param nodeTypes the nodes by what room they have
 * @param kinds the pods by what they ask for
 */
record PackingProblem(List<NodeType> nodeTypes, List<PodKind> kinds) {
  private static final long BYTES_PER_MIB = 1L << 20;

  /** Copies the lists. */
  PackingProblem {
    nodeTypes = List.copyOf(nodeTypes);
    kinds = List.copyOf(kinds);
  }

  /**
   * Returns the problem of packing pods onto what is free on nodes, with CPU and memory. Nodes
   * without a free GPU and pods that ask for none are left out.
   *
   * @param demand how many pods there are of each shape
   * @param nodeWeight what each node counts for, at least 1
   */
  static PackingProblem of(
      Collection<NodeState> nodes, Map<PodShape, Long> demand, long nodeWeight) {
    Map<NodeType, Long> types = new LinkedHashMap<>();
    for (NodeState node : nodes) {
      NodeType type = typeOf(node);
      if (!type.gpus().isEmpty()) {
        types.merge(type, nodeWeight, Long::sum);
      }
    }
    Map<PodKind, Long> kinds = new LinkedHashMap<>();
    demand.forEach(
        (shape, pods) -> {
          GpuRequest gpu = shape.gpu();
          if (!gpu.isNone() && pods > 0) {
            kinds.merge(
                new PodKind(
                    gpu.resource(),
                    gpu.count(),
                    gpu.unitsPerGpu(),
                    shape.gpuModels(),
                    shape.request().cpuMilli(),
                    shape.request().memoryBytes() / BYTES_PER_MIB,
                    1),
                pods,
                Long::sum);
          }
        });
    return of(types, kinds);
  }

  private static NodeType typeOf(NodeState node) {
    List<GpuRoom> gpus = new ArrayList<>();
    String resource = "";
    if (node.node() != null) {
      resource = node.node().gpus().resource();
      for (GpuDevice device : node.node().gpus().devices()) {
        if (device.capacityUnits() > 0) {
          gpus.add(
              new GpuRoom(
                  device.model(), device.capacityUnits(), node.gpuFreeUnits(device.index())));
        }
      }
    }
    return new NodeType(
        resource, gpus, node.freeCpuMilli(), node.freeMemoryBytes() / BYTES_PER_MIB, 1);
  }

  private static PackingProblem of(Map<NodeType, Long> types, Map<PodKind, Long> kinds) {
    return new PackingProblem(
        types.entrySet().stream().map(entry -> entry.getKey().withCount(entry.getValue())).toList(),
        kinds.entrySet().stream()
            .map(entry -> entry.getKey().withDemand(entry.getValue()))
            .toList());
  }

  /**
   * Returns the problem that is left when each GPU stands alone: CPU, memory and the limits of
   * nodes are forgotten, and a pod of several GPUs is as many pods of one.
   */
  PackingProblem perGpu() {
    Map<NodeType, Long> gpus = new LinkedHashMap<>();
    for (NodeType type : nodeTypes) {
      for (GpuRoom gpu : type.gpus()) {
        gpus.merge(
            new NodeType(type.gpuResource(), List.of(gpu), 0, 0, 1), type.count(), Long::sum);
      }
    }
    Map<PodKind, Long> parts = new LinkedHashMap<>();
    for (PodKind kind : kinds) {
      parts.merge(
          kind.perGpu(), Math.multiplyExact(kind.demand(), (long) kind.gpuCount()), Long::sum);
    }
    return of(gpus, parts);
  }
}
