package io.stowage.core.cluster;

import java.util.Collections;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * A pod's request vector: all that decides where it fits.
 *
 * @param request what the pod asks for, as kube-scheduler counts it, GPUs left out
 * @param gpu the GPUs it asks for
 * @param gpuModels the GPU models it accepts; empty accepts every model
 */
public record PodShape(Resources request, GpuRequest gpu, SortedSet<String> gpuModels) {

  /** Copies {@code gpuModels}. */
  public PodShape {
    gpuModels = Collections.unmodifiableSortedSet(new TreeSet<>(gpuModels));
  }

  /** Returns a shape that accepts every GPU model. */
  public static PodShape of(Resources request, GpuRequest gpu) {
    return new PodShape(request, gpu, Collections.emptySortedSet());
  }

  /** Tells whether a GPU of this model is accepted. */
  public boolean acceptsModel(String model) {
    return gpuModels.isEmpty() || gpuModels.contains(model);
  }
}
