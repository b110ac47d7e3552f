package io.stowage.extender.state;

/**
 * Sums over the nodes that count as capacity, and the size of the state. What pods ask for beyond
 * what a node has is not counted.
 *
 * @param nodes all nodes known
 * @param capacityNodes those that count as capacity
 * @param boundPods pods on nodes
 * @param pendingPods pods that wait
 * @param holds pods that room is held for
 * @param unconfirmedBinds bindings that the watch has not shown yet
 * @param gpuCapacityMilli GPUs, in thousandths
 * @param gpuRequestedMilli what pods ask of them
 * @param cpuCapacityMilli CPU, in milli-cores
 * @param cpuRequestedMilli what pods ask of it
 * @param memoryCapacityBytes memory, in bytes
 * @param memoryRequestedBytes what pods ask of it
 */
public record ClusterFigures(
    int nodes,
    int capacityNodes,
    int boundPods,
    int pendingPods,
    int holds,
    int unconfirmedBinds,
    long gpuCapacityMilli,
    long gpuRequestedMilli,
    long cpuCapacityMilli,
    long cpuRequestedMilli,
    long memoryCapacityBytes,
    long memoryRequestedBytes) {}
