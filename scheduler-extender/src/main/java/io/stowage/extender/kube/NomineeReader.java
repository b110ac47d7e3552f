package io.stowage.extender.kube;

import io.fabric8.kubernetes.api.model.Affinity;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ManagedFieldsEntry;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.api.model.Volume;
import java.util.Collection;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Reads what matters to who would nominate nodes for pods.
 *
 * <p>Stowage sees nodes' labels and taints, and not where other pods' affinities reach, nor ports
 * and volumes; nor does it weigh nodes that a pod prefers. A pod that asks for any of it is
 * kube-scheduler's alone: a nomination that its predicates then refuse costs a try, and while it
 * stands no autoscaler helps the pod.
 */
final class NomineeReader {
  private NomineeReader() {}

  /** Reads a pod. */
  static Nominee read(ObjectMeta metadata, PodSpec spec, @Nullable PodStatus status) {
    String field = status == null ? null : status.getNominatedNodeName();
    String node = field == null ? "" : field;
    return new Nominee(
        node,
        !node.isEmpty() && writtenByStowage(metadata),
        !"Never".equals(spec.getPreemptionPolicy()),
        metadata.getDeletionTimestamp() == null
            && isEmpty(spec.getSchedulingGates())
            && spec.getSchedulingGroup() == null
            && !triedInVain(status)
            && goesByNodesAlone(spec));
  }

  private static boolean writtenByStowage(ObjectMeta metadata) {
    for (ManagedFieldsEntry entry : metadata.getManagedFields()) {
      if (Nominee.FIELD_MANAGER.equals(entry.getManager())) {
        return true;
      }
    }
    return false;
  }

  private static boolean triedInVain(@Nullable PodStatus status) {
    return status != null
        && status.getConditions() != null
        && status.getConditions().stream()
            .anyMatch(
                condition ->
                    "PodScheduled".equals(condition.getType())
                        && "False".equals(condition.getStatus())
                        && !"SchedulingGated".equals(condition.getReason()));
  }

  private static boolean goesByNodesAlone(PodSpec spec) {
    return goesByNodesAlone(spec.getAffinity())
        && isEmpty(spec.getTopologySpreadConstraints())
        && isEmpty(spec.getResourceClaims())
        && (spec.getVolumes() == null
            || spec.getVolumes().stream().noneMatch(NomineeReader::isPlaced))
        && Stream.of(spec.getInitContainers(), spec.getContainers())
            .filter(containers -> !isEmpty(containers))
            .flatMap(List::stream)
            .noneMatch(NomineeReader::hasHostPort);
  }

  private static boolean goesByNodesAlone(@Nullable Affinity affinity) {
    return affinity == null
        || (affinity.getPodAffinity() == null
            && affinity.getPodAntiAffinity() == null
            && (affinity.getNodeAffinity() == null
                || isEmpty(
                    affinity
                        .getNodeAffinity()
                        .getPreferredDuringSchedulingIgnoredDuringExecution())));
  }

  /** Tells whether where a volume is, or how many of its kind a node takes, matters. */
  private static boolean isPlaced(Volume volume) {
    return volume.getPersistentVolumeClaim() != null
        || volume.getEphemeral() != null
        || volume.getCsi() != null
        || volume.getGcePersistentDisk() != null
        || volume.getAwsElasticBlockStore() != null
        || volume.getIscsi() != null
        || volume.getRbd() != null;
  }

  private static boolean hasHostPort(Container container) {
    return container.getPorts() != null
        && container.getPorts().stream()
            .anyMatch(port -> port.getHostPort() != null && port.getHostPort() > 0);
  }

  private static boolean isEmpty(@Nullable Collection<?> collection) {
    return collection == null || collection.isEmpty();
  }
}
