package io.stowage.extender.names;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * The known nodes by the bytes of their names: a hash table with linear probing that finds a node's
 * slot without making a string.
 *
 * <p>A name is taken as words of eight bytes, the last filled up with zeros and always there, so
 * that equal words are equal names: no name contains a zero. Removal shifts back the entries behind
 * (Knuth, TAOCP 3, algorithm 6.4 R). The hash is keyed anew for each index, so that names cannot be
 * chosen to collide. Not thread-safe: belongs to the state's one writer.
 */
public final class NodeNames {
  /** What is returned for a name that is not known, or what is no name. */
  public static final int UNKNOWN = -1;

  private static final int WORD_BYTES = JsonWords.BYTES;

  private final long key = new Random().nextLong() | 1;

  /** By place: the upper half of the hash, and the slot and one, 0 where the place is free. */
  private long[] table = new long[32];

  /** The words of the names, {@link #stride} for each slot. */
  private long[] words = {};

  private int stride = 2;
  private @Nullable String[] namesBySlot = {};
  private int size;

  /** Adds a name; one that is known already gets the new slot. Slots are small numbers from 0. */
  public void put(String name, int slot) {
    if (name.indexOf(0) >= 0) {
      return; // no API server allows it
    }
    remove(name);
    byte[] bytes = padded(name);
    int count = wordCount(bytes);
    reserve(slot, count);
    if (size * 2 >= table.length) {
      grow();
    }
    namesBySlot[slot] = name;
    Arrays.fill(words, slot * stride, (slot + 1) * stride, 0);
    for (int i = 0; i < count; i++) {
      words[slot * stride + i] = JsonWords.word(bytes, i * WORD_BYTES);
    }
    insert(hashOfSlot(slot), slot);
    size++;
  }

  /** Forgets a name; one that is not known is passed over. */
  public void remove(String name) {
    int slot = find(name);
    if (slot == UNKNOWN) {
      return;
    }
    int mask = table.length - 1;
    int hole = placeOf(hashOfSlot(slot), slot);
    for (int at = (hole + 1) & mask; table[at] != 0; at = (at + 1) & mask) {
      int home = (int) hashOfSlot(slotAt(at)) & mask;
      if (((at - home) & mask) >= ((at - hole) & mask)) {
        table[hole] = table[at];
        hole = at;
      }
    }
    table[hole] = 0;
    namesBySlot[slot] = null;
    size--;
  }

  /** Returns how many names are known. */
  public int size() {
    return size;
  }

  /** Returns one more than the highest slot ever used. */
  public int slotLimit() {
    return namesBySlot.length;
  }

  /** Returns the name of the node in a slot. */
  public String name(int slot) {
    String name = namesBySlot[slot];
    if (name == null) {
      throw new IllegalArgumentException("no node has slot " + slot);
    }
    return name;
  }

  /** Returns the slot of the node of a name, {@link #UNKNOWN} where none is known. */
  public int find(String name) {
    if (name.indexOf(0) >= 0) {
      return UNKNOWN;
    }
    byte[] bytes = padded(name);
    long hash = 0;
    int count = wordCount(bytes);
    for (int i = 0; i < count; i++) {
      hash = mixed(hash, JsonWords.word(bytes, i * WORD_BYTES), key);
    }
    int lastAt = (count - 1) * WORD_BYTES;
    long last = JsonWords.word(bytes, lastAt);
    return found(finished(hash), table, table.length - 1, bytes, 0, lastAt, last);
  }

  private static byte[] padded(String name) {
    byte[] utf8 = name.getBytes(StandardCharsets.UTF_8);
    return Arrays.copyOf(utf8, (utf8.length / WORD_BYTES + 1) * WORD_BYTES);
  }

  private static int wordCount(byte[] padded) {
    return padded.length / WORD_BYTES;
  }

  private static long mixed(long hash, long word, long key) {
    long product = (hash ^ word) * key;
    return product ^ (product >>> 32);
  }

  private static long finished(long hash) {
    long product = hash * 0x9E3779B97F4A7C15L;
    return product ^ (product >>> 29);
  }

  private long hashOfSlot(int slot) {
    long hash = 0;
    for (int i = slot * stride; ; i++) {
      hash = mixed(hash, words[i], key);
      if (words[i] >>> 56 == 0) {
        return finished(hash);
      }
    }
  }

  private int slotAt(int place) {
    return (int) table[place] - 1;
  }

