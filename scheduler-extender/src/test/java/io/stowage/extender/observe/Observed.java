package io.stowage.extender.observe;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.stowage.core.bound.Effort;
import io.stowage.extender.audit.ClusterObjects;
import io.stowage.extender.kube.PodReader;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** Nodes and pods to observe. */
final class Observed {
  static final String MODEL = "nvidia.com/gpu.product";
  static final Instant NOW = Instant.parse("2026-11-28T10:00:00Z");
  static final ClusterObserver.Settings SETTINGS =
      new ClusterObserver.Settings(Effort.DEFAULT, 200);

  private Observed() {}

  static Node node(String name, String allocatable, Map<String, String> labels) {
    return new NodeBuilder(ClusterObjects.node(name, allocatable))
        .editMetadata()
        .withLabels(labels)
        .endMetadata()
        .build();
  }

  static Node cordoned(Node node) {
    return new NodeBuilder(node).withNewSpec().withUnschedulable(true).endSpec().build();
  }

  static Node tainted(Node node, String key) {
    return new NodeBuilder(node)
        .withNewSpec()
        .addNewTaint()
        .withKey(key)
        .withEffect("NoSchedule")
        .endTaint()
        .endSpec()
        .build();
  }

  /** A pod of a ReplicaSet, "" for one that waits. */
  static PodBuilder pod(String name, String node, String limits) {
    return ClusterObjects.pod(name, node, limits)
        .editMetadata()
        .addNewOwnerReference()
        .withKind("ReplicaSet")
        .withName("set")
        .withUid("set")
        .withController(true)
        .endOwnerReference()
        .endMetadata();
  }

  static Pod onDevice(PodBuilder pod, int device) {
    return pod.editMetadata()
        .addToAnnotations(PodReader.GPUSHARE_DEVICE, String.valueOf(device))
        .endMetadata()
        .build();
  }

  static Pod withPriority(PodBuilder pod, int priority) {
    return pod.editSpec().withPriority(priority).endSpec().build();
  }

  static Observation observe(List<Node> nodes, List<Pod> pods) {
    return observe(nodes, pods, GpuPrices.NONE);
  }

  static Observation observe(List<Node> nodes, List<Pod> pods, GpuPrices prices) {
    return ClusterObserver.observe(ObservedCluster.read(nodes, pods, null), prices, SETTINGS, NOW);
  }
}
