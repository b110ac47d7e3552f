package io.stowage.extender.watch;

import io.fabric8.kubernetes.api.model.Node;
import io.stowage.extender.kube.ClusterLabels;
import io.stowage.extender.kube.InvalidObjectException;
import io.stowage.extender.kube.NodeReader;
import io.stowage.extender.state.StateLoop;

/** Feeds nodes to the state. */
final class NodeFeed implements Feed<Node> {
  private final StateLoop loop;
  private final NodeReader reader;
  private final ClusterLabels labels;

  NodeFeed(StateLoop loop, NodeReader reader, ClusterLabels labels) {
    this.loop = loop;
    this.reader = reader;
    this.labels = labels;
  }

  @Override
  public void put(Node node) throws InvalidObjectException {
    io.stowage.core.cluster.Node read = reader.read(node);
    labels.putNode(node);
    loop.run(state -> state.putNode(read));
  }

  @Override
  public void remove(Node identity) {
    String name = identity.getMetadata().getName();
    labels.removeNode(name);
    loop.run(state -> state.removeNode(name));
  }
}