  private static long entry(long hash, int slot) {
    return (hash & 0xFFFFFFFF00000000L) | (slot + 1);
  }

  private int placeOf(long hash, int slot) {
    int mask = table.length - 1;
    int at = (int) hash & mask;
    while (slotAt(at) != slot) {
      at = (at + 1) & mask;
    }
    return at;
  }

  private void insert(long hash, int slot) {
    int mask = table.length - 1;
    int at = (int) hash & mask;
    while (table[at] != 0) {
      at = (at + 1) & mask;
    }
    table[at] = entry(hash, slot);
  }

  private void grow() {
    long[] before = table;
    table = new long[before.length * 2];
    for (long entry : before) {
      if (entry != 0) {
        int slot = (int) entry - 1;
        insert(hashOfSlot(slot), slot);
      }
    }
  }

  private void reserve(int slot, int count) {
    int slots = namesBySlot.length;
    if (slot >= slots) {
      slots = Math.max(slot + 1, slots * 2);
      namesBySlot = Arrays.copyOf(namesBySlot, slots);
    }
    int wider = Math.max(stride, count);
    if (wider == stride) {
      words = Arrays.copyOf(words, slots * stride);
      return;
    }
    long[] before = words;
    words = new long[slots * wider];
    for (int i = 0; i < before.length; i += stride) {
      System.arraycopy(before, i, words, i / stride * wider, stride);
    }
    stride = wider;
  }

  // Names in the bytes of JSON

  /**
   * Reads the strings of a JSON array of names, each followed by a comma and the next at once or by
   * the end of the array, and adds them to what is asked about.
   *
   * @param bytes the document, readable for {@link JsonWords#BYTES} beyond its end
   * @param from where the first string's quotation mark is
   * @return the index behind the closing bracket, {@link #UNKNOWN} where anything else comes: a
   *     string with escapes or beyond ASCII, a space, another value
   */
  public int readArray(byte[] bytes, int from, int end, AskedNodes asked) {
    int at = from;
    while (true) {
      at = readString(bytes, at, end, asked);
      if (at == UNKNOWN || at >= end || bytes[at] != ',') {
        return at != UNKNOWN && at < end && bytes[at] == ']' ? at + 1 : UNKNOWN;
      }
      at++;
    }
  }

  /** Reads one such string; returns the index behind its quotation mark, or {@link #UNKNOWN}. */
  public int readString(byte[] bytes, int from, int end, AskedNodes asked) {
    if (from >= end || bytes[from] != '"') {
      return UNKNOWN;
    }
    int start = from + 1;
    int lastAt = start;
    long hash = 0;
    long word = JsonWords.word(bytes, lastAt);
    long special = JsonWords.specials(word);
    while (special == 0) {
      hash = mixed(hash, word, key);
      lastAt += WORD_BYTES;
      if (lastAt >= end) {
        return UNKNOWN;
      }
      word = JsonWords.word(bytes, lastAt);
      special = JsonWords.specials(word);
    }
    int bits = Long.numberOfTrailingZeros(special) & ~7;
    int quote = lastAt + (bits >>> 3);
    if (quote >= end || bytes[quote] != '"') {
      return UNKNOWN;
    }
    long last = word & ((1L << bits) - 1);
    hash = finished(mixed(hash, last, key));
    int slot = found(hash, table, table.length - 1, bytes, start, lastAt, last);
    asked.add(slot, bytes, start, quote);
    return quote + 1;
  }

  /** Returns the slot of the name from {@code start}, whose last word begins at lastAt. */
  private int found(
      long hash, long[] places, int mask, byte[] bytes, int start, int lastAt, long last) {
    for (int at = (int) hash & mask; ; at = (at + 1) & mask) {
      long entry = places[at];
      if (entry == 0) {
        return UNKNOWN;
      }
      if (((entry ^ hash) >>> 32) == 0) {
        int slot = (int) entry - 1;
        if (isName(slot, bytes, start, lastAt, last)) {
          return slot;
        }
      }
    }
  }

  private boolean isName(int slot, byte[] bytes, int start, int lastAt, long last) {
    if ((lastAt - start) / WORD_BYTES >= stride) {
      return false;
    }
    int at = slot * stride;
    for (int i = start; i < lastAt; i += WORD_BYTES) {
      if (words[at++] != JsonWords.word(bytes, i)) {
        return false;
      }
    }
    return words[at] == last;
  }
}
