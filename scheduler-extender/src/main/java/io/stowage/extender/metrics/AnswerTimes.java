package io.stowage.extender.metrics;

import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How many answers to one verb there were and how long they took.
 *
 * @param count how many
 * @param totalMillis their times together
 * @param countUpTo how many took at most so many milliseconds, by the buckets of the metrics
 */
public record AnswerTimes(long count, double totalMillis, SortedMap<Double, Long> countUpTo) {
  /** No answers. */
  public static final AnswerTimes NONE = new AnswerTimes(0, 0, new TreeMap<>());

  /** Copies {@code countUpTo}. */
  public AnswerTimes {
    countUpTo = new TreeMap<>(countUpTo);
  }

  /** Returns what came since an earlier state of the same. */
  public AnswerTimes since(AnswerTimes before) {
    SortedMap<Double, Long> upTo = new TreeMap<>(countUpTo);
    upTo.replaceAll((millis, number) -> number - before.countUpTo.getOrDefault(millis, 0L));
    return new AnswerTimes(count - before.count, totalMillis - before.totalMillis, upTo);
  }

  /** Returns the mean in milliseconds, NaN without answers. */
  public double meanMillis() {
    return count == 0 ? Double.NaN : totalMillis / count;
  }

  /**
   * Returns the least bucket's limit in milliseconds that the given part of the answers did not
   * exceed; NaN without answers, infinite where it is beyond the last bucket.
   */
  public double quantileMillis(double part) {
    if (count == 0) {
      return Double.NaN;
    }
    for (Map.Entry<Double, Long> upTo : countUpTo.entrySet()) {
      if (upTo.getValue() >= part * count) {
        return upTo.getKey();
      }
    }
    return Double.POSITIVE_INFINITY;
  }
}
