package io.stowage.extender.kube;

import io.stowage.core.cluster.Resources;
import java.math.BigDecimal;
import java.util.Map;
import java.util.TreeMap;

/** Turns exact amounts by resource name into the sums that the cluster model keeps. */
final class ResourceAmounts {
  private ResourceAmounts() {}

  /**
   * Returns CPU, memory, ephemeral storage and every resource that kube-scheduler counts as a
   * scalar: those with a domain, huge pages and attachable volumes. Amounts of 0 are left out.
   */
  static Resources toResources(String field, Map<String, BigDecimal> amounts)
      throws InvalidObjectException {
    long cpuMilli = 0;
    long memoryBytes = 0;
    long ephemeralStorageBytes = 0;
    Map<String, Long> extended = new TreeMap<>();
    for (Map.Entry<String, BigDecimal> entry : amounts.entrySet()) {
      String resource = entry.getKey();
      String path = field + "[" + resource + "]";
      switch (resource) {
        case "cpu" -> cpuMilli = Quantities.milli(path, entry.getValue());
        case "memory" -> memoryBytes = Quantities.value(path, entry.getValue());
        case "ephemeral-storage" ->
            ephemeralStorageBytes = Quantities.value(path, entry.getValue());
        default -> {
          if (isScalar(resource) && entry.getValue().signum() > 0) {
            extended.put(resource, Quantities.value(path, entry.getValue()));
          }
        }
      }
    }
    return Resources.of(cpuMilli, memoryBytes, ephemeralStorageBytes, extended);
  }

  private static boolean isScalar(String resource) {
    return resource.contains("/")
        || resource.startsWith("hugepages-")
        || resource.startsWith("attachable-volumes-");
  }
}
