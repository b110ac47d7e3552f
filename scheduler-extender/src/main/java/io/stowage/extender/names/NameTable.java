package io.stowage.extender.names;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A hash table with linear probing that finds a name's position by the bytes of the name, without
 * making a string.
 *
 * <p>A name is taken as words of eight bytes, ended by a quotation mark, as in JSON, and filled up
 * with zeros, so that equal words are equal names. Words of neighbouring positions lie side by
 * side. Removal shifts back the entries behind (Knuth, TAOCP 3, algorithm 6.4 R). The hash is keyed
 * by whoever makes a table, so that names cannot be chosen to collide. Not thread-safe.
 */
final class NameTable {
  /** What is returned for a name that is not in the table. */
  static final int ABSENT = -1;

  /** How many bits of an entry are the position and one; the rest are the highest of the hash. */
  private static final int POSITION_BITS = 22;

  /** No position is as large. */
  static final int POSITION_LIMIT = (1 << POSITION_BITS) - 1;

  private static final int WORD_BYTES = JsonWords.BYTES;
  private static final int WORD_BITS = Long.SIZE;
  private static final int TOP_BYTE = WORD_BITS - Byte.SIZE;

  private final long key;

  /** By place: bits of the hash, and the position and one; 0 where the place is free. */
  private int[] table = new int[32];

  /** The words of the names, {@link #stride} for each position, and one name's of zeros behind. */
  private long[] words = new long[2];

  private int stride = 2;
  private int size;

  /** Creates an empty table. */
  NameTable(long key) {
    this.key = key | 1;
  }

  /**
   * Returns a table of the same names at other positions.
   *
   * @param newPositions by position, different ones below the array's length
   */
  NameTable moved(int[] newPositions) {
    NameTable moved = new NameTable(key);
    moved.table = new int[table.length];
    moved.words = new long[(newPositions.length + 1) * stride];
    moved.stride = stride;
    moved.size = size;
    for (int entry : table) {
      if (entry != 0) {
        int position = positionOf(entry);
        int to = newPositions[position];
        System.arraycopy(words, position * stride, moved.words, to * stride, stride);
        moved.insert(moved.hashAt(to), to);
      }
    }
    return moved;
  }

  /** Adds a name that is not in the table, at a position that is free. */
  void put(int position, String name) {
    byte[] bytes = quoted(name);
    int count = bytes.length / WORD_BYTES;
    reserve(position, count);
    if (size * 2 >= table.length) {
      grow();
    }
    for (int i = 0; i < count; i++) {
      words[position * stride + i] = JsonWords.word(bytes, i * WORD_BYTES);
    }
    insert(hashAt(position), position);
    size++;
  }

  /** Removes the name at a position. */
  void remove(int position) {
    int mask = table.length - 1;
    int hole = placeOf(hashAt(position), position);
    for (int at = (hole + 1) & mask; table[at] != 0; at = (at + 1) & mask) {
      int home = (int) hashAt(positionOf(table[at])) & mask;
      if (((at - home) & mask) >= ((at - hole) & mask)) {
        table[hole] = table[at];
        hole = at;
      }
    }
    table[hole] = 0;
    Arrays.fill(words, position * stride, (position + 1) * stride, 0);
    size--;
  }

  /** Returns how many names there are. */
  int size() {
    return size;
  }

  /** Returns the position of a name, or {@link #ABSENT}. */
  int find(String name) {
    byte[] bytes = quoted(name);
    int lastAt = bytes.length - WORD_BYTES;
    long hash = 0;
    for (int i = 0; i < lastAt; i += WORD_BYTES) {
      hash = mixed(hash, JsonWords.word(bytes, i));
    }
    long last = JsonWords.word(bytes, lastAt);
    return find(mixed(hash, last), bytes, 0, lastAt, last);
  }

  private static byte[] quoted(String name) {
    byte[] utf8 = name.getBytes(StandardCharsets.UTF_8);
    byte[] quoted = Arrays.copyOf(utf8, (utf8.length / WORD_BYTES + 1) * WORD_BYTES);
    quoted[utf8.length] = '"';
    return quoted;
  }

