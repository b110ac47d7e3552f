package io.stowage.core.bound;

import java.math.BigInteger;

/**
 * One GPU of a node, by what it has room for.
 *
 * @param model its model, empty where unknown
 * @param capacityUnits what it can hold in all, in the sharing protocol's unit, at least 1
 * @param freeUnits what is left of it, at least 0, at most {@code capacityUnits}
 */
record GpuRoom(String model, long capacityUnits, long freeUnits) {
  private static final long NANO_PER_GPU = 1_000_000_000;

  /** Throws IllegalArgumentException for a value out of range. */
  GpuRoom {
    if (capacityUnits < 1 || freeUnits < 0 || freeUnits > capacityUnits) {
      throw new IllegalArgumentException(
          "expected 0 <= freeUnits <= capacityUnits and a capacity of at least 1, were "
              + freeUnits
              + " and "
              + capacityUnits);
    }
  }

  /** Tells whether nothing of it is taken, so that pods that ask for whole GPUs may have it. */
  boolean isOpen() {
    return freeUnits == capacityUnits;
  }

  /** Returns what a request gets of GPUs like this one, in nano-GPU (1e9 a GPU), rounded up. */
  long nanoGpuOf(PodKind kind) {
    if (kind.isWhole()) {
      return kind.gpuCount() * NANO_PER_GPU;
    }
    BigInteger[] parts =
        BigInteger.valueOf(kind.unitsPerGpu())
            .multiply(BigInteger.valueOf(NANO_PER_GPU))
            .divideAndRemainder(BigInteger.valueOf(capacityUnits));
    return parts[0].longValueExact() + parts[1].signum();
  }
}
