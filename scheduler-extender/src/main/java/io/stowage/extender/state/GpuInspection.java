package io.stowage.extender.state;

import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Placement;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * What is given out of a node's shared GPUs, in the sharing protocol's unit, as bound or being
 * bound. A pod whose GPU is not written on it counts on the one that it is taken to hold.
 *
 * @param name the node's name
 * @param totalUnits what its GPUs can hold
 * @param usedUnits what pods ask of them, which may be more
 * @param devices the GPUs by index, none where the node shares none
 */
public record GpuInspection(String name, long totalUnits, long usedUnits, List<Device> devices) {

  /**
   * One GPU.
   *
   * @param index its index
   * @param totalUnits what it can hold, 0 while it is unhealthy
   * @param usedUnits what pods ask of it, which may be more
   * @param pods the pods on it, oldest placement first
   */
  public record Device(int index, long totalUnits, long usedUnits, List<SharingPod> pods) {}

  /** A pod and what it asks of the GPU. */
  public record SharingPod(String name, String namespace, long usedUnits) {}

  /** Returns the nodes with shared GPUs, by name; to be called by the state's one writer. */
  public static List<GpuInspection> ofSharedNodes(Cluster cluster) {
    List<GpuInspection> nodes = new ArrayList<>();
    cluster.forEachNode(
        node -> {
          if (node.gpusVisible()) {
            nodes.add(of(node));
          }
        });
    nodes.sort(Comparator.comparing(GpuInspection::name));
    return nodes;
  }

  /** Returns one node, nothing where it is not known; to be called by the state's one writer. */
  public static Optional<GpuInspection> of(Cluster cluster, String name) {
    return Optional.ofNullable(cluster.node(name))
        .filter(node -> node.node() != null)
        .map(GpuInspection::of);
  }

  private static GpuInspection of(NodeState node) {
    List<List<SharingPod>> pods = new ArrayList<>();
    int count = node.gpusVisible() ? node.gpuCount() : 0;
    for (int i = 0; i < count; i++) {
      pods.add(new ArrayList<>());
    }
    for (Placement placement : node.placements()) {
      long units = placement.pod().shape().gpu().unitsPerGpu();
      for (int device : node.gpuDevices(placement.pod().uid())) {
        if (device < count) {
          pods.get(device)
              .add(new SharingPod(placement.pod().name(), placement.pod().namespace(), units));
        }
      }
    }
    List<Device> devices = new ArrayList<>(count);
    long total = 0;
    long used = 0;
    for (int i = 0; i < count; i++) {
      long usedOfOne = pods.get(i).stream().mapToLong(SharingPod::usedUnits).sum();
      devices.add(new Device(i, node.gpuCapacityUnits(i), usedOfOne, List.copyOf(pods.get(i))));
      total += node.gpuCapacityUnits(i);
      used += usedOfOne;
    }
    return new GpuInspection(node.name(), total, used, List.copyOf(devices));
  }
}
