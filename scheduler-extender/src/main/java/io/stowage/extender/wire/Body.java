package io.stowage.extender.wire;

import io.stowage.extender.names.JsonWords;
import java.util.Arrays;

/**
 * A request's body: bytes from 0, and some behind them that can be read and mean nothing, so that
 * words of bytes can be looked at. Its array is the caller's, who must not change it while the
 * request that was decoded from it is in use.
 */
public final class Body {
  private final byte[] bytes;
  private final int length;

  /** Creates a body of the first bytes of an array that is {@link #arrayLength} long or longer. */
  public Body(byte[] bytes, int length) {
    if (bytes.length < arrayLength(length)) {
      throw new IllegalArgumentException("the array of a body must be longer than the body");
    }
    this.bytes = bytes;
    this.length = length;
  }

  /** Returns a body with a copy of the bytes. */
  public static Body of(byte[] bytes) {
    return new Body(Arrays.copyOf(bytes, arrayLength(bytes.length)), bytes.length);
  }

  /** Returns how long the array of a body must be at least. */
  public static int arrayLength(int length) {
    return length + JsonWords.BYTES;
  }

  byte[] bytes() {
    return bytes;
  }

  int length() {
    return length;
  }
}
