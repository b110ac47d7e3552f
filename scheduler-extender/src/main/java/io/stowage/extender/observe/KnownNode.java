package io.stowage.extender.observe;

import io.stowage.core.cluster.Node;
import io.stowage.extender.explain.Amounts;
import io.stowage.extender.kube.NodeLabels;
import io.stowage.extender.kube.NodeMarks;
import io.stowage.extender.kube.PlacementRules;
import io.stowage.extender.kube.PlacementRules.Refusal;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A node with what placement rules and pools look at.
 *
 * @param node what the cluster model knows of it
 * @param marks its labels and taints
 */
record KnownNode(Node node, NodeMarks marks) {

  String name() {
    return node.name();
  }

  /** Returns what keeps a pod with rules away from it, empty where nothing does. */
  Optional<Refusal> refusal(PlacementRules rules) {
    return rules.refusal(node, marks.labels(), marks.taints());
  }

  /** Tells whether a pod with rules may be on a new node that is like it. */
  boolean allowsOnNewLike(PlacementRules rules) {
    return rules.allowsNewNodeLike(marks.labels(), marks.taints());
  }

  /** Returns the model of its GPUs, empty where it has none or it is not known. */
  String gpuModel() {
    return node.gpus().devices().isEmpty() ? "" : node.gpus().devices().get(0).model();
  }

  /** Returns its instance type, empty where no label tells it. */
  String instanceType() {
    return NodeLabels.of(marks.labels()).machineType();
  }

  /** Returns its pool: by a provider's label, else the model of its GPUs, else its type. */
  String pool() {
    return Stream.of(NodeLabels.of(marks.labels()).pool(), gpuModel(), instanceType())
        .filter(name -> !name.isEmpty())
        .findFirst()
        .orElse(node.gpus().devices().isEmpty() ? "no GPU" : "GPU of unknown model");
  }

  /** Returns its kind. */
  WaitingPod.NodeTypeName type() {
    return new WaitingPod.NodeTypeName(typeName(), pool());
  }

  /** Returns a name for nodes like it: its instance type, else what it has. */
  String typeName() {
    if (!instanceType().isEmpty()) {
      return instanceType();
    }
    String sums =
        Amounts.cores(node.allocatable().cpuMilli())
            + ", "
            + Amounts.memory(node.allocatable().memoryBytes());
    int gpus = node.gpus().devices().size();
    return gpus == 0
        ? sums
        : gpus + " x " + (gpuModel().isEmpty() ? "GPU" : gpuModel()) + ", " + sums;
  }
}
