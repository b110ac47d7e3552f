package io.stowage.extender.state;

import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.fit.Fit;
import io.stowage.core.policy.NodeScores;
import io.stowage.core.policy.PlacementPolicy;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.function.ToDoubleFunction;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Ranks nodes for a pod.
 *
 * <p>A node is refused for one thing alone: the pod needs devices that Stowage assigns, and the
 * node has none for it. Sums are kube-scheduler's to count; where Stowage's own say that a pod does
 * not fit, the node ranks last.
 */
final class NodeRanking {

  /** How good a node is before any score, best first. */
  enum Tier {
    /** Fits, other pods' holds counted. */
    FREE,
    /** Fits only on room that is held for others. */
    HELD_FOR_OTHERS,
    /** Fits, but the node, or every GPU of it that fits, has refused pods of late. */
    AVOIDED,
    /** Fits, but the pod was told this node before and did not get there, or its like did not. */
    FAILED_BEFORE,
    /** Does not fit by the sums that kube-scheduler counts too, and let pass. */
    BEYOND_SUMS;

    /** Tells whether nodes of this tier fit, and yet are for pods that fit nowhere else. */
    boolean isLastChoice() {
      return this == AVOIDED || this == FAILED_BEFORE;
    }
  }

  /**
   * A node that may be offered.
   *
   * @param tie what decides between equal scores, smaller first; equal ties go by name
   */
  record Ranked(String node, Tier tier, double score, long tie) {
    static final Comparator<Ranked> BEST_FIRST =
        Comparator.comparing(Ranked::tier)
            .thenComparing(Comparator.comparingDouble(Ranked::score).reversed())
            .thenComparingLong(Ranked::tie)
            .thenComparing(Ranked::node);
  }

  /**
   * The nodes of a request, sorted out.
   *
   * @param ranked those that may be offered, in no order
   * @param failed reasons of those refused where preemption might help
   * @param unresolvable reasons of those refused where it cannot
   * @param unknown how many the watch does not know
   */
  record Outcome(
      List<Ranked> ranked,
      Map<String, String> failed,
      Map<String, String> unresolvable,
      int unknown) {

    /** Returns the best {@code limit} nodes, best first. */
    List<Ranked> best(int limit) {
      if (ranked.size() <= limit) {
        List<Ranked> sorted = new ArrayList<>(ranked);
        sorted.sort(Ranked.BEST_FIRST);
        return sorted;
      }
      PriorityQueue<Ranked> worstFirst =
          new PriorityQueue<>(Collections.reverseOrder(Ranked.BEST_FIRST));
      for (Ranked node : ranked) {
        if (worstFirst.size() < limit) {
          worstFirst.add(node);
        } else if (Ranked.BEST_FIRST.compare(node, worstFirst.element()) < 0) {
          worstFirst.remove();
          worstFirst.add(node);
        }
      }
      List<Ranked> sorted = new ArrayList<>(worstFirst);
      sorted.sort(Ranked.BEST_FIRST);
      return sorted;
    }
  }

  private final Cluster bound;
  private final Cluster steering;
  private final PlacementPolicy policy;
  private final NodeScores scores;
  private final RandomGenerator ties;
  private final Refusals refusals;
  private final LongSupplier nanoClock;

  /**
   * Creates a ranking.
   *
   * @param bound pods that are bound
   * @param steering the same and what is held
   * @param refusals which nodes and GPUs are avoided
   * @param nanoClock the clock that these are kept by
   */
  NodeRanking(
      Cluster bound,
      Cluster steering,
      PlacementPolicy policy,
      RandomGenerator ties,
      Refusals refusals,
      LongSupplier nanoClock) {
    this.bound = bound;
    this.steering = steering;
    this.policy = policy;
    this.ties = ties;
    this.refusals = refusals;
    this.nanoClock = nanoClock;
    this.scores = new NodeScores(steering, policy, ties, 256);
  }

  /**
   * Sorts out the nodes of a request.
   *
   * @param failedBefore nodes that the pod was told before
   * @param described what the request itself says of a node that the watch does not know
   */
  Outcome rank(
      PodShape shape, List<String> nodes, Set<String> failedBefore, DescribedNodes described) {
    List<Ranked> ranked = new ArrayList<>(nodes.size());
    Map<String, String> failed = new LinkedHashMap<>();
    Map<String, String> unresolvable = new LinkedHashMap<>();
    int unknown = 0;
    ToDoubleFunction<NodeState> scorer = scores.scorer(shape);
    boolean random = policy.tieBreak() == PlacementPolicy.TieBreak.RANDOM;
    PodShape anyModel = anyModel(shape);
    for (String name : nodes) {
      NodeState hard = bound.node(name);
      NodeState soft = steering.node(name);
      if (hard == null || hard.node() == null || soft == null) {
        Node node = described.node(name);
        unknown++;
        if (node == null) {
          failed.put(name, Reasons.UNKNOWN_NODE);
          continue;
        }
        hard = new Cluster().putNode(node);
        soft = hard;
      }
      if (!devicesFit(shape, hard)) {
        (Reasons.isSum(anyModel, hard) ? failed : unresolvable)
            .put(name, Reasons.ofDevices(anyModel, hard));
        continue;
      }
      long tie = random ? ties.nextLong() : 0;
      double score = soft == hard ? scoreAlone(shape, hard) : scorer.applyAsDouble(soft);
      ranked.add(rank(shape, name, score, hard, failedBefore.contains(name), tie));
    }
    return new Outcome(ranked, failed, unresolvable, unknown);
  }

