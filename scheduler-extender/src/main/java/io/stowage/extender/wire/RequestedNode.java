package io.stowage.extender.wire;

/**
 * A node named in a request.
 *
 * @param name its name
 * @param json the bytes of the request that hold the whole node, empty where only names were sent
 */
public record RequestedNode(String name, ByteSlice json) {

  /** Returns a node of which only the name was sent. */
  public static RequestedNode named(String name) {
    return new RequestedNode(name, ByteSlice.EMPTY);
  }
}
