package io.stowage.core.replay;

import io.stowage.core.cluster.Placement;
import io.stowage.core.trace.TracePod;
import java.util.Optional;

/**
 * A pod that came, as a log of decisions has it.
 *
 * @param pod what it asks for, and for how long it ran; no run time where it ran or waited at the
 *     log's end
 * @param arrivalSeconds when it arrived after the log's start; 0 where it was there already
 * @param decided where it was placed, empty where it was not
 */
public record RecordedPod(TracePod pod, double arrivalSeconds, Optional<Decided> decided) {

  /**
   * Where and when a pod was placed.
   *
   * @param placement the node and devices
   * @param seconds after the log's start, at least the pod's arrival
   */
  public record Decided(Placement placement, double seconds) {}

  /** Throws IllegalArgumentException where times are out of order. */
  public RecordedPod {
    if (!(arrivalSeconds >= 0)) {
      throw new IllegalArgumentException(
          "arrivalSeconds must be at least 0, was " + arrivalSeconds);
    }
    if (decided.isPresent() && decided.get().seconds() < arrivalSeconds) {
      throw new IllegalArgumentException(
          "pod " + pod.name() + " was placed before it arrived, at " + decided.get().seconds());
    }
  }

  /** Returns how long it would run on if placed, at the latest to the end of time. */
  double runSeconds() {
    return pod.runSeconds().orElse(Double.POSITIVE_INFINITY);
  }
}
