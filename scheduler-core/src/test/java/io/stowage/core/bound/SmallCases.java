package io.stowage.core.bound;

import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.GpuDevice;
import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeGpus;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.cluster.Resources;
import io.stowage.core.fit.Fit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Random clusters of up to 4 nodes with up to 8 pods, and the best that can be done with them. */
final class SmallCases {
  private static final String[] MODELS = {"A", "B"};

  private SmallCases() {}

  /** Nodes, pods that stay, and pods to place. */
  record Case(List<Node> nodes, List<Placement> staying, List<PodShape> pods) {
    Map<PodShape, Long> demand() {
      return pods.stream().collect(Collectors.groupingBy(pod -> pod, Collectors.counting()));
    }

    Cluster cluster() {
      Cluster cluster = new Cluster();
      nodes.forEach(cluster::putNode);
      staying.forEach(cluster::place);
      return cluster;
    }

    List<NodeState> states() {
      List<NodeState> states = new ArrayList<>();
      cluster().forEachNode(states::add);
      return states;
    }
  }

  /** Returns the case of a seed. */
  static Case random(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    long capacityUnits = new long[] {1000, 1000, 100_003, 10, 8, 3}[random.nextInt(6)];
    int stepMilli = new int[] {500, 37, 1_000}[random.nextInt(3)];
    List<Node> nodes = new ArrayList<>();
    int nodeCount = 1 + random.nextInt(4);
    Node before = null;
    for (int n = 0; n < nodeCount; n++) {
      before =
          before != null && random.nextBoolean()
              ? before.withName("node-" + n)
              : node("node-" + n, capacityUnits, stepMilli, random);
      nodes.add(before);
    }
    List<PodShape> pods = new ArrayList<>();
    int podCount = 1 + random.nextInt(8);
    while (pods.size() < podCount) {
      pods.add(
          !pods.isEmpty() && random.nextInt(3) == 0
              ? pods.get(random.nextInt(pods.size()))
              : shape(capacityUnits, stepMilli, random));
    }
    return new Case(nodes, staying(nodes, capacityUnits, stepMilli, random), pods);
  }

  private static Node node(
      String name, long capacityUnits, int stepMilli, SplittableRandom random) {
    List<GpuDevice> gpus = new ArrayList<>();
    int count = random.nextInt(4);
    boolean mixed = random.nextInt(4) == 0;
    String model = MODELS[random.nextInt(2)];
    for (int i = 0; i < count; i++) {
      boolean other = mixed && random.nextBoolean();
      gpus.add(
          new GpuDevice(
              i,
              other ? MODELS[random.nextInt(2)] : model,
              other && random.nextInt(3) == 0 ? 2 * capacityUnits : capacityUnits));
    }
    return Node.ready(
        name,
        Resources.of(
            cpuMilli(1 + random.nextInt(20), stepMilli, random),
            (1L + random.nextInt(8)) * (3L << 19)),
        100,
        count == 0 ? NodeGpus.NONE : new NodeGpus("gpu", true, gpus));
  }

  private static PodShape shape(long capacityUnits, int stepMilli, SplittableRandom random) {
    GpuRequest gpu =
        switch (random.nextInt(6)) {
          case 0 -> GpuRequest.NONE;
          case 1, 2 -> GpuRequest.whole("gpu", 1 + random.nextInt(3));
          default -> GpuRequest.share("gpu", 1 + random.nextLong(capacityUnits));
        };
    TreeSet<String> models = new TreeSet<>();
    if (random.nextInt(3) == 0) {
      models.add(MODELS[random.nextInt(2)]);
    }
    return new PodShape(
        Resources.of(
            cpuMilli(random.nextInt(8), stepMilli, random), random.nextInt(5) * (1L << 20)),
        gpu,
        models);
  }

  /** Returns so many steps; of a thousand, something odd near to them. */
  private static long cpuMilli(int steps, int stepMilli, SplittableRandom random) {
    return (long) steps * stepMilli + (stepMilli == 1_000 ? random.nextInt(1_000) : 0);
  }

