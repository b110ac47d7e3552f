package io.stowage.core.replay;

import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.fragmentation.Stranded;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A cluster with running totals of what pods ask of the nodes that count as capacity.
 *
 * <p>Not thread-safe.
 */
public final class MeasuredCluster {
  private final Cluster cluster = new Cluster();
  private long gpuCapacityMilli;
  private long cpuCapacityMilli;
  private long allocatedGpuMilli;
  private long allocatedCpuMilli;

  /** Creates a cluster of the given nodes without pods. */
  public MeasuredCluster(Collection<Node> nodes) {
    nodes.forEach(cluster::putNode);
    cluster.forEachNode(
        node -> {
          if (node.node() != null && node.node().countsAsCapacity()) {
            gpuCapacityMilli += node.gpuCapacityMilli();
            cpuCapacityMilli += node.node().allocatable().cpuMilli();
          }
        });
  }

  /** Returns the cluster, to be read only. */
  public Cluster cluster() {
    return cluster;
  }

  /** Places a pod that is placed nowhere yet; whether it fits is not checked. */
  public void place(Placement placement) {
    long before = freeGpuMilli(placement.nodeName());
    cluster.place(placement);
    count(placement, before, 1);
  }

  /** Removes a pod, which must be placed; returns the node it was on. */
  public NodeState remove(String uid) {
    Placement placement = cluster.placement(uid);
    NodeState node = placement == null ? null : cluster.node(placement.nodeName());
    if (placement == null || node == null) {
      throw new IllegalStateException("pod " + uid + " is not placed");
    }
    long before = freeGpuMilli(placement.nodeName());
    cluster.remove(uid);
    count(placement, before, -1);
    return node;
  }

  private void count(Placement placement, long freeGpuMilliBefore, int sign) {
    NodeState node = cluster.node(placement.nodeName());
    if (node != null && node.node() != null && node.node().countsAsCapacity()) {
      allocatedGpuMilli += freeGpuMilliBefore - node.freeGpuMilli();
      allocatedCpuMilli += sign * placement.pod().shape().request().cpuMilli();
    }
  }

  private long freeGpuMilli(String nodeName) {
    NodeState node = cluster.node(nodeName);
    return node == null ? 0 : node.freeGpuMilli();
  }

  /** Returns the GPUs that count as capacity, in milli-GPU. */
  public long gpuCapacityMilli() {
    return gpuCapacityMilli;
  }

  /** Returns the allocated part of the GPU capacity, in percent. */
  public double gpuAllocationPercent() {
    return percent(allocatedGpuMilli, gpuCapacityMilli);
  }

  /** Returns the allocated part of the CPU capacity, in percent. */
  public double cpuAllocationPercent() {
    return percent(allocatedCpuMilli, cpuCapacityMilli);
  }

  /**
   * Returns the GPU that no pod of a workload can use now as percent of the capacity, by the
   * cause's key; looks at every node.
   */
  public Map<String, Double> strandedPercentByCause(Collection<PodShape> workload) {
    Map<String, Double> byCause = new LinkedHashMap<>();
    Stranded.of(cluster, workload)
        .milliByCause()
        .forEach((cause, milli) -> byCause.put(cause.key(), percent(milli, gpuCapacityMilli)));
    return byCause;
  }

  private static double percent(long part, long whole) {
    return whole == 0 ? 0 : 100.0 * part / whole;
  }
}
