package io.stowage.extender.state;

/**
 * For which pods nodes are nominated.
 *
 * @param schedulerName the {@code schedulerName} of the pods that are Stowage's
 * @param window how many pods at the head of the queue may carry a nomination, 1 to 100
 * @param backlog how many pods at the head get no nomination any more, for kube-scheduler comes to
 *     them before it would; 0 to {@code window} - 1
 */
public record NominationLimits(String schedulerName, int window, int backlog) {

  /** The most pods that may carry a nomination at a time. */
  public static final int LARGEST_WINDOW = 100;

  /** Throws IllegalArgumentException for a value out of its range. */
  public NominationLimits {
    if (window < 1 || window > LARGEST_WINDOW) {
      throw new IllegalArgumentException("window must be from 1 to 100, was " + window);
    }
    if (backlog < 0 || backlog >= window) {
      throw new IllegalArgumentException(
          "backlog must be from 0 to less than the window, was " + backlog);
    }
  }
}
