package io.stowage.core.plan;

import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Where pods that wait or are expected should go. Immutable.
 *
 * @param slotsByNode the slots of each node that has any, by the node's name
 */
public record StowagePlan(Map<String, List<Slot>> slotsByNode) {

  /** A plan without slots. */
  public static final StowagePlan EMPTY = new StowagePlan(Map.of());

  /** Copies the map and its lists. */
  public StowagePlan {
    Map<String, List<Slot>> copy = new HashMap<>(slotsByNode);
    copy.replaceAll((node, slots) -> List.copyOf(slots));
    slotsByNode = Collections.unmodifiableMap(copy);
  }

  /** Returns the slots of a node, empty where it has none. */
  public List<Slot> slots(String nodeName) {
    return slotsByNode.getOrDefault(nodeName, List.of());
  }

  /** Returns how many slots there are. */
  public int size() {
    return slotsByNode.values().stream().mapToInt(List::size).sum();
  }
}
