package io.stowage.extender.page;

import java.util.List;

/**
 * A pod that waits.
 *
 * @param namespace its namespace
 * @param name its name
 * @param owner its controller, such as {@code Job/train}; empty where it has none
 * @param priority its priority
 * @param createdEpochMillis when it was created, in milliseconds since 1970; 0 where not known
 * @param asks what it asks for, in words
 * @param reason why it waits, one sentence
 * @param room what would make room, one sentence; empty where nothing simple would
 * @param heldNode the node where room is held for it, empty where none is
 * @param plannedNodes nodes where the plan has a slot of just its shape, at most a few
 */
public record PendingPod(
    String namespace,
    String name,
    String owner,
    int priority,
    long createdEpochMillis,
    String asks,
    String reason,
    String room,
    String heldNode,
    List<String> plannedNodes) {

  /** Copies {@code plannedNodes}. */
  public PendingPod {
    plannedNodes = List.copyOf(plannedNodes);
  }
}
