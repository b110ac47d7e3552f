package io.stowage.core.replay;

import io.stowage.core.trace.PodClass;
import io.stowage.core.trace.TracePod;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The run times of a workload's pods: each pod's own, clipped at the 99th percentile; a pod without
 * one draws from those of the rest. A workload without any takes another's, class by class.
 */
final class RunTimes {
  private static final double CLIP = 0.99;

  private final List<TracePod> pods;
  private final double clipSeconds;
  private final Map<PodClass, double[]> drawnByClass = new EnumMap<>(PodClass.class);

  /**
   * Takes the run times of the pods themselves where any is known, else of {@code others}.
   *
   * @throws IllegalArgumentException where neither has any
   */
  RunTimes(List<TracePod> pods, List<TracePod> others) {
    this.pods = pods;
    double[] own = known(pods, null);
    List<TracePod> source = own.length > 0 ? pods : others;
    double[] all = own.length > 0 ? own : known(others, null);
    if (all.length == 0) {
      throw new IllegalArgumentException(
          "churn needs run times, and no pod has a scheduled_time and a deletion_time;"
              + " name a file that has them with --run-times");
    }
    Arrays.sort(all);
    clipSeconds = all[(int) Math.min(all.length - 1, Math.floor(CLIP * all.length))];
    for (PodClass podClass : PodClass.values()) {
      double[] ofClass = own.length > 0 ? all : known(source, podClass);
      drawnByClass.put(podClass, clip(ofClass.length > 0 ? ofClass : all));
    }
  }

  private static double[] known(List<TracePod> pods, @Nullable PodClass podClass) {
    return pods.stream()
        .filter(pod -> podClass == null || PodClass.of(pod.shape()) == podClass)
        .flatMapToDouble(pod -> pod.runSeconds().stream())
        .toArray();
  }

  private double[] clip(double[] seconds) {
    return Arrays.stream(seconds).map(value -> Math.min(value, clipSeconds)).toArray();
  }

  /** Returns the longest run time there is. */
  double longestSeconds() {
    return clipSeconds;
  }

  /** Returns the run time of a pod by its index, drawn anew each time where it has none. */
  double draw(int pod, RandomGenerator random) {
    TracePod tracePod = pods.get(pod);
    if (tracePod.runSeconds().isPresent()) {
      return Math.min(tracePod.runSeconds().getAsDouble(), clipSeconds);
    }
    double[] drawn = drawnFor(tracePod);
    return drawn[random.nextInt(drawn.length)];
  }

  /** Returns the expected run time of a pod by its index. */
  double mean(int pod) {
    TracePod tracePod = pods.get(pod);
    return tracePod.runSeconds().isPresent()
        ? Math.min(tracePod.runSeconds().getAsDouble(), clipSeconds)
        : Arrays.stream(drawnFor(tracePod)).average().orElseThrow();
  }

  /** Returns a run time of a pod by its index, drawn with probability proportional to itself. */
  double drawByLength(int pod, RandomGenerator random) {
    TracePod tracePod = pods.get(pod);
    if (tracePod.runSeconds().isPresent()) {
      return Math.min(tracePod.runSeconds().getAsDouble(), clipSeconds);
    }
    double[] drawn = drawnFor(tracePod);
    while (true) {
      double seconds = drawn[random.nextInt(drawn.length)];
      if (random.nextDouble() * clipSeconds < seconds) {
        return seconds;
      }
    }
  }

  private double[] drawnFor(TracePod pod) {
    return Objects.requireNonNull(drawnByClass.get(PodClass.of(pod.shape())));
  }
}
