package io.stowage.core.bound;

import java.util.List;

/**
 * The steps in which a search counts CPU and GPU units on one node type. What pods ask for and what
 * there is are both rounded down to whole steps: pods that fit together still do, so a packing's
 * value may be overestimated, never underestimated.
 *
 * @param cpuStepMilli milli-cores a step, at least 1
 * @param unitStep GPU units a step, at least 1, at most the smallest share
 */
record Grid(long cpuStepMilli, long unitStep) {
  private static final long MAX_CPU_STEPS = 2048;

  /** Where shares are not smaller than one such part of a GPU. */
  private static final long MAX_UNIT_STEPS = 2048;

  private static final long MAX_UNIT_STEPS_OF_SMALL_SHARES = 1 << 16;
  private static final long MAX_STATES = 1 << 22;

  /** Throws IllegalArgumentException for a step below 1. */
  Grid {
    if (cpuStepMilli < 1 || unitStep < 1) {
      throw new IllegalArgumentException(
          "steps must be at least 1, were " + cpuStepMilli + " and " + unitStep);
    }
  }

  /**
   * Returns the grid that loses least with at most some two thousand steps of each, more of units
   * and fewer of CPU where there are smaller shares.
   *
   * @throws IllegalArgumentException where a share is too small a part of a GPU to be counted
   */
  static Grid of(NodeType type, List<PodKind> kinds) {
    List<PodKind> admitted = kinds.stream().filter(type::admits).toList();
    long largest = type.gpus().stream().mapToLong(GpuRoom::freeUnits).max().orElse(1);
    long unitStep = unitStep(largest, admitted);
    long maxCpuSteps = Math.min(MAX_CPU_STEPS, MAX_STATES / (largest / unitStep + 1));
    return new Grid(cpuStep(type.cpuMilli(), admitted, maxCpuSteps), unitStep);
  }

  private static long cpuStep(long cpuMilli, List<PodKind> kinds, long maxSteps) {
    long exact = 0;
    for (PodKind kind : kinds) {
      exact = gcd(exact, kind.cpuMilli());
    }
    long finest = ceilDiv(cpuMilli, maxSteps);
    if (exact == 0 || exact >= finest) {
      return Math.max(1, exact);
    }
    long best = finest;
    double least = Double.POSITIVE_INFINITY;
    for (long step = finest; step <= 2 * finest; step++) {
      double lost = 0;
      for (PodKind kind : kinds) {
        lost += (double) kind.demand() * (kind.cpuMilli() % step);
      }
      if (lost < least) {
        least = lost;
        best = step;
      }
    }
    return best;
  }

  private static long unitStep(long largestUnits, List<PodKind> kinds) {
    long exact = 0;
    long smallest = Long.MAX_VALUE;
    for (PodKind kind : kinds) {
      if (!kind.isWhole()) {
        exact = gcd(exact, kind.unitsPerGpu());
        smallest = Math.min(smallest, kind.unitsPerGpu());
      }
    }
    if (exact == 0) {
      return largestUnits;
    }
    long step = Math.max(exact, Math.min(smallest, ceilDiv(largestUnits, MAX_UNIT_STEPS)));
    if (largestUnits / step > MAX_UNIT_STEPS_OF_SMALL_SHARES) {
      throw new IllegalArgumentException(
          "a bound needs shares of at least 1/%d of a GPU, was %d of %d units"
              .formatted(MAX_UNIT_STEPS_OF_SMALL_SHARES, smallest, largestUnits));
    }
    return step;
  }

  private static long gcd(long a, long b) {
    return b == 0 ? a : gcd(b, a % b);
  }

  private static long ceilDiv(long a, long b) {
    return -Math.floorDiv(-a, b);
  }

  /** Returns how many whole steps of CPU an amount is. */
  int cpuSteps(long milli) {
    return Math.toIntExact(milli / cpuStepMilli);
  }

  /** Returns how many whole steps of GPU units an amount is. */
  int unitSteps(long units) {
    return Math.toIntExact(units / unitStep);
  }
}
