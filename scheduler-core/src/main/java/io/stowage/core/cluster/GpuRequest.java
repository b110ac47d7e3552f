package io.stowage.core.cluster;

/**
 * What a pod asks of GPUs: some whole ones, or a share of one.
 *
 * @param resource the resource that GPUs of this kind are advertised as; empty where none are asked
 * @param count how many GPUs, at least 0
 * @param unitsPerGpu the share asked of the one GPU, in the sharing protocol's unit; 0 means whole
 *     GPUs
 */
public record GpuRequest(String resource, int count, long unitsPerGpu) {

  /** No GPU. */
  public static final GpuRequest NONE = new GpuRequest("", 0, 0);

  /** Throws IllegalArgumentException for a negative amount or a share of more than one GPU. */
  public GpuRequest {
    if (count < 0 || unitsPerGpu < 0) {
      throw new IllegalArgumentException(
          "a GPU request must not be negative, was " + count + " x " + unitsPerGpu);
    }
    if (unitsPerGpu > 0 && count != 1) {
      throw new IllegalArgumentException("a share is asked of 1 GPU, was " + count);
    }
    if (resource.isEmpty() != (count == 0)) {
      throw new IllegalArgumentException(
          "a GPU request names a resource exactly when it asks for GPUs, was '"
              + resource
              + "' x "
              + count);
    }
  }

  /** Returns a request for whole GPUs; {@link #NONE} for 0 of them. */
  public static GpuRequest whole(String resource, int count) {
    return count == 0 ? NONE : new GpuRequest(resource, count, 0);
  }

  /** Returns a request for a share of one GPU, {@code units} at least 1. */
  public static GpuRequest share(String resource, long units) {
    if (units < 1) {
      throw new IllegalArgumentException("a share must be at least 1 unit, was " + units);
    }
    return new GpuRequest(resource, 1, units);
  }

  /** Tells whether no GPU is asked. */
  public boolean isNone() {
    return count == 0;
  }

  /** Tells whether whole GPUs are asked. */
  public boolean isWhole() {
    return count > 0 && unitsPerGpu == 0;
  }

  /** Tells whether a share of one GPU is asked. */
  public boolean isShare() {
    return unitsPerGpu > 0;
  }

  /** Returns the units asked of one GPU of the given capacity: all of it for a whole GPU. */
  public long unitsOf(long capacityUnits) {
    return unitsPerGpu == 0 ? capacityUnits : unitsPerGpu;
  }

  /**
   * Returns what is asked of a node's GPUs in milli-GPU (1000 a GPU), a share measured against GPUs
   * of the given capacity and rounded down; a share larger than that GPU counts as more than 1000.
   */
  public long totalMilli(long capacityUnits) {
    if (isShare()) {
      return capacityUnits == 0 ? 0 : Math.multiplyExact(unitsPerGpu, 1000L) / capacityUnits;
    }
    return count * 1000L;
  }
}
