package io.stowage.extender.kube;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What people go by and no decision needs: nodes' pools and zones, and the owners of pods by name.
 * Thread-safe.
 */
public final class ClusterLabels {
  private final Map<String, NodeLabels> byNode = new ConcurrentHashMap<>();
  private final Map<String, String> ownerByPodUid = new ConcurrentHashMap<>();

  /** Takes in a node as it is now. */
  public void putNode(Node node) {
    Map<String, String> labels = node.getMetadata().getLabels();
    putNode(node.getMetadata().getName(), labels == null ? NodeLabels.NONE : NodeLabels.of(labels));
  }

  /** Takes in where a node belongs. */
  public void putNode(String name, NodeLabels labels) {
    byNode.put(name, labels);
  }

  /** Forgets a node. */
  public void removeNode(String name) {
    byNode.remove(name);
  }

  /** Takes in a pod. */
  public void putPod(Pod pod) {
    if (pod.getMetadata().getOwnerReferences() == null) {
      return;
    }
    pod.getMetadata().getOwnerReferences().stream()
        .filter(owner -> Boolean.TRUE.equals(owner.getController()))
        .findFirst()
        .ifPresent(
            owner ->
                ownerByPodUid.put(
                    pod.getMetadata().getUid(), owner.getKind() + "/" + owner.getName()));
  }

  /** Forgets a pod. */
  public void removePod(String uid) {
    ownerByPodUid.remove(uid);
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
