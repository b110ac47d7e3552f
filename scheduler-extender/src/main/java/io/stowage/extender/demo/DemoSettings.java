package io.stowage.extender.demo;

import java.time.Duration;

/**
 * What the demo shows.
 *
 * @param nodes how many nodes the cluster has
 * @param load offered GPU load as a part of capacity
 * @param duration how long it runs, zero for until it is stopped
 * @param port the port that the service listens on, 0 for any free one
 * @param seed what the cluster, the arrivals and ties are drawn from
 */
public record DemoSettings(int nodes, double load, Duration duration, int port, long seed) {
  /** The smallest cluster; smaller ones lack some of the node types. */
  public static final int MIN_NODES = 10;

  /** The largest cluster. */
  public static final int MAX_NODES = 5_000;

  /** The highest load. */
  public static final double MAX_LOAD = 2;

  /** The longest duration. */
  public static final Duration MAX_DURATION = Duration.ofDays(7);

  /** Throws IllegalArgumentException, in terms of the command line, for a value out of range. */
  public DemoSettings {
    if (nodes < MIN_NODES || nodes > MAX_NODES) {
      throw new IllegalArgumentException(
          "--nodes must be from " + MIN_NODES + " to " + MAX_NODES + ", was " + nodes);
    }
    if (!(load > 0 && load <= MAX_LOAD)) {
      throw new IllegalArgumentException(
          "--load must be above 0 and at most " + MAX_LOAD + ", was " + load);
    }
    if (duration.isNegative() || duration.compareTo(MAX_DURATION) > 0) {
      throw new IllegalArgumentException(
          "--duration must be from 0s to " + MAX_DURATION.toDays() * 24 + "h, was " + duration);
    }
    if (port < 0 || port > 65_535) {
      throw new IllegalArgumentException("--port must be from 0 to 65535, was " + port);
    }
  }

  /** Tells whether it runs until it is stopped. */
  public boolean isEndless() {
    return duration.isZero();
  }
}
