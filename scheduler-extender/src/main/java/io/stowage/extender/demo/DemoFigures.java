package io.stowage.extender.demo;

/**
 * How the demo stands: both clusters at the same cluster time, after the same arrivals.
 *
 * @param seconds how long it has been running
 * @param clusterSeconds the cluster time
 * @param arrived how many pods arrived
 * @param prefilled how many of the arrivals are there at time 0
 * @param gpus how many GPUs each cluster has
 * @param gpuOfferedPercent GPU that would be allocated if no pod ever waited, averaged over cluster
 *     time, in percent of capacity
 * @param stowage the cluster that Stowage fills
 * @param byDefault the cluster that kube-scheduler's default policy fills
 * @param filterLatency how long answers to {@code filter} took
 * @param httpSeconds time spent waiting for answers to all verbs
 * @param failedDecisions decisions of Stowage that failed, 0 unless something is wrong
 */
record DemoFigures(
    double seconds,
    double clusterSeconds,
    int arrived,
    int prefilled,
    long gpus,
    double gpuOfferedPercent,
    ChurnFigures stowage,
    ChurnFigures byDefault,
    ExtenderCalls.Latency filterLatency,
    double httpSeconds,
    int failedDecisions) {

  /** Tells whether the pods of time 0 are still being placed. */
  boolean isFilling() {
    return arrived < prefilled;
  }
}
