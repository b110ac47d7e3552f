package io.stowage.extender.config;

import com.fasterxml.jackson.annotation.JsonCreator;
import io.stowage.extender.nominate.NominationSettings;
import io.stowage.extender.state.NominationLimits;
import org.jspecify.annotations.Nullable;

/**
 * Section {@code nomination}: waiting pods at the head of the queue are nominated for their slots.
 *
 * @param enabled whether they are; needs the right to patch pods/status; default false
 * @param schedulerName the schedulerName of the profile that calls Stowage, other pods are not
 *     nominated; default stowage
 * @param window how many pods carry a nomination at a time, 1 to 100; default 100
 * @param backlog how many pods at the head of the queue get no nomination any more, since
 *     kube-scheduler comes to them before it would, 0 to window - 1; default 20, or less than the
 *     window
 * @param perSecond how many nominations are made or withdrawn at most, on average and at once, 1 to
 *     1000; default 300
 */
public record NominationConfig(
    boolean enabled, String schedulerName, int window, int backlog, int perSecond) {

  /** Checks every setting; throws IllegalArgumentException. */
  public NominationConfig {
    if (schedulerName.isBlank()) {
      throw new IllegalArgumentException(
          "nomination.schedulerName: expected a name such as stowage, was empty");
    }
    StowageConfig.requireRange("nomination.window", window, 1, NominationLimits.LARGEST_WINDOW);
    StowageConfig.requireRange("nomination.backlog", backlog, 0, window - 1);
    StowageConfig.requireRange("nomination.perSecond", perSecond, 1, 1000);
  }

  /** Creates the section from a file's settings, those left out being null. */
  @JsonCreator
  static NominationConfig of(
      @Nullable Boolean enabled,
      @Nullable String schedulerName,
      @Nullable Integer window,
      @Nullable Integer backlog,
      @Nullable Integer perSecond) {
    int chosenWindow = StowageConfig.or(window, NominationLimits.LARGEST_WINDOW);
    return new NominationConfig(
        StowageConfig.or(enabled, false),
        StowageConfig.or(schedulerName, "stowage"),
        chosenWindow,
        StowageConfig.or(backlog, Math.max(0, Math.min(20, chosenWindow - 1))),
        StowageConfig.or(perSecond, 300));
  }

  /** Returns the defaults. */
  static NominationConfig defaults() {
    return of(null, null, null, null, null);
  }

  /** Returns the settings of nominating. */
  public NominationSettings settings() {
    return new NominationSettings(
        enabled, new NominationLimits(schedulerName, window, backlog), perSecond);
  }
}
