package io.stowage.core.trace;

import io.stowage.core.cluster.GpuDevice;
import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.PodShape;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A cluster and a workload to replay on it.
 *
 * @param nodes the cluster's nodes
 * @param running pods that are there from the start and stay
 * @param pods the pods to draw arrivals from
 */
public record Scenario(List<Node> nodes, List<Placement> running, List<TracePod> pods) {

  /** Copies the lists; throws IllegalArgumentException where there are no nodes or no pods. */
  public Scenario {
    nodes = List.copyOf(nodes);
    running = List.copyOf(running);
    pods = List.copyOf(pods);
    if (nodes.isEmpty() || pods.isEmpty()) {
      throw new IllegalArgumentException(
          "a replay needs nodes and pods, there were "
              + nodes.size()
              + " nodes and "
              + pods.size()
              + " pods");
    }
  }

  /**
   * Returns what each distinct shape of the pods asks for in milli-GPU; a share is measured against
   * the largest GPU that the cluster advertises as the resource it names.
   */
  public Map<PodShape, Long> gpuMilliByShape() {
    Map<String, Long> largest = new HashMap<>();
    for (Node node : nodes) {
      for (GpuDevice device : node.gpus().devices()) {
        largest.merge(node.gpus().resource(), device.capacityUnits(), Math::max);
      }
    }
    Map<PodShape, Long> milli = new LinkedHashMap<>();
    for (TracePod pod : pods) {
      GpuRequest gpu = pod.shape().gpu();
      milli.computeIfAbsent(
          pod.shape(), shape -> gpu.totalMilli(largest.getOrDefault(gpu.resource(), 0L)));
    }
    return milli;
  }
}
