package io.stowage.extender.state;

import io.stowage.core.cluster.PodShape;
import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * When a node may take a share by the gpushare protocol: among its pods that are not assigned yet,
 * one an amount. Belongs to the state's one writer.
 *
 * <p>The device plugin is told an amount and no pod, and looks for any pending pod of that amount
 * that is not assigned. With one such pod at a time it can find no other.
 */
final class DeviceRules {
  /** So many of an amount may be on their way to a node before others are preferred to it. */
  static final int QUEUE = 8;

  private final UnassignedShares given;
  private final UnassignedShares held;
  private final ForeignExtenders foreign;
  private final Duration patience;
  private final LongSupplier nanoClock;

  /** What the rules say of a node for a share of which some card has room. */
  enum Verdict {
    /** It may be bound there, at once or after few others. */
    FREE,
    /** Many others of its amount are assigned before it. */
    AWAITS_ASSIGNMENT,
    /** It would have to wait for a pod that should have been assigned long ago. */
    STUCK,
    /** Another extender assigns the node's cards. */
    FOREIGN;

    /** Tells whether the node may be offered. */
    boolean isOffered() {
      return this != STUCK && this != FOREIGN;
    }
  }

  /**
   * Creates the rules.
   *
   * @param given shares bound or being bound
   * @param held shares told at filter
   * @param patience how long a device plugin may take
   */
  DeviceRules(
      UnassignedShares given,
      UnassignedShares held,
      ForeignExtenders foreign,
      Duration patience,
      LongSupplier nanoClock) {
    this.given = given;
    this.held = held;
    this.foreign = foreign;
    this.patience = patience;
    this.nanoClock = nanoClock;
  }

  /** Tells whether another extender assigns the node's cards. */
  boolean isForeign(String node) {
    return foreign.isAt(node);
  }

  /** Judges a node. */
  Verdict judge(PodShape share, String node) {
    if (foreign.isAt(node)) {
      return Verdict.FOREIGN;
    }
    long units = share.gpu().unitsPerGpu();
    if (given.longestNanos(node, units, nanoClock.getAsLong()) > patience.toNanos()) {
      return Verdict.STUCK;
    }
    return given.count(node, units) + held.count(node, units) < QUEUE
        ? Verdict.FREE
        : Verdict.AWAITS_ASSIGNMENT;
  }

  /** Tells whether a share has to wait until another of its amount is assigned or gone. */
  boolean mustWait(PodShape share, String node) {
    return given.count(node, share.gpu().unitsPerGpu()) > 0;
  }
}
