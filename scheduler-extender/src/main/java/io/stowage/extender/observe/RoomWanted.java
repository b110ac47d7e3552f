package io.stowage.extender.observe;

import java.util.List;

/**
 * What an autoscaler could do with the cluster.
 *
 * @param nodesToAdd nodes of each kind for the waiting pods that do not fit, an upper estimate:
 *     they are packed greedily, one kind chosen for each pod
 * @param unplaceablePods how many waiting pods no kind of node could hold
 * @param nodesToEmpty nodes that could go, one after the other in this order: all pods that would
 *     come again fit elsewhere
 * @param emptyingCut whether the search for them was cut short
 */
public record RoomWanted(
    List<NodesToAdd> nodesToAdd,
    int unplaceablePods,
    List<NodeToEmpty> nodesToEmpty,
    boolean emptyingCut) {

  /** Copies the lists. */
  public RoomWanted {
    nodesToAdd = List.copyOf(nodesToAdd);
    nodesToEmpty = List.copyOf(nodesToEmpty);
  }

  /**
   * New nodes of a kind.
   *
   * @param type the kind
   * @param count how many
   * @param pods how many waiting pods they hold
   */
  public record NodesToAdd(WaitingPod.NodeTypeName type, int count, int pods) {}

  /**
   * A node that could go.
   *
   * @param node its name
   * @param type its kind
   * @param podsToMove how many pods would have to move
   */
  public record NodeToEmpty(String node, WaitingPod.NodeTypeName type, int podsToMove) {}
}
