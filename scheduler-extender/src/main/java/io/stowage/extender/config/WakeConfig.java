package io.stowage.extender.config;

import com.fasterxml.jackson.annotation.JsonCreator;
import io.stowage.extender.wake.WakeSettings;
import org.jspecify.annotations.Nullable;

/**
 * Section {@code wake}: pods that wait are tried again when room appears.
 *
 * @param enabled whether they are; needs the right to patch pods; default true
 * @param perSecond how many are woken at most, on average, 1 to 1000; default 20
 * @param burst how many are woken at most at once, 1 to 1000; default 50
 */
public record WakeConfig(boolean enabled, int perSecond, int burst) {

  /** Checks every setting; throws IllegalArgumentException. */
  public WakeConfig {
    StowageConfig.requireRange("wake.perSecond", perSecond, 1, 1000);
    StowageConfig.requireRange("wake.burst", burst, 1, 1000);
  }

  /** Creates the section from a file's settings, those left out being null. */
  @JsonCreator
  static WakeConfig of(
      @Nullable Boolean enabled, @Nullable Integer perSecond, @Nullable Integer burst) {
    return new WakeConfig(
        StowageConfig.or(enabled, true),
        StowageConfig.or(perSecond, 20),
        StowageConfig.or(burst, 50));
  }

  /** Returns the defaults. */
  static WakeConfig defaults() {
    return of(null, null, null);
  }

  /** Returns the settings of waking. */
  public WakeSettings settings() {
    return new WakeSettings(enabled, perSecond, burst);
  }
}
