package io.stowage.core.plan;

import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.plan.solver.PackingSolver;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/** Makes stowage plans. Not thread-safe. */
public final class Planner {
  static final double FORECAST_PART = Double.parseDouble(System.getProperty("x.part", "0.95"));
  static final double CPU_PART = Double.parseDouble(System.getProperty("x.cpupart", "0.97"));
  private final PackingSolver solver;
  private final RandomGenerator random;

  /** Creates a planner. */
  public Planner(long seed, RandomGenerator random) {
    this.solver = new PackingSolver(seed);
    this.random = random;
  }

  /** Returns a plan. */
  public StowagePlan plan(
      Cluster cluster, Map<PodShape, Long> seen, StowagePlan before, int moves) {
    List<NodeRoom> rooms = new ArrayList<>();
    double[] free = new double[3];
    Map<String, Long> largest = new HashMap<>();
    cluster.forEachNode(
        state -> {
          Node node = state.node();
          if (node != null && !node.cordoned()) {
            rooms.add(NodeRoom.of(node, state));
            free[0] += state.freeGpuMilli();
            free[1] += state.freeCpuMilli();
            free[2] += state.freeMemoryBytes();
            node.gpus()
                .devices()
                .forEach(d -> largest.merge(node.gpus().resource(), d.capacityUnits(), Math::max));
          }
        });
    long total = seen.values().stream().mapToLong(Long::longValue).sum();
    if (total == 0) {
      return StowagePlan.EMPTY;
    }
    double gpu = 0;
    double cpu = 0;
    double memory = 0;
    for (Map.Entry<PodShape, Long> entry : seen.entrySet()) {
      PodShape shape = entry.getKey();
      double part = (double) entry.getValue() / total;
      gpu += part * shape.gpu().totalMilli(largest.getOrDefault(shape.gpu().resource(), 0L));
      cpu += part * shape.request().cpuMilli();
      memory += part * shape.request().memoryBytes();
    }
    double pods = Double.POSITIVE_INFINITY;
    pods =
        Math.min(
            pods, gpu == 0 ? pods : podsThatFill(FORECAST_PART * free[0], gpu, rooms, seen, total, largest));
    pods = Math.min(pods, cpu == 0 ? pods : CPU_PART * free[1] / cpu);
    pods = Math.min(pods, memory == 0 ? pods : CPU_PART * free[2] / memory);
    List<Demand> demands = new ArrayList<>();
    double debt = random.nextDouble();
    for (Map.Entry<PodShape, Long> entry : seen.entrySet()) {
      debt += pods * entry.getValue() / total;
      int count = (int) debt;
      debt -= count;
      if (count > 0) {
        demands.add(Demand.forecast(entry.getKey(), count));
      }
    }
    return solver.pack(rooms, demands, before, moves);
  }

  private static double podsThatFill(double goal, double gpuPerPod, List<NodeRoom> rooms, Map<PodShape, Long> seen, long total, Map<String, Long> largest) {
    Map<String, Double> capacity = new java.util.TreeMap<>();
    for (NodeRoom room : rooms) {
      for (int i = 0; i < room.gpus().size(); i++) {
        var d = room.gpus().get(i);
        if (d.capacityUnits() > 0) capacity.merge(d.model(), 1000.0 * room.gpuFreeUnits().get(i) / d.capacityUnits(), Double::sum);
      }
    }
    Map<java.util.Set<String>, Double> asked = new HashMap<>();
    seen.forEach((shape, n) -> asked.merge(shape.gpuModels(), (double) n / total * shape.gpu().totalMilli(largest.getOrDefault(shape.gpu().resource(), 0L)), Double::sum));
    List<java.util.Set<String>> order = new ArrayList<>(asked.keySet());
    java.util.function.ToDoubleFunction<java.util.Set<String>> open = set -> capacity.entrySet().stream().filter(e -> set.isEmpty() || set.contains(e.getKey())).mapToDouble(Map.Entry::getValue).sum();
    order.sort(java.util.Comparator.comparingDouble(open).thenComparing(Object::toString));
    double low = goal / gpuPerPod;
    if (Boolean.getBoolean("x.nocap")) return low;
    double high = 3 * low;
    for (int i = 0; i < 30; i++) {
      double n = (low + high) / 2;
      Map<String, Double> left = new java.util.TreeMap<>(capacity);
      double placed = 0;
      for (var set : order) {
        double want = n * asked.get(set);
        for (var e : left.entrySet()) {
          if (set.isEmpty() || set.contains(e.getKey())) {
            double take = Math.min(want, e.getValue());
            want -= take;
            placed += take;
            e.setValue(e.getValue() - take);
          }
        }
      }
      if (placed < goal) low = n; else high = n;
    }
    return low;
  }
}
