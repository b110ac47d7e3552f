package io.stowage.extender.kube;

import io.fabric8.kubernetes.api.model.Affinity;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.NodeSelector;
import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.fabric8.kubernetes.api.model.NodeSelectorTerm;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.Volume;
import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
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

  /** The annotation by which gpushare's device plugin says that it gave the pod its device. */
  public static final String GPUSHARE_ASSIGNED = "ALIYUN_COM_GPU_MEM_ASSIGNED";

  /** The annotation that tells when the device was decided, in nanoseconds since 1970. */
  public static final String GPUSHARE_ASSUME_TIME = "ALIYUN_COM_GPU_MEM_ASSUME_TIME";

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
    boolean share = gpu.isShare();
    return new ObservedPod.Builder(
            new Pod(
                metadata.getUid(),
                textOf(metadata.getNamespace()),
                textOf(metadata.getName()),
                shape,
                spec.getPriority() == null ? 0 : spec.getPriority()))
        .nodeName(textOf(spec.getNodeName()))
        .gpuDevices(share ? devices(metadata) : List.of())
        .deviceAssigned(
            share
                && ("true".equals(annotation(metadata, GPUSHARE_ASSIGNED))
                    || "Running".equals(phase)))
        .assumeEpochNanos(share ? wholeNumber(annotation(metadata, GPUSHARE_ASSUME_TIME), 0) : 0)
        .epoch(wholeNumber(annotation(metadata, StowageAnnotations.EPOCH), ObservedPod.NO_EPOCH))
        .ended("Succeeded".equals(phase) || "Failed".equals(phase))
        .prefersNodes(prefersNodes(spec))
        .claimNames(claimNames(textOf(metadata.getName()), spec))
        .gated(!isEmpty(spec.getSchedulingGates()))
        .schedulerName(textOf(spec.getSchedulerName()))
        .resourceVersion(wholeNumber(metadata.getResourceVersion(), 0))
        .creationEpochMillis(epochMillis(metadata.getCreationTimestamp()))
        .ownerUid(ownerUid(metadata))
        .revision(WorkloadRevision.of(metadata).orElse(null))
        .nominee(NomineeReader.read(metadata, spec, pod.getStatus()))
        .build();
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
    String device = annotation(metadata, GPUSHARE_DEVICE);
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

  /** A claim made from a volume's own template is named after the pod and the volume. */
  private static List<String> claimNames(String podName, PodSpec spec) {
    List<String> names = new ArrayList<>();
    if (spec.getVolumes() != null) {
      for (Volume volume : spec.getVolumes()) {
        if (volume.getPersistentVolumeClaim() != null) {
          names.add(textOf(volume.getPersistentVolumeClaim().getClaimName()));
        } else if (volume.getEphemeral() != null) {
          names.add(podName + "-" + textOf(volume.getName()));
        }
      }
    }
    return names;
  }

  private static String ownerUid(ObjectMeta metadata) {
    return metadata.getOwnerReferences() == null
        ? ""
        : metadata.getOwnerReferences().stream()
            .filter(owner -> Boolean.TRUE.equals(owner.getController()))
            .map(owner -> textOf(owner.getUid()))
            .findFirst()
            .orElse("");
  }

  private static @Nullable String annotation(ObjectMeta metadata, String name) {
    return metadata.getAnnotations() == null ? null : metadata.getAnnotations().get(name);
  }

  private static long wholeNumber(@Nullable String text, long otherwise) {
    return text != null && text.matches("[0-9]{1,18}|[1-8][0-9]{18}")
        ? Long.parseLong(text)
        : otherwise;
  }

  private static long epochMillis(@Nullable String timestamp) {
    try {
      return timestamp == null ? 0 : Instant.parse(timestamp).toEpochMilli();
    } catch (DateTimeParseException e) {
      return 0;
    }
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
