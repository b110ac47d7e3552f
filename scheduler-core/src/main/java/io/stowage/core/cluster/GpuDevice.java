package io.stowage.core.cluster;

/**
 * One GPU of a node.
 *
 * @param index its index on the node, from 0 without gaps
 * @param model its model, empty where unknown
 * @param capacityUnits what it can hold in the sharing protocol's unit (milli-GPU, GiB, ...); 0
 *     while it is unhealthy
 */
public record GpuDevice(int index, String model, long capacityUnits) {

  /** Throws IllegalArgumentException for a negative index or capacity. */
  public GpuDevice {
    if (index < 0 || capacityUnits < 0) {
      throw new IllegalArgumentException(
          "GPU index and capacity must be at least 0, were " + index + " and " + capacityUnits);
    }
  }
}
