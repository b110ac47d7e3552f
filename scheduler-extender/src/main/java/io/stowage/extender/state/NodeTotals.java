package io.stowage.extender.state;

import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeState;

/** Running sums over nodes. */
final class NodeTotals {
  int nodes;
  int capacityNodes;
  long gpuCapacityMilli;
  long gpuRequestedMilli;
  long cpuCapacityMilli;
  long cpuRequestedMilli;
  long memoryCapacityBytes;
  long memoryRequestedBytes;

  void add(NodeState state) {
    Node node = state.node();
    if (node == null) {
      return;
    }
    nodes++;
    if (!node.countsAsCapacity()) {
      return;
    }
    capacityNodes++;
    gpuCapacityMilli += state.gpuCapacityMilli();
    gpuRequestedMilli += state.gpuCapacityMilli() - state.freeGpuMilli();
    cpuCapacityMilli += node.allocatable().cpuMilli();
    cpuRequestedMilli += node.allocatable().cpuMilli() - state.freeCpuMilli();
    memoryCapacityBytes += node.allocatable().memoryBytes();
    memoryRequestedBytes += node.allocatable().memoryBytes() - state.freeMemoryBytes();
  }
}
