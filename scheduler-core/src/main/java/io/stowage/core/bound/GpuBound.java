package io.stowage.core.bound;

import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.GpuDevice;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What nobody could pass: an upper bound on the GPU that pods can hold at once, even for a packer
 * that knows all of them beforehand, leaves out whom it likes and places them in any order.
 *
 * <p>Two relaxations are solved and the lower of the two counts: each GPU by itself, and each node
 * with its GPUs and CPU, and in sum over all nodes of a type the memory. Pods per node, ephemeral
 * storage and other resources are ignored, as are taints and affinity.
 *
 * @param gpuMilli the bound in milli-GPU, GPU held by pods that stay included
 * @param capacityGpuMilli the GPU that counts as capacity
 * @param relaxation what the bound was proven by
 * @param certificate its proof, checked
 */
public record GpuBound(
    long gpuMilli, long capacityGpuMilli, Relaxation relaxation, BoundCertificate certificate) {
  private static final long NANO_PER_MILLI = 1_000_000;
  private static final double NANO_PER_GPU = 1e9;
  private static final long GPU_MILLI = 1000;
  private static final long MEAN_PARTS = 1000;

  /** How far above the optimum a relaxation's bound may stay, as a part of the capacity. */
  private static final double TOLERANCE = 5e-6;

  /** How far prices are varied at a time, in nano-GPU: freely, and near those of GPUs alone. */
  private static final double WHOLE_BOX = NANO_PER_GPU;

  private static final double NEAR_BOX = 0.02 * NANO_PER_GPU;

  /** What is left of the truth in the problem that was solved. */
  public enum Relaxation {
    /** Each GPU by itself; CPU, memory and nodes are ignored. */
    PER_GPU("perGpu"),
    /** Nodes with their GPUs and CPU, and the memory of all nodes of a type in sum. */
    NODE_TYPES("nodeTypes");

    private final String key;

    Relaxation(String key) {
      this.key = key;
    }

    /** Returns the name of the relaxation in JSON and tables. */
    public String key() {
      return key;
    }
  }

  /** Returns the bound in percent of the capacity, 0 where there is none. */
  public double gpuAllocationPercent() {
    return capacityGpuMilli == 0 ? 0 : 100.0 * gpuMilli / capacityGpuMilli;
  }

  /**
   * Returns the bound for pods that may be placed anywhere.
   *
   * @param nodes the cluster; those that do not count as capacity are left out
   * @param staying pods that stay where they are
   * @param pods how many pods there are of each shape that may be placed anywhere, those running
   *     now included
   */
  public static GpuBound of(
      Collection<Node> nodes,
      Collection<Placement> staying,
      Map<PodShape, Long> pods,
      Effort effort) {
    return of(nodes, staying, pods, 1, effort);
  }

  /**
   * Returns the bound for a snapshot of a cluster, running and waiting pods placed anew.
   *
   * @param nodes the cluster; those that do not count as capacity are left out
   * @param running pods that are somewhere now and may be anywhere
   * @param waiting pods that are nowhere yet
   */
  public static GpuBound ofSnapshot(
      Collection<Node> nodes,
      Collection<Placement> running,
      Collection<Pod> waiting,
      Effort effort) {
    Map<PodShape, Long> pods =
        Stream.concat(running.stream().map(Placement::pod), waiting.stream())
            .collect(Collectors.groupingBy(Pod::shape, LinkedHashMap::new, Collectors.counting()));
    return of(nodes, List.of(), pods, effort);
  }

  /**
   * Returns the bound for a mean over time.
   *
   * @param nodes the cluster; those that do not count as capacity are left out
   * @param staying pods that stay where they are
   * @param meanPods how many pods of each shape there are in the mean that may be placed anywhere;
   *     counted in thousandths, rounded up
   */
  public static GpuBound ofMean(
      Collection<Node> nodes,
      Collection<Placement> staying,
      Map<PodShape, Double> meanPods,
      Effort effort) {
    Map<PodShape, Long> thousandths = new LinkedHashMap<>();
    meanPods.forEach((shape, mean) -> thousandths.put(shape, (long) Math.ceil(mean * MEAN_PARTS)));
    return of(nodes, staying, thousandths, MEAN_PARTS, effort);
  }

  /** Returns the bound where a pod counts for one part of so many, and a node for all of them. */
  private static GpuBound of(
      Collection<Node> nodes,
      Collection<Placement> staying,
      Map<PodShape, Long> pods,
      long parts,
      Effort effort) {
    List<NodeState> states = statesOf(nodes, staying);
    long capacityMilli = states.stream().mapToLong(NodeState::gpuCapacityMilli).sum();
    long freeMilli = states.stream().mapToLong(NodeState::freeGpuMilli).sum();
    double toleranceNanoGpu = TOLERANCE * NANO_PER_MILLI * capacityMilli * parts;

    PackingProblem problem = PackingProblem.of(states, pods, parts);
    PackingProblem perGpu = problem.perGpu();
    Relaxation relaxation = Relaxation.PER_GPU;
    BoundCertificate certificate =
        ColumnGeneration.run(
            perGpu,
            Prices.ofPods(perGpu, Collections.nCopies(perGpu.kinds().size(), 0L)),
            WHOLE_BOX,
            effort,
            toleranceNanoGpu);
    long nanoGpu = CertificateChecker.check(perGpu, certificate);
    if (problem.nodeTypes().size() <= effort.maxNodeTypes()) {
      BoundCertificate ofNodes =
          ColumnGeneration.run(
              problem, pricesOf(problem, perGpu, certificate), NEAR_BOX, effort, toleranceNanoGpu);
      long nodesNanoGpu = CertificateChecker.check(problem, ofNodes);
      if (nodesNanoGpu < nanoGpu) {
        relaxation = Relaxation.NODE_TYPES;
        certificate = ofNodes;
        nanoGpu = nodesNanoGpu;
      }
    }
    long addedMilli = -Math.floorDiv(-nanoGpu, NANO_PER_MILLI * parts) + roundingMilli(states);
    return new GpuBound(
        capacityMilli - freeMilli + Math.min(freeMilli, addedMilli),
        capacityMilli,
        relaxation,
        certificate);
  }

  private static List<NodeState> statesOf(Collection<Node> nodes, Collection<Placement> staying) {
    Cluster cluster = new Cluster();
    nodes.stream().filter(Node::countsAsCapacity).forEach(cluster::putNode);
    staying.stream()
        .filter(placement -> cluster.node(placement.nodeName()) != null)
        .forEach(cluster::place);
    List<NodeState> states = new ArrayList<>();
    cluster.forEachNode(states::add);
    return states;
  }

  /**
   * Returns what rounding may add where a GPU's units do not divide 1000 milli-GPU: what is free of
   * it is reported rounded down, and so what is allocated rounded up.
   */
  private static long roundingMilli(List<NodeState> states) {
    long milli = 0;
    for (NodeState state : states) {
      for (GpuDevice device : Objects.requireNonNull(state.node()).gpus().devices()) {
        milli += device.capacityUnits() > 0 && GPU_MILLI % device.capacityUnits() != 0 ? 1 : 0;
      }
    }
    return milli;
  }

  /** Returns what pods cost by what their GPUs do where each GPU stands alone. */
  private static Prices pricesOf(
      PackingProblem problem, PackingProblem perGpu, BoundCertificate certificate) {
    Map<PodKind, Long> priceOfPart = new HashMap<>();
    for (int k = 0; k < perGpu.kinds().size(); k++) {
      priceOfPart.put(perGpu.kinds().get(k).withDemand(1), certificate.kindPrices().get(k));
    }
    List<Long> prices = new ArrayList<>();
    for (PodKind kind : problem.kinds()) {
      prices.add(kind.gpuCount() * Objects.requireNonNull(priceOfPart.get(kind.perGpu())));
    }
    return Prices.ofPods(problem, prices);
  }
}
