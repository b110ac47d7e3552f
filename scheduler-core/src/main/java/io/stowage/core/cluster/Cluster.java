package io.stowage.core.cluster;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * All nodes and the pods placed on them.
 *
 * <p>Adding or removing a pod touches one node. Pods and nodes may come in any order: a node of
 * which only pods are known exists without room until it is put. One thread writes, and reads
 * happen on that thread.
 */
public final class Cluster {
  private final Map<String, NodeState> nodesByName = new HashMap<>();
  private final Map<String, NodeState> nodesByPodUid = new HashMap<>();
  private final Map<String, Placement> placementsByPodUid = new HashMap<>();
  private @Nullable NodeState[] slots = new @Nullable NodeState[16];
  private final ArrayDeque<Integer> freeSlots = new ArrayDeque<>();
  private int slotLimit;
  private long versions;
  private final ChangeLog changes = new ChangeLog();

  /** Adds a node or replaces what is known of it; its pods stay. Returns its state. */
  public NodeState putNode(Node node) {
    NodeState state = stateOf(node.name());
    state.setNode(node, changed(state));
    return state;
  }

  /** Forgets a node; pods placed there stay on record, without room, until they are removed. */
  public void removeNode(String name) {
    NodeState state = nodesByName.get(name);
    if (state != null) {
      state.setNode(null, changed(state));
      dropIfEmpty(state);
    }
  }

  /**
   * Places a pod, replacing any earlier placement of the same UID. What the node has is not
   * checked: what is bound is bound.
   */
  public void place(Placement placement) {
    remove(placement.pod().uid());
    NodeState state = stateOf(placement.nodeName());
    state.add(placement, changed(state));
    nodesByPodUid.put(placement.pod().uid(), state);
    placementsByPodUid.put(placement.pod().uid(), placement);
  }

  /** Removes a pod; returns where it was, null where it was nowhere. */
  public @Nullable Placement remove(String uid) {
    NodeState state = nodesByPodUid.remove(uid);
    if (state == null) {
      return null;
    }
    state.remove(uid, changed(state));
    dropIfEmpty(state);
    return placementsByPodUid.remove(uid);
  }

  /** Returns where a pod is placed, null where it is not. */
  public @Nullable Placement placement(String uid) {
    return placementsByPodUid.get(uid);
  }

  /** Returns a node's state, null where neither the node nor a pod on it is known. */
  public @Nullable NodeState node(String name) {
    return nodesByName.get(name);
  }

  /** Calls {@code action} for each node, pod-only ones included, in order of their slots. */
  public void forEachNode(Consumer<NodeState> action) {
    for (int i = 0; i < slotLimit; i++) {
      NodeState state = slots[i];
      if (state != null) {
        action.accept(state);
      }
    }
  }

  /** Returns the state in a slot, null where the slot is free; slot from 0 to the limit. */
  public @Nullable NodeState slot(int slot) {
    return slots[slot];
  }

  /** Returns one more than the highest slot ever used. */
  public int slotLimit() {
    return slotLimit;
  }

  /** Returns a number that grows with every change. */
  public long version() {
    return versions;
  }

  /** Returns the log of the nodes that changed, came and went. */
  public ChangeLog changes() {
    return changes;
  }

  /** Returns how many nodes there are, pod-only ones included. */
  public int nodeCount() {
    return nodesByName.size();
  }

  /** Returns how many pods are placed. */
  public int podCount() {
    return placementsByPodUid.size();
  }

  private long changed(NodeState state) {
    changes.append(state.slot());
    return ++versions;
  }

  private NodeState stateOf(String name) {
    NodeState state = nodesByName.get(name);
    if (state != null) {
      return state;
    }
    int slot = freeSlot();
    NodeState created = new NodeState(name, slot, ++versions);
    slots[slot] = created;
    nodesByName.put(name, created);
    return created;
  }

  private int freeSlot() {
    if (!freeSlots.isEmpty()) {
      return freeSlots.pop();
    }
    if (slotLimit == slots.length) {
      slots = Arrays.copyOf(slots, slots.length * 2);
    }
    return slotLimit++;
  }

  private void dropIfEmpty(NodeState state) {
    if (state.node() == null && state.podCount() == 0) {
      nodesByName.remove(state.name());
      slots[state.slot()] = null;
      freeSlots.push(state.slot());
    }
  }
}
