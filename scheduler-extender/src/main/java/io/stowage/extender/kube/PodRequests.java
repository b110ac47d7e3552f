package io.stowage.extender.kube;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import java.math.BigDecimal;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A pod's effective request, as kube-scheduler counts it for pods on nodes.
 *
 * <p>Follows {@code PodRequests} of {@code k8s.io/component-helpers/resource/helpers.go} (v1.37)
 * with the feature gates at their defaults: containers are summed; an init container needs its own
 * request beside those of the sidecars (restartable init containers) started before it, and the pod
 * needs the larger of the two; pod-level requests replace the sums of CPU, memory and huge pages;
 * overhead comes on top. While a pod is resized in place, the larger of what is asked, allocated
 * and in effect counts; what is asked does not count where the resize is infeasible.
 *
 * <p>Requests that are missing are taken from the limits, as the API server does on creation, so
 * that objects that never went through it read the same.
 */
public final class PodRequests {
  private final PodSpec spec;
  private final @Nullable PodStatus status;
  private final Map<String, ContainerStatus> statusByContainer = new HashMap<>();
  private final boolean resizeInfeasible;

  /** Which of a container's amounts is summed. */
  private enum Source {
    SPEC,
    ALLOCATED,
    ACTUATED
  }

  private PodRequests(Pod pod) {
    this.spec = pod.getSpec();
    this.status = pod.getStatus();
    if (status != null) {
      listOf(status.getInitContainerStatuses())
          .forEach(container -> statusByContainer.put(container.getName(), container));
      listOf(status.getContainerStatuses())
          .forEach(container -> statusByContainer.put(container.getName(), container));
    }
    this.resizeInfeasible = status != null && isResizeInfeasible(status);
  }

  /** Returns the exact amounts that a pod asks for, by resource. */
  public static Map<String, BigDecimal> of(Pod pod) throws InvalidObjectException {
    return new PodRequests(pod).total();
  }

  private Map<String, BigDecimal> total() throws InvalidObjectException {
    Map<String, BigDecimal> specSum = aggregate(Source.SPEC);
    Map<String, BigDecimal> requests = mayBeResized() ? resized(specSum) : specSum;
    ResourceRequirements podLevel = spec.getResources();
    if (podLevel != null) {
      requests.putAll(podLevelRequests(podLevel, specSum));
    }
    addAll(requests, Quantities.amounts("spec.overhead", spec.getOverhead()));
    return requests;
  }

  private boolean mayBeResized() {
    return resizeInfeasible
        || !statusByContainer.isEmpty()
        || (status != null && isSet(status.getAllocatedResources()));
  }

  private Map<String, BigDecimal> resized(Map<String, BigDecimal> specSum)
      throws InvalidObjectException {
    Map<String, BigDecimal> allocated = podStatusAllocated();
    Map<String, BigDecimal> actuated = podStatusActuated();
    if (allocated.isEmpty() || actuated.isEmpty()) {
      allocated = aggregate(Source.ALLOCATED);
      actuated = aggregate(Source.ACTUATED);
    }
    Map<String, BigDecimal> requests =
        resizeInfeasible ? new LinkedHashMap<>() : new LinkedHashMap<>(specSum);
    maxAll(requests, actuated);
    maxAll(requests, allocated);
    return requests;
  }

  private Map<String, BigDecimal> podStatusAllocated() throws InvalidObjectException {
    return status == null
        ? Map.of()
        : Quantities.amounts("status.allocatedResources", status.getAllocatedResources());
  }

  private Map<String, BigDecimal> podStatusActuated() throws InvalidObjectException {
    return status == null || status.getResources() == null
        ? Map.of()
        : Quantities.amounts("status.resources.requests", status.getResources().getRequests());
  }

