package io.stowage.core.replay;

import io.stowage.core.bound.Effort;
import io.stowage.core.bound.GpuBound;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.trace.Scenario;
import io.stowage.core.trace.TracePod;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** What no policy could pass in a replay. */
public final class ReplayBound {
  private ReplayBound() {}

  /**
   * Bounds of an inflation.
   *
   * @param at100 when arrivals have asked for 100 % of the GPUs
   * @param at130 at the end
   */
  public record Inflation(GpuBound at100, GpuBound at130) {}

  /**
   * Returns the bounds of {@link InflationReplay}.
   *
   * @throws IllegalArgumentException where the cluster has no GPU or the workload asks for none
   */
  public static Inflation inflation(Scenario scenario, long seed, Effort effort) {
    Map<PodShape, Long> gpuMilli = scenario.gpuMilliByShape();
    long capacityMilli = new MeasuredCluster(scenario.nodes()).gpuCapacityMilli();
    Map<PodShape, Long> soFar = new LinkedHashMap<>();
    Map<PodShape, Long> at100 = Map.of();
    long askedMilli = 0;
    for (TracePod arrival : InflationReplay.arrivals(scenario, seed)) {
      soFar.merge(arrival.shape(), 1L, Long::sum);
      askedMilli += gpuMilli.getOrDefault(arrival.shape(), 0L);
      if (at100.isEmpty() && askedMilli >= capacityMilli) {
        at100 = new LinkedHashMap<>(soFar);
      }
    }
    return new Inflation(bound(scenario, at100, effort), bound(scenario, soFar, effort));
  }

  /** Returns the bound of {@link BurstReplay}, in whatever order pods are placed. */
  public static GpuBound burst(Scenario scenario, Effort effort) {
    Map<PodShape, Long> pods = new LinkedHashMap<>();
    scenario.pods().forEach(pod -> pods.merge(pod.shape(), 1L, Long::sum));
    return bound(scenario, pods, effort);
  }

  /**
   * Returns the bound of {@link ChurnReplay} in the window: the mean over its time of what can be
   * packed of the pods that would run if none ever waited. Pods that a policy placed late are
   * counted when they arrived: those it carries into the window from before, beyond those that it
   * leaves waiting at the end, are not bounded.
   *
   * @param runTimes pods to take run times from where the scenario's own have none
   * @throws IllegalArgumentException as {@link ChurnReplay#run} does
   */
  public static GpuBound churn(
      Scenario scenario,
      List<TracePod> runTimes,
      ChurnReplay.Settings settings,
      long seed,
      Effort effort) {
    ChurnArrivals arrivals =
        new ChurnArrivals(
            scenario,
            runTimes,
            settings.load(),
            new MeasuredCluster(scenario.nodes()).gpuCapacityMilli(),
            new SplittableRandom(seed).split());
    int total = arrivals.prefilled() + settings.warmUpArrivals() + settings.windowArrivals();
    int lastBeforeWindow = arrivals.prefilled() + settings.warmUpArrivals() - 1;
    ChurnArrivals.Arrival[] all = new ChurnArrivals.Arrival[total];
    for (int i = 0; i < total; i++) {
      all[i] = arrivals.next();
    }
    double startSeconds = lastBeforeWindow < 0 ? 0 : all[lastBeforeWindow].seconds();
    double endSeconds = all[total - 1].seconds();
    Map<PodShape, Double> meanPods = new LinkedHashMap<>();
    for (ChurnArrivals.Arrival arrival : all) {
      double from = Math.max(arrival.seconds(), startSeconds);
      double to = Math.min(arrival.seconds() + arrival.runSeconds(), endSeconds);
      if (to > from) {
        meanPods.merge(
            scenario.pods().get(arrival.pod()).shape(),
            (to - from) / (endSeconds - startSeconds),
            Double::sum);
      }
    }
    return GpuBound.ofMean(scenario.nodes(), scenario.running(), meanPods, effort);
  }

  private static GpuBound bound(Scenario scenario, Map<PodShape, Long> pods, Effort effort) {
    return GpuBound.of(scenario.nodes(), scenario.running(), pods, effort);
  }
}
