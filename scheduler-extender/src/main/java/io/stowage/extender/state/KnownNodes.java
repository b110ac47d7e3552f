package io.stowage.extender.state;

import io.stowage.core.cluster.GpuDevice;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeGpus;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.cluster.Resources;
import io.stowage.extender.names.NodeNames;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Nodes as the API server describes them, and which of their GPUs are unhealthy; the two come in
 * any order. What they come to is put into the clusters. Belongs to the state's one writer.
 */
final class KnownNodes {
  private static final int MAX_REMOVED = 10_000;

  private final BoundPods bound;
  private final FreedNodes freed;
  private final Map<String, Node> byName = new HashMap<>();
  private final Map<String, Set<Integer>> unhealthyGpus = new HashMap<>();
  private final Set<String> removed = new LinkedHashSet<>();
  private final NodeNames names = new NodeNames();

  /** How many nodes have GPUs of a resource that Stowage assigns one by one. */
  private final Map<String, Integer> visibleByResource = new HashMap<>();

  /** What is bound on each node, by its slot in the steering cluster. */
  private @Nullable NodeState[] hardBySlot = {};

  KnownNodes(BoundPods bound, FreedNodes freed) {
    this.bound = bound;
    this.freed = freed;
  }

  /** Takes in a node. */
  void put(Node node) {
    removed.remove(node.name());
    byName.put(node.name(), node);
    apply(healthy(node));
  }

  /** Forgets a node; pods on it stay on record until they go. */
  void remove(String name) {
    NodeState state = bound.hard().node(name);
    countVisible(state == null ? null : state.node(), -1);
    byName.remove(name);
    int slot = names.find(name);
    if (slot != NodeNames.UNKNOWN) {
      hardBySlot[slot] = null;
      names.remove(name);
    }
    removed.remove(name);
    removed.add(name);
    if (removed.size() > MAX_REMOVED) {
      removed.remove(removed.iterator().next());
    }
    bound.hard().removeNode(name);
    bound.steering().removeNode(name);
    freed.gone(name);
  }

  /** Returns the known nodes' names, by their slots in the steering cluster. */
  NodeNames names() {
    return names;
  }

  /** Returns what is bound on the known node of a slot in the steering cluster. */
  NodeState hard(int slot) {
    return Objects.requireNonNull(hardBySlot[slot]);
  }

  /** Tells whether there may be a node where it is Stowage that gives such pods their devices. */
  boolean mayAssignDevices(PodShape shape) {
    return shape.gpu().isShare()
        || (!shape.gpu().isNone() && visibleByResource.containsKey(shape.gpu().resource()));
  }

  private void countVisible(@Nullable Node node, int sign) {
    if (node != null && node.gpus().visible()) {
      visibleByResource.merge(
          node.gpus().resource(), sign, (a, b) -> a + b == 0 ? null : Integer.valueOf(a + b));
    }
  }

  /** Tells whether a node was removed and has not come back. */
  boolean isRemoved(String name) {
    return removed.contains(name);
  }

  /** Takes in which GPUs of a node are unhealthy, whether the node is known yet or not. */
  void putUnhealthy(String name, Set<Integer> devices) {
    if (devices.isEmpty()) {
      unhealthyGpus.remove(name);
    } else {
      unhealthyGpus.put(name, Set.copyOf(devices));
    }
    Node node = byName.get(name);
    if (node != null) {
      apply(healthy(node));
    }
  }

  private void apply(Node node) {
    NodeState state = bound.hard().node(node.name());
    Node before = state == null ? null : state.node();
    if (!node.equals(before)) {
      NodeState hard = bound.hard().putNode(node);
      int slot = bound.steering().putNode(node).slot();
      if (hardBySlot.length <= slot) {
        hardBySlot = Arrays.copyOf(hardBySlot, Math.max(slot + 1, 2 * slot));
      }
      hardBySlot[slot] = hard;
      countVisible(before, -1);
      countVisible(node, 1);
      if (before == null) {
        names.put(node.name(), slot);
      }
      if (before == null || offersMore(before, node)) {
        freed.add(node.name());
      }
    }
  }

  private Node healthy(Node node) {
    Set<Integer> unhealthy = unhealthyGpus.get(node.name());
    if (unhealthy == null || !node.gpus().visible()) {
      return node;
    }
    List<GpuDevice> devices =
        node.gpus().devices().stream()
            .map(
                device ->
                    unhealthy.contains(device.index())
                        ? new GpuDevice(device.index(), device.model(), 0)
                        : device)
            .toList();
    return new Node(
        node.name(),
        node.allocatable(),
        node.podCapacity(),
        new NodeGpus(node.gpus().resource(), true, devices),
        node.ready(),
        node.cordoned(),
        node.tainted(),
        node.virtual());
  }

  /** Tells whether a node offers anything that it did not offer before. */
  private static boolean offersMore(Node before, Node now) {
    return (now.ready() && !before.ready())
        || (before.cordoned() && !now.cordoned())
        || (before.tainted() && !now.tainted())
        || now.podCapacity() > before.podCapacity()
        || exceeds(now.allocatable(), before.allocatable())
        || exceeds(now.gpus(), before.gpus());
  }

  private static boolean exceeds(Resources now, Resources before) {
    return now.cpuMilli() > before.cpuMilli()
        || now.memoryBytes() > before.memoryBytes()
        || now.ephemeralStorageBytes() > before.ephemeralStorageBytes()
        || now.extended().entrySet().stream()
            .anyMatch(entry -> entry.getValue() > before.extended(entry.getKey()));
  }

  private static boolean exceeds(NodeGpus now, NodeGpus before) {
    if (!now.resource().equals(before.resource())) {
      return true;
    }
    for (GpuDevice device : now.devices()) {
      if (device.index() >= before.devices().size()
          || device.capacityUnits() > before.devices().get(device.index()).capacityUnits()) {
        return true;
      }
    }
    return false;
  }
}
