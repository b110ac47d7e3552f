package io.stowage.extender.state;

import io.stowage.core.cluster.Cluster;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.TreeMap;
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
  private final FreedNodes freed;
  private final UnassignedShares shares = new UnassignedShares();
  private final Map<String, Hold> byUid = new HashMap<>();
  private final Map<String, Set<String>> uidsByClaim = new HashMap<>();
  private final TreeMap<Integer, Integer> countByPriority = new TreeMap<>();
  private final PriorityQueue<Hold> byDeadline =
      new PriorityQueue<>(Comparator.comparingLong(Hold::deadlineNanos));

  /** Creates no holds; they will be counted in {@code steering}. */
  Holds(Cluster steering, FreedNodes freed) {
    this.steering = steering;
    this.freed = freed;
  }

  int size() {
    return byUid.size();
  }

  @Nullable Hold of(String uid) {
    return byUid.get(uid);
  }

  /** Returns the shares of GPUs that are held. */
  UnassignedShares shares() {
    return shares;
  }

  void put(Hold hold) {
    remove(hold.uid());
    byUid.put(hold.uid(), hold);
    byDeadline.add(hold);
    countByPriority.merge(hold.priority(), 1, Integer::sum);
    hold.awaitedClaims()
        .forEach(
            claim -> uidsByClaim.computeIfAbsent(claim, added -> new HashSet<>()).add(hold.uid()));
    count(hold);
  }

  /**
   * Drops a pod's hold; its room is free unless it is where the pod goes. Returns whether the room
   * where it goes was held.
   */
  boolean drop(String uid, @Nullable String goesTo) {
    Hold hold = remove(uid);
    if (hold == null || hold.placement().nodeName().equals(goesTo)) {
      return hold != null;
    }
    freed.add(hold.placement().nodeName());
    return false;
  }

  /** Removes a pod's hold to make another; returns it, null where there was none. */
  @Nullable Hold remove(String uid) {
    Hold hold = byUid.remove(uid);
    if (hold != null) {
      byDeadline.remove(hold);
      countByPriority.computeIfPresent(
          hold.priority(), (priority, count) -> count == 1 ? null : count - 1);
      for (String claim : hold.awaitedClaims()) {
        uidsByClaim.computeIfPresent(
            claim,
            (key, uids) -> {
              uids.remove(uid);
              return uids.isEmpty() ? null : uids;
            });
      }
      discount(hold);
    }
    return hold;
  }

  /** Tells whether room is held for a pod. */
  boolean contains(String uid) {
    return byUid.containsKey(uid);
  }

  private void count(Hold hold) {
    steering.place(hold.placement());
    if (UnassignedShares.isShare(hold.placement())) {
      shares.put(hold.placement(), 0);
    }
  }

  private void discount(Hold hold) {
    steering.remove(hold.uid());
    shares.remove(hold.uid());
  }

  /** Drops every hold whose time is over. */
  void lapse(long nowNanos) {
    for (Hold hold = byDeadline.peek();
        hold != null && hold.deadlineNanos() - nowNanos <= 0;
        hold = byDeadline.peek()) {
      drop(hold.uid(), null);
    }
  }

  /**
   * Takes in that a claim is bound: holds that waited for no other last until the given time, or
   * less where they were to end before.
   */
  void claimBound(String claim, long deadlineNanos) {
    for (String uid : Set.copyOf(uidsByClaim.getOrDefault(claim, Set.of()))) {
      Hold hold = byUid.get(uid);
      if (hold != null) {
        Set<String> others = new HashSet<>(hold.awaitedClaims());
        others.remove(claim);
        boolean sooner = others.isEmpty() && deadlineNanos - hold.deadlineNanos() < 0;
        put(new Hold(hold.placement(), sooner ? deadlineNanos : hold.deadlineNanos(), others));
      }
    }
  }

  /** Returns what {@code action} yields while the holds of lower priority are not counted. */
  <T> T withoutBelow(int priority, Supplier<T> action) {
    return countByPriority.isEmpty() || countByPriority.firstKey() >= priority
        ? action.get()
        : without(hold -> hold.priority() < priority, action);
  }

  /** Returns what {@code action} yields while the holds that match are not counted. */
  <T> T without(Predicate<Hold> matching, Supplier<T> action) {
    List<Hold> suspended = new ArrayList<>();
    for (Hold hold : byUid.values()) {
      if (matching.test(hold)) {
        suspended.add(hold);
      }
    }
    suspended.forEach(this::discount);
    try {
      return action.get();
    } finally {
      suspended.forEach(this::count);
    }
  }
}
