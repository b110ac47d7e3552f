package io.stowage.core.cluster;

import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Amounts of the resources that a node or pod counts as sums.
 *
 * @param cpuMilli CPU in milli-cores, at least 0
 * @param memoryBytes memory in bytes, at least 0
 * @param ephemeralStorageBytes local ephemeral storage in bytes, at least 0
 * @param extended every other resource by its full name, each at least 0, in its own unit
 */
public record Resources(
    long cpuMilli, long memoryBytes, long ephemeralStorageBytes, SortedMap<String, Long> extended) {

  /** Nothing at all. */
  public static final Resources NONE = of(0, 0);

  /** Copies {@code extended}; throws IllegalArgumentException where an amount is negative. */
  public Resources {
    requireNotNegative("cpuMilli", cpuMilli);
    requireNotNegative("memoryBytes", memoryBytes);
    requireNotNegative("ephemeralStorageBytes", ephemeralStorageBytes);
    extended.forEach(Resources::requireNotNegative);
    extended =
        extended.isEmpty()
            ? Collections.emptySortedMap()
            : Collections.unmodifiableSortedMap(new TreeMap<>(extended));
  }

  /** Returns CPU and memory alone. */
  public static Resources of(long cpuMilli, long memoryBytes) {
    return new Resources(cpuMilli, memoryBytes, 0, Collections.emptySortedMap());
  }

  /** Returns CPU, memory, ephemeral storage and extended resources. */
  public static Resources of(
      long cpuMilli, long memoryBytes, long ephemeralStorageBytes, Map<String, Long> extended) {
    return new Resources(cpuMilli, memoryBytes, ephemeralStorageBytes, new TreeMap<>(extended));
  }

  /** Returns the amount of an extended resource, 0 where it is not named. */
  public long extended(String name) {
    return extended.getOrDefault(name, 0L);
  }

  private static void requireNotNegative(String name, long amount) {
    if (amount < 0) {
      throw new IllegalArgumentException(name + " must be at least 0, was " + amount);
    }
  }
}
