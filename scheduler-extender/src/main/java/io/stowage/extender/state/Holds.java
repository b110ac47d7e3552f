package io.stowage.extender.state;

import io.stowage.core.cluster.Cluster;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The holds, one a pod at most, counted in the cluster that ranking looks at.
 *
 * <p>Belongs to the state's one writer.
 */
final class Holds {
  private final Cluster steering;
  private final Map<String, Hold> byUid = new HashMap<>();
  private final PriorityQueue<Hold> byDeadline =
      new PriorityQueue<>(Comparator.comparingLong(Hold::deadlineNanos));

  /** Creates no holds; they will be counted in {@code steering}. */
  Holds(Cluster steering) {
    this.steering = steering;
  }

  int size() {
    return byUid.size();
  }

  @Nullable Hold of(String uid) {
    return byUid.get(uid);
  }

  void put(Hold hold) {
    drop(hold.uid());
    byUid.put(hold.uid(), hold);
    byDeadline.add(hold);
    steering.place(hold.placement());
  }

  /** Drops a pod's hold; returns it, null where there was none. */
  @Nullable Hold drop(String uid) {
    Hold hold = byUid.remove(uid);
    if (hold != null) {
      byDeadline.remove(hold);
      steering.remove(uid);
    }
    return hold;
  }

  /** Drops every hold whose time is over. */
  void lapse(long nowNanos) {
    for (Hold hold = byDeadline.peek();
        hold != null && hold.deadlineNanos() - nowNanos <= 0;
        hold = byDeadline.peek()) {
      drop(hold.uid());
    }
  }

  /** Returns what {@code action} yields while the holds that match are not counted. */
  <T> T without(Predicate<Hold> matching, Supplier<T> action) {
    List<Hold> suspended = new ArrayList<>();
    for (Hold hold : byUid.values()) {
      if (matching.test(hold)) {
        suspended.add(hold);
      }
    }
    suspended.forEach(hold -> steering.remove(hold.uid()));
    try {
      return action.get();
    } finally {
      suspended.forEach(hold -> steering.place(hold.placement()));
    }
  }
}
