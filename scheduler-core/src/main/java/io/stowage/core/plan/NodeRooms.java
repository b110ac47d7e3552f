package io.stowage.core.plan;

import io.stowage.core.cluster.ChangeLog;
import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeState;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The rooms of a cluster's nodes, made anew only where a node or what it is kept for has changed.
 *
 * <p>Belongs to the cluster's one writer; not thread-safe. The rooms themselves are immutable.
 */
public final class NodeRooms {
  private final Cluster cluster;

  /** By slot: the room of its node, null where there is none that takes pods. */
  private @Nullable NodeRoom[] bySlot = {};

  private List<NodeRoom> rooms = List.of();
  private final RoomTotals totals = new RoomTotals();

  /** What {@link #rooms} are of: the cluster up to a change, and zones. */
  private long read = -1;

  private Zones zones = Zones.NONE;

  /** Creates it for a cluster. */
  public NodeRooms(Cluster cluster) {
    this.cluster = cluster;
  }

  /** Returns the rooms of the nodes that take pods, the same list where nothing has changed. */
  public List<NodeRoom> of(Zones zonesNow) {
    if (bySlot.length < cluster.slotLimit()) {
      bySlot = Arrays.copyOf(bySlot, Math.max(cluster.slotLimit(), 2 * bySlot.length));
    }
    ChangeLog changes = cluster.changes();
    boolean changed = false;
    if (changes.reaches(read)) {
      for (long change = read; change < changes.end(); change++) {
        changed |= describe(changes.slot(change), zonesNow);
      }
      changed |= zonesNow != zones && describeOtherwiseKept(zonesNow);
    } else {
      for (int slot = 0; slot < cluster.slotLimit(); slot++) {
        changed |= describe(slot, zonesNow);
      }
    }
    zones = zonesNow;
    read = changes.end();
    if (changed) {
      List<NodeRoom> taking = new ArrayList<>(bySlot.length);
      for (NodeRoom room : bySlot) {
        if (room != null) {
          taking.add(room);
        }
      }
      rooms = List.copyOf(taking);
    }
    return rooms;
  }

  /** Returns the totals of the rooms returned last; they change with the next. */
  public RoomTotals totals() {
    return totals;
  }

  /** Describes the nodes anew that are kept for something else now. */
  private boolean describeOtherwiseKept(Zones zonesNow) {
    boolean changed = false;
    for (int slot = 0; slot < cluster.slotLimit(); slot++) {
      NodeState state = cluster.slot(slot);
      NodeRoom room = bySlot[slot];
      if (state != null
          && room != null
          && room.gpusKeptFor() != zonesNow.gpusRoomIsKeptFor(state)) {
        changed |= describe(slot, zonesNow);
      }
    }
    return changed;
  }

  /** Describes the node in a slot anew; returns whether its room is another one now. */
  private boolean describe(int slot, Zones zonesNow) {
    NodeState state = cluster.slot(slot);
    Node node = state == null ? null : state.node();
    NodeRoom now =
        state != null && node != null && node.ready() && !node.cordoned()
            ? NodeRoom.of(node, state, zonesNow.gpusRoomIsKeptFor(state))
            : null;
    NodeRoom before = bySlot[slot];
    if (Objects.equals(now, before)) {
      return false;
    }
    bySlot[slot] = now;
    if (before != null) {
      totals.remove(before);
    }
    if (now != null) {
      totals.add(now);
    }
    return true;
  }
}
