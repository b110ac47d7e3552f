package io.stowage.core.forecast;

/**
 * The mean run time of some pods by exposure: the time that they have spent running, over the
 * number of those that ended. Pods that still run count with the time so far, so that long ones are
 * not left out.
 *
 * <p>Time is counted on a clock that runs ever faster, which makes recent time weigh more; ends are
 * weighed by the clock's speed.
 */
final class RunTimeEstimate {
  private static final double PRIOR_ENDS = 3;

  private double ends;
  private double seconds;
  private double countedTo;
  private int running;

  void started(double clock) {
    settle(clock);
    running++;
  }

  void ended(double clock, double weight) {
    settle(clock);
    running = Math.max(0, running - 1);
    ends += weight;
  }

  private void settle(double clock) {
    seconds += running * (clock - countedTo);
    countedTo = clock;
  }

  /** Divides all that was counted, and the clock's time, by the same number. */
  void rescale(double divisor) {
    ends /= divisor;
    seconds /= divisor;
    countedTo /= divisor;
  }

  /** Returns how many run. */
  int running() {
    return running;
  }

  /** Returns how many ended, in pods that ended just now. */
  double ends(double weight) {
    return ends / weight;
  }

  /**
   * Returns the mean run time in seconds, drawn towards that of a larger group as if {@value
   * #PRIOR_ENDS} pods had ended as they do.
   *
   * @param groupSeconds the larger group's mean run time, may be infinite
   */
  double meanSeconds(double clock, double weight, double groupSeconds) {
    settle(clock);
    return (seconds / weight + PRIOR_ENDS * groupSeconds) / (ends / weight + PRIOR_ENDS);
  }

  /** Returns the mean run time in seconds, infinite where none ended. */
  double meanSeconds(double clock) {
    settle(clock);
    return ends > 0 ? seconds / ends : Double.POSITIVE_INFINITY;
  }
}
