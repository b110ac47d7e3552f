package io.stowage.extender.view;

import io.stowage.core.cluster.ChangeLog;
import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.plan.Slot;
import io.stowage.extender.state.ClusterState;
import io.stowage.extender.state.StateLoop;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A copy of what is bound in the state, and of the plan's open slots.
 *
 * <p>On the state's event loop nothing is described: what it has of nodes that changed is copied,
 * for {@value #NODES_AT_ONCE} nodes at most in one task. Belongs to the one thread that refreshes
 * it.
 */
public final class ClusterCopy {
  private static final int NODES_AT_ONCE = 250;

  private final StateLoop loop;

  // Belong to the state's event loop.
  private final BitSet dirty = new BitSet();
  private long seenChange;
  private long seenSlotChange;

  // Belong to the thread that refreshes.
  private final Cluster cluster = new Cluster();
  private final Map<Integer, String> nameBySlot = new HashMap<>();
  private final Map<String, Integer> slotByName = new HashMap<>();
  private final Map<String, List<Slot>> openSlots = new HashMap<>();

  /** What the state has of a node; a null name where the slot is free. */
  private record NodeCopy(
      int slot,
      @Nullable String name,
      @Nullable Node node,
      List<Placement> placements,
      List<Slot> slots) {}

  /** What was copied in one task. */
  private record Copied(List<NodeCopy> nodes, boolean more) {}

  /** Creates an empty copy. */
  public ClusterCopy(StateLoop loop) {
    this.loop = loop;
  }

  /** Brings the copy up to date; returns the names of the nodes that changed, came or went. */
  public Set<String> refresh() {
    Set<String> touched = new HashSet<>();
    Copied copied;
    do {
      copied = loop.call(this::copyNodes).join();
      copied.nodes().forEach(node -> take(node, touched));
    } while (copied.more());
    return touched;
  }

  /** Returns the cluster as it was at the last refresh; not to be written. */
  public Cluster cluster() {
    return cluster;
  }

  /** Returns the names of all nodes. */
  public Set<String> nodeNames() {
    return Set.copyOf(slotByName.keySet());
  }

  /** Returns a node, null where there is none of that name. */
  public @Nullable NodeState node(String name) {
    return slotByName.containsKey(name) ? cluster.node(name) : null;
  }

  /** Returns the plan's open slots on a node. */
  public List<Slot> openSlots(String nodeName) {
    return openSlots.getOrDefault(nodeName, List.of());
  }

  /**
   * Returns the nodes where the plan has a slot for a waiting pod, by the slot's shape, by name.
   */
  public Map<PodShape, List<String>> plannedNodes() {
    Map<PodShape, List<String>> nodes = new HashMap<>();
    openSlots.forEach(
        (name, slots) ->
            slots.stream()
                .filter(Slot::pending)
                .map(Slot::shape)
                .distinct()
                .forEach(
                    shape -> nodes.computeIfAbsent(shape, added -> new ArrayList<>()).add(name)));
    nodes.replaceAll((shape, names) -> names.stream().sorted().toList());
    return nodes;
  }

  // On the state's event loop

  private Copied copyNodes(ClusterState state) {
    Cluster bound = state.bound();
    seenChange = mark(bound.changes(), seenChange, bound);
    ChangeLog slots = state.slotChanges();
    if (slots != null) {
      seenSlotChange = mark(slots, seenSlotChange, bound);
    }
    List<NodeCopy> nodes = new ArrayList<>();
    int slot = dirty.nextSetBit(0);
    for (; slot >= 0 && nodes.size() < NODES_AT_ONCE; slot = dirty.nextSetBit(slot + 1)) {
      dirty.clear(slot);
      NodeState node = slot < bound.slotLimit() ? bound.slot(slot) : null;
      nodes.add(
          node == null
              ? new NodeCopy(slot, null, null, List.of(), List.of())
              : new NodeCopy(
                  slot,
                  node.name(),
                  node.node(),
                  List.copyOf(node.placements()),
                  state.openSlots(node)));
    }
    return new Copied(nodes, slot >= 0);
  }

  private long mark(ChangeLog log, long from, Cluster bound) {
    if (!log.reaches(from)) {
      dirty.set(0, bound.slotLimit());
    } else {
      for (long position = from; position < log.end(); position++) {
        dirty.set(log.slot(position));
      }
    }
    return log.end();
  }

  // On the thread that refreshes

  private void take(NodeCopy node, Set<String> touched) {
    String before = nameBySlot.remove(node.slot());
    if (before != null && Objects.equals(slotByName.get(before), node.slot())) {
      slotByName.remove(before);
      touched.add(before);
      if (!before.equals(node.name())) {
        forget(before);
      }
    }
    String name = node.name();
    if (name == null) {
      return;
    }
    touched.add(name);
    nameBySlot.put(node.slot(), name);
    slotByName.put(name, node.slot());
    forget(name);
    if (node.node() != null) {
      cluster.putNode(node.node());
    }
    node.placements().forEach(cluster::place);
    if (!node.slots().isEmpty()) {
      openSlots.put(name, node.slots());
    }
  }

  private void forget(String name) {
    openSlots.remove(name);
    NodeState known = cluster.node(name);
    if (known != null) {
      known.placements().forEach(placement -> cluster.remove(placement.pod().uid()));
      cluster.removeNode(name);
    }
  }
}
