package io.stowage.extender.names;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The known nodes by the bytes of their names: a hash table with linear probing that finds a node's
 * slot without making a string.
 *
 * <p>kube-scheduler names its nodes in nearly the same order each time: its workers walk parts of
 * one list, from somewhere else on and without other nodes each time (findNodesThatPassFilters in
 * pkg/scheduler/schedule_one.go). So the order of an earlier request is kept, and a name is first
 * held against the one that follows the last name there, and the last of another worker; the table
 * finds all others. Where many were others, the order of that request takes the place of the one
 * before.
 *
 * <p>A name is taken as words of eight bytes, the last filled up with zeros and always there, so
 * that equal words are equal names. Names that JSON would have to escape are not taken in: no API
 * server allows them, and without them a string whose bytes are those of a name is that name.
 * Removal shifts back the entries behind (Knuth, TAOCP 3, algorithm 6.4 R). The hash is keyed anew
 * for each index, so that names cannot be chosen to collide. Not thread-safe: belongs to the
 * state's one writer.
 */
public final class NodeNames {
  /** What is returned for a name that is not known, or what is no name. */
  public static final int UNKNOWN = -1;

  private static final int WORD_BYTES = JsonWords.BYTES;

  /** How many bits of an entry are the slot and one; the rest are the highest of the hash. */
  private static final int SLOT_BITS = 22;

  private static final int SLOT_MASK = (1 << SLOT_BITS) - 1;

  /** After so many names in a row that were foreseen, many more are looked for at once. */
  private static final int RUN = 4;

  /** From so many names on that were not foreseen, and half of all, no more are in a request. */
  private static final int MOST_UNFORESEEN = 64;

  /** An order is kept where it does not foresee one name in so many, or fewer. */
  private static final int UNFORESEEN = 8;

  /** So many requests pass at most until an order is replaced that does not foresee enough. */
  private static final int MOST_PATIENCE = 1024;

  private final long key = new Random().nextLong() | 1;

  /** By place: bits of the hash, and the slot and one; 0 where the place is free. */
  private int[] table = new int[32];

  /** The words of the names, {@link #stride} for each slot. */
  private long[] words = {};

  private int stride = 2;
  private @Nullable String[] namesBySlot = {};
  private int size;

  /** The order of an earlier request and, behind it, of what it did not name. */
  private NameOrder order = new NameOrder(new int[0], this);

  /** Whether names came or went since the order was made. */
  private boolean outdated;

  /** How many requests pass until the next order is taken, and how many passed before the last. */
  private int waiting;

  private int patience;

  /**
   * Adds a name; one that is known already gets the new slot.
   *
   * @param slot from 0 to 4,000,000, and not that of another name
   */
  public void put(String name, int slot) {
    if (slot >= SLOT_MASK) {
      throw new IllegalArgumentException("expected a slot below " + SLOT_MASK + ", was " + slot);
    }
    if (!isPlain(name)) {
      return;
    }
    remove(name);
    byte[] bytes = padded(name);
    int count = bytes.length / WORD_BYTES;
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
    outdated = true;
  }