  private Ranked rank(
      PodShape shape,
      String name,
      double softScore,
      NodeState hard,
      boolean failedBefore,
      long tie) {
    double score = softScore;
    Tier tier = Tier.FREE;
    if (score == NodeScores.UNFIT) {
      score = scoreAlone(shape, hard);
      tier = score == NodeScores.UNFIT ? Tier.BEYOND_SUMS : Tier.HELD_FOR_OTHERS;
    }
    if (tier != Tier.BEYOND_SUMS) {
      if (failedBefore) {
        tier = Tier.FAILED_BEFORE;
      } else if (isAvoided(shape, hard)) {
        tier = Tier.AVOIDED;
      }
    }
    return new Ranked(name, tier, score, tie);
  }

  private boolean isAvoided(PodShape shape, NodeState node) {
    long nowNanos = nanoClock.getAsLong();
    if (refusals.avoids(node.name(), nowNanos)) {
      return true;
    }
    Set<Integer> avoided = refusals.avoidedGpus(node.name(), nowNanos);
    if (avoided.isEmpty() || !assignsDevices(shape, node)) {
      return false;
    }
    PodShape anyModel = anyModel(shape);
    return IntStream.range(0, node.gpuCount())
            .filter(gpu -> !avoided.contains(gpu) && Fit.gpuFits(anyModel, node, gpu))
            .count()
        < shape.gpu().count();
  }

  private double scoreAlone(PodShape shape, NodeState node) {
    return Fit.fits(shape, node) ? policy.score(shape, node) : NodeScores.UNFIT;
  }

  /**
   * Tells whether a node has the devices that Stowage would have to assign. Models are left aside:
   * which labels a pod accepts is kube-scheduler's to judge.
   */
  static boolean devicesFit(PodShape shape, NodeState node) {
    if (!assignsDevices(shape, node)) {
      return true;
    }
    return node.hasGpuResource(shape.gpu().resource()) && Fit.fitsGpus(anyModel(shape), node);
  }

  /** Tells whether it is Stowage that gives a pod of this shape its devices on the node. */
  static boolean assignsDevices(PodShape shape, NodeState node) {
    return shape.gpu().isShare()
        || (!shape.gpu().isNone()
            && node.gpusVisible()
            && node.hasGpuResource(shape.gpu().resource()));
  }

  private static PodShape anyModel(PodShape shape) {
    return shape.gpuModels().isEmpty() ? shape : PodShape.of(shape.request(), shape.gpu());
  }

  /**
   * Returns the devices that a pod should get on a node: the wanted ones where they are free, else
   * the policy's choice; on room that nobody holds first, on held room next, on GPUs that are
   * avoided last. Empty where the node's devices are not Stowage's to assign, null where they
   * cannot serve the pod.
   */
  @Nullable List<Integer> devices(PodShape shape, String name, List<Integer> wanted) {
    NodeState hard = bound.node(name);
    if (hard == null || !assignsDevices(shape, hard)) {
      return shape.gpu().isShare() && hard == null ? null : List.of();
    }
    NodeState soft = steering.node(name);
    Set<Integer> avoided = refusals.avoidedGpus(name, nanoClock.getAsLong());
    Node node = hard.node();
    if (!avoided.isEmpty() && soft != null && node != null) {
      List<Integer> devices =
          devices(
              shape,
              wanted,
              NodeCopies.withoutGpus(soft, node, avoided),
              NodeCopies.withoutGpus(hard, node, avoided));
      if (devices != null) {
        return devices;
      }
    }
    return devices(shape, wanted, soft, hard);
  }

  private @Nullable List<Integer> devices(
      PodShape shape, List<Integer> wanted, @Nullable NodeState... nodes) {
    for (PodShape tried : List.of(shape, anyModel(shape))) {
      for (NodeState node : nodes) {
        if (node != null
            && node.hasGpuResource(tried.gpu().resource())
            && Fit.fitsGpus(tried, node)) {
          boolean wantedFit =
              wanted.size() == tried.gpu().count()
                  && wanted.stream()
                      .allMatch(
                          device -> device < node.gpuCount() && Fit.gpuFits(tried, node, device));
          return wantedFit ? wanted : listOf(policy.gpuDevices(tried, node));
        }
      }
    }
    return null;
  }

  private static List<Integer> listOf(int[] devices) {
    List<Integer> list = new ArrayList<>(devices.length);
    for (int device : devices) {
      list.add(device);
    }
    return list;
  }
}
