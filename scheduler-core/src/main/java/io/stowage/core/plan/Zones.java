package io.stowage.core.plan;

import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.PodShape;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Which nodes are kept for pods of several GPUs, and the order in which a pod uses nodes.
 *
 * <p>Immutable.
 */
public final class Zones {
  /** No node is kept. */
  public static final Zones NONE = new Zones(Map.of(), true);

  private static final int WITHOUT_GPUS = 0;
  private static final int UNKEPT = 1;
  private static final int NARROWER = 2;

  /** Zones that reach as many nodes or more are not told apart. */
  private static final int REACH_LIMIT = 1 << 13;

  /** More than the order of any node that has no room for the class that it is kept for. */
  private static final int WITH_ROOM = 1 << 20;

  private final Map<String, Zone> zoneByNode;
  private final boolean roomReturns;

  /**
   * Keeps nodes.
   *
   * @param roomReturns whether pods end, so that a kept node that is taken will have room again
   */
  Zones(Map<String, Zone> zoneByNode, boolean roomReturns) {
    this.zoneByNode = Map.copyOf(zoneByNode);
    this.roomReturns = roomReturns;
  }

  /**
   * Returns the order in which a pod of the shape uses the node, from 0 to about a million; among
   * nodes of equal order the policy's score decides.
   *
   * <p>A pod of several GPUs goes to nodes that are not kept or kept for its class alike, of the
   * latter last to those that also serve pods which few nodes can hold, then to those of other
   * classes. All other pods start on nodes that are not kept; a pod without GPU starts on nodes
   * without GPUs. Of other classes' nodes those go first that have no room left for a pod of their
   * class anyway, then the smallest class first and the zone that reaches fewest nodes last.
   */
  public int order(PodShape shape, NodeState node) {
    if (shape.gpu().isNone() && node.gpuCount() == 0) {
      return WITHOUT_GPUS;
    }
    Zone zone = zoneByNode.get(node.name());
    if (zone == null) {
      return UNKEPT;
    }
    int scarcity = REACH_LIMIT - Math.min(REACH_LIMIT, zone.reach());
    if (shape.gpu().isWhole() && shape.gpu().count() == zone.gpus()) {
      return zone.widest() ? UNKEPT : NARROWER + scarcity;
    }
    return zone.gpus() * REACH_LIMIT + scarcity + (zone.hasRoom(node) ? WITH_ROOM : 0);
  }

  /** Tells whether a node has room that is kept for pods of other classes than the shape's. */
  public boolean keeps(PodShape shape, NodeState node) {
    return order(shape, node) >= WITH_ROOM;
  }

  /** Returns the number of GPUs of the pods that a node is kept for, 0 where it is not kept. */
  public int gpusKeptFor(String nodeName) {
    Zone zone = zoneByNode.get(nodeName);
    return zone == null ? 0 : zone.gpus();
  }

  /**
   * Returns the number of GPUs of the pods that what is free on a node is kept for, 0 for any:
   * where the node is not kept, or where no pod that it is kept for has room on it and none ever
   * ends.
   */
  int gpusRoomIsKeptFor(NodeState node) {
    Zone zone = zoneByNode.get(node.name());
    return zone == null || (!roomReturns && !zone.hasRoom(node)) ? 0 : zone.gpus();
  }

  /** Returns how many nodes are kept, by the number of GPUs of the pods they are kept for. */
  public Map<Integer, Integer> nodesByGpus() {
    Map<Integer, Integer> nodes = new TreeMap<>();
    zoneByNode.values().forEach(zone -> nodes.merge(zone.gpus(), 1, Integer::sum));
    return nodes;
  }

  /** Returns the names of the nodes that are kept for something else there. */
  public Set<String> differences(Zones other) {
    Set<String> names = new TreeSet<>();
    zoneByNode.forEach(
        (name, zone) -> {
          if (!zone.equals(other.zone(name))) {
            names.add(name);
          }
        });
    for (String name : other.zoneByNode.keySet()) {
      if (!zoneByNode.containsKey(name)) {
        names.add(name);
      }
    }
    return names;
  }

  /** Returns the zone that a node belongs to, null where it is not kept. */
  public @Nullable Zone zone(String nodeName) {
    return zoneByNode.get(nodeName);
  }
}
