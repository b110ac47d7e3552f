package io.stowage.extender.state;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What {@code filter} answers.
 *
 * @param kept the nodes offered, best first
 * @param failed reasons of nodes where preemption might help, by node name
 * @param unresolvable reasons of nodes where it cannot help, by node name
 * @param unknownNodes how many nodes of the request the watch does not know
 */
public record FilterDecision(
    List<String> kept,
    Map<String, String> failed,
    Map<String, String> unresolvable,
    int unknownNodes) {

  /** Copies the list and both maps. */
  public FilterDecision {
    kept = List.copyOf(kept);
    failed = Map.copyOf(failed);
    unresolvable = Map.copyOf(unresolvable);
  }

  /** Returns the refusal of every node for one reason that preemption cannot change. */
  public static FilterDecision unresolvable(List<String> nodes, String reason) {
    Map<String, String> reasons = new HashMap<>();
    nodes.forEach(node -> reasons.put(node, reason));
    return new FilterDecision(List.of(), Map.of(), reasons, 0);
  }
}
