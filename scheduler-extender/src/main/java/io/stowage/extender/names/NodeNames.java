package io.stowage.extender.names;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * The known nodes by the bytes of their names: finds the slots of the nodes that a request names,
 * without making strings.
 *
 * <p>kube-scheduler names its nodes in nearly the same order each time: its workers walk parts of
 * one list, which begins somewhere else and lacks other nodes each time (findNodesThatPassFilters
 * and nextStartNodeIndex in pkg/scheduler/schedule_one.go). So names are kept in the order of an
 * earlier request, and a name is first held against the one that follows the last name, or the last
 * but one of another worker's; a {@link NameTable} finds all others. Where many were others, the
 * order of that request takes the place of the one before.
 *
 * <p>Names that JSON would have to escape are not taken in: no API server allows them, and without
 * them a string whose bytes are those of a name is that name. Not thread-safe: belongs to the
 * state's one writer.
 */
public final class NodeNames {
  /** What is returned for a name that is not known, or what is no name. */
  public static final int UNKNOWN = -1;

  private static final int WORD_BYTES = JsonWords.BYTES;

  /** An order is kept while it does not foresee one name in so many, or fewer. */
  private static final int UNFORESEEN = 8;

  /** After so many names in a row that were foreseen many more are looked for at once. */
  private static final int RUN = 4;

  /** From so many names on that were not foreseen, and half of all, no more are. */
  private static final int MOST_UNFORESEEN = 64;

  private static final int[] NO_SLOTS = {};

  /** As many requests at most pass until an order is replaced that did not foresee enough. */
  private static final int MOST_PATIENCE = 1024;

  private NameTable table = new NameTable(new Random().nextLong());
  private @Nullable String[] namesBySlot = {};

  /** Where the slots' names are in the table; both are permutations of as many numbers. */
  private int[] positionBySlot = {};

  private int[] slotByPosition = {};

  /** The names by their positions, where no name came or went since it was made. */
  private NameText text = NameText.NONE;

  private boolean ordered;

  /** How many requests pass until the next order is taken, and how many did before it. */
  private int waiting;

  private int patience = 1;

  /**
   * Adds a name; one that is known already gets the new slot.
   *
   * @param slot from 0 to 4,000,000, and not that of another name
   */
  public void put(String name, int slot) {
    if (slot >= NameTable.POSITION_LIMIT) {
      throw new IllegalArgumentException(
          "expected a slot below " + NameTable.POSITION_LIMIT + ", was " + slot);
    }
    if (!isPlain(name)) {
      return;
    }
    remove(name);
    reserve(slot);
    namesBySlot[slot] = name;
    table.put(positionBySlot[slot], name);
    ordered = false;
  }

  private static boolean isPlain(String name) {
    return name.chars().allMatch(c -> c >= ' ' && c != '"' && c != '\\');
  }

  private void reserve(int slot) {
    int before = namesBySlot.length;
    if (slot >= before) {
      int slots = Math.max(slot + 1, before * 2);
      namesBySlot = Arrays.copyOf(namesBySlot, slots);
      positionBySlot = Arrays.copyOf(positionBySlot, slots);
      slotByPosition = Arrays.copyOf(slotByPosition, slots);
      for (int i = before; i < slots; i++) {
        positionBySlot[i] = i;
        slotByPosition[i] = i;
      }
    }
  }

  /** Forgets a name; one that is not known is passed over. */
  public void remove(String name) {
    int slot = find(name);
    if (slot != UNKNOWN) {
      table.remove(positionBySlot[slot]);
      namesBySlot[slot] = null;
      ordered = false;
    }
  }

