package io.stowage.core.plan;

import io.stowage.core.cluster.NodeState;

/**
 * What a node is kept for: pods of one number of GPUs.
 *
 * @param gpus how many GPUs the pods ask for, at least 2
 * @param reach how many nodes can ever hold such a pod: few where pods accept one model alone or
 *     ask for much CPU or memory
 * @param widest whether no zone of as many GPUs reaches more nodes
 * @param leastCpuMilli the least CPU that any of the pods asks for
 * @param leastMemoryBytes the least memory
 */
public record Zone(int gpus, int reach, boolean widest, long leastCpuMilli, long leastMemoryBytes) {
  /** Tells whether any of the pods could find room on a node now. */
  boolean hasRoom(NodeState node) {
    return Staffing.freeGpus(node) >= gpus
        && node.freeCpuMilli() >= leastCpuMilli
        && node.freeMemoryBytes() >= leastMemoryBytes;
  }
}
