package io.stowage.extender.state;

import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.fit.Fit;
import io.stowage.core.policy.NodeScores;
import io.stowage.core.policy.PlacementPolicy;
import io.stowage.extender.names.AskedNodes;
import io.stowage.extender.state.DeviceRules.Verdict;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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
    /** Fits once the device plugin has assigned pods before it. */
    AWAITS_ASSIGNMENT,
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

    /** Returns all nodes, best first; without last choices where any node is better than those. */
    List<Ranked> allButLastChoices() {
      List<Ranked> all = best(ranked.size());
      if (!all.isEmpty() && all.get(0).tier().compareTo(Tier.AVOIDED) < 0) {
        all.removeIf(node -> node.tier().isLastChoice());
      }
      return all;
    }

    /** Returns the refusal of all nodes: for reasons known, else for the one given. */
    FilterDecision refusingAll(List<String> nodes, String reason) {
      Map<String, String> reasons = new HashMap<>(unresolvable);
      for (String node : nodes) {
        if (!failed.containsKey(node)) {
          reasons.putIfAbsent(node, reason);
        }
      }
      return new FilterDecision(List.of(), failed, reasons, unknown);
    }

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

  /** Of fewer nodes than this each is looked at; a shortlist saves nothing. */
  private static final int FEW = 32;

  /** After so many nodes, most of which nobody asked about, those asked about are looked at. */
  private static final int MOST_LOOKED_AT = 256;

  private final Cluster bound;
  private final Cluster steering;
  private final KnownNodes known;
  private final DeviceRules rules;
  private final PlacementPolicy policy;
  private final NodeScores scores;
  private final RandomGenerator ties;
  private final Refusals refusals;
  private final LongSupplier nanoClock;

  /**
   * Creates a ranking.
   *
   * @param pods what is bound, and what is held beside it
   * @param rules which card of a node a share may get
   * @param refusals which nodes and GPUs are avoided, by {@code nanoClock}
   */
  NodeRanking(
      BoundPods pods,
      KnownNodes known,
      DeviceRules rules,
      PlacementPolicy policy,
      RandomGenerator ties,
      Refusals refusals,
      LongSupplier nanoClock) {
    this.bound = pods.hard();
    this.steering = pods.steering();
    this.known = known;
    this.rules = rules;
    this.policy = policy;
    this.ties = ties;
    this.refusals = refusals;
    this.nanoClock = nanoClock;
    this.scores = new NodeScores(steering, policy, ties, 256);
  }

  /** Returns the scores of the nodes, what is held counted. */
  NodeScores scores() {
    return scores;
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
      if (refuse(shape, anyModel, hard, failed, unresolvable)) {
        continue;
      }
      Verdict verdict = shape.gpu().isShare() ? rules.judge(shape, name) : Verdict.FREE;
      long tie = random ? ties.nextLong() : 0;
      double score = soft == hard ? scoreAlone(shape, hard) : scorer.applyAsDouble(soft);
      Tier least = leastTier(verdict, failedBefore.contains(name), isAvoided(anyModel, hard));
      ranked.add(rank(shape, score, hard, least, tie));
    }
    return new Outcome(ranked, failed, unresolvable, unknown);
  }

  /**
   * Sorts out the nodes of a request as {@link #rank} does, but ranks no more than the best where
   * enough of them are of the best tier.
   *
   * @param limit how many of the best are wanted
   */
  Outcome shortlist(
      PodShape shape,
      AskedNodes asked,
      Set<String> failedBefore,
      DescribedNodes described,
      int limit) {
    if (asked.size() < FEW
        || asked.hasDuplicates()
        || policy.tieBreak() == PlacementPolicy.TieBreak.RANDOM
        || (described != DescribedNodes.NONE && !asked.unknown().isEmpty())) {
      return rank(shape, asked.names(), failedBefore, described);
    }
    List<Ranked> free = free(shape, asked, failedBefore, limit);
    if (free.size() < limit) {
      return rank(shape, asked.names(), failedBefore, described);
    }
    Map<String, String> failed = new LinkedHashMap<>();
    Map<String, String> unresolvable = new LinkedHashMap<>();
    asked.unknown().forEach(name -> failed.put(name, Reasons.UNKNOWN_NODE));
    if (known.mayAssignDevices(shape)) {
      PodShape anyModel = anyModel(shape);
      asked.forEachSlot(slot -> refuse(shape, anyModel, known.hard(slot), failed, unresolvable));
    }
    return new Outcome(free, failed, unresolvable, asked.unknown().size());
  }

  /**
   * Returns the best nodes of the best tier, at most so many: of all nodes from the best on, or,
   * where few of those are asked about, of those that are.
   */
  private List<Ranked> free(PodShape shape, AskedNodes asked, Set<String> failedBefore, int limit) {
    PodShape anyModel = anyModel(shape);
    int[] lookedAt = new int[1];
    List<NodeScores.Scored> best =
        scores.bestFirst(
            shape,
            limit,
            node ->
                ++lookedAt[0] > MOST_LOOKED_AT
                    || (asked.contains(node.slot())
                        && isFree(shape, anyModel, node, failedBefore)));
    if (lookedAt[0] > MOST_LOOKED_AT) {
      return freeOfAsked(shape, anyModel, asked, failedBefore, limit);
    }
    return best.stream()
        .map(scored -> new Ranked(scored.node().name(), Tier.FREE, scored.score(), 0))
        .toList();
  }

  private List<Ranked> freeOfAsked(
      PodShape shape, PodShape anyModel, AskedNodes asked, Set<String> failedBefore, int limit) {
    PriorityQueue<Ranked> worstFirst =
        new PriorityQueue<>(Collections.reverseOrder(Ranked.BEST_FIRST));
    ToDoubleFunction<NodeState> scorer = scores.scorer(shape);
    asked.forEachSlot(
        slot -> {
          NodeState node = Objects.requireNonNull(steering.slot(slot));
          double score = scorer.applyAsDouble(node);
          if (score == NodeScores.UNFIT
              || (worstFirst.size() == limit && score < worstFirst.element().score())) {
            return;
          }
          if (isFree(shape, anyModel, node, failedBefore)) {
            worstFirst.add(new Ranked(node.name(), Tier.FREE, score, 0));
            if (worstFirst.size() > limit) {
              worstFirst.remove();
            }
          }
        });
    return new ArrayList<>(worstFirst);
  }

  /** Tells whether a node where the shape fits beside what is held is of the best tier. */
  private boolean isFree(
      PodShape shape, PodShape anyModel, NodeState soft, Set<String> failedBefore) {
    NodeState hard = known.hard(soft.slot());
    return !failedBefore.contains(soft.name())
        && devicesFit(shape, hard)
        && (!shape.gpu().isShare() || rules.judge(shape, soft.name()) == Verdict.FREE)
        && !isAvoided(anyModel, hard);
  }

  /** Adds the reason why a node cannot be offered; returns whether there is one. */
  private boolean refuse(
      PodShape shape,
      PodShape anyModel,
      NodeState hard,
      Map<String, String> failed,
      Map<String, String> unresolvable) {
    if (!devicesFit(shape, hard)) {
      (Reasons.isSum(anyModel, hard) ? failed : unresolvable)
          .put(hard.name(), Reasons.ofDevices(anyModel, hard));
      return true;
    }
    Verdict verdict = shape.gpu().isShare() ? rules.judge(shape, hard.name()) : Verdict.FREE;
    if (!verdict.isOffered()) {
      unresolvable.put(
          hard.name(), verdict == Verdict.STUCK ? Reasons.STUCK_PLUGIN : Reasons.FOREIGN_EXTENDER);
      return true;
    }
    return false;
  }

  /** Tells whether what makes a node the best is room that the policy keeps for other pods. */
  boolean isKept(PodShape shape, Ranked best) {
    NodeState node = steering.node(best.node());
    return best.tier() == Tier.FREE && node != null && policy.keeps(shape, node);
  }

  /** Returns the tier that a node cannot be better than. */
  private static Tier leastTier(Verdict verdict, boolean failedBefore, boolean avoided) {
    if (failedBefore) {
      return Tier.FAILED_BEFORE;
    } else if (avoided) {
      return Tier.AVOIDED;
    }
    return verdict == Verdict.AWAITS_ASSIGNMENT ? Tier.AWAITS_ASSIGNMENT : Tier.FREE;
  }

  private Ranked rank(PodShape shape, double softScore, NodeState hard, Tier least, long tie) {
    double score = softScore;
    Tier tier = Tier.FREE;
    if (score == NodeScores.UNFIT) {
      score = scoreAlone(shape, hard);
      tier = score == NodeScores.UNFIT ? Tier.BEYOND_SUMS : Tier.HELD_FOR_OTHERS;
    }
    return new Ranked(hard.name(), tier.compareTo(least) < 0 ? least : tier, score, tie);
  }

  private boolean isAvoided(PodShape shape, NodeState node) {
    long nowNanos = nanoClock.getAsLong();
    if (refusals.avoids(node.name(), nowNanos)) {
      return true;
    }
    Set<Integer> avoided = refusals.avoidedGpus(node.name(), nowNanos);
    return !avoided.isEmpty()
        && assignsDevices(shape, node)
        && IntStream.range(0, node.gpuCount())
                .filter(gpu -> !avoided.contains(gpu) && Fit.gpuFits(shape, node, gpu))
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
    List<Integer> devices =
        avoided.isEmpty()
            ? null
            : devices(
                shape,
                wanted,
                NodeCopies.withoutGpus(hard, avoided),
                NodeCopies.withoutGpus(soft, avoided));
    return devices == null ? devices(shape, wanted, hard, soft) : devices;
  }

  private @Nullable List<Integer> devices(
      PodShape shape, List<Integer> wanted, @Nullable NodeState hard, @Nullable NodeState soft) {
    if (hard == null) {
      return null;
    }
    for (PodShape tried : List.of(shape, anyModel(shape))) {
      for (NodeState node : new @Nullable NodeState[] {soft, hard}) {
        if (node != null
            && node.hasGpuResource(tried.gpu().resource())
            && Fit.fitsGpus(tried, node)) {
          return choice(tried, node, wanted);
        }
      }
    }
    return null;
  }

  private List<Integer> choice(PodShape shape, NodeState node, List<Integer> wanted) {
    boolean wantedFit =
        wanted.size() == shape.gpu().count()
            && wanted.stream()
                .allMatch(device -> device < node.gpuCount() && Fit.gpuFits(shape, node, device));
    return wantedFit ? wanted : listOf(policy.gpuDevices(shape, node));
  }

  private static List<Integer> listOf(int[] devices) {
    List<Integer> list = new ArrayList<>(devices.length);
    for (int device : devices) {
      list.add(device);
    }
    return list;
  }

  /**
   * Tells whether a pod finds its devices on a node once the victims are gone. Sums are left to
   * kube-scheduler.
   */
  boolean fitsWithout(PodShape shape, String nodeName, Set<String> victims) {
    NodeState node = bound.node(nodeName);
    if (node == null || node.node() == null) {
      return !shape.gpu().isShare();
    }
    NodeState rest =
        NodeCopies.copy(node, node.node(), new Cluster(), uid -> !victims.contains(uid));
    return devicesFit(shape, rest);
  }
}
