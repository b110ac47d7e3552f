package io.stowage.extender.state;

import io.stowage.core.cluster.Placement;

/**
 * A binding that the watch has not shown yet; the pod counts on its node meanwhile.
 *
 * @param placement the pod, its node and devices
 * @param phase how far it got
 * @param sinceNanos when it entered that phase, on the state's monotonic clock
 */
public record UnconfirmedBind(Placement placement, Phase phase, long sinceNanos) {

  /** How far a binding got. */
  public enum Phase {
    /** It is being written. */
    WRITING,
    /** The API server accepted it. */
    ACCEPTED,
    /** Whether the API server accepted it is not known. */
    IN_DOUBT
  }
}
