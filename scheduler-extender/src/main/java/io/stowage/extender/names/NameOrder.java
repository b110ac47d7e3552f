package io.stowage.extender.names;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Known nodes in an order, and their names as they stand in a JSON array, each with its quotation
 * marks and a comma. Tells which of them a request continues with: where it has the same bytes, it
 * has the same names; and finds any of them by a hash table with linear probing. Immutable but for
 * the caller's array of slots.
 */
final class NameOrder {
  private static final int WORD_BYTES = JsonWords.BYTES;

  /** How many bits of an entry are the place and one; the rest are the highest of the hash. */
  private static final int PLACE_BITS = 22;

  /** There are fewer nodes, and slots, than this. */
  static final int MOST_NODES = (1 << PLACE_BITS) - 1;

  /** After so many names in a row from one of two places, the other is not looked for any more. */
  private static final int RUN = 8;

  /** How many bytes are set aside for a name; more are found where they are needed. */
  private static final int NAME_BYTES = 16;

  private final int[] slots;

  /** By slot: its place in the order, {@link NodeNames#UNKNOWN} where it has none. */
  private final int[] places;

  /** The names and, behind them, as much as another name and a word. */
  private final byte[] text;

  /** Where each name begins in the text, and the end of the last. */
  private final int[] starts;

  /** By place: the place behind the names from there on that are equally long, and long enough. */
  private final int[] equallyLong;

  private final long key;

  /** By hash of the name: bits of it, and the place and one; 0 where an entry is free. */
  private final int[] table;

  /** Two places in an order that a request continues at, now at the one and now at the other. */
  static final class Cursors {
    int next;
    int other;

    private void turn() {
      int before = next;
      next = other;
      other = before;
    }
  }