  private static boolean isPlain(String name) {
    return name.chars().allMatch(c -> c >= ' ' && c != '"' && c != '\\');
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
      int home = (int) hashOfSlot(slotOf(table[at])) & mask;
      if (((at - home) & mask) >= ((at - hole) & mask)) {
        table[hole] = table[at];
        hole = at;
      }
    }
    table[hole] = 0;
    namesBySlot[slot] = null;
    size--;
    outdated = true;
  }

  /** Returns how many names are known. */
  public int size() {
    return size;
  }

  /** Returns more than any slot in use. */
  int slotLimit() {
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
    if (!isPlain(name)) {
      return UNKNOWN;
    }
    byte[] bytes = padded(name);
    int lastAt = bytes.length - WORD_BYTES;
    return find(bytes, 0, lastAt, JsonWords.word(bytes, lastAt));
  }

  /** Returns the slot of the name that begins at {@code from} and whose last word is given. */
  private int find(byte[] bytes, int from, int lastAt, long last) {
    long hash = 0;
    for (int i = from; i < lastAt; i += WORD_BYTES) {
      hash = mixed(hash, JsonWords.word(bytes, i), key);
    }
    hash = finished(mixed(hash, last, key));
    return found(hash, bytes, from, lastAt, last);
  }

  private static byte[] padded(String name) {
    byte[] utf8 = name.getBytes(StandardCharsets.UTF_8);
    return Arrays.copyOf(utf8, (utf8.length / WORD_BYTES + 1) * WORD_BYTES);
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

  private static int tag(long hash) {
    return (int) (hash >>> 32) & ~SLOT_MASK;
  }

  private static int slotOf(int entry) {
    return (entry & SLOT_MASK) - 1;
  }

  private int placeOf(long hash, int slot) {
    int mask = table.length - 1;
    int at = (int) hash & mask;
    while (slotOf(table[at]) != slot) {
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
    table[at] = tag(hash) | (slot + 1);
  }

  private void grow() {
    int[] before = table;
    table = new int[before.length * 2];
    for (int entry : before) {
      if (entry != 0) {
        insert(hashOfSlot(slotOf(entry)), slotOf(entry));
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

  private int found(long hash, byte[] bytes, int from, int lastAt, long last) {
    int[] places = table;
    int mask = places.length - 1;
    int tag = tag(hash);
    int at = (int) hash & mask;
    for (int entry = places[at]; entry != 0; entry = places[at]) {
      if ((entry & ~SLOT_MASK) == tag && isName(slotOf(entry), bytes, from, lastAt, last)) {
        return slotOf(entry);
      }
      at = (at + 1) & mask;
    }
    return UNKNOWN;
  }

  private boolean isName(int slot, byte[] bytes, int from, int lastAt, long last) {
    if ((lastAt - from) / WORD_BYTES >= stride) {
      return false;
    }
    int at = slot * stride;
    for (int i = from; i < lastAt; i += WORD_BYTES) {
      if (words[at++] != JsonWords.word(bytes, i)) {
        return false;
      }
    }
    return words[at] == last;
  }

  // Names in the bytes of JSON

  /**
   * Reads the strings of a JSON array of names, each followed by a comma and the next at once or by
   * the end of the array, and adds them to what is asked about.
   *
   * @param bytes the document, readable for {@link JsonWords#BYTES} beyond its end
   * @param from where the first string's quotation mark is
   * @return the index behind the closing bracket, {@link #UNKNOWN} where anything else comes: a
   *     string with escapes or beyond ASCII that is not known, a space, another value
   */
  public int readArray(byte[] bytes, int from, int end, AskedNodes asked) {
    if (outdated) {
      order(order.slots());
    }
    int at = from;
    int expected = 0;
    int otherExpected = 0;
    int inRow = 0;
    int unforeseen = 0;
    while (at < end && bytes[at] == '"') {
      int place = expected;
      int behind = order.behind(place, bytes, at, end);
      inRow++;
      if (behind == UNKNOWN) {
        inRow = 0;
        place = otherExpected;
        otherExpected = expected;
        behind = order.behind(place, bytes, at, end);
      }
      if (behind != UNKNOWN) {
        asked.add(order.slots()[place]);
        expected = place + 1;
      } else {
        unforeseen++;
        if (unforeseen > MOST_UNFORESEEN && unforeseen * 2 > asked.size()) {
          behind = readUnordered(bytes, at, end, asked);
          learn(asked, asked.size());
          return behind;
        }
        behind = readString(bytes, at, end, asked);
        if (behind == UNKNOWN) {
          return UNKNOWN;
        }
        int slot = asked.lastSlot();
        expected = slot == UNKNOWN ? expected : order.placeOf(slot) + 1;
      }
      if (behind >= end || bytes[behind] != ',') {
        learn(asked, unforeseen);
        return behindArray(bytes, behind, end);
      }
      at = behind + 1;
      if (inRow == RUN) {
        inRow = 0;
        int run = order.run(expected, bytes, at, end);
        asked.addAll(order.slots(), expected, run);
        at += order.length(expected, run);
        expected += run;
      }
    }
    return UNKNOWN;
  }

  private static int behindArray(byte[] bytes, int at, int end) {
    return at < end && bytes[at] == ']' ? at + 1 : UNKNOWN;
  }

  private int readUnordered(byte[] bytes, int from, int end, AskedNodes asked) {
    int at = from;
    while (true) {
      at = readString(bytes, at, end, asked);
      if (at == UNKNOWN || at >= end || bytes[at] != ',') {
        return at == UNKNOWN ? UNKNOWN : behindArray(bytes, at, end);
      }
      at++;
    }
  }

  /**
   * Takes the order of a request that names most nodes, where the order before did not foresee it.
   * The more requests in a row were not foreseen, the seldomer: there may be no order.
   */
  private void learn(AskedNodes asked, int unforeseen) {
    if (asked.size() * 2 < size) {
      return;
    }
    if (unforeseen * UNFORESEEN <= asked.size()) {
      waiting = 0;
      patience = 0;
    } else if (waiting > 0) {
      waiting--;
    } else {
      order(asked.slots());
      patience = Math.min(MOST_PATIENCE, patience * 2 + 1);
      waiting = patience;
    }
  }

  /** Puts some slots first, where they have names, and behind them the others in their order. */
  private void order(int[] first) {
    int[] slots = new int[size];
    boolean[] taken = new boolean[namesBySlot.length];
    int count = 0;
    for (int[] part :
        new int[][] {first, order.slots(), IntStream.range(0, taken.length).toArray()}) {
      for (int slot : part) {
        if (!taken[slot] && namesBySlot[slot] != null) {
          taken[slot] = true;
          slots[count++] = slot;
        }
      }
    }
    order = new NameOrder(slots, this);
    outdated = false;
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
    long quotes = JsonWords.quotes(word);
    while (quotes == 0) {
      hash = mixed(hash, word, key);
      lastAt += WORD_BYTES;
      if (lastAt >= end) {
        return UNKNOWN;
      }
      word = JsonWords.word(bytes, lastAt);
      quotes = JsonWords.quotes(word);
    }
    int bits = Long.numberOfTrailingZeros(quotes) & ~7;
    int quote = lastAt + (bits >>> 3);
    long last = word & ((1L << bits) - 1);
    int slot = found(finished(mixed(hash, last, key)), bytes, start, lastAt, last);
    if (slot == UNKNOWN) {
      return readUnknown(bytes, start, quote, end, asked);
    }
    asked.add(slot);
    return quote < end ? quote + 1 : UNKNOWN;
  }

  private static int readUnknown(byte[] bytes, int start, int quote, int end, AskedNodes asked) {
    if (quote >= end) {
      return UNKNOWN;
    }
    for (int i = start; i < quote; i++) {
      if (bytes[i] < ' ' || bytes[i] == '\\') { // what is not ASCII is less than zero
        return UNKNOWN;
      }
    }
    asked.add(new String(bytes, start, quote - start, StandardCharsets.US_ASCII));
    return quote + 1;
  }
}
