package io.stowage.extender.state;

import io.stowage.extender.kube.ObservedPod;

/**
 * A pod that waits since a filter of Stowage's kept no node for it.
 *
 * @param pod the pod, as last seen
 * @param refusedNanos when that was last, on the state's monotonic clock
 */
public record WaitingPod(ObservedPod pod, long refusedNanos) {}
