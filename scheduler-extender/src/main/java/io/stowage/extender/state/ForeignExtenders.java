package io.stowage.extender.state;

import io.stowage.extender.kube.ObservedPod;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.LongSupplier;

/**
 * Nodes where another scheduler extender assigns GPUs: pods turn up there with a device and a time
 * of decision after Stowage started, that Stowage did not give. What such an extender gave before
 * is respected like any other pod's device. Belongs to the state's one writer.
 */
final class ForeignExtenders {
  private final Duration memory;
  private final LongSupplier epochNanoClock;
  private final long startedEpochNanos;
  private final Map<String, Long> lastByNode = new HashMap<>();

  /**
   * Creates an empty record.
   *
   * @param memory how long a node counts as another's after the last sighting
   * @param epochNanoClock nanoseconds since 1970
   */
  ForeignExtenders(Duration memory, LongSupplier epochNanoClock) {
    this.memory = memory;
    this.epochNanoClock = epochNanoClock;
    this.startedEpochNanos = epochNanoClock.getAsLong();
  }

  /**
   * Looks at a bound pod that Stowage did not place. Only while it is not assigned does its time
   * tell when its device was decided: the device plugin writes its own over it.
   */
  void look(ObservedPod observed) {
    if (!observed.gpuDevices().isEmpty()
        && !observed.deviceAssigned()
        && observed.epoch() == ObservedPod.NO_EPOCH
        && observed.assumeEpochNanos() > startedEpochNanos) {
      lastByNode.merge(
          observed.nodeName(),
          Math.min(observed.assumeEpochNanos(), epochNanoClock.getAsLong()),
          Math::max);
    }
  }

  /** Tells whether another extender is at work on a node. */
  boolean isAt(String node) {
    Long last = lastByNode.isEmpty() ? null : lastByNode.get(node);
    return last != null && !isOver(last, epochNanoClock.getAsLong());
  }

  private boolean isOver(long lastEpochNanos, long nowEpochNanos) {
    return nowEpochNanos - lastEpochNanos >= memory.toNanos();
  }

  /** Forgets the nodes whose time is over; returns their names. */
  Set<String> lapse() {
    Set<String> over = new TreeSet<>();
    if (!lastByNode.isEmpty()) {
      long now = epochNanoClock.getAsLong();
      lastByNode.forEach(
          (node, last) -> {
            if (isOver(last, now)) {
              over.add(node);
            }
          });
      lastByNode.keySet().removeAll(over);
    }
    return over;
  }

  /** Returns the nodes where another extender is at work. */
  Set<String> nodes() {
    lapse();
    return Set.copyOf(lastByNode.keySet());
  }
}
