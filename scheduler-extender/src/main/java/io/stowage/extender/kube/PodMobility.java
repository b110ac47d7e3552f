package io.stowage.extender.kube;

import io.fabric8.kubernetes.api.model.Affinity;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodSpec;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What placing a pod anew looks at, beside what it asks for. Compared by contents.
 *
 * @param rules which nodes it may be on
 * @param tied whether it belongs to its node, as those of DaemonSets and static pods do
 * @param owned whether a controller would make another in its stead
 * @param unseen whether pod affinity, spreading, volumes, host ports or resource claims, none of
 *     which are looked at, have a say in where it may be
 */
public record PodMobility(PlacementRules rules, boolean tied, boolean owned, boolean unseen) {
  /** That of a pod of which nothing is known: it stays where it is. */
  public static final PodMobility UNKNOWN =
      new PodMobility(PlacementRules.NONE, false, false, true);

  /** Reads that of a pod. */
  public static PodMobility of(Pod pod) {
    List<OwnerReference> owners = pod.getMetadata().getOwnerReferences();
    return new PodMobility(
        PlacementRules.of(pod),
        owners != null && owners.stream().anyMatch(PodMobility::isNodesOwn),
        owners != null
            && owners.stream().anyMatch(owner -> Boolean.TRUE.equals(owner.getController())),
        hasUnseenRules(pod.getSpec()));
  }

  private static boolean isNodesOwn(OwnerReference owner) {
    return "DaemonSet".equals(owner.getKind()) || "Node".equals(owner.getKind());
  }

  private static boolean hasUnseenRules(PodSpec spec) {
    Affinity affinity = spec.getAffinity();
    return usesVolumeClaims(spec)
        || hasAny(spec.getResourceClaims())
        || (affinity != null
            && (affinity.getPodAffinity() != null || affinity.getPodAntiAffinity() != null))
        || (spec.getTopologySpreadConstraints() != null
            && spec.getTopologySpreadConstraints().stream()
                .anyMatch(
                    constraint -> !"ScheduleAnyway".equals(constraint.getWhenUnsatisfiable())))
        || (spec.getContainers() != null
            && spec.getContainers().stream().anyMatch(PodMobility::hasHostPort));
  }

  private static boolean usesVolumeClaims(PodSpec spec) {
    return spec.getVolumes() != null
        && spec.getVolumes().stream()
            .anyMatch(
                volume ->
                    volume.getPersistentVolumeClaim() != null || volume.getEphemeral() != null);
  }

  private static boolean hasHostPort(Container container) {
    return container.getPorts() != null
        && container.getPorts().stream()
            .anyMatch(port -> port.getHostPort() != null && port.getHostPort() > 0);
  }

  private static boolean hasAny(@Nullable List<?> list) {
    return list != null && !list.isEmpty();
  }

  /** Returns the same without rules: for a pod that never leaves its node. */
  PodMobility withoutRules() {
    return new PodMobility(PlacementRules.NONE, tied, owned, unseen);
  }
}
