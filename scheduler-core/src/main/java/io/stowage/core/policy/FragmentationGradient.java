package io.stowage.core.policy;

import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.fit.Fit;
import io.stowage.core.fragmentation.Fragmentation;
import io.stowage.core.fragmentation.TypicalPods;

/**
 * FGD, Fragmentation Gradient Descent: the node whose fragmentation grows least.
 *
 * <p>The score is {@code int(100 * sigmoid(d / 1000))} with {@code d} the fragmentation before
 * minus after, in milli-GPU; a share goes to the GPU with the best score, the first among equals;
 * whole GPUs are the first free ones; ties among nodes go to the first name. The rounding is part
 * of the policy: it makes ties, and going by name then keeps nodes empty. Source: "Beware of
 * Fragmentation: Scheduling GPU-Sharing Workloads with Fragmentation Gradient Descent" (USENIX ATC
 * 2023) and fgd_score.go of its simulator. The typical pods are given, as published, and do not
 * change.
 */
final class FragmentationGradient implements PlacementPolicy {
  private final Fragmentation fragmentation;
  private final int[] one = new int[1];

  FragmentationGradient(TypicalPods typical) {
    this.fragmentation = new Fragmentation(typical);
  }

  @Override
  public String name() {
    return "fgd";
  }

  @Override
  public double score(PodShape shape, NodeState node) {
    double before = fragmentation.milli(node);
    return rounded(before - fragmentation.milliAfter(node, shape, choose(shape, node, before)));
  }

  @Override
  public int[] gpuDevices(PodShape shape, NodeState node) {
    return choose(shape, node, fragmentation.milli(node)).clone();
  }

  private int[] choose(PodShape shape, NodeState node, double before) {
    if (!GpuChoice.hasDevices(shape, node) || shape.gpu().isWhole()) {
      return GpuChoice.tightest(shape, node);
    }
    int best = -1;
    int bestScore = 0;
    for (int i = 0; i < node.gpuCount(); i++) {
      if (Fit.gpuFits(shape, node, i) && !isLikeEarlier(node, i)) {
        one[0] = i;
        int score = rounded(before - fragmentation.milliAfter(node, shape, one));
        if (best < 0 || score > bestScore) {
          best = i;
          bestScore = score;
        }
      }
    }
    one[0] = best;
    return one;
  }

  /** Tells whether an earlier GPU is like this one, and so scores the same. */
  private static boolean isLikeEarlier(NodeState node, int device) {
    for (int i = 0; i < device; i++) {
      if (GpuChoice.areAlike(node, i, device)) {
        return true;
      }
    }
    return false;
  }

  private static int rounded(double deltaMilli) {
    return (int) (100 / (1 + Math.exp(-deltaMilli / 1000)));
  }

  @Override
  public TieBreak tieBreak() {
    return TieBreak.FIRST_BY_NAME;
  }
}
