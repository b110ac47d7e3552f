package io.stowage.core.forecast;

/**
 * Totals in which each arrival weighs a little more than the one before.
 *
 * <p>Divided by the present weight they are what an exponential decay would have left.
 */
final class Memory {
  private final double growth;
  private double weight = 1;
  private double seconds;
  private double rows;
  private double rowSquares;

  /** Creates a memory in which weights grow by a factor of e over the given arrivals. */
  Memory(int arrivals) {
    growth = Math.exp(1.0 / arrivals);
  }

  /** Returns what an arrival weighs now. */
  double weight() {
    return weight;
  }

  /** Returns the seconds that passed, weighed. */
  double seconds() {
    return seconds;
  }

  /** Returns how many rows of equal weight would tell as much. */
  double effectiveRows() {
    return rowSquares == 0 ? 0 : rows * rows / rowSquares;
  }

  void count() {
    weight *= growth;
  }

  void countRow() {
    rows += weight;
    rowSquares += weight * weight;
  }

  void pass(double passedSeconds) {
    seconds += passedSeconds * weight;
  }

  /** Makes the present weight 1; returns what all that was weighed must be divided by. */
  double rescale() {
    double divisor = weight;
    weight = 1;
    seconds /= divisor;
    rows /= divisor;
    rowSquares /= divisor * divisor;
    return divisor;
  }

  /** Takes another's totals times a factor. */
  void takeOver(Memory other, double factor) {
    seconds = other.seconds * factor;
    rows = other.rows * factor;
    rowSquares = other.rowSquares * factor * factor;
  }
}
