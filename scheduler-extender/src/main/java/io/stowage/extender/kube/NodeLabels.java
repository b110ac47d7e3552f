package io.stowage.extender.kube;

import java.util.List;
import java.util.Map;

/**
 * Where a node belongs by its well-known labels; each empty where no label tells it.
 *
 * @param pool the node pool, by the labels of GKE, EKS, Karpenter and AKS
 * @param zone the zone, by {@code topology.kubernetes.io/zone}
 * @param machineType the machine type, by {@code node.kubernetes.io/instance-type}
 */
public record NodeLabels(String pool, String zone, String machineType) {
  /** Nothing is told. */
  public static final NodeLabels NONE = new NodeLabels("", "", "");

  private static final List<String> POOLS =
      List.of(
          "cloud.google.com/gke-nodepool",
          "eks.amazonaws.com/nodegroup",
          "karpenter.sh/nodepool",
          "kubernetes.azure.com/agentpool");
  private static final List<String> ZONES =
      List.of("topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone");
  private static final List<String> MACHINE_TYPES =
      List.of("node.kubernetes.io/instance-type", "beta.kubernetes.io/instance-type");

  /** Reads a node's labels. */
  public static NodeLabels of(Map<String, String> labels) {
    return new NodeLabels(first(labels, POOLS), first(labels, ZONES), first(labels, MACHINE_TYPES));
  }

  private static String first(Map<String, String> labels, List<String> keys) {
    return keys.stream()
        .map(key -> labels.getOrDefault(key, ""))
        .filter(value -> !value.isEmpty())
        .findFirst()
        .orElse("");
  }
}
