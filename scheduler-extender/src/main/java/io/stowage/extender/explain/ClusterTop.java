package io.stowage.extender.explain;

import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.fragmentation.Stranded;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/**
 * The nodes of a cluster with what is in use of them, those with the most stranded GPU first. Its
 * components are the keys of its JSON; GPUs are in GPUs.
 *
 * @param gpus GPUs of nodes that count as capacity
 * @param allocatedGpu what pods request of them
 * @param strandedGpu what is free of them and no pod of the workload seen can use
 * @param nodes the nodes
 */
public record ClusterTop(double gpus, double allocatedGpu, double strandedGpu, List<Row> nodes) {
  private static final double GPU_MILLI = 1000;

  /** Copies {@code nodes}. */
  public ClusterTop {
    nodes = List.copyOf(nodes);
  }

  /**
   * A node.
   *
   * @param node its name
   * @param standing as of {@link NodeExplanation}
   * @param model the model of its GPUs, empty where it has none or it is not known
   * @param gpus how many GPUs it has
   * @param allocatedGpu what pods request of them
   * @param freeGpu what is left of them
   * @param strandedGpu what is left and no pod of the workload seen can use
   * @param cpuPercent how much of its CPU pods request
   * @param memoryPercent how much of its memory pods request
   * @param pods how many pods are on it
   */
  public record Row(
      String node,
      String standing,
      String model,
      int gpus,
      double allocatedGpu,
      double freeGpu,
      double strandedGpu,
      double cpuPercent,
      double memoryPercent,
      int pods) {}

  /** Looks at every known node; {@code workload} is what free GPU is called stranded by. */
  public static ClusterTop of(Cluster cluster, Collection<PodShape> workload) {
    List<Row> rows = new ArrayList<>();
    double[] sums = new double[3];
    cluster.forEachNode(
        state -> {
          Node node = state.node();
          if (node == null || node.virtual()) {
            return;
          }
          Row row = row(state, node, workload);
          if (node.countsAsCapacity()) {
            sums[0] += row.allocatedGpu() + row.freeGpu();
            sums[1] += row.allocatedGpu();
            sums[2] += row.strandedGpu();
          }
          rows.add(row);
        });
    rows.sort(
        Comparator.comparingDouble((Row row) -> -row.strandedGpu())
            .thenComparingDouble(row -> -row.freeGpu())
            .thenComparing(Row::node));
    return new ClusterTop(sums[0], sums[1], sums[2], rows);
  }

  private static Row row(NodeState state, Node node, Collection<PodShape> workload) {
    long strandedMilli = workload.isEmpty() ? 0 : Stranded.of(state, workload).milli();
    return new Row(
        node.name(),
        NodeExplanation.standing(node),
        state.gpuCount() == 0 ? "" : state.gpuModel(0),
        state.gpuCount(),
        (state.gpuCapacityMilli() - state.freeGpuMilli()) / GPU_MILLI,
        state.freeGpuMilli() / GPU_MILLI,
        strandedMilli / GPU_MILLI,
        percentUsed(state.freeCpuMilli(), node.allocatable().cpuMilli()),
        percentUsed(state.freeMemoryBytes(), node.allocatable().memoryBytes()),
        state.podCount());
  }

  private static double percentUsed(long free, long all) {
    return all == 0 ? 0 : 100.0 * (all - free) / all;
  }
}
