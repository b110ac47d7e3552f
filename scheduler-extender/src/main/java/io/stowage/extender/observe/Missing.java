package io.stowage.extender.observe;

import io.stowage.core.fit.Shortage;
import java.util.List;

/**
 * What keeps a pod off a node. Where several things do, the first in the order of the constants is
 * the one that is told, so that the counts of nodes add up to all nodes.
 */
public enum Missing {
  /** The node's kubelet does not report Ready. */
  NOT_READY("notReady", "not ready"),
  /** The node is marked unschedulable. */
  CORDONED("cordoned", "cordoned"),
  /** The node's GPUs are of a model that the pod does not accept. */
  WRONG_MODEL("wrongModel", "without a GPU of the right model"),
  /** The node does not have the labels that node selector or affinity ask for. */
  NOT_SELECTED("notSelected", "not selected by its node selector or affinity"),
  /** The node has a taint that the pod does not tolerate. */
  TAINTED("tainted", "with a taint that it does not tolerate"),
  /** The GPUs have too little left in sum, or there are none. */
  GPU("gpu", "with too little GPU left"),
  /** There is enough GPU in sum, but not on single GPUs. */
  FRAGMENTED("fragmented", "with enough GPU left in sum, but not on single GPUs"),
  /** Too little CPU is left. */
  CPU("cpu", "short of CPU"),
  /** Too little memory is left. */
  MEMORY("memory", "short of memory"),
  /** No more pods are taken. */
  PODS("pods", "full by number of pods"),
  /** Ephemeral storage or another resource is short. */
  OTHER("other", "short of another resource");

  private final String key;
  private final String text;

  Missing(String key, String text) {
    this.key = key;
    this.text = text;
  }

  /** Returns its name in JSON. */
  public String key() {
    return key;
  }

  /** Returns what nodes are that miss it, such as {@code short of CPU}. */
  public String text() {
    return text;
  }

  /**
   * Returns the first of some shortages in the order of the constants.
   *
   * @param shortages at least one
   * @param gpuResource the resource that the pod asks GPUs as
   */
  static Missing first(List<Shortage> shortages, String gpuResource) {
    return shortages.stream()
        .map(shortage -> of(shortage, gpuResource))
        .min(Missing::compareTo)
        .orElseThrow();
  }

  private static Missing of(Shortage shortage, String gpuResource) {
    if (shortage instanceof Shortage.WrongGpuModel) {
      return WRONG_MODEL;
    }
    if (shortage instanceof Shortage.InsufficientGpu) {
      return GPU;
    }
    if (shortage instanceof Shortage.FragmentedGpu) {
      return FRAGMENTED;
    }
    if (shortage instanceof Shortage.Insufficient sum) {
      return switch (sum.resource()) {
        case "cpu" -> CPU;
        case "memory" -> MEMORY;
        case "pods" -> PODS;
        default -> sum.resource().equals(gpuResource) ? GPU : OTHER;
      };
    }
    return OTHER;
  }
}
