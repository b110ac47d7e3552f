package io.stowage.core.policy;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Numbers that order nodes as their names do, by slot, so that two are compared without reading
 * their names.
 *
 * <p>Numbers are far apart, and a name that comes gets one between those of its neighbours. Where
 * none is left there, all are numbered anew, which leaves their order. Not thread-safe.
 */
final class NameRanks {
  /** How far apart ranks are at first. */
  private static final long GAP = 1L << 36;

  private static final long HIGHEST = Long.MAX_VALUE / 2;

  private final TreeMap<String, Integer> slotsByName = new TreeMap<>();
  private @Nullable String[] names = {};
  private long[] ranks = {};

  /** Makes room for the slots below a limit. */
  void ensureSlots(int slotLimit) {
    if (names.length < slotLimit) {
      int length = Math.max(slotLimit, 2 * names.length);
      names = Arrays.copyOf(names, length);
      ranks = Arrays.copyOf(ranks, length);
    }
  }

  /**
   * Says which node has a slot now.
   *
   * @param name that of no other slot, null where the slot is free
   */
  void set(int slot, @Nullable String name) {
    String before = names[slot];
    if (before != null) {
      slotsByName.remove(before, slot);
    }
    names[slot] = name;
    if (name == null) {
      return;
    }
    Map.Entry<String, Integer> lower = slotsByName.lowerEntry(name);
    Map.Entry<String, Integer> higher = slotsByName.higherEntry(name);
    slotsByName.put(name, slot);
    long low = lower == null ? -HIGHEST : ranks[lower.getValue()];
    long high = higher == null ? HIGHEST : ranks[higher.getValue()];
    if (high - low < 2) {
      numberAnew();
    } else if (lower == null) {
      ranks[slot] = higher == null ? 0 : Math.max(high - GAP, low + (high - low) / 2);
    } else {
      ranks[slot] = Math.min(low + GAP, low + (high - low) / 2);
    }
  }

  private void numberAnew() {
    long rank = 0;
    for (int slot : slotsByName.values()) {
      ranks[slot] = rank;
      rank += GAP;
    }
  }

  /** Tells whether the name of the node in a slot comes before that of the node in another. */
  boolean comesFirst(int slot, int other) {
    return ranks[slot] < ranks[other];
  }
}
