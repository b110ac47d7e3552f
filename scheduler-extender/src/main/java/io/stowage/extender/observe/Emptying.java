package io.stowage.extender.observe;

import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.fit.Fit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Finds nodes that could go: all pods on them that would come again fit on other nodes.
 *
 * <p>Nodes are tried one by one, those with least GPU in use first; the pods of one that can go are
 * moved, the fullest node that takes them first, and it takes no more pods itself. Pods tied to
 * their node go with it. A node with a pod that nothing would make anew stays, as does one that the
 * plan places a pod on. Up to {@value #MAX_LOOKS} looks at a node are taken. Works on a cluster of
 * its own.
 */
final class Emptying {
  private static final long MAX_LOOKS = 20_000_000;

  private final Cluster cluster;
  private final Map<String, KnownPod> runningByUid;
  private final Eligibility eligibility;

  /** Nodes that may take pods, the fullest first. */
  private final List<NodeState> targets = new ArrayList<>();

  private long looks;

  /**
   * Creates it.
   *
   * @param cluster the cluster with running and planned pods, which it changes
   * @param runningByUid the pods that run
   */
  Emptying(Cluster cluster, Map<String, KnownPod> runningByUid, Eligibility eligibility) {
    this.cluster = cluster;
    this.runningByUid = runningByUid;
    this.eligibility = eligibility;
  }

  /** Returns the nodes in the order in which they can go. */
  List<String> nodes() {
    List<NodeState> nodes = new ArrayList<>();
    cluster.forEachNode(
        node -> {
          Node spec = node.node();
          if (spec != null && spec.countsAsCapacity()) {
            nodes.add(node);
          }
        });
    nodes.sort(
        Comparator.<NodeState>comparingLong(node -> node.gpuCapacityMilli() - node.freeGpuMilli())
            .thenComparingLong(NodeState::requestedCpuMilli)
            .thenComparing(NodeState::name));
    for (int i = nodes.size() - 1; i >= 0; i--) {
      targets.add(nodes.get(i));
    }
    List<String> emptied = new ArrayList<>();
    for (NodeState node : nodes) {
      if (looks < MAX_LOOKS && canGo(node)) {
        emptied.add(node.name());
      }
    }
    return emptied;
  }

  /** Tells whether the search ended before all nodes were tried. */
  boolean cut() {
    return looks >= MAX_LOOKS;
  }

  private boolean canGo(NodeState node) {
    List<Placement> moving = new ArrayList<>();
    for (Placement placement : node.placements()) {
      KnownPod pod = runningByUid.get(placement.pod().uid());
      if (pod == null || (!pod.tied() && (!pod.owned() || pod.unseen()))) {
        return false;
      }
      if (!pod.tied()) {
        moving.add(placement);
      }
    }
    moving.sort(
        Comparator.<Placement>comparingInt(placement -> -placement.pod().shape().gpu().count())
            .thenComparingLong(placement -> -placement.pod().shape().request().cpuMilli()));
    List<Placement> moved = new ArrayList<>();
    for (Placement placement : moving) {
      NodeState target = target(placement, node);
      if (target == null) {
        moved.forEach(cluster::place);
        return false;
      }
      moved.add(placement);
      cluster.place(new Placement(marked(placement), target.name(), List.of()));
    }
    targets.remove(node);
    return true;
  }

  private @Nullable NodeState target(Placement placement, NodeState from) {
    PodShape shape = marked(placement).shape();
    for (NodeState target : targets) {
      looks++;
      if (target != from && Fit.fits(shape, target)) {
        return target;
      }
    }
    return null;
  }

  /** Returns a running pod with the mark of its rules. */
  private Pod marked(Placement placement) {
    KnownPod known = Objects.requireNonNull(runningByUid.get(placement.pod().uid()));
    Pod pod = known.pod();
    return new Pod(
        pod.uid(), pod.namespace(), pod.name(), eligibility.shape(known), pod.priority());
  }
}
