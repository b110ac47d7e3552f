package io.stowage.core.plan;

import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.forecast.ShapeForecast;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * How many forecast pods of each shape the free space is planned for.
 *
 * <p>Shapes are taken in proportion to their arrivals until they ask for {@value #PART} of what is
 * free of the first resource to run out: some of it cannot be packed. Nodes that are kept for pods
 * of several GPUs are filled with those, all others with the rest. Fractions of pods are carried
 * over from shape to shape, from another start each time, so that rare shapes get their turn. Not
 * thread-safe.
 */
public final class ForecastDemands {
  /** The part of the free space that forecast pods ask for. */
  static final double PART = 0.95;

  /** Steps by this part, which never come round, let each shape be first at the carried pod. */
  private static final double GOLDEN_RATIO = (Math.sqrt(5) - 1) / 2;

  private double carriedPods;

  /** Free or asked GPU, CPU and memory. */
  private static final class Sums {
    private double gpuMilli;
    private double cpuMilli;
    private double memoryBytes;

    private double podsThatFit(Sums perPod) {
      double pods = Double.POSITIVE_INFINITY;
      pods = perPod.gpuMilli > 0 ? Math.min(pods, gpuMilli / perPod.gpuMilli) : pods;
      pods = perPod.cpuMilli > 0 ? Math.min(pods, cpuMilli / perPod.cpuMilli) : pods;
      pods = perPod.memoryBytes > 0 ? Math.min(pods, memoryBytes / perPod.memoryBytes) : pods;
      return Double.isFinite(pods) ? pods * PART : 0;
    }
  }

  /**
   * Returns the demands.
   *
   * @param mix what is expected, each with its part of all arrivals
   * @param rooms what is free
   */
  public List<Demand> of(List<ShapeForecast> mix, RoomTotals rooms) {
    Map<Integer, Sums> freeByClass = new HashMap<>();
    for (int gpus : rooms.gpusKeptFor()) {
      Sums free = new Sums();
      free.gpuMilli = rooms.freeGpuMilli(gpus);
      free.cpuMilli = rooms.freeCpuMilli(gpus);
      free.memoryBytes = rooms.freeMemoryBytes(gpus);
      freeByClass.put(gpus, free);
    }
    Map<Integer, Sums> askedByClass = new HashMap<>();
    for (ShapeForecast forecast : mix) {
      PodShape shape = forecast.shape();
      GpuRequest gpu = shape.gpu();
      Sums asked = askedByClass.computeIfAbsent(classOf(shape, freeByClass), added -> new Sums());
      double gpuMilli = gpu.totalMilli(rooms.largestGpuUnits(gpu.resource()));
      asked.gpuMilli += forecast.part() * gpuMilli;
      asked.cpuMilli += forecast.part() * shape.request().cpuMilli();
      asked.memoryBytes += forecast.part() * shape.request().memoryBytes();
    }
    Map<Integer, Double> podsByClass = new HashMap<>();
    askedByClass.forEach(
        (key, asked) -> {
          Sums free = freeByClass.get(key);
          podsByClass.put(key, free == null ? 0 : free.podsThatFit(asked));
        });
    List<Demand> demands = new ArrayList<>();
    carriedPods = (carriedPods + GOLDEN_RATIO) % 1;
    for (ShapeForecast forecast : mix) {
      double pods = podsByClass.getOrDefault(classOf(forecast.shape(), freeByClass), 0.0);
      carriedPods += pods * forecast.part();
      int count = (int) carriedPods;
      carriedPods -= count;
      if (count > 0) {
        demands.add(Demand.forecast(forecast.shape(), count));
      }
    }
    return demands;
  }

  /** Returns the class that nodes are kept for which a shape belongs to, 0 where there is none. */
  private static int classOf(PodShape shape, Map<Integer, Sums> freeByClass) {
    GpuRequest gpu = shape.gpu();
    return gpu.isWhole() && gpu.count() > 1 && freeByClass.containsKey(gpu.count())
        ? gpu.count()
        : 0;
  }
}
