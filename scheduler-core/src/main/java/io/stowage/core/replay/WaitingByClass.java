package io.stowage.core.replay;

import io.stowage.core.trace.PodClass;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;

/** Collects how long pods of each class waited to be placed. Not thread-safe. */
public final class WaitingByClass {
  private final Map<PodClass, Samples> byClass = new EnumMap<>(PodClass.class);

  /** Waiting times of one class. */
  private static final class Samples {
    private double[] seconds = new double[1024];
    private int count;
    private int stillWaiting;

    private void add(double waited) {
      if (count == seconds.length) {
        seconds = Arrays.copyOf(seconds, 2 * count);
      }
      seconds[count++] = waited;
    }
  }

  /** Creates an empty collection. */
  public WaitingByClass() {
    for (PodClass podClass : PodClass.values()) {
      byClass.put(podClass, new Samples());
    }
  }

  /** Returns an independent copy. */
  public WaitingByClass copy() {
    WaitingByClass copy = new WaitingByClass();
    byClass.forEach(
        (podClass, samples) -> {
          Samples copied = copy.samples(podClass);
          copied.seconds = samples.seconds.clone();
          copied.count = samples.count;
          copied.stillWaiting = samples.stillWaiting;
        });
    return copy;
  }

  /** Notes a pod that was placed. */
  public void placed(PodClass podClass, double waitedSeconds) {
    samples(podClass).add(waitedSeconds);
  }

  /** Notes a pod that waits at the end. */
  public void stillWaiting(PodClass podClass, double waitedSeconds) {
    Samples samples = samples(podClass);
    samples.add(waitedSeconds);
    samples.stillWaiting++;
  }

  private Samples samples(PodClass podClass) {
    return byClass.computeIfAbsent(podClass, added -> new Samples());
  }

  /** Returns the figures by the class's key. */
  public Map<String, WaitingTimes> figures() {
    Map<String, WaitingTimes> figures = new LinkedHashMap<>();
    byClass.forEach(
        (podClass, samples) -> {
          double[] sorted = Arrays.copyOf(samples.seconds, samples.count);
          Arrays.sort(sorted);
          figures.put(
              podClass.key(),
              new WaitingTimes(
                  samples.count,
                  Arrays.stream(sorted).average().orElse(0),
                  quantile(sorted, 0.50),
                  quantile(sorted, 0.95),
                  quantile(sorted, 0.99),
                  samples.stillWaiting));
        });
    return figures;
  }

  private static double quantile(double[] sorted, double quantile) {
    return sorted.length == 0
        ? 0
        : sorted[(int) Math.min(sorted.length - 1, Math.floor(quantile * sorted.length))];
  }
}
