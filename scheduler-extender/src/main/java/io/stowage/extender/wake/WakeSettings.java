package io.stowage.extender.wake;

/**
 * Whether and how fast waiting pods are woken.
 *
 * @param enabled whether they are
 * @param perSecond how many at most, on average
 * @param burst how many at most at once
 */
public record WakeSettings(boolean enabled, int perSecond, int burst) {

  /** Throws IllegalArgumentException for a rate or burst below 1. */
  public WakeSettings {
    if (perSecond < 1 || burst < 1) {
      throw new IllegalArgumentException(
          "perSecond and burst must be at least 1, were " + perSecond + " and " + burst);
    }
  }
}
