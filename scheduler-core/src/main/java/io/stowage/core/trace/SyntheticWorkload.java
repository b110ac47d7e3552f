package io.stowage.core.trace;

import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeGpus;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.cluster.Resources;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.SplittableRandom;

/**
 * Generates clusters and workloads that need no file.
 *
 * <p>Node types, the parts of pod classes, the commonest shapes and the distribution of run times
 * follow aggregate figures published of the Alibaba trace {@code cluster-trace-gpu-v2023}: run
 * times are log-normal with a median of 616 s and a 99th percentile of 114,715 s, and clipped
 * there. Nothing is copied from the trace itself. The result depends on the arguments alone.
 */
public final class SyntheticWorkload {
  /** How GPUs are advertised. */
  public enum Gpus {
    /** Shares and whole GPUs mix on every node, in milli-GPU, as in the trace. */
    MIXED,
    /**
     * Nodes with small GPUs are shared by memory in GiB ({@code aliyun.com/gpu-mem}), the others
     * give whole GPUs ({@code nvidia.com/gpu}), as in most clusters.
     */
    POOLS
  }

  private static final String WHOLE_RESOURCE = "nvidia.com/gpu";
  private static final String SHARE_RESOURCE = "aliyun.com/gpu-mem";
  private static final long GIB = 1L << 30;
  private static final int PODS_PER_NODE = 110;
  private static final double MEDIAN_SECONDS = 616;
  private static final double P99_SECONDS = 114_715;
  private static final double SIGMA = Math.log(P99_SECONDS / MEDIAN_SECONDS) / 2.326;

  /**
   * How many shares there are where they have nodes of their own, as a part of those where every
   * GPU is shared: as many as the nodes hold when the others are full.
   */
  private static final double POOLED_SHARES = 0.5;

  private record NodeType(
      int weight,
      long cores,
      long memoryGib,
      int gpus,
      String model,
      long gpuGib,
      boolean shared) {}

  private record Shape(double weight, long cpuMilli, long memoryGib, int gpus, int shareMilli) {
    boolean isShare() {
      return gpus > 0 && shareMilli < TraceFiles.GPU_MILLI;
    }
  }

  private static final List<NodeType> NODE_TYPES =
      List.of(
          new NodeType(549, 96, 384, 8, "A10", 24, false),
          new NodeType(404, 104, 512, 2, "T4", 16, true),
          new NodeType(132, 24, 146, 2, "P100", 16, true),
          new NodeType(39, 128, 768, 8, "A100", 80, false),
          new NodeType(55, 64, 256, 4, "V100-16GB", 16, false),
          new NodeType(30, 96, 768, 8, "V100-32GB", 32, false));

  private static final List<Shape> SHAPES =
      List.of(
          new Shape(7.0, 4_000, 16, 0, 0),
          new Shape(4.0, 8_000, 32, 0, 0),
          new Shape(2.3, 20_000, 64, 0, 0),
          new Shape(13.0, 3_152, 5, 1, 810),
          new Shape(9.0, 6_000, 12, 1, 460),
          new Shape(6.0, 4_000, 15, 1, 220),
          new Shape(5.0, 4_000, 15, 1, 110),
          new Shape(4.8, 8_000, 24, 1, 500),
          new Shape(16.0, 11_300, 48, 1, 1_000),
          new Shape(12.0, 11_400, 48, 1, 1_000),
          new Shape(12.0, 8_000, 30, 1, 1_000),
          new Shape(8.0, 4_000, 16, 1, 1_000),
          new Shape(0.2, 16_000, 64, 2, 1_000),
          new Shape(0.1, 32_000, 128, 4, 1_000),
          new Shape(0.6, 88_000, 320, 8, 1_000));

  private SyntheticWorkload() {}

  /**
   * Generates a cluster and a workload.
   *
   * @param nodeCount how many nodes, at least 1
   * @param podCount how many pods to draw from, at least 1
   */
  public static Scenario generate(int nodeCount, int podCount, Gpus gpus, long seed) {
    if (nodeCount < 1 || podCount < 1) {
      throw new IllegalArgumentException(
          "nodes and pods must be at least 1, were " + nodeCount + " and " + podCount);
    }
    SplittableRandom random = new SplittableRandom(seed);
    List<Node> nodes = new ArrayList<>(nodeCount);
    for (int i = 0; i < nodeCount; i++) {
      nodes.add(node(i, nodeTypeOf(i, nodeCount), gpus));
    }
    List<TracePod> pods = new ArrayList<>(podCount);
    for (int i = 0; i < podCount; i++) {
      Shape shape = draw(random, gpus);
      double seconds =
          Math.min(P99_SECONDS, MEDIAN_SECONDS * Math.exp(SIGMA * random.nextGaussian()));
      pods.add(
          new TracePod(
              "pod-" + i, podShape(shape, gpus), 0, OptionalDouble.of(Math.ceil(seconds))));
    }
    return new Scenario(nodes, List.of(), pods);
  }

  /** Spreads the node types evenly over the indices, so that small clusters have the mix too. */
  private static NodeType nodeTypeOf(int index, int nodeCount) {
    int total = NODE_TYPES.stream().mapToInt(NodeType::weight).sum();
    double position = (index + 0.5) / nodeCount * total;
    for (NodeType type : NODE_TYPES) {
      position -= type.weight;
      if (position < 0) {
        return type;
      }
    }
    throw new AssertionError("weights do not add up");
  }

  private static Node node(int index, NodeType type, Gpus gpus) {
    NodeGpus nodeGpus =
        switch (gpus) {
          case MIXED ->
              NodeGpus.shared(TraceFiles.GPU_RESOURCE, type.model, type.gpus, TraceFiles.GPU_MILLI);
          case POOLS ->
              type.shared
                  ? NodeGpus.shared(SHARE_RESOURCE, type.model, type.gpus, type.gpuGib)
                  : NodeGpus.counted(WHOLE_RESOURCE, type.model, type.gpus);
        };
    return Node.ready(
        "node-%05d".formatted(index),
        Resources.of(type.cores * 1000, type.memoryGib * GIB),
        PODS_PER_NODE,
        nodeGpus);
  }

  private static PodShape podShape(Shape shape, Gpus gpus) {
    Resources request = Resources.of(shape.cpuMilli, shape.memoryGib * GIB);
    if (shape.gpus == 0) {
      return PodShape.of(request, GpuRequest.NONE);
    }
    GpuRequest gpu =
        switch (gpus) {
          case MIXED ->
              shape.isShare()
                  ? GpuRequest.share(TraceFiles.GPU_RESOURCE, shape.shareMilli)
                  : GpuRequest.whole(TraceFiles.GPU_RESOURCE, shape.gpus);
          case POOLS ->
              shape.isShare()
                  ? GpuRequest.share(SHARE_RESOURCE, (shape.shareMilli * 16L + 999) / 1000)
                  : GpuRequest.whole(WHOLE_RESOURCE, shape.gpus);
        };
    return PodShape.of(request, gpu);
  }

  private static double weight(Shape shape, Gpus gpus) {
    return gpus == Gpus.POOLS && shape.isShare() ? shape.weight * POOLED_SHARES : shape.weight;
  }

  private static Shape draw(SplittableRandom random, Gpus gpus) {
    double left =
        random.nextDouble() * SHAPES.stream().mapToDouble(shape -> weight(shape, gpus)).sum();
    for (Shape shape : SHAPES) {
      left -= weight(shape, gpus);
      if (left < 0) {
        return shape;
      }
    }
    return SHAPES.get(SHAPES.size() - 1);
  }
}
