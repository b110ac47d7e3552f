package io.stowage.core.policy;

import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.PodShape;

/** Any node that fits, with equal probability; on it the fullest GPU that fits. */
final class RandomPlacement implements PlacementPolicy {
  @Override
  public String name() {
    return "random";
  }

  @Override
  public double score(PodShape shape, NodeState node) {
    return 0;
  }

  @Override
  public int[] gpuDevices(PodShape shape, NodeState node) {
    return GpuChoice.tightest(shape, node);
  }

  @Override
  public TieBreak tieBreak() {
    return TieBreak.RANDOM;
  }
}
