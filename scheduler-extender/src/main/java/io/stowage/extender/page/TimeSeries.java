package io.stowage.extender.page;

import java.util.ArrayDeque;
import java.util.List;

/** The last samples, so many at most: the oldest goes when one more comes. Not thread-safe. */
final class TimeSeries {
  private final int limit;
  private final ArrayDeque<Sample> samples = new ArrayDeque<>();

  /** Creates a series of at most {@code limit} samples. */
  TimeSeries(int limit) {
    if (limit < 1) {
      throw new IllegalArgumentException("limit must be at least 1, was " + limit);
    }
    this.limit = limit;
  }

  /** Adds the newest sample. */
  void add(Sample sample) {
    if (samples.size() == limit) {
      samples.removeFirst();
    }
    samples.addLast(sample);
  }

  /** Returns the samples, oldest first. */
  List<Sample> samples() {
    return List.copyOf(samples);
  }
}
