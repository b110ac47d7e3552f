package io.stowage.core.plan;

import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeState;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The rooms of a cluster's nodes, made anew only where a node or what it is kept for has changed.
 *
 * <p>Belongs to the cluster's one writer; not thread-safe. The rooms themselves are immutable.
 */
public final class NodeRooms {
  private @Nullable NodeRoom[] bySlot = {};

  /** By slot: the version of the node that the room is of. */
  private long[] versions = {};

  /** Returns the rooms of the nodes that take pods. */
  public List<NodeRoom> of(Cluster cluster, Zones zones) {
    if (bySlot.length < cluster.slotLimit()) {
      bySlot = Arrays.copyOf(bySlot, cluster.slotLimit());
      versions = Arrays.copyOf(versions, cluster.slotLimit());
    }
    List<NodeRoom> rooms = new ArrayList<>(cluster.slotLimit());
    cluster.forEachNode(
        state -> {
          Node node = state.node();
          if (node != null && node.ready() && !node.cordoned()) {
            rooms.add(room(node, state, zones.gpusRoomIsKeptFor(state)));
          }
        });
    return rooms;
  }

  private NodeRoom room(Node node, NodeState state, int gpusKeptFor) {
    int slot = state.slot();
    NodeRoom known = bySlot[slot];
    if (known != null && versions[slot] == state.version() && known.gpusKeptFor() == gpusKeptFor) {
      return known;
    }
    NodeRoom room = NodeRoom.of(node, state, gpusKeptFor);
    bySlot[slot] = room;
    versions[slot] = state.version();
    return room;
  }
}
