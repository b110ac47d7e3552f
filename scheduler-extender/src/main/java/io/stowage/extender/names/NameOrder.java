package io.stowage.extender.names;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Known nodes in an order, and their names as they stand in a JSON array, each with its quotation
 * marks and a comma. Tells which of them a request continues with: where it has the same bytes, it
 * has the same names. Immutable but for the caller's array of slots.
 */
final class NameOrder {
  private static final int WORD_BYTES = JsonWords.BYTES;

  /** How many bytes are set aside for a name; more are found where they are needed. */
  private static final int NAME_BYTES = 16;

  private final int[] slots;

  /** By slot: its place in the order, where it has one. */
  private final int[] places;

  /** The names, and a word behind them. */
  private final byte[] text;

  /** Where each name begins in the text, and the end of the last. */
  private final int[] starts;

  /**
   * Creates an order.
   *
   * @param slots of the nodes, each once; not to be changed any more
   * @param names of all nodes, by their slots
   */
  NameOrder(int[] slots, NodeNames names) {
    this.slots = slots;
    this.places = new int[names.slotLimit()];
    this.starts = new int[slots.length + 1];
    byte[] joined = new byte[slots.length * NAME_BYTES + WORD_BYTES];
    for (int place = 0; place < slots.length; place++) {
      places[slots[place]] = place;
      byte[] name = names.name(slots[place]).getBytes(StandardCharsets.UTF_8);
      int start = starts[place];
      int end = start + name.length + 3;
      if (end + WORD_BYTES > joined.length) {
        joined = Arrays.copyOf(joined, 2 * end + WORD_BYTES);
      }
      joined[start] = '"';
      System.arraycopy(name, 0, joined, start + 1, name.length);
      joined[end - 2] = '"';
      joined[end - 1] = ',';
      starts[place + 1] = end;
    }
    this.text = joined;
  }

  /** Returns the slots in order; not to be changed. */
  int[] slots() {
    return slots;
  }

  /** Returns the place of a slot that is in the order. */
  int placeOf(int slot) {
    return places[slot];
  }

  /**
   * Returns the index behind a name with its quotation marks, where the document has it; else
   * {@link NodeNames#UNKNOWN}.
   *
   * @param place in the order, or the one behind the last
   * @param document readable for a word beyond its end
   * @param from where the quotation mark before the name is
   */
  int behind(int place, byte[] document, int from, int end) {
    if (place == slots.length) {
      return NodeNames.UNKNOWN;
    }
    int start = starts[place];
    int length = starts[place + 1] - start - 1;
    if (length > end - from) {
      return NodeNames.UNKNOWN;
    }
    int left = length;
    int at = from;
    while (left > WORD_BYTES) {
      if (JsonWords.word(text, start) != JsonWords.word(document, at)) {
        return NodeNames.UNKNOWN;
      }
      start += WORD_BYTES;
      at += WORD_BYTES;
      left -= WORD_BYTES;
    }
    long difference = JsonWords.word(text, start) ^ JsonWords.word(document, at);
    return difference << ((WORD_BYTES - left) * Byte.SIZE) == 0 ? from + length : NodeNames.UNKNOWN;
  }

  /**
   * Returns how many names, each with its comma, the document continues with.
   *
   * @param place of the first of them, or the one behind the last
   */
  int run(int place, byte[] document, int from, int end) {
    int start = starts[place];
    int most = Math.min(starts[slots.length] - start, end - from);
    int same = Arrays.mismatch(text, start, start + most, document, from, from + most);
    int behind = start + (same < 0 ? most : same);
    int last = place;
    while (last < slots.length && starts[last + 1] <= behind) {
      last++;
    }
    return last - place;
  }

  /** Returns how many bytes so many names take, each with its comma. */
  int length(int place, int count) {
    return starts[place + count] - starts[place];
  }
}
