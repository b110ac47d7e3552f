package io.stowage.core.trace;

import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.PodShape;
import java.util.LinkedHashMap;
import java.util.Map;

/** The classes that waiting times and failures are reported by: what a pod asks of GPUs. */
public enum PodClass {
  /** No GPU. */
  CPU("cpu"),
  /** A share of one GPU. */
  SHARE("share"),
  /** One whole GPU. */
  ONE("one"),
  /** Two to four GPUs. */
  TWO_TO_FOUR("twoToFour"),
  /** Five GPUs and more, in practice eight. */
  EIGHT("eight");

  private final String key;

  PodClass(String key) {
    this.key = key;
  }

  /** Returns the name of the class in JSON and tables. */
  public String key() {
    return key;
  }

  /** Returns a new modifiable map from each class's key to 0, in order. */
  public static Map<String, Integer> noneByKey() {
    Map<String, Integer> none = new LinkedHashMap<>();
    for (PodClass podClass : values()) {
      none.put(podClass.key, 0);
    }
    return none;
  }

  /** Returns the class of a shape. */
  public static PodClass of(PodShape shape) {
    GpuRequest gpu = shape.gpu();
    if (gpu.isNone()) {
      return CPU;
    }
    if (gpu.isShare()) {
      return SHARE;
    }
    return gpu.count() == 1 ? ONE : gpu.count() <= 4 ? TWO_TO_FOUR : EIGHT;
  }
}
