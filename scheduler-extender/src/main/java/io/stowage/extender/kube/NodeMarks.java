package io.stowage.extender.kube;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Taint;
import java.util.List;
import java.util.Map;

/**
 * What placement rules look at of a node.
 *
 * @param labels its labels
 * @param taints its taints
 */
public record NodeMarks(Map<String, String> labels, List<Taint> taints) {
  /** Neither label nor taint. */
  public static final NodeMarks NONE = new NodeMarks(Map.of(), List.of());

  /** Copies the collections. */
  public NodeMarks {
    labels = Map.copyOf(labels);
    taints = List.copyOf(taints);
  }

  /** Reads those of a node. */
  public static NodeMarks of(Node node) {
    return new NodeMarks(
        node.getMetadata().getLabels() == null ? Map.of() : node.getMetadata().getLabels(),
        node.getSpec() == null || node.getSpec().getTaints() == null
            ? List.of()
            : node.getSpec().getTaints());
  }
}
