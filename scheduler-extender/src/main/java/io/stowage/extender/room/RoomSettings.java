package io.stowage.extender.room;

import java.time.Duration;

/**
 * How often it is found what would make room.
 *
 * @param enabled whether it is
 * @param minInterval the least time between two looks
 */
public record RoomSettings(boolean enabled, Duration minInterval) {

  /** Every 15 s at most. */
  public static final RoomSettings DEFAULT = new RoomSettings(true, Duration.ofSeconds(15));

  /** Throws IllegalArgumentException for an interval below 1 ms. */
  public RoomSettings {
    if (minInterval.toMillis() < 1) {
      throw new IllegalArgumentException("minInterval must be at least 1 ms, was " + minInterval);
    }
  }
}
