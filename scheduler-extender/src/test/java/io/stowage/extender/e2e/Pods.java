package io.stowage.extender.e2e;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.scheduling.v1.PriorityClass;
import io.fabric8.kubernetes.api.model.scheduling.v1.PriorityClassBuilder;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Pods to be scheduled. */
final class Pods {
  static final String STOWAGE = "stowage";

  private Pods() {}

  /**
   * Returns a pod of one container; {@code limits} as in a manifest, such as "cpu=2,memory=4Gi".
   */
  static PodBuilder pod(String name, String schedulerName, String limits) {
    return new PodBuilder()
        .withNewMetadata()
        .withName(name)
        .withNamespace("default")
        .endMetadata()
        .withNewSpec()
        .withSchedulerName(schedulerName)
        .withTerminationGracePeriodSeconds(0L)
        .withAutomountServiceAccountToken(false)
        .addNewContainer()
        .withName("main")
        .withImage("none")
        .withNewResources()
        .withLimits(quantities(limits))
        .endResources()
        .endContainer()
        .endSpec();
  }

  static Map<String, Quantity> quantities(String limits) {
    Map<String, Quantity> quantities = new HashMap<>();
    for (String limit : limits.split(",", -1)) {
      String[] parts = limit.split("=", 2);
      quantities.put(parts[0], new Quantity(parts[1]));
    }
    return quantities;
  }

  /** Returns a priority; its pods preempt others or, with "Never", do not. */
  static PriorityClass priorityClass(String name, int value, String preemptionPolicy) {
    return new PriorityClassBuilder()
        .withNewMetadata()
        .withName(name)
        .endMetadata()
        .withValue(value)
        .withPreemptionPolicy(preemptionPolicy)
        .build();
  }

  static PriorityClass preempting(String name, int value) {
    return priorityClass(name, value, "PreemptLowerPriority");
  }

  /** Returns what kube-scheduler says of a pod that it has found no node for. */
  static Optional<String> whyPending(Pod pod) {
    return pod.getStatus().getConditions().stream()
        .filter(
            condition ->
                condition.getType().equals("PodScheduled")
                    && "Unschedulable".equals(condition.getReason()))
        .map(PodCondition::getMessage)
        .findFirst();
  }
}
