package io.stowage.extender.names;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.IntConsumer;

/**
 * The nodes that a request asks about, in its order: the slots of those that are known, the names
 * of the others. Filled by one thread, and good until nodes come or go.
 */
public final class AskedNodes {
  private final NodeNames known;
  private final long[] bits;
  private final List<String> unknown = new ArrayList<>();

  /** In the order of the request: a slot, or the complement of an index of {@link #unknown}. */
  private int[] order;

  private int size;

  /** Creates an empty request that is matched to the known nodes. */
  public AskedNodes(NodeNames known) {
    this.known = known;
    this.bits = new long[(known.slotLimit() + Long.SIZE - 1) / Long.SIZE];
    this.order = new int[known.size() + 1];
  }

  /** Returns a request about nodes by their names. */
  public static AskedNodes of(NodeNames known, List<String> names) {
    AskedNodes asked = new AskedNodes(known);
    names.forEach(asked::add);
    return asked;
  }

  /** Adds a node by its name. */
  public void add(String name) {
    int slot = known.find(name);
    if (slot == NodeNames.UNKNOWN) {
      unknown.add(name);
      append(~(unknown.size() - 1));
    } else {
      add(slot);
    }
  }

  /** Adds a known node by its slot. */
  void add(int slot) {
    bits[slot >> 6] |= 1L << slot;
    append(slot);
  }

  /** Returns the slot of the node that was added last, {@link NodeNames#UNKNOWN} if not known. */
  int lastSlot() {
    return Math.max(order[size - 1], NodeNames.UNKNOWN);
  }

  /** Returns the slots of the known nodes that are named, in the order of the request. */
  int[] slots() {
    return Arrays.stream(order, 0, size).filter(node -> node >= 0).toArray();
  }

  /** Adds known nodes by their slots, so many from an index on. */
  void addAll(int[] slots, int from, int count) {
    if (size + count > order.length) {
      order = Arrays.copyOf(order, Math.max(size + count, size * 2));
    }
    System.arraycopy(slots, from, order, size, count);
    size += count;
    for (int i = from; i < from + count; i++) {
      bits[slots[i] >> 6] |= 1L << slots[i];
    }
  }

  private void append(int node) {
    if (size == order.length) {
      order = Arrays.copyOf(order, size * 2);
    }
    order[size++] = node;
  }

  /** Returns how many nodes were named, one that was named twice counted twice. */
  public int size() {
    return size;
  }

  /** Tells whether the request names the node in a slot. */
  public boolean contains(int slot) {
    return slot >> 6 < bits.length && (bits[slot >> 6] & 1L << slot) != 0;
  }

  /** Tells whether the request names a node. */
  public boolean contains(String name) {
    int slot = known.find(name);
    return slot == NodeNames.UNKNOWN ? unknown.contains(name) : contains(slot);
  }

  /** Tells whether a known node is named more than once. */
  public boolean hasDuplicates() {
    int different = 0;
    for (long word : bits) {
      different += Long.bitCount(word);
    }
    return different + unknown.size() < size;
  }

  /** Returns the names that are not known, in the order of the request. */
  public List<String> unknown() {
    return Collections.unmodifiableList(unknown);
  }

  /** Calls {@code action} with the slot of each known node once, in the order of slots. */
  public void forEachSlot(IntConsumer action) {
    for (int i = 0; i < bits.length; i++) {
      for (long left = bits[i]; left != 0; left &= left - 1) {
        action.accept((i << 6) + Long.numberOfTrailingZeros(left));
      }
    }
  }

  /** Returns the name at a place in the order of the request. */
  public String name(int index) {
    int node = order[index];
    return node < 0 ? unknown.get(~node) : known.name(node);
  }

  /** Returns all names in the order of the request. */
  public List<String> names() {
    List<String> names = new ArrayList<>(size);
    for (int i = 0; i < size; i++) {
      names.add(name(i));
    }
    return names;
  }

  /** Returns the last place in the order of the request where a node is named, -1 where none is. */
  public int lastIndexOf(String name) {
    int slot = known.find(name);
    int unknownAt = slot == NodeNames.UNKNOWN ? unknown.lastIndexOf(name) : -1;
    if (slot == NodeNames.UNKNOWN && unknownAt < 0) {
      return -1;
    }
    int node = slot == NodeNames.UNKNOWN ? ~unknownAt : slot;
    int i = size - 1;
    while (i >= 0 && order[i] != node) {
      i--;
    }
    return i;
  }
}
