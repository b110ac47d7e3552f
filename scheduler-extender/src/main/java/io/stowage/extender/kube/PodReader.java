package io.stowage.extender.kube;

import io.fabric8.kubernetes.api.model.Affinity;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.NodeSelector;
import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.fabric8.kubernetes.api.model.NodeSelectorTerm;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Quantity;
import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import java.math.BigDecimal;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Reads Kubernetes pods.
 *
 * <p>A pod's GPUs are its {@code aliyun.com/gpu-mem} (a share of one GPU, summed over containers)
 * or else its first whole-GPU resource; the models it accepts are those that its node selector and
 * required node affinity name by a model label.
 */
public final class PodReader {
  /** The annotation that names the GPU of a pod bound by the gpushare protocol. */
  public static final String GPUSHARE_DEVICE = "ALIYUN_COM_GPU_MEM_IDX";

  private static final String SHARE_IN_SEVERAL_CONTAINERS =
      GpuResources.GPUSHARE_MEMORY + " in more than one container of a pod cannot be served";

  private final GpuResources gpuResources;

  /** Creates a reader for the given GPU resources. */
  public PodReader(GpuResources gpuResources) {
    this.gpuResources = gpuResources;
  }

  /** Returns what a pod means to the cluster model. */
  public ObservedPod read(io.fabric8.kubernetes.api.model.Pod pod) throws InvalidObjectException {
    ObjectMeta metadata = pod.getMetadata();
    if (metadata == null || isEmpty(metadata.getUid())) {
      throw new InvalidObjectException("metadata.uid", "expected the pod's UID, was none");
    }
    PodSpec spec = pod.getSpec();
    if (spec == null) {
      throw new InvalidObjectException("spec", "expected the pod's specification, was none");
    }
    Map<String, BigDecimal> amounts = PodRequests.of(pod);
    GpuRequest gpu = takeGpu(amounts);
    PodShape shape =
        new PodShape(
            ResourceAmounts.toResources("requests of spec", amounts), gpu, models(spec, gpu));
    String phase = pod.getStatus() == null ? null : pod.getStatus().getPhase();
    return new ObservedPod(
        new Pod(
            metadata.getUid(),
            textOf(metadata.getNamespace()),
            textOf(metadata.getName()),
            shape,
            spec.getPriority() == null ? 0 : spec.getPriority()),
        textOf(spec.getNodeName()),
        gpu.isShare() ? devices(metadata) : List.of(),
        "Succeeded".equals(phase) || "Failed".equals(phase),
        prefersNodes(spec),
        usesVolumeClaims(spec));
  }

  /**
   * Returns why no node can ever serve a pod, in a text without its particulars; empty where one
   * might. By the gpushare protocol the device plugin matches a container's amount against pods'
   * amounts, so that an amount split over containers matches none.
   */
  public Optional<String> whyNeverServed(io.fabric8.kubernetes.api.model.Pod pod) {
    long sharing =
        Stream.of(pod.getSpec().getInitContainers(), pod.getSpec().getContainers())
            .filter(containers -> !isEmpty(containers))
            .flatMap(List::stream)
            .filter(PodReader::asksForShare)
            .count();
    return sharing > 1 ? Optional.of(SHARE_IN_SEVERAL_CONTAINERS) : Optional.empty();
  }

  private static boolean asksForShare(Container container) {
    Map<String, Quantity> limits =
        container.getResources() == null ? null : container.getResources().getLimits();
    Quantity units = limits == null ? null : limits.get(GpuResources.GPUSHARE_MEMORY);
    return units != null && !"0".equals(units.getAmount());
  }

  private GpuRequest takeGpu(Map<String, BigDecimal> amounts) throws InvalidObjectException {
    long units = amount(amounts, GpuResources.GPUSHARE_MEMORY);
    if (units > 0) {
      amounts.remove(GpuResources.GPUSHARE_MEMORY);
      return GpuRequest.share(GpuResources.GPUSHARE_MEMORY, units);
    }
    for (String resource : gpuResources.wholeGpus()) {
      long count = amount(amounts, resource);
      if (count > Integer.MAX_VALUE) {
        throw new InvalidObjectException(
            "requests of spec[" + resource + "]", "expected a number of GPUs, was " + count);
      }
      if (count > 0) {
        amounts.remove(resource);
        return GpuRequest.whole(resource, (int) count);
      }
    }
    return GpuRequest.NONE;
  }

