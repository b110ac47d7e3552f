package io.stowage.extender.page;

import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.fit.Fit;
import io.stowage.extender.explain.Missing;
import io.stowage.extender.explain.NodesByMissing;
import io.stowage.extender.kube.PlacementRules.Refusal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Why pods of one shape, priority and set of rules find no node now, and what would make room.
 *
 * @param nodes what keeps them off the nodes; virtual ones do not count
 * @param room the pod whose end alone would make room, and where; empty where no single one would
 */
record WaitReason(NodesByMissing nodes, String room) {
  private static final int NODES_TRIED = 50;

  /** What the end of pods can put right. */
  private static final Set<Missing> MENDED_BY_ENDS =
      EnumSet.of(
          Missing.GPU,
          Missing.FRAGMENTED,
          Missing.CPU,
          Missing.MEMORY,
          Missing.PODS,
          Missing.OTHER);

  private record Candidate(NodeState node, int shortages) {}

  /**
   * Looks at every node of a cluster.
   *
   * @param refusal what rules say of a node for these pods
   */
  static WaitReason of(
      PodShape shape, int priority, Cluster cluster, Function<Node, Optional<Refusal>> refusal) {
    NodesByMissing nodes = NodesByMissing.of(shape, cluster, refusal, node -> !node.virtual());
    return new WaitReason(
        nodes, nodes.fittingNodes().isEmpty() ? room(shape, priority, cluster, nodes) : "");
  }

  /** Tries the nodes that lack fewest things; a pod of higher priority is never named. */
  private static String room(PodShape shape, int priority, Cluster cluster, NodesByMissing nodes) {
    List<Candidate> candidates = new ArrayList<>();
    nodes
        .nodes()
        .forEach(
            (missing, names) -> {
              if (MENDED_BY_ENDS.contains(missing)) {
                names.forEach(name -> candidates.add(candidate(shape, cluster, name)));
              }
            });
    candidates.sort(
        Comparator.comparingInt(Candidate::shortages)
            .thenComparing(candidate -> candidate.node().name()));
    Placement smallest = null;
    for (Candidate candidate : candidates.subList(0, Math.min(NODES_TRIED, candidates.size()))) {
      Placement found = smallestEnding(shape, priority, candidate.node());
      if (found != null && (smallest == null || SMALLER.compare(found.pod(), smallest.pod()) < 0)) {
        smallest = found;
      }
    }
    return smallest == null
        ? ""
        : "it would fit on %s if %s/%s ended"
            .formatted(smallest.nodeName(), smallest.pod().namespace(), smallest.pod().name());
  }

  private static Candidate candidate(PodShape shape, Cluster cluster, String name) {
    NodeState state = Objects.requireNonNull(cluster.node(name));
    return new Candidate(state, Fit.shortages(shape, state).size());
  }

  private static final Comparator<Pod> SMALLER =
      Comparator.comparingInt((Pod pod) -> pod.shape().gpu().count())
          .thenComparingLong(pod -> pod.shape().gpu().unitsPerGpu())
          .thenComparingLong(pod -> pod.shape().request().cpuMilli())
          .thenComparing(Pod::uid);

  private static @Nullable Placement smallestEnding(PodShape shape, int priority, NodeState state) {
    List<Placement> bySize =
        state.placements().stream()
            .filter(placement -> placement.pod().priority() <= priority)
            .sorted(Comparator.comparing(Placement::pod, SMALLER))
            .toList();
    Cluster trial = new Cluster();
    NodeState copy = trial.putNode(Objects.requireNonNull(state.node()));
    state.placements().forEach(trial::place);
    for (Placement placement : bySize) {
      trial.remove(placement.pod().uid());
      boolean fits = Fit.fits(shape, copy);
      trial.place(withDevices(placement, state));
      if (fits) {
        return placement;
      }
    }
    return null;
  }

  /** Names the GPUs that a pod holds, lest putting it back should deal them anew. */
  private static Placement withDevices(Placement placement, NodeState state) {
    List<Integer> devices = new ArrayList<>();
    for (int device : state.gpuDevices(placement.pod().uid())) {
      devices.add(device);
    }
    return new Placement(placement.pod(), placement.nodeName(), devices);
  }
}
