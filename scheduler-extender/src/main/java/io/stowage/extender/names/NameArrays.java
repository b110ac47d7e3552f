package io.stowage.extender.names;

import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * Reads JSON arrays of the names of nodes.
 *
 * <p>kube-scheduler names its nodes in nearly the same order each time: its workers walk parts of
 * one list, from somewhere else on and without other nodes each time (findNodesThatPassFilters in
 * pkg/scheduler/schedule_one.go). So the order of an earlier request is kept, and a name is first
 * held against the one that follows the last name there, and the last of another worker; all others
 * are looked up. Where many were others, the order of that request takes the place of the one
 * before. Not thread-safe: belongs to the state's one writer.
 */
final class NameArrays {
  private static final int UNKNOWN = NodeNames.UNKNOWN;

  /** After so many names in a row that were foreseen, many more are looked for at once. */
  private static final int RUN = 4;

  /** From so many names on that were not foreseen, and half of all, no more are in a request. */
  private static final int MOST_UNFORESEEN = 64;

  /** An order is kept where it does not foresee one name in so many, or fewer. */
  private static final int UNFORESEEN = 8;

  /** So many requests pass at most until an order is replaced that does not foresee enough. */
  private static final int MOST_PATIENCE = 1024;

  private final NodeNames names;

  /** Of the hashes of names, drawn anew so that names cannot be chosen to collide. */
  private final long key = new Random().nextLong() | 1;

  /** The order of an earlier request and, behind it, of what it did not name. */
  private NameOrder order;

  /** Whether names came or went since the order was made. */
  private boolean outdated;

  /** How many requests pass until the next order is taken, and how many passed before the last. */
  private int waiting;

  private int patience;

  NameArrays(NodeNames names) {
    this.names = names;
    this.order = new NameOrder(new int[0], names, key);
  }

  /** Is told that a name came or went. */
  void outdate() {
    outdated = true;
  }

  /** Returns an order of all names. */
  NameOrder order() {
    if (outdated) {
      order(order.slots());
    }
    return order;
  }

  /** Reads an array as {@link NodeNames#readArray} says. */
  int read(byte[] bytes, int from, int end, AskedNodes asked) {
    NameOrder order = asked.order();
    NameOrder.Cursors cursors = new NameOrder.Cursors();
    int at = from;
    // Variables while names are compared one by one: fields would be written with each.
    int next = 0;
    int other = 0;
    int inRow = 0;
    int unforeseen = 0;
    while (at < end && bytes[at] == '"') {
      inRow++;
      int behind = order.behind(next, bytes, at, end);
      if (behind == UNKNOWN) {
        inRow = 0;
        int before = next;
        next = other;
        other = before;
        behind = order.behind(next, bytes, at, end);
      }
      if (behind != UNKNOWN) {
        asked.addPlace(next++);
      } else {
        unforeseen++;
        if (unforeseen > MOST_UNFORESEEN && unforeseen * 2 > asked.size()) {
          asked.reserve(names.size());
          behind = readUnordered(bytes, at, end, asked);
          learn(asked, asked.size());
          return behind;
        }
        behind = readString(bytes, at, end, asked);
        if (behind == UNKNOWN) {
          return UNKNOWN;
        }
        int place = asked.lastPlace();
        next = place == UNKNOWN ? next : place + 1;
      }
      if (behind >= end || bytes[behind] != ',') {
        learn(asked, unforeseen);
        return behindArray(bytes, behind, end);
      }
      at = behind + 1;
      if (order.canMerge(next, other)) {
        inRow = RUN;
        cursors.next = next;
        cursors.other = other;
        at = order.merge(cursors, bytes, at, end, asked);
        next = cursors.next;
        other = cursors.other;
      }
      if (inRow == RUN) {
        inRow = 0;
        int run = order.run(next, bytes, at, end);
        asked.addRun(next, run);
        at += order.length(next, run);
        next += run;
      }
    }
    return UNKNOWN;
  }

  private static int behindArray(byte[] bytes, int at, int end) {
    return at < end && bytes[at] == ']' ? at + 1 : UNKNOWN;
  }

  private static int readUnordered(byte[] bytes, int from, int end, AskedNodes asked) {
    int at = from;
    while (true) {
      at = readString(bytes, at, end, asked);
      if (at == UNKNOWN || at >= end || bytes[at] != ',') {
        return at == UNKNOWN ? UNKNOWN : behindArray(bytes, at, end);
      }
      at++;
    }
  }

  /** Reads a string as {@link NodeNames#readString} says. */
  static int readString(byte[] bytes, int from, int end, AskedNodes asked) {
    if (from >= end || bytes[from] != '"') {
      return UNKNOWN;
    }
    int quote = JsonWords.quote(bytes, from + 1, end);
    if (quote == UNKNOWN) {
      return UNKNOWN;
    }
    int place = asked.order().find(bytes, from, quote);
    if (place != UNKNOWN) {
      asked.addPlace(place);
      return quote + 1;
    }
    for (int i = from + 1; i < quote; i++) {
      if (bytes[i] < ' ' || bytes[i] == '\\') { // what is not ASCII is less than zero
        return UNKNOWN;
      }
    }
    asked.add(new String(bytes, from + 1, quote - from - 1, StandardCharsets.US_ASCII));
    return quote + 1;
  }

  /**
   * Takes the order of a request that names most nodes, where the order before did not foresee it.
   * The more requests in a row were not foreseen, the seldomer: there may be no order.
   */
  private void learn(AskedNodes asked, int unforeseen) {
    if (asked.size() * 2 < names.size()) {
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
    int[] slots = new int[names.size()];
    boolean[] taken = new boolean[names.slotLimit()];
    int count = 0;
    for (int[] part :
        new int[][] {first, order.slots(), IntStream.range(0, taken.length).toArray()}) {
      for (int slot : part) {
        if (!taken[slot] && names.isTaken(slot)) {
          taken[slot] = true;
          slots[count++] = slot;
        }
      }
    }
    order = new NameOrder(slots, names, key);
    outdated = false;
  }
}
