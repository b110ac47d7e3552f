package io.stowage.extender.state;

import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.PodShape;
import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Which card of a node a share may get by the gpushare protocol: among pods that are not assigned
 * yet, at most one card an amount. Room is judged on the node states handed in; GPU models are left
 * aside. Belongs to the state's one writer.
 */
final class DeviceRules {
  /** No card, until the device plugin has assigned the pods before. */
  static final int NO_CARD = -3;

  private final UnassignedShares given;
  private final UnassignedShares held;
  private final ForeignExtenders foreign;
  private final Duration patience;
  private final LongSupplier nanoClock;

  /** What the rules say of a node for a share of which some card has room. */
  enum Verdict {
    /** It may have a card that is free. */
    FREE,
    /** It may have a card whose room is held for others. */
    HELD_FOR_OTHERS,
    /** It has to wait until pods before it are assigned. */
    AWAITS_ASSIGNMENT,
    /** It would have to wait for pods that should have been assigned long ago. */
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

  /**
   * Judges a node.
   *
   * @param hard the node with what is bound
   * @param soft the same with what is held for others
   */
  Verdict judge(PodShape share, NodeState hard, NodeState soft) {
    String node = hard.name();
    if (foreign.isAt(node)) {
      return Verdict.FOREIGN;
    }
    long units = share.gpu().unitsPerGpu();
    int card = given.card(node, units);
    if (card == UnassignedShares.ANY_CARD) {
      int awaited = held.card(node, units);
      return awaited == UnassignedShares.ANY_CARD || hasRoom(share, soft, awaited)
          ? Verdict.FREE
          : Verdict.AWAITS_ASSIGNMENT;
    }
    if (hasRoom(share, hard, card)) {
      return hasRoom(share, soft, card) ? Verdict.FREE : Verdict.HELD_FOR_OTHERS;
    }
    return given.longestNanos(node, units, nanoClock.getAsLong()) > patience.toNanos()
        ? Verdict.STUCK
        : Verdict.AWAITS_ASSIGNMENT;
  }

  /**
   * Returns the one card that a share may get now, {@link UnassignedShares#ANY_CARD} or {@link
   * #NO_CARD}.
   */
  int onlyCard(PodShape share, NodeState hard) {
    int card = given.card(hard.name(), share.gpu().unitsPerGpu());
    return card == UnassignedShares.ANY_CARD || hasRoom(share, hard, card) ? card : NO_CARD;
  }

  /**
   * Returns a card with room that is held for a share of the same amount, so that both can be
   * assigned in any order; {@link UnassignedShares#ANY_CARD} where there is none.
   */
  int heldCard(PodShape share, NodeState soft) {
    return held.cardThat(
        soft.name(), share.gpu().unitsPerGpu(), card -> hasRoom(share, soft, card));
  }

  private static boolean hasRoom(PodShape share, NodeState node, int card) {
    return card >= 0 && card < node.gpuCount() && node.gpuHasRoom(card, share.gpu());
  }
}
