package io.stowage.extender.wire;

import io.stowage.extender.names.AskedNodes;

/**
 * The arguments of {@code filter} and {@code prioritize}. Good while the body that it was decoded
 * from is.
 */
public final class NodesRequest {
  private final SentPod pod;
  private final AskedNodes nodes;
  private final WholeNodes whole;

  NodesRequest(SentPod pod, AskedNodes nodes, WholeNodes whole) {
    this.pod = pod;
    this.nodes = nodes;
    this.whole = whole;
  }

  /** Returns the pod to be placed. */
  public SentPod pod() {
    return pod;
  }

  /** Returns the nodes asked about. */
  public AskedNodes nodes() {
    return nodes;
  }

  /** Tells whether the request carried whole nodes and so wants them back; else names. */
  public boolean wholeNodes() {
    return whole != WholeNodes.NONE;
  }

  /**
   * Returns the bytes of the request that hold a node, the last where it came more than once; empty
   * where only names were sent.
   */
  public ByteSlice json(String name) {
    return wholeNodes() ? whole.json(nodes.lastIndexOf(name)) : ByteSlice.EMPTY;
  }
}
