package io.stowage.extender.observe;

import java.time.Instant;
import java.util.List;

/**
 * What there is to tell of a cluster at one moment.
 *
 * @param observedAt when nodes and pods were as they are here
 * @param gpu its GPU
 * @param cpuAllocationPercent requested CPU of capacity
 * @param memoryAllocationPercent requested memory of capacity
 * @param planGpuAllocationPercent allocated GPU were the waiting pods placed by the plan, running
 *     ones staying
 * @param boundGpuAllocationPercent what no packer could pass with the pods that run and wait
 * @param boundRelaxation the key of what the bound was proven by
 * @param runningPods how many pods are on a node
 * @param pools the nodes by pool, by name
 * @param nodes the nodes by name
 * @param waiting the waiting pods in the order of the queue
 * @param lost what it costs
 * @param roomWanted what an autoscaler could do
 * @param notes what is not known, and what the bound ignores
 */
public record Observation(
    Instant observedAt,
    GpuUse gpu,
    double cpuAllocationPercent,
    double memoryAllocationPercent,
    double planGpuAllocationPercent,
    double boundGpuAllocationPercent,
    String boundRelaxation,
    int runningPods,
    List<Pool> pools,
    List<NodeUse> nodes,
    List<WaitingPod> waiting,
    Lost lost,
    RoomWanted roomWanted,
    List<String> notes) {

  /** Copies the lists. */
  public Observation {
    pools = List.copyOf(pools);
    nodes = List.copyOf(nodes);
    waiting = List.copyOf(waiting);
    notes = List.copyOf(notes);
  }

  /**
   * The nodes of a pool.
   *
   * @param name its name
   * @param nodes how many count as capacity
   * @param gpu their GPU
   */
  public record Pool(String name, int nodes, GpuUse gpu) {}

  /**
   * A node.
   *
   * @param name its name
   * @param type its kind
   * @param counts whether it counts as capacity; if not, it has no GPU here
   * @param cordoned whether it is cordoned
   * @param gpu its GPU
   * @param freeCpuMilli CPU left, in milli-cores
   * @param freeMemoryBytes memory left, in bytes
   */
  public record NodeUse(
      String name,
      WaitingPod.NodeTypeName type,
      boolean counts,
      boolean cordoned,
      GpuUse gpu,
      long freeCpuMilli,
      long freeMemoryBytes) {}

  /** Returns requested GPU of capacity in percent. */
  public double gpuAllocationPercent() {
    return gpu.allocationPercent();
  }

  /** Returns how many waiting pods would fit. */
  public long fitting() {
    return waiting.stream().filter(WaitingPod::fits).count();
  }
}
