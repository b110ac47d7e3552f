package io.stowage.extender.watch;

import java.time.Duration;

/**
 * How far a watch has come, as the highest resource version that it has handed on. Resource
 * versions of one kind of objects are numbers that grow, and a watch shows changes in their order.
 * Thread-safe.
 */
final class WatchProgress {
  private long seen;

  /** Takes in the version of an object that was handed on; one that is no number tells nothing. */
  synchronized void saw(String resourceVersion) {
    long version = number(resourceVersion);
    if (version > seen) {
      seen = version;
      notifyAll();
    }
  }

  /** Waits until a version has been handed on; tells whether it has been in time. */
  synchronized boolean await(long version, Duration timeLimit) throws InterruptedException {
    long deadline = System.nanoTime() + timeLimit.toNanos();
    while (seen < version) {
      long millis = (deadline - System.nanoTime()) / 1_000_000;
      if (millis <= 0) {
        return false;
      }
      wait(millis);
    }
    return true;
  }

  /** Returns a resource version as a number, 0 where it is none. */
  static long number(String resourceVersion) {
    return resourceVersion != null && resourceVersion.matches("[0-9]{1,18}")
        ? Long.parseLong(resourceVersion)
        : 0;
  }
}
