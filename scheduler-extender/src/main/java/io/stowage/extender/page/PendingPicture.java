package io.stowage.extender.page;

import java.util.List;

/**
 * The pods that wait.
 *
 * @param count how many there are
 * @param first those seen first, not more than a page can show
 */
public record PendingPicture(int count, List<PendingPod> first) {
  /** Nothing waits. */
  public static final PendingPicture NONE = new PendingPicture(0, List.of());

  /** Copies {@code first}. */
  public PendingPicture {
    first = List.copyOf(first);
  }
}
