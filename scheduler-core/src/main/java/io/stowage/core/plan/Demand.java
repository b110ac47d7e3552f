package io.stowage.core.plan;

import io.stowage.core.cluster.PodShape;

/**
 * Pods of one shape that the plan should hold.
 *
 * @param shape what each asks for
 * @param count how many, at least 1
 * @param pending whether they wait now; forecast pods yield to them
 * @param priority the priority of pending pods, higher goes first; of forecast ones {@value
 *     #ANNOUNCED} for those that are sure to come, otherwise 0
 */
public record Demand(PodShape shape, int count, boolean pending, int priority) {

  private static final int ANNOUNCED = 1;

  /** Throws IllegalArgumentException for a count below 1 or another priority of forecast pods. */
  public Demand {
    if (count < 1) {
      throw new IllegalArgumentException("a demand needs at least 1 pod, was " + count);
    }
    if (!pending && priority != 0 && priority != ANNOUNCED) {
      throw new IllegalArgumentException(
          "forecast pods are of priority 0 or " + ANNOUNCED + ", were of " + priority);
    }
  }

  /** Returns pods that wait now. */
  public static Demand pending(PodShape shape, int count, int priority) {
    return new Demand(shape, count, true, priority);
  }

  /** Returns pods that are expected. */
  public static Demand forecast(PodShape shape, int count) {
    return new Demand(shape, count, false, 0);
  }

  /** Returns pods that a controller is about to create; other forecast pods yield to them. */
  public static Demand announced(PodShape shape, int count) {
    return new Demand(shape, count, false, ANNOUNCED);
  }
}
