package io.stowage.extender.names;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** The bytes of JSON strings, eight at a time, the first of them lowest. */
public final class JsonWords {
  /** How many bytes a word has; so many behind the end of a document must be readable. */
  public static final int BYTES = Long.BYTES;

  private static final VarHandle WORD =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final long ONES = 0x0101010101010101L;
  private static final long HIGHS = 0x8080808080808080L;

  private JsonWords() {}

  /** Returns the word that begins at an index. */
  public static long word(byte[] bytes, int at) {
    return (long) WORD.get(bytes, at);
  }

  /** Returns a word whose lowest set bit is in the first quotation mark, 0 where none is. */
  public static long quotes(long word) {
    long quote = word ^ (ONES * '"');
    return (quote - ONES) & ~quote & HIGHS;
  }

  /** Returns the index of the first quotation mark from an index on, -1 where none is. */
  static int quote(byte[] bytes, int from, int end) {
    for (int at = from; at < end; at += BYTES) {
      long quotes = quotes(word(bytes, at));
      if (quotes != 0) {
        int quote = at + (Long.numberOfTrailingZeros(quotes) >>> 3);
        return quote < end ? quote : -1;
      }
    }
    return -1;
  }

  /**
   * Returns a word whose lowest set bit is in the first byte that is a quotation mark, a backslash,
   * a control character or not ASCII; 0 where none is.
   *
   * <p>By the test for zero bytes of "Hacker's Delight" (6-1), which errs only above a byte that it
   * is right about.
   */
  public static long specials(long word) {
    long quote = word ^ (ONES * '"');
    long backslash = word ^ (ONES * '\\');
    return (((quote - ONES) & ~quote)
            | ((backslash - ONES) & ~backslash)
            | ((word - ONES * ' ') & ~word)
            | word)
        & HIGHS;
  }
}
