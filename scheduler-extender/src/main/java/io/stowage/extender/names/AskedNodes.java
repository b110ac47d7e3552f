package io.stowage.extender.names;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.IntConsumer;

/**
 * The nodes that a request asks about, in its order: known ones by their places in a {@link
 * NameOrder}, the others by their names. What the request has in common with that order is kept as
 * it was found, as stretches of it, and becomes a list of nodes only where one is asked for. Filled
 * by one thread, and good until nodes come or go.
 */
public final class AskedNodes {
  /**
   * What is written before a stretch: its place and length follow. A known node alone is written as
   * its place, an unknown one as the complement of its index.
   */
  private static final int RUN = Integer.MIN_VALUE;

  /** Before two stretches that were merged: their places and the length of both together follow. */
  private static final int MERGED = Integer.MIN_VALUE + 1;

  private final NodeNames known;
  private final NameOrder order;

  /** By place in the order: whether the node there is named. */
  private final long[] bits;

  private final List<String> unknown = new ArrayList<>();

  private int[] written = new int[64];
  private int writtenSize;

  /** Of the names of stretches that were merged: bits of those from the second place, 64 each. */
  private long[] turns = {};

  private int turnsSize;
  private int size;

  /** All nodes, when they were listed last: slots, or complements of indices of the unknown. */
  private int[] nodes = {};

  /** Creates an empty request that is matched to the known nodes. */
  public AskedNodes(NodeNames known) {
    this.known = known;
    this.order = known.order();
    this.bits = new long[(order.size() + Long.SIZE - 1) / Long.SIZE];
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
      write(~(unknown.size() - 1));
      size++;
    } else {
      addPlace(order.placeOf(slot));
    }
  }

  /** Returns the order by whose places known nodes are added. */
  NameOrder order() {
    return order;
  }

  /** Adds a known node by its place in the order. */
  void addPlace(int place) {
    bits[place >> 6] |= 1L << place;
    write(place);
    size++;
  }

  /**
   * Returns the place of the node that was added last, alone; {@link NodeNames#UNKNOWN} where it is
   * not known.
   */
  int lastPlace() {
    return Math.max(written[writtenSize - 1], NodeNames.UNKNOWN);
  }

  /** Adds so many known nodes from a place in the order on. */
  void addRun(int place, int count) {
    if (count > 0) {
      addBits(place, place + count);
      write(RUN);
      write(place);
      write(count);
      size += count;
    }
  }

  /** Notes of the next 64 nodes that will be added as merged which are from the other place. */
  void writeTurns(long bitsOfTurned) {
    if (turnsSize == turns.length) {
      turns = Arrays.copyOf(turns, Math.max(16, 2 * turnsSize));
    }
    turns[turnsSize++] = bitsOfTurned;
  }

  /** Adds so many known nodes from each of two places in the order on, by the turns noted. */
  void addMerged(int place, int other, int count, int otherCount) {
    addBits(place, place + count);
    addBits(other, other + otherCount);
    if (count + otherCount > 0) {
      write(MERGED);
      write(place);
      write(other);
      write(count + otherCount);
      size += count + otherCount;
    }
  }

  private void addBits(int from, int to) {
    if (from == to) {
      return;
    }
    int first = from >> 6;
    int last = (to - 1) >> 6;
    long fromMask = -1L << from;
    long toMask = -1L >>> -to;
    if (first == last) {
      bits[first] |= fromMask & toMask;
    } else {
      bits[first] |= fromMask;
      Arrays.fill(bits, first + 1, last, -1L);
      bits[last] |= toMask;
    }
  }

  /** Makes room for so many nodes one by one. */
  void reserve(int count) {
    if (writtenSize + count > written.length) {
      written = Arrays.copyOf(written, Math.max(writtenSize + count, 2 * writtenSize));
    }
  }

  private void write(int part) {
    reserve(1);
    written[writtenSize++] = part;
  }

  private int[] nodes() {
    if (nodes.length != size) {
      nodes = list();
    }
    return nodes;
  }

  private int[] list() {
    int[] listed = new int[size];
    int count = 0;
    int turn = 0;
    for (int i = 0; i < writtenSize; i++) {
      int part = written[i];
      if (part == RUN) {
        int place = written[++i];
        for (int left = written[++i]; left > 0; left--) {
          listed[count++] = order.slot(place++);
        }
      } else if (part == MERGED) {
        int[] places = {written[++i], written[++i]};
        int merged = written[++i];
        for (int j = 0; j < merged; j++) {
          int from = (int) (turns[turn + (j >> 6)] >>> j) & 1;
          listed[count++] = order.slot(places[from]++);
        }
        turn += (merged + Long.SIZE - 1) / Long.SIZE;
      } else {
        listed[count++] = part < 0 ? part : order.slot(part);
      }
    }
    return listed;
  }

  /** Returns the slots of the known nodes that are named, in the order of the request. */
  int[] slots() {
    return Arrays.stream(nodes()).filter(node -> node >= 0).toArray();
  }

  /** Returns how many nodes were named, one that was named twice counted twice. */
  public int size() {
    return size;
  }

  /** Tells whether the request names the node in a slot. */
  public boolean contains(int slot) {
    int place = order.placeOf(slot);
    return place >= 0 && (bits[place >> 6] & 1L << place) != 0;
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
    for (int slot = 0; slot < order.slotLimit(); slot++) {
      if (contains(slot)) {
        action.accept(slot);
      }
    }
  }

  /** Returns the name at a place in the order of the request. */
  public String name(int index) {
    int node = nodes()[index];
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
    while (i >= 0 && nodes()[i] != node) {
      i--;
    }
    return i;
  }
}
