package io.stowage.extender.nominate;

import io.stowage.extender.state.NominationLimits;

/**
 * Whether, for which pods and how fast nodes are nominated.
 *
 * @param enabled whether they are
 * @param limits for which pods
 * @param perSecond how many nominations are made or withdrawn at most, on average and at once
 */
public record NominationSettings(boolean enabled, NominationLimits limits, int perSecond) {

  /** Throws IllegalArgumentException for a rate below 1. */
  public NominationSettings {
    if (perSecond < 1) {
      throw new IllegalArgumentException("perSecond must be at least 1, was " + perSecond);
    }
  }
}