  /** Returns how many names are known. */
  public int size() {
    return table.size();
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
    int position = isPlain(name) ? table.find(name) : NameTable.ABSENT;
    return position == NameTable.ABSENT ? UNKNOWN : slotByPosition[position];
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
    if (!ordered) {
      order(NO_SLOTS);
    }
    int at = from;
    int expected = 0;
    int otherExpected = 0;
    int inRow = 0;
    int unforeseen = 0;
    boolean strange = false;
    while (at < end && bytes[at] == '"') {
      int position = expected;
      int behind = strange ? NameTable.ABSENT : table.behind(position, bytes, at + 1, end);
      inRow++;
      if (behind == NameTable.ABSENT && !strange) {
        inRow = 0;
        position = otherExpected;
        otherExpected = expected;
        behind = table.behind(position, bytes, at + 1, end);
      }
      if (behind != NameTable.ABSENT) {
        asked.add(slotByPosition[position]);
        expected = position + 1;
      } else {
        unforeseen++;
        strange = unforeseen > MOST_UNFORESEEN && unforeseen * 2 > asked.size();
        behind = readString(bytes, at, end, asked);
        if (behind == UNKNOWN) {
          return UNKNOWN;
        }
        int slot = asked.lastSlot();
        expected = slot == UNKNOWN ? expected : positionBySlot[slot] + 1;
      }
      if (behind >= end || bytes[behind] != ',') {
        if (behind >= end || bytes[behind] != ']') {
          return UNKNOWN;
        }
        learn(asked, unforeseen);
        return behind + 1;
      }
      at = behind + 1;
      if (inRow == RUN) {
        inRow = 0;
        int run = text.run(expected, bytes, at, end);
        asked.addAll(slotByPosition, expected, run);
        at += text.length(expected, run);
        expected += run;
      }
    }
    return UNKNOWN;
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
      hash = table.mixed(hash, word);
      lastAt += WORD_BYTES;
      if (lastAt >= end) {
        return UNKNOWN;
      }
      word = JsonWords.word(bytes, lastAt);
      quotes = JsonWords.quotes(word);
    }
    int quoteByte = Long.numberOfTrailingZeros(quotes) / Byte.SIZE;
    int quote = lastAt + quoteByte;
    long last = word & (-1L >>> ((WORD_BYTES - 1 - quoteByte) * Byte.SIZE));
    int position = table.find(table.mixed(hash, last), bytes, start, lastAt, last);
    if (position == NameTable.ABSENT) {
      return readUnknown(bytes, start, quote, end, asked);
    }
    asked.add(slotByPosition[position]);
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

  /**
   * Takes in the order of a request that names most nodes, where the order before did not foresee
   * it. The more requests in a row were not foreseen, the seldomer: there may be no order.
   */
  private void learn(AskedNodes asked, int unforeseen) {
    if (asked.size() * 2 < size()) {
      return;
    }
    if (unforeseen * UNFORESEEN <= asked.size()) {
      waiting = 0;
      patience = 1;
    } else if (waiting > 0) {
      waiting--;
    } else {
      order(asked.slots());
      waiting = patience;
      patience = Math.min(MOST_PATIENCE, patience * 2);
    }
  }

  /**
   * Gives the first positions to some slots with names, in order; the next to others with names.
   */
  private void order(int[] slots) {
    int[] inOrder = new int[slotByPosition.length];
    boolean[] taken = new boolean[slotByPosition.length];
    int next = 0;
    for (int slot : slots) {
      next = take(slot, taken, inOrder, next);
    }
    for (int slot : slotByPosition) {
      next = namesBySlot[slot] == null ? next : take(slot, taken, inOrder, next);
    }
    for (int slot : slotByPosition) {
      next = take(slot, taken, inOrder, next);
    }
    int[] newPositions = new int[inOrder.length];
    for (int i = 0; i < inOrder.length; i++) {
      newPositions[positionBySlot[inOrder[i]]] = i;
    }
    table = table.moved(newPositions);
    slotByPosition = inOrder;
    for (int i = 0; i < inOrder.length; i++) {
      positionBySlot[inOrder[i]] = i;
    }
    text =
        new NameText(
            Arrays.stream(inOrder, 0, table.size()).mapToObj(this::name).toArray(String[]::new));
    ordered = true;
  }

  private static int take(int slot, boolean[] taken, int[] inOrder, int next) {
    if (taken[slot]) {
      return next;
    }
    taken[slot] = true;
    inOrder[next] = slot;
    return next + 1;
  }
}
