package io.stowage.core.bound;

import java.util.Collections;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * Pods that ask for the same GPUs, CPU and memory.
 *
 * @param gpuResource the resource that its GPUs are advertised as
 * @param gpuCount how many GPUs it asks for, at least 1
 * @param unitsPerGpu the share it asks for of its one GPU, in the sharing protocol's unit; 0 for
 *     whole GPUs
 * @param gpuModels the models it accepts; empty accepts all
 * @param cpuMilli CPU in milli-cores
 * @param memoryMib memory in MiB, rounded down
 * @param demand how many such pods there are, at least 1
 */
record PodKind(
    String gpuResource,
    int gpuCount,
    long unitsPerGpu,
    SortedSet<String> gpuModels,
    long cpuMilli,
    long memoryMib,
    long demand) {

  /** Copies {@code gpuModels}; throws IllegalArgumentException for a value out of range. */
  PodKind {
    gpuModels = Collections.unmodifiableSortedSet(new TreeSet<>(gpuModels));
    if (gpuCount < 1 || unitsPerGpu < 0 || cpuMilli < 0 || memoryMib < 0 || demand < 1) {
      throw new IllegalArgumentException(
          "expected at least 1 GPU, 1 pod and no negative amount, were "
              + gpuCount
              + " GPUs of "
              + unitsPerGpu
              + " units, "
              + cpuMilli
              + " milli-cores, "
              + memoryMib
              + " MiB, "
              + demand
              + " pods");
    }
  }

  /** Tells whether whole GPUs are asked. */
  boolean isWhole() {
    return unitsPerGpu == 0;
  }

  /** Tells whether GPUs of this model are accepted. */
  boolean acceptsModel(String model) {
    return gpuModels.isEmpty() || gpuModels.contains(model);
  }

  /** Returns what one of its GPUs is asked for, CPU and memory forgotten, as one pod. */
  PodKind perGpu() {
    return new PodKind(gpuResource, 1, unitsPerGpu, gpuModels, 0, 0, 1);
  }

  /** Returns the same kind with another demand. */
  PodKind withDemand(long newDemand) {
    return new PodKind(
        gpuResource, gpuCount, unitsPerGpu, gpuModels, cpuMilli, memoryMib, newDemand);
  }
}
