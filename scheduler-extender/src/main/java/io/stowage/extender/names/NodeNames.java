package io.stowage.extender.names;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The known nodes by their names, as strings and as they stand in JSON.
 *
 * <p>Names that JSON would have to escape are not taken in: no API server allows them, and without
 * them a string whose bytes are those of a name is that name. Not thread-safe: belongs to the
 * state's one writer.
 */
public final class NodeNames {
  /** What is returned for a name that is not known, or what is no name. */
  public static final int UNKNOWN = -1;

  private final Map<String, Integer> slotsByName = new HashMap<>();
  private @Nullable String[] namesBySlot = {};
  private final NameArrays arrays = new NameArrays(this);

  /**
   * Adds a name; one that is known already gets the new slot.
   *
   * @param slot from 0 to 4,000,000, and not that of another name
   */
  public void put(String name, int slot) {
    if (slot >= NameOrder.MOST_NODES) {
      throw new IllegalArgumentException(
          "expected a slot below " + NameOrder.MOST_NODES + ", was " + slot);
    }
    if (!isPlain(name)) {
      return;
    }
    remove(name);
    if (slot >= namesBySlot.length) {
      namesBySlot = Arrays.copyOf(namesBySlot, Math.max(slot + 1, 2 * namesBySlot.length));
    }
    namesBySlot[slot] = name;
    slotsByName.put(name, slot);
    arrays.outdate();
  }

  private static boolean isPlain(String name) {
    return name.chars().allMatch(c -> c >= ' ' && c != '"' && c != '\\');
  }

  /** Forgets a name; one that is not known is passed over. */
  public void remove(String name) {
    Integer slot = slotsByName.remove(name);
    if (slot != null) {
      namesBySlot[slot] = null;
      arrays.outdate();
    }
  }

  /** Returns how many names are known. */
  public int size() {
    return slotsByName.size();
  }

  /** Returns more than any slot in use. */
  int slotLimit() {
    return namesBySlot.length;
  }

  /** Tells whether a node has a slot. */
  boolean isTaken(int slot) {
    return namesBySlot[slot] != null;
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
    return slotsByName.getOrDefault(name, UNKNOWN);
  }

  /** Returns an order of all names. */
  NameOrder order() {
    return arrays.order();
  }

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
    return arrays.read(bytes, from, end, asked);
  }

  /** Reads one such string; returns the index behind its quotation mark, or {@link #UNKNOWN}. */
  public int readString(byte[] bytes, int from, int end, AskedNodes asked) {
    return NameArrays.readString(bytes, from, end, asked);
  }
}
