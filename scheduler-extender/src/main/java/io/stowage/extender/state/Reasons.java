package io.stowage.extender.state;

import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.fit.Fit;
import io.stowage.core.fit.Shortage;

/**
 * Why {@code filter} refuses a node, in texts that are the same for every node: kube-scheduler
 * counts reasons by their exact text.
 */
final class Reasons {
  static final String UNKNOWN_NODE = "node is not known to Stowage yet";
  static final String NO_SHARED_GPU = "node has no GPU that can be shared";
  static final String FRAGMENTED = "enough GPU in total, but no single GPU with enough free";
  static final String INSUFFICIENT = "not enough GPU in total";

  static final String KEPT = "what is free is kept for pods of more GPUs for a while";

  static final String STUCK_PLUGIN = "the GPU sharing device plugin of the node assigns no devices";
  static final String FOREIGN_EXTENDER = "another scheduler extender assigns the GPUs of the node";

  private Reasons() {}

  /**
   * Tells whether the shape's lack of a device is a matter of the node's sum, so that the eviction
   * of other pods might help; where a single GPU is what is missing, kube-scheduler's preemption
   * cannot see it.
   */
  static boolean isSum(PodShape shape, NodeState node) {
    return Fit.shortages(shape, node).stream().anyMatch(Shortage.InsufficientGpu.class::isInstance);
  }

  /** Returns the text for a node whose devices cannot serve the shape. */
  static String ofDevices(PodShape shape, NodeState node) {
    if (!node.hasGpuResource(shape.gpu().resource())) {
      return NO_SHARED_GPU;
    }
    return isSum(shape, node) ? INSUFFICIENT : FRAGMENTED;
  }
}
