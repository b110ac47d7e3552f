package io.stowage.core.replay;

import io.stowage.core.trace.PodClass;
import io.stowage.core.trace.Scenario;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The recorded protocol: pods arrive when they did in a log of decisions, and run for as long as
 * they did, on the nodes of that log.
 *
 * <p>Pods that were there when the log began arrive at time 0, in the order of the log, and are
 * placed by the policy like all others. Figures are taken from the log's start to its end.
 */
public final class RecordedReplay {
  /** What the log's own decisions are called where policies have their names. */
  public static final String AS_DECIDED = "as decided";

  private RecordedReplay() {}

  /**
   * What came of the decisions in the log itself, averaged over its time.
   *
   * @param policy {@link #AS_DECIDED}
   * @param arrivals how many pods arrived, those of the start left out
   * @param placed how many of them were placed by the end
   * @param gpuAllocationPercent allocated GPU of capacity
   * @param cpuAllocationPercent allocated CPU of capacity
   * @param waitingByClass waiting times by the class's key
   */
  public record AsDecided(
      String policy,
      int arrivals,
      int placed,
      double gpuAllocationPercent,
      double cpuAllocationPercent,
      Map<String, WaitingTimes> waitingByClass) {

    /** Copies the map, keeping its order. */
    public AsDecided {
      waitingByClass = Collections.unmodifiableMap(new LinkedHashMap<>(waitingByClass));
    }
  }

  private record Step(double seconds, boolean starts, RecordedPod pod) {}

  /**
   * Runs the log's pods under a policy.
   *
   * @param keepSeconds how long a pod waits at most before it may have room that is kept for others
   * @param seed breaks ties of a policy that asks for it
   * @throws IllegalArgumentException where no pod arrives after the start
   */
  public static ChurnReplay.Result run(
      RecordedWorkload workload,
      double keepSeconds,
      String policyName,
      long seed,
      Progress progress) {
    List<ChurnArrivals.Arrival> arrivals = new ArrayList<>();
    for (RecordedPod pod : workload.pods()) {
      arrivals.add(
          new ChurnArrivals.Arrival(arrivals.size(), pod.arrivalSeconds(), pod.runSeconds()));
    }
    Scenario scenario =
        new Scenario(
            workload.nodes(), List.of(), workload.pods().stream().map(RecordedPod::pod).toList());
    return ChurnReplay.runGiven(
        scenario, arrivals, workload.endSeconds(), keepSeconds, policyName, seed, progress);
  }

  /**
   * Adds up what the log's own decisions came to.
   *
   * @param progress is told the points of the curve
   */
  public static AsDecided asDecided(RecordedWorkload workload, Progress progress) {
    MeasuredCluster cluster = new MeasuredCluster(workload.nodes());
    WaitingByClass waiting = new WaitingByClass();
    double gpuPercentSeconds = 0;
    double cpuPercentSeconds = 0;
    double nowSeconds = 0;
    double pointSeconds = 0;
    for (Step step : steps(workload)) {
      double seconds = Math.min(step.seconds, workload.endSeconds());
      if (seconds >= pointSeconds) {
        progress.reached(point(workload, cluster, nowSeconds));
        pointSeconds = seconds + workload.endSeconds() / Progress.POINTS;
      }
      gpuPercentSeconds += (seconds - nowSeconds) * cluster.gpuAllocationPercent();
      cpuPercentSeconds += (seconds - nowSeconds) * cluster.cpuAllocationPercent();
      nowSeconds = seconds;
      step.pod
          .decided()
          .ifPresent(
              decided -> {
                if (step.starts) {
                  cluster.place(decided.placement());
                } else {
                  cluster.remove(decided.placement().pod().uid());
                }
              });
    }
    double left = workload.endSeconds() - nowSeconds;
    gpuPercentSeconds += left * cluster.gpuAllocationPercent();
    cpuPercentSeconds += left * cluster.cpuAllocationPercent();
    int arrivals = 0;
    int placed = 0;
    for (RecordedPod pod : workload.pods()) {
      if (pod.arrivalSeconds() > 0) {
        arrivals++;
        PodClass podClass = PodClass.of(pod.pod().shape());
        if (pod.decided().isPresent()) {
          placed++;
          waiting.placed(podClass, pod.decided().get().seconds() - pod.arrivalSeconds());
        } else {
          waiting.stillWaiting(podClass, workload.endSeconds() - pod.arrivalSeconds());
        }
      }
    }
    return new AsDecided(
        AS_DECIDED,
        arrivals,
        placed,
        gpuPercentSeconds / workload.endSeconds(),
        cpuPercentSeconds / workload.endSeconds(),
        waiting.figures());
  }

  private static Progress.Point point(
      RecordedWorkload workload, MeasuredCluster cluster, double nowSeconds) {
    long waiting =
        workload.pods().stream()
            .filter(pod -> pod.arrivalSeconds() <= nowSeconds)
            .filter(
                pod -> pod.decided().map(decided -> decided.seconds() > nowSeconds).orElse(true))
            .count();
    return new Progress.Point(
        nowSeconds / 3600,
        cluster.gpuAllocationPercent(),
        cluster.cpuAllocationPercent(),
        (int) waiting);
  }

  /** Returns starts and ends in the order of their times, ends first. */
  private static List<Step> steps(RecordedWorkload workload) {
    List<Step> steps = new ArrayList<>();
    for (RecordedPod pod : workload.pods()) {
      pod.decided()
          .ifPresent(
              decided -> {
                double end = decided.seconds() + pod.runSeconds();
                if (end > decided.seconds()) {
                  steps.add(new Step(decided.seconds(), true, pod));
                }
                if (end > decided.seconds() && end <= workload.endSeconds()) {
                  steps.add(new Step(end, false, pod));
                }
              });
    }
    steps.sort(Comparator.comparingDouble(Step::seconds).thenComparing(Step::starts));
    return steps;
  }
}
