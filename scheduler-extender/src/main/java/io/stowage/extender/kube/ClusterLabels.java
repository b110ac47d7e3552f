package io.stowage.extender.kube;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Taint;
import io.stowage.extender.kube.PlacementRules.Refusal;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What people go by and no decision of Stowage's needs: nodes' pools and zones, the owners of pods
 * by name, and which nodes waiting pods may be on by the rules that kube-scheduler judges.
 * Thread-safe.
 */
public final class ClusterLabels {
  private final Map<String, NodeLabels> byNode = new ConcurrentHashMap<>();
  private final Map<String, String> ownerByPodUid = new ConcurrentHashMap<>();
  private final Map<String, Marks> marksByNode = new ConcurrentHashMap<>();
  private final Map<String, PlacementRules> rulesByPodUid = new ConcurrentHashMap<>();

  /** What placement rules look at. */
  private record Marks(Map<String, String> labels, List<Taint> taints) {}

  /** Takes in a node as it is now. */
  public void putNode(Node node) {
    Map<String, String> labels =
        node.getMetadata().getLabels() == null
            ? Map.of()
            : Map.copyOf(node.getMetadata().getLabels());
    List<Taint> taints =
        node.getSpec() == null || node.getSpec().getTaints() == null
            ? List.of()
            : List.copyOf(node.getSpec().getTaints());
    String name = node.getMetadata().getName();
    marksByNode.put(name, new Marks(labels, taints));
    putNode(name, NodeLabels.of(labels));
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
    if (pod.getSpec().getNodeName() == null || pod.getSpec().getNodeName().isEmpty()) {
      rulesByPodUid.put(uid, PlacementRules.of(pod));
    } else {
      rulesByPodUid.remove(uid);
    }
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
    rulesByPodUid.remove(uid);
  }

  /** Returns which nodes a waiting pod may be on; for one that is not known, those of no rules. */
  public PlacementRules rules(String podUid) {
    return rulesByPodUid.getOrDefault(podUid, PlacementRules.NONE);
  }

  /**
   * Returns what keeps pods with rules away from a node, empty where nothing does. Of a node whose
   * labels and taints are not known, only whether it is ready, cordoned or tainted counts.
   */
  public Optional<Refusal> refusal(PlacementRules rules, io.stowage.core.cluster.Node node) {
    Marks marks = marksByNode.get(node.name());
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
