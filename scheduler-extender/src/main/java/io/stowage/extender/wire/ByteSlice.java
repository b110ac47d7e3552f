package io.stowage.extender.wire;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;

/** A part of a request's body, not copied. */
public final class ByteSlice {
  /** Nothing. */
  public static final ByteSlice EMPTY = new ByteSlice(new byte[0], 0, 0);

  private final byte[] bytes;
  private final int offset;
  private final int length;

  /** Creates a slice of {@code bytes}. */
  ByteSlice(byte[] bytes, int offset, int length) {
    this.bytes = bytes;
    this.offset = offset;
    this.length = length;
  }

  /** Tells whether it holds no byte. */
  public boolean isEmpty() {
    return length == 0;
  }

  byte[] bytes() {
    return bytes;
  }

  int offset() {
    return offset;
  }

  int length() {
    return length;
  }

  void writeTo(ByteBuf out) {
    out.writeBytes(bytes, offset, length);
  }

  @Override
  public String toString() {
    return new String(bytes, offset, length, StandardCharsets.UTF_8);
  }
}
