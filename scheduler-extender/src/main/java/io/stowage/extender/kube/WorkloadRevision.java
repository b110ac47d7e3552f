package io.stowage.extender.kube;

import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.OwnerReference;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Which version of which workload a pod belongs to, for workloads that replace pods of one version
 * by those of another.
 *
 * @param workload kind, namespace and name; equal for the pods that replace one another
 * @param revision the hash of the pods' template
 */
public record WorkloadRevision(String workload, String revision) {
  private static final String GROUP_NAME = "leaderworkerset.sigs.k8s.io/name";
  private static final String GROUP_REVISION = "leaderworkerset.sigs.k8s.io/template-revision-hash";
  private static final String WORKER_INDEX = "leaderworkerset.sigs.k8s.io/worker-index";
  private static final String TEMPLATE_HASH = "pod-template-hash";
  private static final String CONTROLLER_REVISION = "controller-revision-hash";

  /**
   * Reads it from the labels that the controllers of Deployments, StatefulSets and LeaderWorkerSets
   * give their pods; empty for pods of others. A DaemonSet's pods have their nodes already.
   */
  public static Optional<WorkloadRevision> of(ObjectMeta metadata) {
    Map<String, String> labels = metadata.getLabels();
    if (labels == null || metadata.getOwnerReferences() == null) {
      return Optional.empty();
    }
    String group = labels.get(GROUP_NAME);
    if (group != null) {
      // Leader and workers are of different templates.
      String part = "0".equals(labels.get(WORKER_INDEX)) ? "leader" : "worker";
      return revision(metadata, "LeaderWorkerSet", group + "/" + part, labels.get(GROUP_REVISION));
    }
    return metadata.getOwnerReferences().stream()
        .filter(owner -> Boolean.TRUE.equals(owner.getController()))
        .findFirst()
        .flatMap(owner -> ofOwner(metadata, owner, labels));
  }

  private static Optional<WorkloadRevision> ofOwner(
      ObjectMeta metadata, OwnerReference owner, Map<String, String> labels) {
    String hash = labels.get(TEMPLATE_HASH);
    if ("ReplicaSet".equals(owner.getKind())
        && hash != null
        && owner.getName() != null
        && owner.getName().endsWith("-" + hash)) {
      String deployment =
          owner.getName().substring(0, owner.getName().length() - hash.length() - 1);
      return revision(metadata, "Deployment", deployment, hash);
    }
    return "StatefulSet".equals(owner.getKind())
        ? revision(metadata, "StatefulSet", owner.getName(), labels.get(CONTROLLER_REVISION))
        : Optional.empty();
  }

  private static Optional<WorkloadRevision> revision(
      ObjectMeta metadata, String kind, String name, @Nullable String revision) {
    return Optional.ofNullable(revision)
        .map(hash -> new WorkloadRevision(kind + "/" + metadata.getNamespace() + "/" + name, hash));
  }
}
