package io.stowage.core.replay;

import io.stowage.core.cluster.PodShape;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Pods that fit nowhere when they were last tried, by priority, then arrival.
 *
 * <p>They are kept by shape, because a pod that waits fits only where room has been freed since,
 * and pods of one shape fit alike. Not thread-safe.
 */
public final class WaitingQueue {
  private static final Comparator<Queued> ORDER =
      Comparator.comparingInt((Queued queued) -> -queued.priority())
          .thenComparingInt(Queued::arrival);

  private final Map<PodShape, PriorityQueue<Queued>> byShape = new LinkedHashMap<>();
  private int size;

  /**
   * A pod in the queue.
   *
   * @param arrival its index among all arrivals
   * @param priority its priority; higher goes first
   * @param shape what it asks for
   */
  public record Queued(int arrival, int priority, PodShape shape) {}

  /** Adds a pod. */
  public void add(Queued queued) {
    byShape.computeIfAbsent(queued.shape(), shape -> new PriorityQueue<>(ORDER)).add(queued);
    size++;
  }

  /**
   * Removes and returns the first pod that {@code fits} accepts, null where none is; it is asked of
   * the first pod of each shape.
   */
  public @Nullable Queued poll(Predicate<Queued> fits) {
    if (size == 0) {
      return null;
    }
    Queued first = null;
    for (PriorityQueue<Queued> queue : byShape.values()) {
      Queued head = queue.peek();
      if (head != null && (first == null || ORDER.compare(head, first) < 0) && fits.test(head)) {
        first = head;
      }
    }
    if (first != null) {
      PriorityQueue<Queued> queue = byShape.get(first.shape());
      if (queue != null) {
        queue.poll();
        removed(first.shape(), queue);
      }
    }
    return first;
  }

  /** Removes a pod; returns whether it was waiting. */
  public boolean remove(Queued queued) {
    PriorityQueue<Queued> queue = byShape.get(queued.shape());
    if (queue == null || !queue.remove(queued)) {
      return false;
    }
    removed(queued.shape(), queue);
    return true;
  }

  private void removed(PodShape shape, PriorityQueue<Queued> queue) {
    size--;
    if (queue.isEmpty()) {
      byShape.remove(shape);
    }
  }

  /** Returns how many pods wait. */
  public int size() {
    return size;
  }

  /** Calls {@code action} for each pod, in no order. */
  public void forEach(Consumer<Queued> action) {
    byShape.values().forEach(queue -> queue.forEach(action));
  }
}
