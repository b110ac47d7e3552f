package io.stowage.extender.explain;

import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.fit.Fit;
import io.stowage.core.fit.Shortage;
import io.stowage.extender.kube.PlacementRules.Refusal;
import java.util.Optional;

/**
 * What keeps a pod off a node. Where several things do, the first in the order of the constants is
 * the one that is told, so that the counts of nodes add up to all nodes.
 */
public enum Missing {
  /** The node's kubelet does not report Ready. */
  NOT_READY("notReady"),
  /** The node is marked unschedulable. */
  CORDONED("cordoned"),
  /** The node has no GPUs of the resource that the pod asks for. */
  NO_GPU("noGpu"),
  /** The node's GPUs are of a model that the pod does not accept. */
  WRONG_MODEL("wrongModel"),
  /** The node does not have the labels that node selector or affinity ask for. */
  NOT_SELECTED("notSelected"),
  /** The node has a taint that the pod does not tolerate. */
  TAINTED("tainted"),
  /** The GPUs have too little left in sum. */
  GPU("gpu"),
  /** There is enough GPU in sum, but not on single GPUs. */
  FRAGMENTED("fragmented"),
  /** Too little CPU is left. */
  CPU("cpu"),
  /** Too little memory is left. */
  MEMORY("memory"),
  /** No more pods are taken. */
  PODS("pods"),
  /** Ephemeral storage or another resource is short. */
  OTHER("other");

  private final String key;

  Missing(String key) {
    this.key = key;
  }

  /** Returns its name in JSON. */
  public String key() {
    return key;
  }

  /**
   * Returns what is to be said of nodes that miss it, such as {@code lack CPU (need 3.2 cores)}.
   *
   * @param nodes how many nodes, which decides between singular and plural
   * @param shape what the pod asks for
   */
  public String text(int nodes, PodShape shape) {
    boolean one = nodes == 1;
    String are = one ? "is " : "are ";
    String have = one ? "has " : "have ";
    String lack = one ? "lacks " : "lack ";
    return switch (this) {
      case NOT_READY -> are + "not ready";
      case CORDONED -> are + "cordoned";
      case NO_GPU -> have + "no such GPU";
      case WRONG_MODEL -> have + "GPUs of another model";
      case NOT_SELECTED -> are + "not selected by its node selector or affinity";
      case TAINTED -> have + "a taint that it does not tolerate";
      case GPU -> have + "too little GPU left";
      case FRAGMENTED ->
          have
              + "enough in total but "
              + (shape.gpu().count() > 1
                  ? "not " + shape.gpu().count() + " such GPUs"
                  : "no single GPU");
      case CPU -> lack + "CPU (need " + Amounts.cores(shape.request().cpuMilli()) + ")";
      case MEMORY -> lack + "memory (need " + Amounts.memory(shape.request().memoryBytes()) + ")";
      case PODS -> are + "full by number of pods";
      case OTHER -> lack + "another resource";
    };
  }

  /** Returns what keeps pods away where rules do. */
  public static Missing of(Refusal refusal) {
    return switch (refusal) {
      case NOT_READY -> NOT_READY;
      case CORDONED -> CORDONED;
      case NOT_SELECTED -> NOT_SELECTED;
      case TAINTED -> TAINTED;
    };
  }

  /**
   * Returns the first that keeps a pod of the shape off a node, empty where it fits and may be
   * there.
   *
   * @param refusal what rules say
   */
  public static Optional<Missing> first(PodShape shape, NodeState node, Optional<Refusal> refusal) {
    Missing first = refusal.map(Missing::of).orElse(null);
    if (first == null && Fit.fits(shape, node)) {
      return Optional.empty();
    }
    for (Shortage shortage : Fit.shortages(shape, node)) {
      Missing missing = of(shortage, shape, node);
      if (first == null || missing.compareTo(first) < 0) {
        first = missing;
      }
    }
    return Optional.ofNullable(first);
  }

  private static Missing of(Shortage shortage, PodShape shape, NodeState node) {
    String gpuResource = shape.gpu().resource();
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
        default ->
            !sum.resource().equals(gpuResource)
                ? OTHER
                : node.node() != null && node.node().allocatable().extended(gpuResource) > 0
                    ? GPU
                    : NO_GPU;
      };
    }
    return OTHER;
  }
}
