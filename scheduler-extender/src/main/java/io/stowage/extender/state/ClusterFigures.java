package io.stowage.extender.state;

import io.stowage.core.fragmentation.Stranded;

/**
 * Sums over the nodes that count as capacity, and the size of the state. What pods ask for beyond
 * what a node has is not counted.
 *
 * @param nodes all nodes known
 * @param capacityNodes those that count as capacity
 * @param boundPods pods on nodes
 * @param pendingPods pods that wait
 * @param holds pods that room is held for
 * @param nominations waiting pods that carry a nomination of Stowage's, or are to
 * @param unconfirmedBinds bindings that the watch has not shown yet
 * @param avoidedNodes nodes that all pods avoid for now, or a GPU of which they do
 * @param gpuCapacityMilli GPUs, in thousandths
 * @param gpuRequestedMilli what pods ask of them
 * @param cpuCapacityMilli CPU, in milli-cores
 * @param cpuRequestedMilli what pods ask of it
 * @param memoryCapacityBytes memory, in bytes
 * @param memoryRequestedBytes what pods ask of it
 * @param stranded free GPU that no pod of the workload seen can use, by cause
 * @param fragmentedGpuMilli free GPU that a typical pod of the workload seen cannot use, in the
 *     mean
 */
public record ClusterFigures(
    int nodes,
    int capacityNodes,
    int boundPods,
    int pendingPods,
    int holds,
    int nominations,
    int unconfirmedBinds,
    int avoidedNodes,
    long gpuCapacityMilli,
    long gpuRequestedMilli,
    long cpuCapacityMilli,
    long cpuRequestedMilli,
    long memoryCapacityBytes,
    long memoryRequestedBytes,
    Stranded stranded,
    double fragmentedGpuMilli) {

  /** Nothing. */
  public static final ClusterFigures NONE =
      new ClusterFigures(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, Stranded.NONE, 0);
}
