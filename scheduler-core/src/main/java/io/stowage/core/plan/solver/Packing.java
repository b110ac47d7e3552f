package io.stowage.core.plan.solver;

/**
 * What the plan puts on one node; immutable, so that it may be a planning value.
 *
 * <p>Arrays are by slot and must not be changed.
 */
final class Packing {
  static final Packing EMPTY = new Packing(new int[0], new long[0], 0, 0, 0);

  /** By slot: its kind. */
  final int[] kinds;

  /** By slot: the GPUs it takes, one bit each. */
  final long[] devices;

  /** The sum of the slots' worth, pending and forecast. */
  final long pendingWorth;

  final long forecastWorth;

  /** How useful what is left of the node is. */
  final long leftWorth;

  Packing(int[] kinds, long[] devices, long pendingWorth, long forecastWorth, long leftWorth) {
    this.kinds = kinds;
    this.devices = devices;
    this.pendingWorth = pendingWorth;
    this.forecastWorth = forecastWorth;
    this.leftWorth = leftWorth;
  }
}
