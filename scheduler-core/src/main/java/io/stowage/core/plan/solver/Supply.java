package io.stowage.core.plan.solver;

import java.util.Arrays;

/** How many pods of each kind are in no packing; tells those that are left fast. */
final class Supply {
  static final Supply NONE = new Supply(new int[0]);

  private final int[] left;

  /** The kinds with any left, in the first {@code open} places, and each kind's place there. */
  private final int[] openKinds;

  private final int[] place;
  private int open;
  private long excess;

  Supply(int[] counts) {
    left = counts.clone();
    openKinds = new int[counts.length];
    place = new int[counts.length];
    Arrays.fill(place, -1);
    for (int kind = 0; kind < counts.length; kind++) {
      if (left[kind] > 0) {
        open(kind);
      }
    }
  }

  int kindCount() {
    return left.length;
  }

  /** Returns how many of a kind are left; negative where packings have more than there are. */
  int left(int kind) {
    return left[kind];
  }

  /** Returns how many kinds have any left. */
  int openCount() {
    return open;
  }

  /** Returns one of the kinds that have any left, by a number below their count. */
  int openKind(int number) {
    return openKinds[number];
  }

  /** Takes out what a packing has ({@code sign} -1) or puts it back (1). */
  void add(Packing packing, int sign) {
    for (int kind : packing.kinds) {
      add(kind, sign);
    }
  }

  void add(int kind, int count) {
    excess += Math.min(0, left[kind]);
    left[kind] += count;
    excess -= Math.min(0, left[kind]);
    if (left[kind] > 0 && place[kind] < 0) {
      open(kind);
    } else if (left[kind] <= 0 && place[kind] >= 0) {
      int last = openKinds[--open];
      openKinds[place[kind]] = last;
      place[last] = place[kind];
      place[kind] = -1;
    }
  }

  private void open(int kind) {
    place[kind] = open;
    openKinds[open++] = kind;
  }

  /** Returns how many pods too many packings have. */
  long excess() {
    return excess;
  }
}
