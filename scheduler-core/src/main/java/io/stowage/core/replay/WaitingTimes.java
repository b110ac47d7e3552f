package io.stowage.core.replay;

/**
 * How long the pods of one class waited that arrived in a window.
 *
 * @param count how many arrived
 * @param meanSeconds mean wait of all of them; one still waiting counts with its wait so far
 * @param p50Seconds median wait
 * @param p95Seconds 95th percentile
 * @param p99Seconds 99th percentile
 * @param stillWaiting how many were waiting at the end
 */
public record WaitingTimes(
    int count,
    double meanSeconds,
    double p50Seconds,
    double p95Seconds,
    double p99Seconds,
    int stillWaiting) {}
