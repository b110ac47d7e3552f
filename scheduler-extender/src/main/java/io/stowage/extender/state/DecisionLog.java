package io.stowage.extender.state;

import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.Pod;

/**
 * Is told what happens to the cluster and what is decided, in order, by the state's one writer.
 * Must return at once.
 */
public interface DecisionLog {
  /** Forgets everything. */
  DecisionLog NONE =
      new DecisionLog() {
        @Override
        public void node(Node node) {}

        @Override
        public void nodeGone(String nodeName) {}

        @Override
        public void synced() {}

        @Override
        public void waits(Pod pod) {}

        @Override
        public void placed(Placement placement) {}

        @Override
        public void filtered(Pod pod, int askedNodes, FilterDecision decision) {}

        @Override
        public void bound(Placement placement, BindOutcome outcome) {}

        @Override
        public void gone(String uid) {}
      };

  /** A node came, or is not what it was. */
  void node(Node node);

  /** A node is gone; pods on it stay on record until they go. */
  void nodeGone(String nodeName);

  /** Nodes and pods were listed completely: what was told before was there already. */
  void synced();

  /** A pod waits that was not known. */
  void waits(Pod pod);

  /** The API server has a pod on a node that Stowage has not put there, or with other devices. */
  void placed(Placement placement);

  /** {@code filter} was answered. */
  void filtered(Pod pod, int askedNodes, FilterDecision decision);

  /** A binding that was decided was written, or not. */
  void bound(Placement placement, BindOutcome outcome);

  /** A pod that waited or was placed is gone. */
  void gone(String uid);
}