  /** Returns the hash of one more word than was given; 0 is that of none. */
  long mixed(long hash, long word) {
    long product = (hash ^ word) * key;
    return product ^ (product >>> 32);
  }

  private static long finished(long hash) {
    long product = hash * 0x9E3779B97F4A7C15L;
    return product ^ (product >>> 29);
  }

  /**
   * Returns the position of the name that begins at {@code from}, or {@link #ABSENT}.
   *
   * @param mixed the hash of all its words
   * @param lastAt where its last word begins
   * @param last that word, with the quotation mark and zeros behind it
   */
  int find(long mixed, byte[] bytes, int from, int lastAt, long last) {
    long hash = finished(mixed);
    int[] places = table;
    int mask = places.length - 1;
    int tag = tag(hash);
    int at = (int) hash & mask;
    for (int entry = places[at]; entry != 0; entry = places[at]) {
      if ((entry & ~POSITION_LIMIT) == tag && isAt(positionOf(entry), bytes, from, lastAt, last)) {
        return positionOf(entry);
      }
      at = (at + 1) & mask;
    }
    return ABSENT;
  }

  private boolean isAt(int position, byte[] bytes, int from, int lastAt, long last) {
    if ((lastAt - from) / WORD_BYTES >= stride) {
      return false;
    }
    int at = position * stride;
    for (int i = from; i < lastAt; i += WORD_BYTES) {
      if (words[at++] != JsonWords.word(bytes, i)) {
        return false;
      }
    }
    return words[at] == last;
  }

  /**
   * Returns the index behind a name and its quotation mark, where it is the name of a position that
   * begins at {@code from} and ends before {@code end}; else {@link #ABSENT}.
   *
   * @param position one that was in use, or the one behind it
   */
  int behind(int position, byte[] bytes, int from, int end) {
    int at = from;
    for (int i = position * stride; at < end; i++) {
      long word = words[i];
      long difference = word ^ JsonWords.word(bytes, at);
      at += WORD_BYTES;
      if (isLast(word)) {
        int spareBits = Long.numberOfLeadingZeros(word) & -Byte.SIZE;
        int behind = at - spareBits / Byte.SIZE;
        return word != 0 && difference << spareBits == 0 && behind <= end ? behind : ABSENT;
      }
      if (difference != 0) {
        return ABSENT;
      }
    }
    return ABSENT;
  }

  private static boolean isLast(long word) {
    long top = word >>> TOP_BYTE;
    return top == 0 || top == '"';
  }

  private long hashAt(int position) {
    long hash = 0;
    for (int i = position * stride; ; i++) {
      hash = mixed(hash, words[i]);
      if (isLast(words[i])) {
        return finished(hash);
      }
    }
  }

  private static int tag(long hash) {
    return (int) (hash >>> 32) & ~POSITION_LIMIT;
  }

  private static int positionOf(int entry) {
    return (entry & POSITION_LIMIT) - 1;
  }

  private int placeOf(long hash, int position) {
    int mask = table.length - 1;
    int at = (int) hash & mask;
    while (positionOf(table[at]) != position) {
      at = (at + 1) & mask;
    }
    return at;
  }

  private void insert(long hash, int position) {
    int mask = table.length - 1;
    int at = (int) hash & mask;
    while (table[at] != 0) {
      at = (at + 1) & mask;
    }
    table[at] = tag(hash) | (position + 1);
  }

  private void grow() {
    int[] before = table;
    table = new int[before.length * 2];
    for (int entry : before) {
      if (entry != 0) {
        insert(hashAt(positionOf(entry)), positionOf(entry));
      }
    }
  }

  private void reserve(int position, int count) {
    int positions = words.length / stride - 1;
    if (position >= positions) {
      positions = Math.max(position + 1, positions * 2);
    }
    int wider = Math.max(stride, count);
    if (wider == stride) {
      words = Arrays.copyOf(words, (positions + 1) * stride);
      return;
    }
    long[] before = words;
    words = new long[(positions + 1) * wider];
    for (int i = 0; i < before.length; i += stride) {
      System.arraycopy(before, i, words, i / stride * wider, stride);
    }
    stride = wider;
  }
}
