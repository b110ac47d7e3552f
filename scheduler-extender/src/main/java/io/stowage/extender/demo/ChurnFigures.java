package io.stowage.extender.demo;

import io.stowage.core.replay.WaitingTimes;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How one cluster of the demo stands. Percentages are of capacity and mean what is requested.
 *
 * @param placed how many pods were placed
 * @param running how many run now
 * @param waiting how many wait now
 * @param gpuAllocationPercent allocated GPU now
 * @param cpuAllocationPercent allocated CPU now
 * @param strandedGpuByCause stranded GPU now, by the cause's key
 * @param meanGpuAllocationPercent allocated GPU, averaged over cluster time
 * @param meanCpuAllocationPercent allocated CPU, averaged over cluster time
 * @param meanStrandedGpuByCause stranded GPU, averaged over arrivals; empty before there are enough
 * @param waitingByClass waiting times by the class's key, of the pods that came after time 0; one
 *     still waiting counts with its wait so far
 */
record ChurnFigures(
    int placed,
    int running,
    int waiting,
    double gpuAllocationPercent,
    double cpuAllocationPercent,
    Map<String, Double> strandedGpuByCause,
    double meanGpuAllocationPercent,
    double meanCpuAllocationPercent,
    Map<String, Double> meanStrandedGpuByCause,
    Map<String, WaitingTimes> waitingByClass) {

  /** Copies the maps, keeping their order. */
  ChurnFigures {
    strandedGpuByCause = copy(strandedGpuByCause);
    meanStrandedGpuByCause = copy(meanStrandedGpuByCause);
    waitingByClass = copy(waitingByClass);
  }

  private static <T> Map<String, T> copy(Map<String, T> map) {
    return Collections.unmodifiableMap(new LinkedHashMap<>(map));
  }
}