  /**
   * Creates an order.
   *
   * @param slots of the nodes, each once; not to be changed any more
   * @param names of all nodes, by their slots
   * @param key of the hashes, odd
   */
  NameOrder(int[] slots, NodeNames names, long key) {
    this.slots = slots;
    this.key = key;
    this.places = new int[names.slotLimit()];
    Arrays.fill(places, NodeNames.UNKNOWN);
    this.starts = new int[slots.length + 1];
    int longest = 0;
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
      longest = Math.max(longest, end - start);
    }
    int end = starts[slots.length];
    this.text = Arrays.copyOf(joined, end + longest + WORD_BYTES);
    this.equallyLong = new int[slots.length + 1];
    equallyLong[slots.length] = slots.length;
    for (int place = slots.length - 1; place >= 0; place--) {
      int length = length(place, 1);
      boolean last =
          length < WORD_BYTES || place + 1 == slots.length || length != length(place + 1, 1);
      equallyLong[place] = last ? place + 1 : equallyLong[place + 1];
    }
    this.table = new int[Math.max(2, Integer.highestOneBit(slots.length) * 4)];
    for (int place = 0; place < slots.length; place++) {
      long hash = hash(text, starts[place], starts[place + 1] - 2);
      int at = entry(hash);
      while (table[at] != 0) {
        at = (at + 1) & (table.length - 1);
      }
      table[at] = tag(hash) | (place + 1);
    }
  }

  private int entry(long hash) {
    return (int) hash & (table.length - 1);
  }

  private static int tag(long hash) {
    return (int) (hash >>> 32) & ~MOST_NODES;
  }

  /** Returns the hash of what is between two quotation marks. */
  private long hash(byte[] bytes, int from, int quote) {
    long hash = 0;
    int at = from + 1;
    for (; quote - at >= WORD_BYTES; at += WORD_BYTES) {
      hash = mixed(hash, JsonWords.word(bytes, at));
    }
    long rest = JsonWords.word(bytes, at) & ((1L << ((quote - at) * Byte.SIZE)) - 1);
    long product = mixed(hash, rest) * 0x9E3779B97F4A7C15L;
    return product ^ (product >>> 29);
  }

  private long mixed(long hash, long word) {
    long product = (hash ^ word) * key;
    return product ^ (product >>> 32);
  }

  /**
   * Returns the place of the name between two quotation marks, {@link NodeNames#UNKNOWN} where it
   * has none.
   */
  int find(byte[] document, int from, int quote) {
    long hash = hash(document, from, quote);
    int tag = tag(hash);
    int at = entry(hash);
    for (int entry = table[at]; entry != 0; entry = table[at]) {
      int place = (entry & MOST_NODES) - 1;
      if ((entry & ~MOST_NODES) == tag && behind(place, document, from, quote + 1) == quote + 1) {
        return place;
      }
      at = (at + 1) & (table.length - 1);
    }
    return NodeNames.UNKNOWN;
  }

  /** Returns the slots in order; not to be changed. */
  int[] slots() {
    return slots;
  }

  /** Returns how many nodes there are. */
  int size() {
    return slots.length;
  }

  /** Returns more than any slot in the order. */
  int slotLimit() {
    return places.length;
  }

  /** Returns the slot of the node at a place. */
  int slot(int place) {
    return slots[place];
  }

  /** Returns the place of a slot, {@link NodeNames#UNKNOWN} where it is not in the order. */
  int placeOf(int slot) {
    return slot < places.length ? places[slot] : NodeNames.UNKNOWN;
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
    int few = 1;
    while (place + few < starts.length && starts[place + few] <= behind) {
      few *= 2;
    }
    int found =
        Arrays.binarySearch(
            starts, place + few / 2, Math.min(place + few + 1, starts.length), behind);
    return (found < 0 ? -found - 2 : found) - place;
  }

  /** Tells whether the names from two places on are long enough, and equally, for many names. */
  boolean canMerge(int place, int other) {
    return equallyLong[place] - place >= RUN
        && equallyLong[other] - other >= RUN
        && length(place, 1) == length(other, 1);
  }

  /**
   * Adds the names that the document continues with, each with its comma, where they are from two
   * places in any turn, and equally long; returns the index behind them. Stops behind many in a row
   * from one place, which is the next then.
   *
   * <p>Which of the two a name is from cannot be foreseen, so it is computed, without a branch.
   *
   * @param cursors two places that {@link #canMerge}
   */
  int merge(Cursors cursors, byte[] document, int from, int end, AskedNodes asked) {
    int nextAt = starts[cursors.next];
    int otherAt = starts[cursors.other];
    int length = length(cursors.next, 1);
    int difference =
        Arrays.mismatch(text, nextAt, nextAt + length, text, otherAt, otherAt + length);
    if (difference < 0) {
      return from;
    }
    // The word by which the two are told apart.
    int mark = Math.min(difference, length - WORD_BYTES);
    int nextLimit = starts[equallyLong[cursors.next]];
    int otherLimit = starts[equallyLong[cursors.other]];
    long nextMark = JsonWords.word(text, nextAt + mark);
    int last = end - length;
    int at = from;
    int count = 0;
    int inRow = 0;
    int turnedBefore = 0;
    long turns = 0;
    while (inRow < RUN && at <= last && nextAt < nextLimit && otherAt < otherLimit) {
      long different = JsonWords.word(document, at + mark) ^ nextMark;
      long turned = (different | -different) >> (Long.SIZE - 1); // all bits, or none
      int turn = (int) turned;
      if (!isSame(nextAt ^ ((nextAt ^ otherAt) & turn), length, document, at)) {
        break;
      }
      at += length;
      nextMark ^= (nextMark ^ JsonWords.word(text, nextAt + length + mark)) & ~turned;
      nextAt += length & ~turn;
      otherAt += length & turn;
      inRow = (inRow + 1) & ~(turnedBefore ^ turn);
      turnedBefore = turn;
      turns |= (turned & 1) << count;
      if ((++count & (Long.SIZE - 1)) == 0) {
        asked.writeTurns(turns);
        turns = 0;
      }
    }
    if ((count & (Long.SIZE - 1)) != 0) {
      asked.writeTurns(turns);
    }
    int ofNext = (nextAt - starts[cursors.next]) / length;
    asked.addMerged(cursors.next, cursors.other, ofNext, count - ofNext);
    cursors.next += ofNext;
    cursors.other += count - ofNext;
    if (turnedBefore != 0) {
      cursors.turn();
    }
    return at;
  }

  /** Tells whether the document has the same bytes as the text, a word of them at least. */
  private boolean isSame(int start, int length, byte[] document, int from) {
    int last = length - WORD_BYTES;
    return JsonWords.word(text, start) == JsonWords.word(document, from)
        && JsonWords.word(text, start + last) == JsonWords.word(document, from + last)
        && (last <= WORD_BYTES || isSameWithin(start, last, document, from));
  }

  private boolean isSameWithin(int start, int last, byte[] document, int from) {
    for (int i = WORD_BYTES; i < last; i += WORD_BYTES) {
      if (JsonWords.word(text, start + i) != JsonWords.word(document, from + i)) {
        return false;
      }
    }
    return true;
  }

  /** Returns how many bytes so many names take, each with its comma. */
  int length(int place, int count) {
    return starts[place + count] - starts[place];
  }
}
