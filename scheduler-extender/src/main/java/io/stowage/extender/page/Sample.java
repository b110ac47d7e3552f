package io.stowage.extender.page;

import io.stowage.core.fragmentation.StrandCause;
import io.stowage.extender.state.WaitingFigures;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;

/**
 * The figures of one moment, in percent of the capacity of nodes that count as such.
 *
 * @param epochMillis when, in milliseconds since 1970
 * @param gpuPercent GPU that pods ask for
 * @param cpuPercent CPU that pods ask for
 * @param memoryPercent memory that pods ask for
 * @param fragmentedPercent free GPU that a typical pod of the workload seen cannot use, in the mean
 * @param strandedPercentByCause free GPU that no pod of the workload seen can use, every cause
 *     present
 * @param boundGpuPercent what nobody could pass with the pods of that moment; NaN where it is not
 *     known
 * @param boundNote why it is not, empty where it is or will be soon
 * @param pendingPods pods that wait
 * @param waiting those that no scheduling gate keeps back, by what they ask of GPUs
 * @param decisionsPerSecond filters answered a second since the sample before
 * @param filterMeanMillis how long one took in the mean; NaN where none was asked
 * @param filterP99Millis what 99 of 100 of them took at most, by the buckets of the metrics; NaN
 *     where none was asked
 */
public record Sample(
    long epochMillis,
    double gpuPercent,
    double cpuPercent,
    double memoryPercent,
    double fragmentedPercent,
    Map<StrandCause, Double> strandedPercentByCause,
    double boundGpuPercent,
    String boundNote,
    int pendingPods,
    WaitingFigures waiting,
    double decisionsPerSecond,
    double filterMeanMillis,
    double filterP99Millis) {

  /** Copies {@code strandedPercentByCause}. */
  public Sample {
    Map<StrandCause, Double> copy = new EnumMap<>(StrandCause.class);
    for (StrandCause cause : StrandCause.values()) {
      copy.put(cause, strandedPercentByCause.getOrDefault(cause, 0.0));
    }
    strandedPercentByCause = Collections.unmodifiableMap(copy);
  }
}
