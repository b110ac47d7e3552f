package io.stowage.extender.demo;

import java.util.PriorityQueue;

/** The GPU that arrivals would hold if none ever had to wait, averaged over time from 0 on. */
final class OfferedLoad {
  private final PriorityQueue<Held> held = new PriorityQueue<>();
  private long heldMilli;
  private double nowSeconds;
  private double milliSeconds;

  private record Held(double endSeconds, long milli) implements Comparable<Held> {
    @Override
    public int compareTo(Held other) {
      return Double.compare(endSeconds, other.endSeconds);
    }
  }

  /** Moves the clock to an arrival and counts it. */
  void arrive(double seconds, double runSeconds, long gpuMilli) {
    advanceTo(seconds);
    heldMilli += gpuMilli;
    held.add(new Held(seconds + runSeconds, gpuMilli));
  }

  /** Moves the clock. */
  void advanceTo(double seconds) {
    for (Held next = held.peek(); next != null && next.endSeconds <= seconds; next = held.peek()) {
      held.poll();
      passTime(next.endSeconds);
      heldMilli -= next.milli;
    }
    passTime(seconds);
  }

  private void passTime(double seconds) {
    milliSeconds += (seconds - nowSeconds) * heldMilli;
    nowSeconds = seconds;
  }

  /** Returns the average in milli-GPU, 0 at time 0. */
  double meanMilli() {
    return nowSeconds == 0 ? 0 : milliSeconds / nowSeconds;
  }
}
