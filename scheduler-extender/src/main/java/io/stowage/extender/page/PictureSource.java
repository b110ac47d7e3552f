package io.stowage.extender.page;

import io.stowage.extender.explain.ClusterTop;
import io.stowage.extender.explain.NodeExplanation;
import io.stowage.extender.explain.PodExplanation;
import io.stowage.extender.observe.RoomReport;
import java.util.Optional;

/**
 * Where the page has its picture from: a running service, or a snapshot, which changes never.
 * Called on the page's one thread, which it may block, unless said otherwise.
 */
public interface PictureSource {

  /** Returns what changed since the last call; from the first one, everything. */
  PictureChange changes();

  /** Returns the figures of now. */
  Sample sample();

  /** Explains a pod as of the last {@link #changes}; empty where none of that name is known. */
  Optional<PodExplanation> explainPod(String namespace, String name);

  /** Explains a node as of the last {@link #changes}; empty where none of that name is known. */
  Optional<NodeExplanation> explainNode(String name);

  /** Returns the nodes in short as of the last {@link #changes}. */
  ClusterTop top();

  /** Returns what would make room, empty where that is not known; any thread. */
  Optional<RoomReport> roomWanted();
}