  private static List<Placement> staying(
      List<Node> nodes, long capacityUnits, int stepMilli, SplittableRandom random) {
    Cluster cluster = new Cluster();
    nodes.forEach(cluster::putNode);
    List<Placement> staying = new ArrayList<>();
    for (int i = random.nextInt(3) - 1; i >= 0; i--) {
      PodShape shape = shape(capacityUnits, stepMilli, random);
      NodeState node = cluster.node(nodes.get(random.nextInt(nodes.size())).name());
      if (node != null && Fit.fits(shape, node)) {
        Pod pod = new Pod("staying-" + i, "", "staying", shape, 0);
        List<Integer> devices = new ArrayList<>();
        for (int d = 0; d < node.gpuCount() && devices.size() < shape.gpu().count(); d++) {
          if (Fit.gpuFits(shape, node, d)) {
            devices.add(d);
          }
        }
        staying.add(new Placement(pod, node.name(), devices));
        cluster.place(staying.get(staying.size() - 1));
      }
    }
    return staying;
  }

  /** Returns the most milli-GPU that can be allocated at once, by trying everything. */
  static long most(Case small) {
    Cluster cluster = small.cluster();
    List<NodeState> nodes = new ArrayList<>();
    cluster.forEachNode(nodes::add);
    long capacity = nodes.stream().mapToLong(NodeState::gpuCapacityMilli).sum();
    long free = nodes.stream().mapToLong(NodeState::freeGpuMilli).sum();
    return capacity - leastFree(cluster, nodes, small.pods(), 0, free);
  }

  private static long leastFree(
      Cluster cluster, List<NodeState> nodes, List<PodShape> pods, int next, long least) {
    long free = nodes.stream().mapToLong(NodeState::freeGpuMilli).sum();
    if (next == pods.size()) {
      return Math.min(least, free);
    }
    PodShape shape = pods.get(next);
    for (NodeState node : nodes) {
      if (!shape.gpu().isNone() && Fit.fits(shape, node)) {
        for (List<Integer> devices : choices(shape, node, 0)) {
          cluster.place(
              new Placement(new Pod("pod-" + next, "", "", shape, 0), node.name(), devices));
          least = leastFree(cluster, nodes, pods, next + 1, least);
          cluster.remove("pod-" + next);
          if (least == 0) {
            return 0;
          }
        }
      }
    }
    return mayStillReach(nodes, pods, next + 1, least)
        ? leastFree(cluster, nodes, pods, next + 1, least)
        : least;
  }

  /** Tells whether less would be free if all pods that are left were placed. */
  private static boolean mayStillReach(
      List<NodeState> nodes, List<PodShape> pods, int next, long least) {
    long asked = 0;
    for (PodShape shape : pods.subList(next, pods.size())) {
      long smallest = Long.MAX_VALUE;
      for (NodeState node : nodes) {
        for (int d = 0; d < node.gpuCount(); d++) {
          smallest = Math.min(smallest, node.gpuCapacityUnits(d));
        }
      }
      asked += smallest == Long.MAX_VALUE ? 0 : shape.gpu().totalMilli(smallest) + 1;
    }
    return nodes.stream().mapToLong(NodeState::freeGpuMilli).sum() - asked < least;
  }

  private static List<List<Integer>> choices(PodShape shape, NodeState node, int from) {
    return choices(shape, node, from, shape.gpu().count());
  }

  private static List<List<Integer>> choices(PodShape shape, NodeState node, int from, int count) {
    if (count == 0) {
      return List.of(List.of());
    }
    List<List<Integer>> choices = new ArrayList<>();
    for (int d = from; d < node.gpuCount(); d++) {
      if (Fit.gpuFits(shape, node, d)) {
        for (List<Integer> rest : choices(shape, node, d + 1, count - 1)) {
          List<Integer> choice = new ArrayList<>(List.of(d));
          choice.addAll(rest);
          choices.add(choice);
        }
      }
    }
    return choices;
  }
}