  private static long amount(Map<String, BigDecimal> amounts, String resource)
      throws InvalidObjectException {
    return Quantities.value(
        "requests of spec[" + resource + "]", amounts.getOrDefault(resource, BigDecimal.ZERO));
  }

  /** Returns the device written on a pod; none where what is written is not an index. */
  private static List<Integer> devices(ObjectMeta metadata) {
    String device =
        metadata.getAnnotations() == null ? null : metadata.getAnnotations().get(GPUSHARE_DEVICE);
    return device != null && device.matches("[0-9]{1,4}")
        ? List.of(Integer.valueOf(device))
        : List.of();
  }

  private SortedSet<String> models(PodSpec spec, GpuRequest gpu) {
    if (!gpu.isNone()) {
      for (String label : gpuResources.modelLabels()) {
        SortedSet<String> models = models(spec, label);
        if (!models.isEmpty()) {
          return models;
        }
      }
    }
    return Collections.emptySortedSet();
  }

  /** Returns the values of a node label that a pod accepts; empty where it accepts any. */
  private static SortedSet<String> models(PodSpec spec, String label) {
    SortedSet<String> models = affinityModels(spec.getAffinity(), label);
    String selected = spec.getNodeSelector() == null ? null : spec.getNodeSelector().get(label);
    if (selected != null && (models.isEmpty() || models.contains(selected))) {
      return new TreeSet<>(List.of(selected));
    }
    return models;
  }

  private static SortedSet<String> affinityModels(@Nullable Affinity affinity, String label) {
    SortedSet<String> models = new TreeSet<>();
    NodeSelector required =
        affinity == null || affinity.getNodeAffinity() == null
            ? null
            : affinity.getNodeAffinity().getRequiredDuringSchedulingIgnoredDuringExecution();
    if (required == null || required.getNodeSelectorTerms() == null) {
      return models;
    }
    for (NodeSelectorTerm term : required.getNodeSelectorTerms()) {
      SortedSet<String> ofTerm = termModels(term, label);
      if (ofTerm.isEmpty()) {
        return ofTerm;
      }
      models.addAll(ofTerm);
    }
    return models;
  }

  private static SortedSet<String> termModels(NodeSelectorTerm term, String label) {
    SortedSet<String> models = new TreeSet<>();
    List<NodeSelectorRequirement> expressions =
        term.getMatchExpressions() == null ? List.of() : term.getMatchExpressions();
    for (NodeSelectorRequirement expression : expressions) {
      if (label.equals(expression.getKey())
          && "In".equals(expression.getOperator())
          && expression.getValues() != null) {
        if (models.isEmpty()) {
          models.addAll(expression.getValues());
        } else {
          models.retainAll(expression.getValues());
        }
      }
    }
    return models;
  }

  private static boolean prefersNodes(PodSpec spec) {
    Affinity affinity = spec.getAffinity();
    return (affinity != null
            && ((affinity.getNodeAffinity() != null
                    && !isEmpty(
                        affinity
                            .getNodeAffinity()
                            .getPreferredDuringSchedulingIgnoredDuringExecution()))
                || (affinity.getPodAffinity() != null
                    && !isEmpty(
                        affinity
                            .getPodAffinity()
                            .getPreferredDuringSchedulingIgnoredDuringExecution()))
                || (affinity.getPodAntiAffinity() != null
                    && !isEmpty(
                        affinity
                            .getPodAntiAffinity()
                            .getPreferredDuringSchedulingIgnoredDuringExecution()))))
        || (spec.getTopologySpreadConstraints() != null
            && spec.getTopologySpreadConstraints().stream()
                .anyMatch(
                    constraint -> "ScheduleAnyway".equals(constraint.getWhenUnsatisfiable())));
  }

  private static boolean usesVolumeClaims(PodSpec spec) {
    return spec.getVolumes() != null
        && spec.getVolumes().stream()
            .anyMatch(
                volume ->
                    volume.getPersistentVolumeClaim() != null || volume.getEphemeral() != null);
  }

  private static boolean isEmpty(@Nullable List<?> list) {
    return list == null || list.isEmpty();
  }

  private static boolean isEmpty(@Nullable String text) {
    return text == null || text.isEmpty();
  }

  private static String textOf(@Nullable String text) {
    return text == null ? "" : text;
  }
}
