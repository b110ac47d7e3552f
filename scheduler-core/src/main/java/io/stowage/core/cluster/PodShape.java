package io.stowage.core.cluster;

import java.util.Collections;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A pod's request vector: all that decides where it fits. Immutable, and compared by its contents;
 * a class of its own and not a record because it keeps its hash, which every decision needs.
 */
public final class PodShape {
  private final Resources request;
  private final GpuRequest gpu;
  private final SortedSet<String> gpuModels;
  private final int hash;

  /**
   * Creates a shape.
   *
   * @param request what the pod asks for, as kube-scheduler counts it, GPUs left out
   * @param gpu the GPUs it asks for
   * @param gpuModels the GPU models it accepts, copied; empty accepts every model
   */
  public PodShape(Resources request, GpuRequest gpu, SortedSet<String> gpuModels) {
    this.request = request;
    this.gpu = gpu;
    this.gpuModels =
        gpuModels.isEmpty()
            ? Collections.emptySortedSet()
            : Collections.unmodifiableSortedSet(new TreeSet<>(gpuModels));
    hash = 31 * (31 * request.hashCode() + gpu.hashCode()) + this.gpuModels.hashCode();
  }

  /** Returns a shape that accepts every GPU model. */
  public static PodShape of(Resources request, GpuRequest gpu) {
    return new PodShape(request, gpu, Collections.emptySortedSet());
  }

  /** Returns what the pod asks for, GPUs left out. */
  public Resources request() {
    return request;
  }

  /** Returns the GPUs that the pod asks for. */
  public GpuRequest gpu() {
    return gpu;
  }

  /** Returns the GPU models that the pod accepts; empty accepts every model. */
  public SortedSet<String> gpuModels() {
    return gpuModels;
  }

  /** Tells whether a GPU of this model is accepted. */
  public boolean acceptsModel(String model) {
    return gpuModels.isEmpty() || gpuModels.contains(model);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return this == other
        || (other instanceof PodShape shape
            && hash == shape.hash
            && gpu.equals(shape.gpu)
            && request.equals(shape.request)
            && gpuModels.equals(shape.gpuModels));
  }

  @Override
  public int hashCode() {
    return hash;
  }

  @Override
  public String toString() {
    return "PodShape[request=" + request + ", gpu=" + gpu + ", gpuModels=" + gpuModels + "]";
  }
}
