package io.stowage.extender.planning;

import java.time.Duration;

/**
 * How much is planned.
 *
 * @param enabled whether there is a planner at all
 * @param moves how many moves the solver tries in a round, at least 0
 * @param minInterval the least time from the start of one round to the start of the next
 */
public record PlanningSettings(boolean enabled, int moves, Duration minInterval) {

  /** 20,000 moves a round, five rounds a second at most. */
  public static final PlanningSettings DEFAULT =
      new PlanningSettings(true, 20_000, Duration.ofMillis(200));

  /** No planner. */
  public static final PlanningSettings OFF =
      new PlanningSettings(false, DEFAULT.moves, DEFAULT.minInterval);

  /** Throws IllegalArgumentException for a value out of its range. */
  public PlanningSettings {
    if (moves < 0) {
      throw new IllegalArgumentException("moves must be at least 0, was " + moves);
    }
    if (minInterval.toMillis() < 1) {
      throw new IllegalArgumentException("minInterval must be at least 1 ms, was " + minInterval);
    }
  }
}
