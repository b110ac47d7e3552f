package io.stowage.extender.kube;

import io.fabric8.kubernetes.api.model.Affinity;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ManagedFieldsEntry;
import io.fabric8.kubernetes.api.model.NodeSelector;
import io.fabric8.kubernetes.api.model.NodeSelectorTerm;
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
 * <p>Stowage sees neither node labels, GPU models aside, nor where other pods' affinities reach,
 * nor ports and volumes. A pod that asks for any of it is kube-scheduler's alone: a nomination that
 * its predicates then refuse costs a try, and while it stands no autoscaler helps the pod.
 */
final class NomineeReader {
  private final List<String> modelLabels;

  NomineeReader(List<String> modelLabels) {
    this.modelLabels = List.copyOf(modelLabels);
  }

  /**
   * Reads a pod.
   *
   * @param modelsRead whether the models that it names were read into its shape
   */
  Nominee read(ObjectMeta metadata, PodSpec spec, @Nullable PodStatus status, boolean modelsRead) {
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
            && goesByRequestsAlone(spec, modelsRead ? modelLabels : List.of()));
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

  private static boolean goesByRequestsAlone(PodSpec spec, List<String> modelLabels) {
    return (spec.getNodeSelector() == null
            || modelLabels.containsAll(spec.getNodeSelector().keySet()))
        && modelsAlone(spec.getAffinity(), modelLabels)
        && isEmpty(spec.getTopologySpreadConstraints())
        && isEmpty(spec.getResourceClaims())
        && (spec.getVolumes() == null
            || spec.getVolumes().stream().noneMatch(NomineeReader::isPlaced))
        && Stream.of(spec.getInitContainers(), spec.getContainers())
            .filter(containers -> !isEmpty(containers))
            .flatMap(List::stream)
            .noneMatch(NomineeReader::hasHostPort);
  }

  private static boolean modelsAlone(@Nullable Affinity affinity, List<String> modelLabels) {
    if (affinity == null) {
      return true;
    }
    if (affinity.getPodAffinity() != null || affinity.getPodAntiAffinity() != null) {
      return false;
    }
    if (affinity.getNodeAffinity() == null) {
      return true;
    }
    NodeSelector required =
        affinity.getNodeAffinity().getRequiredDuringSchedulingIgnoredDuringExecution();
    return isEmpty(affinity.getNodeAffinity().getPreferredDuringSchedulingIgnoredDuringExecution())
        && (required == null
            || required.getNodeSelectorTerms().stream()
                .allMatch(term -> modelsAlone(term, modelLabels)));
  }

  private static boolean modelsAlone(NodeSelectorTerm term, List<String> modelLabels) {
    return isEmpty(term.getMatchFields())
        && term.getMatchExpressions().stream()
            .allMatch(
                expression ->
                    modelLabels.contains(expression.getKey())
                        && "In".equals(expression.getOperator()));
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
