package io.stowage.core.replay;

/** Is told how far a replay has come. */
@FunctionalInterface
public interface Progress {
  /** How many points of its curve a replay tells, about. */
  int POINTS = 50;

  /** Nobody wants to know. */
  Progress NONE = part -> {};

  /**
   * A point of a replay's curve.
   *
   * @param at where on the curve: with inflation the GPU that arrivals have asked for so far in
   *     percent of capacity, with churn the hours since the window's start
   * @param gpuAllocationPercent allocated GPU of capacity at that moment
   * @param cpuAllocationPercent allocated CPU of capacity
   * @param waitingPods how many pods wait
   */
  record Point(
      double at, double gpuAllocationPercent, double cpuAllocationPercent, int waitingPods) {}

  /** Takes the part done, from 0 to 1; called often, on the replay's thread. */
  void update(double part);

  /** Takes the next point of the curve, on the replay's thread; nothing that is measured. */
  default void reached(Point point) {}
}
