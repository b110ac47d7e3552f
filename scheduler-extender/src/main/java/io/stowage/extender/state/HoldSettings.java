package io.stowage.extender.state;

import java.time.Duration;

/**
 * How many nodes a pod is offered, how long the first of them is held for it, and how long it is
 * refused room that is kept for larger pods.
 *
 * @param shortlistNodes how many of the best nodes {@code filter} keeps, at least 1
 * @param hold how long a hold lasts unless the pod is bound, filtered again or deleted
 * @param claimHold the same for a pod whose volume claims may be bound first
 * @param keep how long a pod is refused that fits only room which is kept for larger ones; zero for
 *     not at all
 */
public record HoldSettings(int shortlistNodes, Duration hold, Duration claimHold, Duration keep) {
  /** Three nodes, 30 s, 15 min; nobody is refused kept room. */
  public static final HoldSettings DEFAULT =
      new HoldSettings(3, Duration.ofSeconds(30), Duration.ofMinutes(15), Duration.ZERO);

  /** Throws IllegalArgumentException for no node or a hold that does not last. */
  public HoldSettings {
    if (shortlistNodes < 1) {
      throw new IllegalArgumentException(
          "shortlistNodes must be at least 1, was " + shortlistNodes);
    }
    if (hold.isNegative() || hold.isZero() || claimHold.compareTo(hold) < 0) {
      throw new IllegalArgumentException(
          "hold must be positive and claimHold no shorter, were " + hold + " and " + claimHold);
    }
    if (keep.isNegative()) {
      throw new IllegalArgumentException("keep must not be negative, was " + keep);
    }
  }
}
