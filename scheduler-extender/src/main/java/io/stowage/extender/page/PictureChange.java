package io.stowage.extender.page;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is different from the picture before.
 *
 * @param nodes the nodes that changed or came, as they are now
 * @param goneNodes the names of those that went
 * @param pending the pods that wait; null where they are the same
 */
public record PictureChange(
    List<NodePicture> nodes, List<String> goneNodes, @Nullable PendingPicture pending) {

  /** Copies the lists. */
  public PictureChange {
    nodes = List.copyOf(nodes);
    goneNodes = List.copyOf(goneNodes);
  }

  /** Tells whether nothing is different. */
  public boolean isEmpty() {
    return nodes.isEmpty() && goneNodes.isEmpty() && pending == null;
  }
}
