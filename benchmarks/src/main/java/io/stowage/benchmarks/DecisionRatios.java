package io.stowage.benchmarks;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** Decisions without HTTP in a few seconds, as ratios. */
public final class DecisionRatios {
  private static final int WARM_UP = 20_000;
  private static final int DECISIONS = 20_000;
  private static final int FEW_NODES = 1_000;
  private static final int MORE_NODES = 10_000;

  private DecisionRatios() {}

  /** Returns how the median decision grows with nodes, and with the planner busy. */
  public static Map<String, Double> measure() {
    try {
      double few = medianNanos(FEW_NODES, "idle");
      double more = medianNanos(MORE_NODES, "idle");
      double busy = medianNanos(FEW_NODES, "busy");
      Map<String, Double> ratios = new LinkedHashMap<>();
      ratios.put("decision, 10000 nodes by 1000, p50", more / few);
      ratios.put("decision, planner busy by idle, 1000 nodes, p50", busy / few);
      return ratios;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while measuring", e);
    }
  }

  private static double medianNanos(int nodes, String planner) throws InterruptedException {
    DecisionBenchmark benchmark = new DecisionBenchmark();
    benchmark.nodes = nodes;
    benchmark.planner = planner;
    benchmark.fill();
    long[] nanos = new long[DECISIONS];
    int placed = 0;
    for (int i = -WARM_UP; i < DECISIONS; i++) {
      long start = System.nanoTime();
      placed += benchmark.decision() == null ? 0 : 1;
      if (i >= 0) {
        nanos[i] = System.nanoTime() - start;
      }
    }
    benchmark.stop();
    if (placed == 0) {
      throw new IllegalStateException("no pod was placed");
    }
    Arrays.sort(nanos);
    return nanos[DECISIONS / 2];
  }
}
