package io.stowage.extender.wire;

import java.util.Arrays;

/** Where in a body the nodes of a request lie, in their order. */
final class WholeNodes {
  /** A request that carried names alone. */
  static final WholeNodes NONE = new WholeNodes(new byte[0]);

  private static final int FIRST_SIZE = 64;

  private final byte[] body;
  private int[] bounds = new int[2 * FIRST_SIZE];
  private int size;

  WholeNodes(byte[] body) {
    this.body = body;
  }

  void add(int from, int to) {
    if (2 * size == bounds.length) {
      bounds = Arrays.copyOf(bounds, bounds.length * 2);
    }
    bounds[2 * size] = from;
    bounds[2 * size + 1] = to;
    size++;
  }

  /** Returns a node's bytes. */
  ByteSlice json(int index) {
    int from = bounds[2 * index];
    return new ByteSlice(body, from, bounds[2 * index + 1] - from);
  }
}
