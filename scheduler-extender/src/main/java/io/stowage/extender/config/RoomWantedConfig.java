package io.stowage.extender.config;

import com.fasterxml.jackson.annotation.JsonCreator;
import io.stowage.extender.room.RoomSettings;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Section {@code roomWanted}: what would make room, for autoscalers to read.
 *
 * @param enabled whether it is found; default true
 * @param minIntervalSeconds the least time between two looks, 15 to 3600; default 15
 */
public record RoomWantedConfig(boolean enabled, int minIntervalSeconds) {

  /** Checks every setting; throws IllegalArgumentException. */
  public RoomWantedConfig {
    StowageConfig.requireRange("roomWanted.minIntervalSeconds", minIntervalSeconds, 15, 3600);
  }

  /** Creates the section from a file's settings, those left out being null. */
  @JsonCreator
  static RoomWantedConfig of(@Nullable Boolean enabled, @Nullable Integer minIntervalSeconds) {
    return new RoomWantedConfig(
        StowageConfig.or(enabled, RoomSettings.DEFAULT.enabled()),
        StowageConfig.or(minIntervalSeconds, (int) RoomSettings.DEFAULT.minInterval().toSeconds()));
  }

  /** Returns the defaults. */
  static RoomWantedConfig defaults() {
    return of(null, null);
  }

  /** Returns the settings of looking. */
  public RoomSettings settings() {
    return new RoomSettings(enabled, Duration.ofSeconds(minIntervalSeconds));
  }
}
