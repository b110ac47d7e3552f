package io.stowage.extender.kube;

import io.fabric8.kubernetes.api.model.NodeSelector;
import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.fabric8.kubernetes.api.model.NodeSelectorTerm;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Taint;
import io.fabric8.kubernetes.api.model.TaintBuilder;
import io.fabric8.kubernetes.api.model.Toleration;
import io.stowage.core.cluster.Node;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Which nodes a pod may be on, whatever room they have: by its node selector, required node
 * affinity and tolerations, as kube-scheduler's NodeAffinity, TaintToleration and NodeUnschedulable
 * judge. Compared by contents.
 *
 * @param nodeSelector labels that a node must have
 * @param affinity required node affinity, empty where none is
 * @param tolerations the taints that do not keep it away
 */
public record PlacementRules(
    Map<String, String> nodeSelector,
    Optional<NodeSelector> affinity,
    List<Toleration> tolerations) {
  /** Those of a pod that asks for nothing and tolerates nothing. */
  public static final PlacementRules NONE =
      new PlacementRules(Map.of(), Optional.empty(), List.of());

  private static final String NODE_NAME = "metadata.name";
  private static final Taint UNSCHEDULABLE =
      new TaintBuilder()
          .withKey("node.kubernetes.io/unschedulable")
          .withEffect("NoSchedule")
          .build();

  /** What all nodes of a cluster have that are ready for pods. */
  private static final String LIFECYCLE = "node.kubernetes.io/";

  private static final List<String> OF_ONE_NODE = List.of("kubernetes.io/hostname");

  /** Why a node does not take a pod, whatever room it has. */
  public enum Refusal {
    /** Its kubelet does not report Ready. */
    NOT_READY,
    /** It is marked unschedulable. */
    CORDONED,
    /** It lacks what node selector or required affinity ask for. */
    NOT_SELECTED,
    /** It has a taint that the pod does not tolerate. */
    TAINTED
  }

  /** Copies the collections. */
  public PlacementRules {
    nodeSelector = Map.copyOf(nodeSelector);
    tolerations = List.copyOf(tolerations);
  }

  /** Reads a pod's rules. */
  public static PlacementRules of(Pod pod) {
    PodSpec spec = pod.getSpec();
    NodeSelector affinity =
        spec.getAffinity() == null || spec.getAffinity().getNodeAffinity() == null
            ? null
            : spec.getAffinity()
                .getNodeAffinity()
                .getRequiredDuringSchedulingIgnoredDuringExecution();
    return new PlacementRules(
        spec.getNodeSelector() == null ? Map.of() : spec.getNodeSelector(),
        Optional.ofNullable(affinity),
        spec.getTolerations() == null ? List.of() : spec.getTolerations());
  }

  /** Returns what keeps the pod away from a node, empty where nothing does. */
  public Optional<Refusal> refusal(Node node, Map<String, String> labels, List<Taint> taints) {
    if (!node.ready()) {
      return Optional.of(Refusal.NOT_READY);
    }
    if (node.cordoned() && !tolerates(UNSCHEDULABLE)) {
      return Optional.of(Refusal.CORDONED);
    }
    if (!selects(labels, node.name())) {
      return Optional.of(Refusal.NOT_SELECTED);
    }
    return taints.stream().allMatch(taint -> isSoft(taint) || tolerates(taint))
        ? Optional.empty()
        : Optional.of(Refusal.TAINTED);
  }

  /** Tells whether the pod may be on a new node that is like one with these labels and taints. */
  public boolean allowsNewNodeLike(Map<String, String> likeLabels, List<Taint> taints) {
    Map<String, String> labels = new HashMap<>(likeLabels);
    OF_ONE_NODE.forEach(labels::remove);
    return selects(labels, "")
        && taints.stream()
            .allMatch(
                taint -> isSoft(taint) || taint.getKey().startsWith(LIFECYCLE) || tolerates(taint));
  }

  private static boolean isSoft(Taint taint) {
    return !"NoSchedule".equals(taint.getEffect()) && !"NoExecute".equals(taint.getEffect());
  }

  private boolean tolerates(Taint taint) {
    return tolerations.stream().anyMatch(toleration -> tolerates(toleration, taint));
  }

  private static boolean tolerates(Toleration toleration, Taint taint) {
    if (!isEmpty(toleration.getEffect()) && !toleration.getEffect().equals(taint.getEffect())) {
      return false;
    }
    boolean exists = "Exists".equals(toleration.getOperator());
    if (isEmpty(toleration.getKey())) {
      return exists;
    }
    return toleration.getKey().equals(taint.getKey())
        && (exists
            || ((isEmpty(toleration.getOperator()) || "Equal".equals(toleration.getOperator()))
                && textOf(toleration.getValue()).equals(textOf(taint.getValue()))));
  }

  private boolean selects(Map<String, String> labels, String name) {
    return labels.entrySet().containsAll(nodeSelector.entrySet())
        && (affinity.isEmpty()
            || affinity.orElseThrow().getNodeSelectorTerms().stream()
                .anyMatch(term -> matches(term, labels, name)));
  }

  private static boolean matches(NodeSelectorTerm term, Map<String, String> labels, String name) {
    List<NodeSelectorRequirement> expressions = term.getMatchExpressions();
    List<NodeSelectorRequirement> fields = term.getMatchFields();
    return Stream.of(expressions, fields).anyMatch(list -> !list.isEmpty())
        && expressions.stream()
            .allMatch(expression -> matches(expression, labels.get(expression.getKey())))
        && fields.stream()
            .allMatch(field -> NODE_NAME.equals(field.getKey()) && matches(field, name));
  }

  private static boolean matches(NodeSelectorRequirement requirement, @Nullable String value) {
    List<String> values = requirement.getValues();
    return switch (textOf(requirement.getOperator())) {
      case "In" -> value != null && values.contains(value);
      case "NotIn" -> value == null || !values.contains(value);
      case "Exists" -> value != null;
      case "DoesNotExist" -> value == null;
      case "Gt" -> isNumber(value) && Long.parseLong(textOf(value)) > bound(values);
      case "Lt" -> isNumber(value) && Long.parseLong(textOf(value)) < bound(values);
      default -> false;
    };
  }

  /** Returns the one value of Gt and Lt, which the API server has checked. */
  private static long bound(List<String> values) {
    return Long.parseLong(values.get(0));
  }

  private static boolean isNumber(@Nullable String text) {
    return text != null && text.matches("-?[0-9]{1,18}");
  }

  private static boolean isEmpty(@Nullable String text) {
    return text == null || text.isEmpty();
  }

  private static String textOf(@Nullable String text) {
    return text == null ? "" : text;
  }
}
