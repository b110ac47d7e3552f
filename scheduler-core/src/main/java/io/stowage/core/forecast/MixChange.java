package io.stowage.core.forecast;

import java.util.Collection;

/**
 * Tells from time to time whether the mix that a short memory holds differs from that of a long one
 * by more than chance explains: Pearson's chi-squared test, the rare shapes taken together.
 */
final class MixChange {
  private static final int EVERY_ARRIVALS = 500;
  private static final double LEAST_EXPECTED = 5;
  private static final double STANDARD_ERRORS = 8;
  private static final long NEVER = Long.MAX_VALUE;

  private final int lastsArrivals;
  private long differsSince = NEVER;
  private long found;

  /** Creates a test that is sure of a difference that lasts for the given arrivals. */
  MixChange(int lastsArrivals) {
    this.lastsArrivals = lastsArrivals;
  }

  /** Returns how many changes were found. */
  long found() {
    return found;
  }

  /** Tells whether the mix has changed, after a number of arrivals. */
  boolean isSureAfter(
      long arrivals, Collection<Forecast.Seen> shapes, Memory shortMemory, Memory longMemory) {
    if (arrivals % EVERY_ARRIVALS != 0) {
      return false;
    }
    if (!differ(shapes, shortMemory, longMemory)) {
      differsSince = NEVER;
      return false;
    }
    differsSince = Math.min(differsSince, arrivals);
    if (arrivals - differsSince < lastsArrivals) {
      return false;
    }
    differsSince = NEVER;
    found++;
    return true;
  }

  private static boolean differ(
      Collection<Forecast.Seen> shapes, Memory shortMemory, Memory longMemory) {
    double longRows = 0;
    double shortRows = 0;
    for (Forecast.Seen shape : shapes) {
      longRows += shape.longRows;
      shortRows += shape.shortRows;
    }
    double variance = 1 / shortMemory.effectiveRows() + 1 / longMemory.effectiveRows();
    double chiSquared = 0;
    int groups = 0;
    double rareExpected = 0;
    double rareSeen = 0;
    for (Forecast.Seen shape : shapes) {
      double expected = shape.longRows / longRows;
      double part = shape.shortRows / shortRows;
      if (expected * shortMemory.effectiveRows() >= LEAST_EXPECTED) {
        chiSquared += (part - expected) * (part - expected) / expected / variance;
        groups++;
      } else {
        rareExpected += expected;
        rareSeen += part;
      }
    }
    if (rareExpected > 0) {
      chiSquared += (rareSeen - rareExpected) * (rareSeen - rareExpected) / rareExpected / variance;
      groups++;
    }
    int freedom = groups - 1;
    return freedom > 0 && chiSquared > freedom + STANDARD_ERRORS * Math.sqrt(2.0 * freedom);
  }
}
