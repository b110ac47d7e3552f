package io.stowage.extender.kube;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The GPUs of a node that gpushare's ConfigMap {@code unhealthy-gpu-<node>} calls unhealthy.
 *
 * @param nodeName the node
 * @param deviceIndices the GPUs' indices, empty where all are healthy
 */
public record UnhealthyGpus(String nodeName, Set<Integer> deviceIndices) {
  /** The namespace of these ConfigMaps. */
  public static final String NAMESPACE = "kube-system";

  private static final String NAME_PREFIX = "unhealthy-gpu-";
  private static final String KEY = "gpus";

  /** Copies {@code deviceIndices}. */
  public UnhealthyGpus {
    deviceIndices = Set.copyOf(deviceIndices);
  }

  /** Returns the node that a ConfigMap is about, by its name; empty where it is another matter. */
  public static Optional<String> nodeOf(ObjectMeta configMap) {
    String name = configMap.getName();
    return name != null && name.startsWith(NAME_PREFIX) && name.length() > NAME_PREFIX.length()
        ? Optional.of(name.substring(NAME_PREFIX.length()))
        : Optional.empty();
  }

  /** Reads a ConfigMap; empty where it is another matter. One without indices heals the node. */
  public static Optional<UnhealthyGpus> read(ConfigMap configMap) throws InvalidObjectException {
    Optional<String> node = nodeOf(configMap.getMetadata());
    if (node.isEmpty()) {
      return Optional.empty();
    }
    String indices = configMap.getData() == null ? null : configMap.getData().get(KEY);
    return Optional.of(new UnhealthyGpus(node.orElseThrow(), indices(indices)));
  }

  private static Set<Integer> indices(@Nullable String text) throws InvalidObjectException {
    Set<Integer> indices = new TreeSet<>();
    if (text == null || text.isBlank()) {
      return indices;
    }
    for (String index : text.split(",", -1)) {
      String digits = index.strip();
      if (!digits.matches("[0-9]{1,4}")) {
        throw new InvalidObjectException(
            "data[" + KEY + "]",
            "expected device indices such as 0,3, was '" + abbreviated(text) + "'");
      }
      indices.add(Integer.valueOf(digits));
    }
    return indices;
  }

  private static String abbreviated(String text) {
    return text.length() <= 64 ? text : text.substring(0, 64) + "...";
  }
}
