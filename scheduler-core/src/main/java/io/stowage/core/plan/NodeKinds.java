package io.stowage.core.plan;

import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeState;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The kinds of a cluster's nodes: nodes that differ in name alone are of one kind.
 *
 * <p>Remembers the kind of each node until the node changes, for telling it takes reading all of
 * the node. A kind stays when its last node is gone, until there are more such kinds than nodes.
 * Belongs to one cluster and one thread.
 */
public final class NodeKinds {
  private static final String ANY_NAME = "kind";

  private final Map<Node, Integer> kindByNode = new HashMap<>();
  private Cluster emptied = new Cluster();
  private final List<NodeState> empty = new ArrayList<>();

  /** By the node's slot: what it was when its kind was told. */
  private @Nullable Node[] told = new Node[0];

  private int[] kindBySlot = new int[0];

  /** Begins anew where more than twice as many kinds are remembered as there are nodes. */
  void forgetMoreThan(int nodes) {
    if (empty.size() > 2 * nodes) {
      kindByNode.clear();
      emptied = new Cluster();
      empty.clear();
      Arrays.fill(told, null);
    }
  }

  /** Returns the kind of a known node, from 0. */
  @SuppressWarnings("ReferenceEquality") // comparing all of the node is what is to be spared
  int of(NodeState state, Node node) {
    int slot = state.slot();
    if (slot >= told.length) {
      told = Arrays.copyOf(told, Math.max(slot + 1, told.length * 2));
      kindBySlot = Arrays.copyOf(kindBySlot, told.length);
    }
    if (told[slot] != node) {
      kindBySlot[slot] = kindByNode.computeIfAbsent(node.withName(ANY_NAME), this::add);
      told[slot] = node;
    }
    return kindBySlot[slot];
  }

  private int add(Node nameless) {
    empty.add(emptied.putNode(nameless.withName(ANY_NAME + empty.size())));
    return empty.size() - 1;
  }

  /** Returns how many kinds have been seen. */
  int count() {
    return empty.size();
  }

  /** Returns a node of a kind without any pod. */
  NodeState empty(int kind) {
    return empty.get(kind);
  }
}
