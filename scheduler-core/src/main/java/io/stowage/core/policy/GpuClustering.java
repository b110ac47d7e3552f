package io.stowage.core.policy;

import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.PodShape;

/**
 * Nodes that hold pods of the same kind (a share, or as many whole GPUs), the fullest first; a
 * share goes to the fullest GPU that fits.
 *
 * <p>Source: GpuClusteringScore of the simulator of "Beware of Fragmentation" (USENIX ATC 2023),
 * after Gandiva (OSDI 2018): a node with pods of this kind alone is best, then one with this kind
 * among others, then a free one, then one with other kinds; ties go to the first name. A pod
 * without GPU scores 0 everywhere.
 */
final class GpuClustering implements PlacementPolicy {
  @Override
  public String name() {
    return "gpu-clustering";
  }

  @Override
  public double score(PodShape shape, NodeState node) {
    GpuRequest gpu = shape.gpu();
    if (gpu.isNone()) {
      return 0;
    }
    boolean same = false;
    boolean others = false;
    for (Placement placement : node.placements()) {
      GpuRequest placed = placement.pod().shape().gpu();
      if (!placed.isNone()) {
        boolean sameKind = placed.isShare() == gpu.isShare() && placed.count() == gpu.count();
        same |= sameKind;
        others |= !sameKind;
      }
    }
    int tier = same ? (others ? 2 : 3) : (others ? 0 : 1);
    return 25 * tier
        + Math.floor(25 * (BestFit.MAX_GPU_MILLI - node.freeGpuMilli()) / BestFit.MAX_GPU_MILLI);
  }

  /** Tells all nodes apart: which pods they hold counts, and not what is left of them alone. */
  @Override
  public long likeness(NodeState node) {
    return node.version();
  }

  @Override
  public int[] gpuDevices(PodShape shape, NodeState node) {
    return GpuChoice.tightest(shape, node);
  }

  @Override
  public TieBreak tieBreak() {
    return TieBreak.FIRST_BY_NAME;
  }
}