  private Map<String, BigDecimal> podLevelRequests(
      ResourceRequirements podLevel, Map<String, BigDecimal> specSum)
      throws InvalidObjectException {
    Map<String, BigDecimal> requests =
        Quantities.amounts("spec.resources.requests", podLevel.getRequests());
    Map<String, BigDecimal> limits =
        Quantities.amounts("spec.resources.limits", podLevel.getLimits());
    limits.keySet().removeIf(resource -> !isPodLevel(resource));
    if (!limits.isEmpty()) {
      specSum.forEach(
          (resource, amount) -> {
            if (resource.equals("cpu") || resource.equals("memory")) {
              requests.putIfAbsent(resource, amount);
            }
          });
      limits.forEach(requests::putIfAbsent);
    }
    requests.keySet().removeIf(resource -> !isPodLevel(resource));
    if (!requests.isEmpty() && status != null && status.getResources() != null) {
      if (resizeInfeasible) {
        requests.clear();
      }
      maxPodLevel(requests, podStatusActuated());
      maxPodLevel(requests, podStatusAllocated());
    }
    return requests;
  }

  private static void maxPodLevel(
      Map<String, BigDecimal> requests, Map<String, BigDecimal> statusAmounts) {
    Map<String, BigDecimal> podLevel = new LinkedHashMap<>(statusAmounts);
    podLevel.keySet().removeIf(resource -> !isPodLevel(resource));
    maxAll(requests, podLevel);
  }

  private static boolean isPodLevel(String resource) {
    return resource.equals("cpu") || resource.equals("memory") || resource.startsWith("hugepages-");
  }

  private Map<String, BigDecimal> aggregate(Source source) throws InvalidObjectException {
    Map<String, BigDecimal> sum = new LinkedHashMap<>();
    List<Container> containers = listOf(spec.getContainers());
    for (int i = 0; i < containers.size(); i++) {
      addAll(sum, requests("spec.containers[" + i + "]", containers.get(i), source));
    }
    Map<String, BigDecimal> sidecars = new LinkedHashMap<>();
    Map<String, BigDecimal> initializing = new LinkedHashMap<>();
    List<Container> initContainers = listOf(spec.getInitContainers());
    for (int i = 0; i < initContainers.size(); i++) {
      Container container = initContainers.get(i);
      Map<String, BigDecimal> own = requests("spec.initContainers[" + i + "]", container, source);
      if ("Always".equals(container.getRestartPolicy())) {
        addAll(sum, own);
        addAll(sidecars, own);
        maxAll(initializing, sidecars);
      } else {
        addAll(own, sidecars);
        maxAll(initializing, own);
      }
    }
    maxAll(sum, initializing);
    return sum;
  }

  private Map<String, BigDecimal> requests(String field, Container container, Source source)
      throws InvalidObjectException {
    ContainerStatus containerStatus = statusByContainer.get(container.getName());
    if (source != Source.SPEC) {
      if (containerStatus != null) {
        ResourceRequirements inEffect = containerStatus.getResources();
        if (source == Source.ACTUATED && inEffect != null && isSet(inEffect.getRequests())) {
          return Quantities.amounts(
              "status of " + field + ".resources.requests", inEffect.getRequests());
        }
        if (isSet(containerStatus.getAllocatedResources())) {
          return Quantities.amounts(
              "status of " + field + ".allocatedResources",
              containerStatus.getAllocatedResources());
        }
      }
      if (resizeInfeasible) {
        return new LinkedHashMap<>();
      }
    }
    ResourceRequirements resources = container.getResources();
    if (resources == null) {
      return new LinkedHashMap<>();
    }
    Map<String, BigDecimal> requests =
        Quantities.amounts(field + ".resources.limits", resources.getLimits());
    requests.putAll(Quantities.amounts(field + ".resources.requests", resources.getRequests()));
    return requests;
  }

  private static boolean isResizeInfeasible(PodStatus status) {
    for (PodCondition condition : listOf(status.getConditions())) {
      if ("PodResizePending".equals(condition.getType())) {
        return "Infeasible".equals(condition.getReason());
      }
    }
    return false;
  }

  private static boolean isSet(@Nullable Map<String, Quantity> quantities) {
    return quantities != null && !quantities.isEmpty();
  }

  private static void addAll(Map<String, BigDecimal> sums, Map<String, BigDecimal> amounts) {
    amounts.forEach((resource, amount) -> sums.merge(resource, amount, BigDecimal::add));
  }

  private static void maxAll(Map<String, BigDecimal> sums, Map<String, BigDecimal> amounts) {
    amounts.forEach((resource, amount) -> sums.merge(resource, amount, BigDecimal::max));
  }

  private static <T> List<T> listOf(@Nullable List<T> list) {
    return list == null ? List.of() : list;
  }
}
