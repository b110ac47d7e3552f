package io.stowage.extender.audit;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.stowage.extender.kube.InvalidObjectException;
import io.stowage.extender.kube.PodRequests;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A pod that is on a node and has not ended.
 *
 * @param name its namespace and name
 * @param requests what counts against its node, the pod itself included
 * @param sharingContainers how many of its containers ask for a share of a GPU
 */
record AuditedPod(
    String name,
    String node,
    Map<String, BigDecimal> requests,
    int sharingContainers,
    Map<String, String> annotations) {

  static String nameOf(Pod pod) {
    ObjectMeta metadata = pod.getMetadata();
    String namespace = metadata.getNamespace();
    return (namespace == null || namespace.isEmpty() ? "" : namespace + "/") + metadata.getName();
  }

  /** Returns the node that a pod takes room on, empty where it is on none or has ended. */
  static String nodeOf(Pod pod) {
    String phase = pod.getStatus() == null ? null : pod.getStatus().getPhase();
    String node = pod.getSpec() == null ? null : pod.getSpec().getNodeName();
    return node == null || "Succeeded".equals(phase) || "Failed".equals(phase) ? "" : node;
  }

  static AuditedPod read(Pod pod) throws InvalidObjectException {
    Map<String, BigDecimal> requests = Amounts.rounded(PodRequests.of(pod));
    withoutClaimed(pod, requests);
    requests.put("pods", BigDecimal.ONE);
    Map<String, String> annotations = pod.getMetadata().getAnnotations();
    return new AuditedPod(
        nameOf(pod),
        nodeOf(pod),
        requests,
        sharingContainers(pod),
        annotations == null ? Map.of() : annotations);
  }

  /** Removes devices that Dynamic Resource Allocation serves: no node's allocatable has them. */
  private static void withoutClaimed(Pod pod, Map<String, BigDecimal> requests) {
    if (pod.getStatus() != null && pod.getStatus().getExtendedResourceClaimStatus() != null) {
      pod.getStatus()
          .getExtendedResourceClaimStatus()
          .getRequestMappings()
          .forEach(mapping -> requests.remove(mapping.getResourceName()));
    }
  }

  private static int sharingContainers(Pod pod) throws InvalidObjectException {
    int sharing = 0;
    for (Container container :
        Stream.of(pod.getSpec().getInitContainers(), pod.getSpec().getContainers())
            .flatMap(List::stream)
            .toList()) {
      Map<String, Quantity> limits =
          container.getResources() == null ? null : container.getResources().getLimits();
      BigDecimal units = Amounts.of("limits", limits).get(Gpushare.MEMORY);
      sharing += units != null && units.signum() > 0 ? 1 : 0;
    }
    return sharing;
  }

  /** Returns the units of a shared GPU that it asks for, 0 where it asks for none. */
  BigDecimal units() {
    return requests.getOrDefault(Gpushare.MEMORY, BigDecimal.ZERO);
  }

  @Nullable String annotation(String name) {
    return annotations.get(name);
  }

  /** Returns the index that an annotation holds, empty where it holds none. */
  OptionalInt index(String annotationName) {
    String text = annotation(annotationName);
    return text != null && text.matches("[0-9]{1,9}")
        ? OptionalInt.of(Integer.parseInt(text))
        : OptionalInt.empty();
  }
}
