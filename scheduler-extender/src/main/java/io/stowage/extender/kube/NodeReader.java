package io.stowage.extender.kube;

import io.fabric8.kubernetes.api.model.NodeCondition;
import io.fabric8.kubernetes.api.model.NodeSpec;
import io.fabric8.kubernetes.api.model.NodeStatus;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.Taint;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeGpus;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads Kubernetes nodes.
 *
 * <p>A node that advertises {@code aliyun.com/gpu-mem} and {@code gpu-count} has visible, equal
 * GPUs of {@code gpu-mem / gpu-count} units each (gpushare); else one that advertises a whole-GPU
 * resource has that many counted ones. Every other resource, MIG profiles included, is a sum.
 */
public final class NodeReader {
  private static final int MAX_GPUS = 1024;

  private final GpuResources gpuResources;

  /** Creates a reader for the given GPU resources. */
  public NodeReader(GpuResources gpuResources) {
    this.gpuResources = gpuResources;
  }

  /** Returns what a node means to the cluster model. */
  public Node read(io.fabric8.kubernetes.api.model.Node node) throws InvalidObjectException {
    ObjectMeta metadata = node.getMetadata();
    if (metadata == null || metadata.getName() == null || metadata.getName().isEmpty()) {
      throw new InvalidObjectException("metadata.name", "expected the node's name, was none");
    }
    NodeStatus status = node.getStatus();
    Map<String, BigDecimal> allocatable =
        Quantities.amounts("status.allocatable", allocatable(status));
    Map<String, String> labels = metadata.getLabels() == null ? Map.of() : metadata.getLabels();
    NodeGpus gpus = takeGpus(allocatable, model(labels));
    int podCapacity =
        (int)
            Math.min(
                Integer.MAX_VALUE,
                Quantities.value(
                    "status.allocatable[pods]", allocatable.getOrDefault("pods", BigDecimal.ZERO)));
    List<Taint> taints =
        node.getSpec() == null || node.getSpec().getTaints() == null
            ? List.of()
            : node.getSpec().getTaints();
    return new Node(
        metadata.getName(),
        ResourceAmounts.toResources("status.allocatable", allocatable),
        podCapacity,
        gpus,
        isReady(status),
        isCordoned(node.getSpec()),
        taints.stream().anyMatch(NodeReader::keepsPodsAway),
        isVirtual(labels, taints));
  }

  private NodeGpus takeGpus(Map<String, BigDecimal> allocatable, String model)
      throws InvalidObjectException {
    int shared = gpuCount(allocatable, GpuResources.GPUSHARE_COUNT);
    long memoryUnits =
        Quantities.value(
            "status.allocatable[" + GpuResources.GPUSHARE_MEMORY + "]",
            allocatable.getOrDefault(GpuResources.GPUSHARE_MEMORY, BigDecimal.ZERO));
    if (shared > 0 && memoryUnits >= shared) {
      allocatable.remove(GpuResources.GPUSHARE_MEMORY);
      allocatable.remove(GpuResources.GPUSHARE_COUNT);
      return NodeGpus.shared(GpuResources.GPUSHARE_MEMORY, model, shared, memoryUnits / shared);
    }
    for (String resource : gpuResources.wholeGpus()) {
      int count = gpuCount(allocatable, resource);
      if (count > 0) {
        allocatable.remove(resource);
        return NodeGpus.counted(resource, model, count);
      }
    }
    return NodeGpus.NONE;
  }

  private static int gpuCount(Map<String, BigDecimal> allocatable, String resource)
      throws InvalidObjectException {
    String field = "status.allocatable[" + resource + "]";
    long count = Quantities.value(field, allocatable.getOrDefault(resource, BigDecimal.ZERO));
    if (count > MAX_GPUS) {
      throw new InvalidObjectException(
          field, "expected at most " + MAX_GPUS + " GPUs, was " + count);
    }
    return (int) count;
  }

  private String model(Map<String, String> labels) {
    return gpuResources.modelLabels().stream()
        .filter(labels::containsKey)
        .findFirst()
        .map(labels::get)
        .orElse("");
  }

  private static @Nullable Map<String, Quantity> allocatable(@Nullable NodeStatus status) {
    return status == null ? null : status.getAllocatable();
  }

  private static boolean isReady(@Nullable NodeStatus status) {
    if (status == null || status.getConditions() == null) {
      return false;
    }
    for (NodeCondition condition : status.getConditions()) {
      if ("Ready".equals(condition.getType())) {
        return "True".equals(condition.getStatus());
      }
    }
    return false;
  }

  private static boolean isCordoned(@Nullable NodeSpec spec) {
    return spec != null && Boolean.TRUE.equals(spec.getUnschedulable());
  }

  private static boolean keepsPodsAway(Taint taint) {
    return "NoSchedule".equals(taint.getEffect()) || "NoExecute".equals(taint.getEffect());
  }

  /** As virtual-kubelet marks its nodes (label {@code type}, taint) and EKS its Fargate nodes. */
  private static boolean isVirtual(Map<String, String> labels, List<Taint> taints) {
    return "virtual-kubelet".equals(labels.get("type"))
        || "fargate".equals(labels.get("eks.amazonaws.com/compute-type"))
        || taints.stream().anyMatch(taint -> "virtual-kubelet.io/provider".equals(taint.getKey()));
  }
}
