package io.stowage.extender.state;

import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.NodeState;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * Nodes where room appeared, told to two that ask: whoever wakes waiting pods, and binds that wait
 * for a device. Belongs to the state's one writer.
 */
final class FreedNodes {
  private final Cluster cluster;
  private Set<String> forWaitingPods = new LinkedHashSet<>();
  private Set<String> forWaitingBinds = new LinkedHashSet<>();

  /** Creates an empty record; {@code cluster} tells which nodes there are. */
  FreedNodes(Cluster cluster) {
    this.cluster = cluster;
  }

  /** Takes in that room appeared on a node; one that is not there has none. */
  void add(String name) {
    NodeState node = cluster.node(name);
    if (node != null && node.node() != null) {
      forWaitingPods.add(name);
      forWaitingBinds.add(name);
    }
  }

  /** Takes in that a node is gone: nothing can be had there, and binds need not wait. */
  void gone(String node) {
    forWaitingPods.remove(node);
    forWaitingBinds.add(node);
  }

  Set<String> takeForWaitingPods() {
    Set<String> taken = forWaitingPods;
    forWaitingPods = new LinkedHashSet<>();
    return taken;
  }

  Set<String> takeForWaitingBinds() {
    Set<String> taken = forWaitingBinds;
    if (!taken.isEmpty()) {
      forWaitingBinds = new LinkedHashSet<>();
    }
    return taken;
  }
}
