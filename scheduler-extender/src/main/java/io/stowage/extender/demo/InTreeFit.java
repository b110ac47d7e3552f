package io.stowage.extender.demo;

import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.fit.Fit;

/**
 * What kube-scheduler's own predicates see: the sums of a node, and its labels where a pod asks for
 * a GPU model. Single GPUs they do not see.
 */
final class InTreeFit {
  private InTreeFit() {}

  /** Tells whether kube-scheduler would ask the extender about the node. */
  static boolean fits(PodShape shape, NodeState node) {
    GpuRequest gpu = shape.gpu();
    if (gpu.isNone() || !node.hasGpuResource(gpu.resource())) {
      return Fit.fits(shape, node);
    }
    if (!Fit.fits(PodShape.of(shape.request(), GpuRequest.NONE), node)) {
      return false;
    }
    long free = 0;
    boolean model = shape.gpuModels().isEmpty();
    for (int i = 0; i < node.gpuCount(); i++) {
      free += gpu.isShare() ? node.gpuFreeUnits(i) : node.gpuIsFree(i) ? 1 : 0;
      model |= shape.acceptsModel(node.gpuModel(i));
    }
    return model && free >= (gpu.isShare() ? gpu.unitsPerGpu() : gpu.count());
  }
}
