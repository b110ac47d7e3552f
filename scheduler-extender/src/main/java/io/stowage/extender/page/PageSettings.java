package io.stowage.extender.page;

import io.stowage.extender.http.Address;
import java.time.Duration;

/**
 * How the page is served.
 *
 * @param address where it listens
 * @param sampleInterval the time between two samples of the figures, of which six hours' worth at
 *     ten seconds, 2,160, are kept
 * @param updateInterval the least time between two updates of what is looked at
 */
public record PageSettings(Address address, Duration sampleInterval, Duration updateInterval) {
  /** Samples kept. */
  public static final int SAMPLES = 2_160;

  /** Throws IllegalArgumentException for an interval below 1 ms. */
  public PageSettings {
    if (sampleInterval.toMillis() < 1 || updateInterval.toMillis() < 1) {
      throw new IllegalArgumentException("sampleInterval and updateInterval must be at least 1 ms");
    }
  }

  /** Returns the page on loopback, as a demo has it: a sample every second. */
  public static PageSettings demo(int port) {
    return new PageSettings(
        new Address("127.0.0.1", port), Duration.ofSeconds(1), Duration.ofMillis(500));
  }

  /** Returns the page on a port of loopback. */
  public static PageSettings loopback(int port) {
    return at(new Address("127.0.0.1", port));
  }

  /** Returns the same on another port. */
  public PageSettings onPort(int port) {
    return new PageSettings(new Address(address.host(), port), sampleInterval, updateInterval);
  }

  /** Returns a sample every 10 s and at most two updates a second. */
  public static PageSettings at(Address address) {
    return new PageSettings(address, Duration.ofSeconds(10), Duration.ofMillis(500));
  }
}
