package io.stowage.core.cluster;

import java.util.ArrayList;
import java.util.List;

/**
 * The GPUs of a node, all advertised as one resource.
 *
 * @param resource the resource's full name, empty where the node has no GPU
 * @param visible whether placements name devices; where false only whole GPUs are counted and which
 *     is which is the device plugin's affair
 * @param devices the GPUs in order of their index; cards may differ
 */
public record NodeGpus(String resource, boolean visible, List<GpuDevice> devices) {

  /** A node without GPUs. */
  public static final NodeGpus NONE = new NodeGpus("", false, List.of());

  /** What a counted whole GPU holds: 1000 milli-GPU. */
  public static final long WHOLE_GPU_MILLI = 1000;

  /**
   * Copies {@code devices}; throws IllegalArgumentException where their indices have gaps or no
   * resource is named.
   */
  public NodeGpus {
    devices = List.copyOf(devices);
    if (resource.isEmpty() && !devices.isEmpty()) {
      throw new IllegalArgumentException("GPUs need a resource that they are advertised as");
    }
    for (int i = 0; i < devices.size(); i++) {
      if (devices.get(i).index() != i) {
        throw new IllegalArgumentException(
            "GPU indices must run from 0 without gaps, at " + i + " was " + devices.get(i).index());
      }
    }
  }

  /** Returns {@code count} whole GPUs whose devices are not visible. */
  public static NodeGpus counted(String resource, String model, int count) {
    return count == 0 ? NONE : equal(resource, false, model, count, WHOLE_GPU_MILLI);
  }

  /** Returns {@code count} visible GPUs of one model and capacity. */
  public static NodeGpus shared(String resource, String model, int count, long unitsPerGpu) {
    return count == 0 ? NONE : equal(resource, true, model, count, unitsPerGpu);
  }

  private static NodeGpus equal(
      String resource, boolean visible, String model, int count, long unitsPerGpu) {
    List<GpuDevice> devices = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      devices.add(new GpuDevice(i, model, unitsPerGpu));
    }
    return new NodeGpus(resource, visible, devices);
  }
}
