package io.stowage.extender.demo;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.stowage.core.cluster.GpuDevice;
import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.NodeGpus;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.cluster.Resources;
import io.stowage.extender.kube.GpuResources;
import io.stowage.extender.kube.PodReader;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Writes nodes and pods of the cluster model as the API server would show them. */
final class KubernetesObjects {
  private static final String SCHEDULER = "stowage";

  private final String modelLabel;

  /** Creates a writer that names GPU models by the first label that readers look at. */
  KubernetesObjects(GpuResources gpuResources) {
    this.modelLabel = gpuResources.modelLabels().get(0);
  }

  /**
   * Returns a node with its GPUs as the device plugins advertise them.
   *
   * @throws IllegalArgumentException where the node is not a ready, schedulable machine, or its
   *     GPUs are neither whole ones nor equal ones shared by memory
   */
  Node node(io.stowage.core.cluster.Node node) {
    if (!node.equals(
        io.stowage.core.cluster.Node.ready(
            node.name(), node.allocatable(), node.podCapacity(), node.gpus()))) {
      throw new IllegalArgumentException("expected a ready, schedulable machine, was " + node);
    }
    Map<String, Quantity> allocatable = quantities(node.allocatable());
    allocatable.put("pods", quantity(node.podCapacity()));
    Map<String, String> labels = new LinkedHashMap<>();
    labels.put("kubernetes.io/hostname", node.name());
    putGpus(node.gpus(), allocatable, labels);
    return new NodeBuilder()
        .withNewMetadata()
        .withName(node.name())
        .withLabels(labels)
        .endMetadata()
        .withNewSpec()
        .endSpec()
        .withNewStatus()
        .withCapacity(allocatable)
        .withAllocatable(allocatable)
        .addNewCondition()
        .withType("Ready")
        .withStatus("True")
        .endCondition()
        .endStatus()
        .build();
  }

  private void putGpus(
      NodeGpus gpus, Map<String, Quantity> allocatable, Map<String, String> labels) {
    List<GpuDevice> devices = gpus.devices();
    if (devices.isEmpty()) {
      return;
    }
    GpuDevice first = devices.get(0);
    NodeGpus advertised;
    if (gpus.visible() && gpus.resource().equals(GpuResources.GPUSHARE_MEMORY)) {
      advertised =
          NodeGpus.shared(
              gpus.resource(), first.model(), devices.size(), Math.max(1, first.capacityUnits()));
      allocatable.put(
          GpuResources.GPUSHARE_MEMORY, quantity(devices.size() * first.capacityUnits()));
      allocatable.put(GpuResources.GPUSHARE_COUNT, quantity(devices.size()));
    } else {
      advertised = NodeGpus.counted(gpus.resource(), first.model(), devices.size());
      allocatable.put(gpus.resource(), quantity(devices.size()));
    }
    if (!advertised.equals(gpus)) {
      throw new IllegalArgumentException(
          "expected whole GPUs, or equal ones shared as "
              + GpuResources.GPUSHARE_MEMORY
              + ", was "
              + gpus);
    }
    if (!first.model().isEmpty()) {
      labels.put(modelLabel, first.model());
    }
  }

  /** Returns a pod of one container that waits to be bound. */
  Pod pending(io.stowage.core.cluster.Pod pod) {
    Map<String, Quantity> amounts = quantities(pod.shape().request());
    GpuRequest gpu = pod.shape().gpu();
    if (!gpu.isNone()) {
      amounts.put(gpu.resource(), quantity(gpu.isShare() ? gpu.unitsPerGpu() : gpu.count()));
    }
    PodBuilder builder =
        new PodBuilder()
            .withNewMetadata()
            .withUid(pod.uid())
            .withNamespace(pod.namespace())
            .withName(pod.name())
            .endMetadata()
            .withNewSpec()
            .withSchedulerName(SCHEDULER)
            .withPriority(pod.priority())
            .addNewContainer()
            .withName("main")
            .withNewResources()
            .withRequests(amounts)
            .withLimits(amounts)
            .endResources()
            .endContainer()
            .endSpec()
            .withNewStatus()
            .withPhase("Pending")
            .endStatus();
    return withModels(builder, pod.shape()).build();
  }

  private PodBuilder withModels(PodBuilder builder, PodShape shape) {
    if (shape.gpuModels().isEmpty()) {
      return builder;
    }
    return builder
        .editSpec()
        .withNewAffinity()
        .withNewNodeAffinity()
        .withNewRequiredDuringSchedulingIgnoredDuringExecution()
        .addNewNodeSelectorTerm()
        .addNewMatchExpression()
        .withKey(modelLabel)
        .withOperator("In")
        .withValues(List.copyOf(shape.gpuModels()))
        .endMatchExpression()
        .endNodeSelectorTerm()
        .endRequiredDuringSchedulingIgnoredDuringExecution()
        .endNodeAffinity()
        .endAffinity()
        .endSpec();
  }

  /** Returns a pod that runs on its node, with its device written on it where it has one. */
  Pod running(Placement placement) {
    PodBuilder builder =
        new PodBuilder(pending(placement.pod()))
            .editSpec()
            .withNodeName(placement.nodeName())
            .endSpec()
            .editStatus()
            .withPhase("Running")
            .endStatus();
    if (!placement.gpuDevices().isEmpty()) {
      builder
          .editMetadata()
          .addToAnnotations(
              PodReader.GPUSHARE_DEVICE, String.valueOf(placement.gpuDevices().get(0)))
          .endMetadata();
    }
    return builder.build();
  }

  private static Map<String, Quantity> quantities(Resources resources) {
    Map<String, Quantity> quantities = new LinkedHashMap<>();
    quantities.put("cpu", new Quantity(resources.cpuMilli() + "m"));
    quantities.put("memory", quantity(resources.memoryBytes()));
    if (resources.ephemeralStorageBytes() > 0) {
      quantities.put("ephemeral-storage", quantity(resources.ephemeralStorageBytes()));
    }
    resources.extended().forEach((name, amount) -> quantities.put(name, quantity(amount)));
    return quantities;
  }

  private static Quantity quantity(long amount) {
    return new Quantity(String.valueOf(amount));
  }
}
