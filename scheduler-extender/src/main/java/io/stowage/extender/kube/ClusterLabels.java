package io.stowage.extender.kube;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.stowage.extender.kube.PlacementRules.Refusal;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What people go by and no decision of Stowage's needs: nodes' pools and zones, the owners of pods
 * by name, and which nodes pods may be on by the rules that kube-scheduler judges. Thread-safe.
 */
public final class ClusterLabels {
  private static final int MOST_ALIKE = 10_000;

  private final Map<String, NodeLabels> byNode = new ConcurrentHashMap<>();
  private final Map<String, String> ownerByPodUid = new ConcurrentHashMap<>();
  private final Map<String, NodeMarks> marksByNode = new ConcurrentHashMap<>();
  private final Map<String, PodMobility> mobilityByPodUid = new ConcurrentHashMap<>();

  /** Most pods are like others, and are kept as one. */
  private final Map<PodMobility, PodMobility> alike = new ConcurrentHashMap<>();

  /** Takes in a node as it is now. */
  public void putNode(Node node) {
    NodeMarks marks = NodeMarks.of(node);
    String name = node.getMetadata().getName();
    marksByNode.put(name, marks);
    putNode(name, NodeLabels.of(marks.labels()));
  }

  /** Takes in where a node belongs. */
  public void putNode(String name, NodeLabels labels) {
    byNode.put(name, labels);
  }

  /** Forgets a node. */
  public void removeNode(String name) {
    byNode.remove(name);
    marksByNode.remove(name);
  }

  /** Takes in a pod. */
  public void putPod(Pod pod) {
    String uid = pod.getMetadata().getUid();
    PodMobility mobility = PodMobility.of(pod);
    boolean bound = pod.getSpec().getNodeName() != null && !pod.getSpec().getNodeName().isEmpty();
    mobilityByPodUid.put(
        uid, shared(bound && mobility.tied() ? mobility.withoutRules() : mobility));
    if (pod.getMetadata().getOwnerReferences() == null) {
      return;
    }
    pod.getMetadata().getOwnerReferences().stream()
        .filter(owner -> Boolean.TRUE.equals(owner.getController()))
        .findFirst()
        .ifPresent(owner -> ownerByPodUid.put(uid, owner.getKind() + "/" + owner.getName()));
  }

  /** Forgets a pod. */
  public void removePod(String uid) {
    ownerByPodUid.remove(uid);
    mobilityByPodUid.remove(uid);
  }

  private PodMobility shared(PodMobility mobility) {
    if (alike.size() >= MOST_ALIKE) {
      alike.clear();
    }
    PodMobility known = alike.putIfAbsent(mobility, mobility);
    return known == null ? mobility : known;
  }

  /**
   * Returns which nodes a pod may be on; for one that is not known, or is tied to the node that it
   * is bound to, those of no rules.
   */
  public PlacementRules rules(String podUid) {
    return mobility(podUid).rules();
  }

  /** Returns what placing a pod anew looks at; its rules are as of {@link #rules}. */
  public PodMobility mobility(String podUid) {
    return mobilityByPodUid.getOrDefault(podUid, PodMobility.UNKNOWN);
  }

  /** Returns the labels and taints of a node, none where they are not known. */
  public NodeMarks marks(String nodeName) {
    return marksByNode.getOrDefault(nodeName, NodeMarks.NONE);
  }

  /**
   * Returns what keeps pods with rules away from a node, empty where nothing does. Of a node whose
   * labels and taints are not known, only whether it is ready, cordoned or tainted counts.
   */
  public Optional<Refusal> refusal(PlacementRules rules, io.stowage.core.cluster.Node node) {
    NodeMarks marks = marksByNode.get(node.name());
    if (marks != null) {
      return rules.refusal(node, marks.labels(), marks.taints());
    }
    Optional<Refusal> refusal = PlacementRules.NONE.refusal(node, Map.of(), List.of());
    return refusal.isEmpty() && node.tainted() ? Optional.of(Refusal.TAINTED) : refusal;
  }

  /** Returns where a node belongs. */
  public NodeLabels node(String name) {
    return byNode.getOrDefault(name, NodeLabels.NONE);
  }

  /** Returns the controller of a pod, such as {@code Job/train}; empty where it has none. */
  public String owner(String podUid) {
    return ownerByPodUid.getOrDefault(podUid, "");
  }
}
