package io.stowage.extender.state;

import io.stowage.core.cluster.Node;
import org.jspecify.annotations.Nullable;

/** What a request itself says of nodes that the watch may not know. */
@FunctionalInterface
public interface DescribedNodes {
  /** A request that says nothing of nodes but their names. */
  DescribedNodes NONE = name -> null;

  /** Returns what the request says of a node, null where it says nothing. */
  @Nullable Node node(String name);
}
