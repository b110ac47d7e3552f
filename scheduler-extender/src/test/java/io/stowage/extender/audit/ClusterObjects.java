package io.stowage.extender.audit;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** Nodes and pods as the API server would show them. */
public final class ClusterObjects {
  public static final String GIVEN = "local.stowage.io/given-device";

  private ClusterObjects() {}

  /** Reads such as "cpu=2,memory=4Gi". */
  static Map<String, Quantity> quantities(String list) {
    Map<String, Quantity> quantities = new LinkedHashMap<>();
    Arrays.stream(list.split(",", -1))
        .filter(entry -> !entry.isEmpty())
        .map(entry -> entry.split("=", 2))
        .forEach(entry -> quantities.put(entry[0], new Quantity(entry[1])));
    return quantities;
  }

  /** Returns a ready node; what is offered is all that it has. */
  public static Node node(String name, String allocatable) {
    return node(name, allocatable, allocatable, "True");
  }

  static Node node(String name, String capacity, String allocatable, String ready) {
    return new NodeBuilder()
        .withNewMetadata()
        .withName(name)
        .endMetadata()
        .withNewStatus()
        .withCapacity(quantities(capacity))
        .withAllocatable(quantities(allocatable))
        .addNewCondition()
        .withType("Ready")
        .withStatus(ready)
        .endCondition()
        .endStatus()
        .build();
  }

  /** Returns a pod of one container on a node, "" for one that waits. */
  public static PodBuilder pod(String name, String node, String limits) {
    return new PodBuilder()
        .withApiVersion("v1")
        .withKind("Pod")
        .withNewMetadata()
        .withNamespace("default")
        .withName(name)
        .withUid("uid-" + name)
        .endMetadata()
        .withNewSpec()
        .withNodeName(node.isEmpty() ? null : node)
        .addNewContainer()
        .withName("main")
        .withNewResources()
        .withLimits(quantities(limits))
        .endResources()
        .endContainer()
        .endSpec()
        .withNewStatus()
        .withPhase(node.isEmpty() ? "Pending" : "Running")
        .endStatus();
  }

  /** Returns a pod with a share of a card, as the gpushare protocol has it once it was assigned. */
  static PodBuilder share(String name, String node, long units, int card, long cardUnits) {
    return annotate(
        pod(name, node, "cpu=100m,aliyun.com/gpu-mem=" + units),
        Map.of(
            "ALIYUN_COM_GPU_MEM_IDX",
            Integer.toString(card),
            "ALIYUN_COM_GPU_MEM_DEV",
            Long.toString(cardUnits),
            "ALIYUN_COM_GPU_MEM_POD",
            Long.toString(units),
            "ALIYUN_COM_GPU_MEM_ASSIGNED",
            "true",
            "ALIYUN_COM_GPU_MEM_ASSUME_TIME",
            "1764012345678901234"));
  }

  static PodBuilder annotate(PodBuilder pod, Map<String, String> annotations) {
    return pod.editMetadata().addToAnnotations(annotations).endMetadata();
  }

  static Pod annotated(PodBuilder pod, String name, String value) {
    return annotate(pod, Map.of(name, value)).build();
  }

  static Pod withoutAnnotation(PodBuilder pod, String name) {
    return pod.editMetadata().removeFromAnnotations(name).endMetadata().build();
  }
}
