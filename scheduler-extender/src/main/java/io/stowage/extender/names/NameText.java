package io.stowage.extender.names;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Names in an order as the text of a JSON array, each with its quotation marks and a comma. Long
 * stretches of a request are the same text, which is found out many bytes at a time. Immutable.
 */
final class NameText {
  static final NameText NONE = new NameText(new String[0]);

  private final byte[] text;

  /** Where each name begins in the text, and the end of the last. */
  private final int[] starts;

  /** Creates the text of names that JSON does not escape. */
  NameText(String[] names) {
    starts = new int[names.length + 1];
    byte[] joined = new byte[names.length * 16];
    for (int i = 0; i < names.length; i++) {
      byte[] name = names[i].getBytes(StandardCharsets.UTF_8);
      int start = starts[i];
      int end = start + name.length + 3;
      if (end > joined.length) {
        joined = Arrays.copyOf(joined, 2 * end);
      }
      joined[start] = '"';
      System.arraycopy(name, 0, joined, start + 1, name.length);
      joined[end - 2] = '"';
      joined[end - 1] = ',';
      starts[i + 1] = end;
    }
    text = Arrays.copyOf(joined, starts[names.length]);
  }

  /**
   * Returns how many names from one on, each with its comma, a document continues with.
   *
   * @param name the index of a name, or how many there are
   */
  int run(int name, byte[] document, int from, int end) {
    int start = starts[name];
    int most = Math.min(text.length - start, end - from);
    int same = Arrays.mismatch(text, start, start + most, document, from, from + most);
    int behind = start + (same < 0 ? most : same);
    int last = name;
    while (last + 1 < starts.length && starts[last + 1] <= behind) {
      last++;
    }
    return last - name;
  }

  /** Returns how many bytes names take, from one on. */
  int length(int name, int count) {
    return starts[name + count] - starts[name];
  }
}
