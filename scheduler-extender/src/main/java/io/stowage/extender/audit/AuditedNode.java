package io.stowage.extender.audit;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeCondition;
import io.fabric8.kubernetes.api.model.NodeStatus;
import io.stowage.extender.kube.InvalidObjectException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a node has.
 *
 * @param capacity what it has in all, devices that are out of order included
 * @param allocatable what it offers to pods
 */
record AuditedNode(
    String name,
    boolean ready,
    Map<String, BigDecimal> capacity,
    Map<String, BigDecimal> allocatable) {

  /**
   * Equal GPUs that are shared.
   *
   * @param units what each has
   */
  record Cards(BigDecimal count, BigDecimal units) {}

  static AuditedNode read(Node node) throws InvalidObjectException {
    NodeStatus status = node.getStatus();
    return new AuditedNode(
        node.getMetadata().getName(),
        isReady(status),
        Amounts.of("status.capacity", status == null ? null : status.getCapacity()),
        Amounts.of("status.allocatable", status == null ? null : status.getAllocatable()));
  }

  private static boolean isReady(@Nullable NodeStatus status) {
    if (status != null && status.getConditions() != null) {
      for (NodeCondition condition : status.getConditions()) {
        if ("Ready".equals(condition.getType())) {
          return "True".equals(condition.getStatus());
        }
      }
    }
    return false;
  }

  BigDecimal allocatable(String resource) {
    return allocatable.getOrDefault(resource, BigDecimal.ZERO);
  }

  /** Returns what it has of a resource, devices that are out of order included. */
  private BigDecimal capacity(String resource) {
    return capacity.getOrDefault(resource, BigDecimal.ZERO).max(allocatable(resource));
  }

  /**
   * Returns why more asked than allocatable may come right by itself, empty where it will not. A
   * node that is not ready tells what it had; the kubelet sets devices to 0 until their plugin has
   * registered again, and takes those that are out of order from allocatable but not from capacity.
   */
  String whyForNow(String resource, BigDecimal asked) {
    if (!ready) {
      return "the node is not ready";
    }
    if (!resource.contains("/")) {
      return "";
    }
    if (asked.compareTo(capacity(resource)) <= 0) {
      return "its capacity is " + capacity(resource).toPlainString();
    }
    return allocatable.containsKey(resource) && capacity(resource).signum() == 0
        ? "its devices are not registered"
        : "";
  }

  /** Returns its shared GPUs, empty where it shares none or they are not registered. */
  Optional<Cards> cards() {
    BigDecimal count = capacity(Gpushare.COUNT);
    BigDecimal units = capacity(Gpushare.MEMORY);
    return count.signum() > 0 && units.compareTo(count) >= 0
        ? Optional.of(new Cards(count, units.divide(count, 0, RoundingMode.FLOOR)))
        : Optional.empty();
  }

  /** Tells whether it shares GPUs, be it that they are not registered now. */
  boolean sharesGpus() {
    return cards().isPresent()
        || (allocatable.containsKey(Gpushare.MEMORY) && allocatable(Gpushare.MEMORY).signum() == 0);
  }
}
