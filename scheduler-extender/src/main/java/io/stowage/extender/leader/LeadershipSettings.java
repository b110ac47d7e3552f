package io.stowage.extender.leader;

import java.time.Duration;

/**
 * How the active one of several replicas is found.
 *
 * @param mode who says which one is active
 * @param leaseNamespace the namespace of the Lease
 * @param leaseName the name of the Lease
 * @param identity the host name of the kube-scheduler that is followed, or the start of this
 *     replica's own identity in a Lease
 * @param leaseDuration how long others leave a Lease alone after a renewal; for a Lease of its own
 * @param renewDeadline how long after a renewal the holder counts itself as such, less than
 *     leaseDuration; for a Lease of its own
 * @param retryPeriod how often the Lease is looked at and renewed, less than renewDeadline
 * @param fence keeps the writes of a former active one out
 */
public record LeadershipSettings(
    Mode mode,
    String leaseNamespace,
    String leaseName,
    String identity,
    Duration leaseDuration,
    Duration renewDeadline,
    Duration retryPeriod,
    FenceSettings fence) {

  /** Who says which replica is active. */
  public enum Mode {
    /** Nobody: there is one. */
    NONE,
    /** The Lease of the kube-scheduler in the same pod. */
    KUBE_SCHEDULER,
    /** A Lease of Stowage's own. */
    LEASE
  }
}
