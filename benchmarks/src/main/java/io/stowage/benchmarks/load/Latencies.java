package io.stowage.benchmarks.load;

import org.HdrHistogram.Histogram;

/** How long two kinds of calls took, in nanoseconds, and their ratios. Not thread-safe. */
final class Latencies {
  private static final int DIGITS = 3;
  private static final double[] PERCENTILES = {50, 90, 99, 99.9, 100};

  private final Histogram first = new Histogram(DIGITS);
  private final Histogram second = new Histogram(DIGITS);
  private final String firstName;
  private final String secondName;
  private String description = "";

  Latencies(String firstName, String secondName) {
    this.firstName = firstName;
    this.secondName = secondName;
  }

  Histogram first() {
    return first;
  }

  Histogram second() {
    return second;
  }

  void reset() {
    first.reset();
    second.reset();
  }

  void describe(String text) {
    description = text;
  }

  /** Returns the first's percentile by the second's. */
  double ratio(double percentile) {
    return (double) first.getValueAtPercentile(percentile)
        / second.getValueAtPercentile(percentile);
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(description).append('\n');
    for (double percentile : PERCENTILES) {
      text.append(
          "  p%-5s %s %10.1f us, %s %10.1f us, ratio %.2f%n"
              .formatted(
                  percentile,
                  firstName,
                  first.getValueAtPercentile(percentile) / 1e3,
                  secondName,
                  second.getValueAtPercentile(percentile) / 1e3,
                  ratio(percentile)));
    }
    return text.toString();
  }
}
