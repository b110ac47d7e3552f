package io.stowage.extender.state;

import java.time.Duration;

/**
 * How long Stowage bears with others that have a say in shared GPUs.
 *
 * @param assignPatience how long a device plugin may take to assign a pod its GPU before the node
 *     is refused for pods that would have to wait behind it
 * @param foreignExtenderMemory how long a node where another scheduler extender was seen at work is
 *     left to it after the last sighting
 */
public record DeviceSettings(Duration assignPatience, Duration foreignExtenderMemory) {
  /** 30 s and 10 min. */
  public static final DeviceSettings DEFAULT =
      new DeviceSettings(Duration.ofSeconds(30), Duration.ofMinutes(10));

  /** Throws IllegalArgumentException for a time that is not positive. */
  public DeviceSettings {
    if (assignPatience.isNegative()
        || assignPatience.isZero()
        || foreignExtenderMemory.isNegative()
        || foreignExtenderMemory.isZero()) {
      throw new IllegalArgumentException(
          "times must be positive, were " + assignPatience + " and " + foreignExtenderMemory);
    }
  }
}
