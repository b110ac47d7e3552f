package io.stowage.extender.config;

import com.fasterxml.jackson.annotation.JsonCreator;
import io.stowage.extender.planning.PlanningSettings;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Section {@code planning}: the planner in the background.
 *
 * @param enabled whether there is one; default true
 * @param moves how many moves the solver tries in a round, 0 to 10000000; default 20000
 * @param minIntervalMillis the least time from the start of one round to the next, 10 to 600000;
 *     default 200
 * @param keepSeconds how long a pod is refused that fits only room which is kept for larger ones, 0
 *     to 86400; default 0, which refuses nobody
 */
public record PlanningConfig(boolean enabled, int moves, int minIntervalMillis, int keepSeconds) {

  /** Checks every setting; throws IllegalArgumentException. */
  public PlanningConfig {
    StowageConfig.requireRange("planning.moves", moves, 0, 10_000_000);
    StowageConfig.requireRange("planning.minIntervalMillis", minIntervalMillis, 10, 600_000);
    StowageConfig.requireRange("planning.keepSeconds", keepSeconds, 0, 86_400);
  }

  /** Creates the section from a file's settings, those left out being null. */
  @JsonCreator
  static PlanningConfig of(
      @Nullable Boolean enabled,
      @Nullable Integer moves,
      @Nullable Integer minIntervalMillis,
      @Nullable Integer keepSeconds) {
    return new PlanningConfig(
        StowageConfig.or(enabled, true),
        StowageConfig.or(moves, PlanningSettings.DEFAULT.moves()),
        StowageConfig.or(
            minIntervalMillis, (int) PlanningSettings.DEFAULT.minInterval().toMillis()),
        StowageConfig.or(keepSeconds, 0));
  }

  /** Returns the defaults. */
  static PlanningConfig defaults() {
    return of(null, null, null, null);
  }

  /** Returns the settings of planning. */
  PlanningSettings settings() {
    return new PlanningSettings(enabled, moves, Duration.ofMillis(minIntervalMillis));
  }
}
