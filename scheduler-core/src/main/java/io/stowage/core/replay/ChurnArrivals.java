package io.stowage.core.replay;

import io.stowage.core.cluster.PodShape;
import io.stowage.core.trace.Scenario;
import io.stowage.core.trace.TracePod;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * The arrivals of the churn protocol, one after another without end.
 *
 * <p>First come the prefilled ones, all at time 0: pods drawn in proportion to their run time, each
 * with a uniform part of it left, until they ask for the load, at most for all GPUs. Then pods are
 * drawn with replacement, Poisson in time, at the rate at which those running would ask for the
 * load if none ever had to wait. Not thread-safe.
 */
public final class ChurnArrivals {
  private final List<TracePod> pods;
  private final Map<PodShape, Long> gpuMilli;
  private final RunTimes times;
  private final RandomGenerator random;
  private final int[] prefill;
  private final double meanGapSeconds;
  private int drawn;
  private double seconds;

  /**
   * One pod's arrival.
   *
   * @param pod its index among the scenario's pods
   * @param seconds when it arrives
   * @param runSeconds how long it runs once it is placed
   */
  public record Arrival(int pod, double seconds, double runSeconds) {}

  /**
   * Draws the prefilled pods.
   *
   * @param runTimes pods to take run times from where the scenario's own have none
   * @param load offered GPU load as a part of capacity, above 0
   * @param random drawn from for every arrival; belongs to this object from now on
   * @throws IllegalArgumentException where there are no GPUs, the workload asks for none, or there
   *     are no run times
   */
  public ChurnArrivals(
      Scenario scenario,
      List<TracePod> runTimes,
      double load,
      long gpuCapacityMilli,
      RandomGenerator random) {
    this.pods = scenario.pods();
    this.gpuMilli = scenario.gpuMilliByShape();
    this.times = new RunTimes(pods, runTimes);
    this.random = random;
    this.meanGapSeconds = meanGapSeconds(load, gpuCapacityMilli);
    this.prefill = prefill(Math.min(load, 1) * gpuCapacityMilli);
  }

  private double meanGapSeconds(double load, long gpuCapacityMilli) {
    double milliSeconds = 0;
    for (int i = 0; i < pods.size(); i++) {
      milliSeconds += gpuMilliOf(i) * times.mean(i);
    }
    if (milliSeconds == 0 || gpuCapacityMilli == 0) {
      throw new IllegalArgumentException(
          "churn needs GPUs: the cluster has "
              + gpuCapacityMilli
              + " milli-GPU, the pods ask for "
              + milliSeconds
              + " milli-GPU seconds");
    }
    return milliSeconds / pods.size() / (load * gpuCapacityMilli);
  }

  private int[] prefill(double limitMilli) {
    double[] cumulated = new double[pods.size()];
    double sum = 0;
    for (int i = 0; i < cumulated.length; i++) {
      sum += times.mean(i);
      cumulated[i] = sum;
    }
    int[] found = new int[1024];
    int count = 0;
    for (double asked = 0; asked < limitMilli; ) {
      int position = Arrays.binarySearch(cumulated, random.nextDouble() * sum);
      int pod = Math.min(position >= 0 ? position : -position - 1, cumulated.length - 1);
      asked += gpuMilliOf(pod);
      if (count == found.length) {
        found = Arrays.copyOf(found, 2 * count);
      }
      found[count++] = pod;
    }
    return Arrays.copyOf(found, count);
  }

  /** Returns how many pods are there from the start. */
  public int prefilled() {
    return prefill.length;
  }

  /** Returns the mean time between arrivals, in seconds. */
  public double meanGapSeconds() {
    return meanGapSeconds;
  }

  /** Returns what a pod asks for in milli-GPU, by its index among the scenario's pods. */
  public long gpuMilliOf(int pod) {
    return gpuMilli.getOrDefault(pods.get(pod).shape(), 0L);
  }

  /** Draws the next arrival. */
  public Arrival next() {
    if (drawn < prefill.length) {
      int pod = prefill[drawn++];
      return new Arrival(pod, 0, times.drawByLength(pod, random) * random.nextDouble());
    }
    seconds -= Math.log(1 - random.nextDouble()) * meanGapSeconds;
    int pod = random.nextInt(pods.size());
    return new Arrival(pod, seconds, times.draw(pod, random));
  }
}
