package io.stowage.core.cluster;

import java.util.HashMap;
import java.util.Map;

/**
 * Numbers that stand for values: equal numbers mean equal values. Equal values have equal numbers
 * too, unless so many others came in between that the value was forgotten. Not thread-safe.
 *
 * @param <T> an immutable type that compares by value
 */
public final class Numbering<T> {
  private static final int REMEMBERED = 100_000;

  private final Map<T, Integer> numbers = new HashMap<>();
  private int last;

  /** Returns the number of a value, from 1. */
  public int of(T value) {
    Integer known = numbers.get(value);
    if (known != null) {
      return known;
    }
    if (numbers.size() >= REMEMBERED) {
      numbers.clear();
    }
    numbers.put(value, ++last);
    return last;
  }
}
