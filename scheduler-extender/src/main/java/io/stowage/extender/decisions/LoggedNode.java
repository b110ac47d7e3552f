package io.stowage.extender.decisions;

import io.stowage.core.cluster.GpuDevice;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeGpus;
import io.stowage.core.cluster.Resources;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A node as the log has it.
 *
 * @param podCapacity how many pods it takes
 * @param gpuResource the resource of its GPUs, empty for none
 * @param gpuDevicesVisible whether placements name devices
 * @param gpus its GPUs in the order of their indices
 */
record LoggedNode(
    String name,
    long cpuMilli,
    long memoryBytes,
    long ephemeralStorageBytes,
    Map<String, Long> extended,
    int podCapacity,
    String gpuResource,
    boolean gpuDevicesVisible,
    List<Gpu> gpus,
    boolean ready,
    boolean cordoned,
    boolean tainted,
    boolean virtual) {

  /** A GPU: what it holds in the units of the resource. */
  record Gpu(String model, long units) {}

  static LoggedNode of(Node node) {
    Resources allocatable = node.allocatable();
    return new LoggedNode(
        node.name(),
        allocatable.cpuMilli(),
        allocatable.memoryBytes(),
        allocatable.ephemeralStorageBytes(),
        allocatable.extended(),
        node.podCapacity(),
        node.gpus().resource(),
        node.gpus().visible(),
        node.gpus().devices().stream()
            .map(device -> new Gpu(device.model(), device.capacityUnits()))
            .toList(),
        node.ready(),
        node.cordoned(),
        node.tainted(),
        node.virtual());
  }

  /** Throws IllegalArgumentException for what no node is. */
  Node node() {
    List<GpuDevice> devices = new ArrayList<>();
    for (Gpu gpu : gpus) {
      devices.add(new GpuDevice(devices.size(), gpu.model, gpu.units));
    }
    return new Node(
        name,
        Resources.of(cpuMilli, memoryBytes, ephemeralStorageBytes, extended),
        podCapacity,
        new NodeGpus(gpuResource, gpuDevicesVisible, devices),
        ready,
        cordoned,
        tainted,
        virtual);
  }
}
