package io.stowage.extender.state;

import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.plan.Demand;
import io.stowage.extender.kube.ObservedPod;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Pods that wait to be bound: which there are, where each failed last, and which Stowage refused
 * everywhere. Belongs to the state's one writer.
 */
final class WaitingPods {
  private static final int MAX_FAILED_NODES = 8;

  private final Map<String, ObservedPod> byUid = new LinkedHashMap<>();
  private final Map<String, WaitingPod> refusedByUid = new LinkedHashMap<>();
  private final Map<String, Set<String>> failedNodesByUid = new HashMap<>();
  private long changes;

  /** Pods that the planner need not tell apart. */
  private record Alike(PodShape shape, int priority) {}

  private static final class Group {
    private int count;
    private long oldestEpochMillis = Long.MAX_VALUE;
  }

  /** Adds a pod or replaces what is known of it; returns whether it is new. */
  boolean put(ObservedPod observed) {
    ObservedPod before = byUid.put(observed.pod().uid(), observed);
    if (before == null
        || before.gated() != observed.gated()
        || !before.pod().equals(observed.pod())) {
      changes++;
    }
    return before == null;
  }

  /** Returns a number that grows whenever {@link #demands} may be others. */
  long changes() {
    return changes;
  }

  /**
   * Returns what the pods that match and are not gated ask for, by priority, then the oldest pod's
   * age.
   */
  List<Demand> demands(Predicate<String> uidMatches) {
    Map<Alike, Group> groups = new LinkedHashMap<>();
    byUid.forEach(
        (uid, waiting) -> {
          if (!waiting.gated() && uidMatches.test(uid)) {
            Pod pod = waiting.pod();
            Group group =
                groups.computeIfAbsent(
                    new Alike(pod.shape(), pod.priority()), added -> new Group());
            group.count++;
            group.oldestEpochMillis =
                Math.min(group.oldestEpochMillis, waiting.creationEpochMillis());
          }
        });
    return groups.entrySet().stream()
        .sorted(
            Comparator.comparing((Map.Entry<Alike, Group> entry) -> -(long) entry.getKey().priority)
                .thenComparing(entry -> entry.getValue().oldestEpochMillis))
        .map(
            entry ->
                Demand.pending(
                    entry.getKey().shape, entry.getValue().count, entry.getKey().priority))
        .toList();
  }

  boolean contains(String uid) {
    return byUid.containsKey(uid);
  }

  @Nullable ObservedPod get(String uid) {
    return byUid.get(uid);
  }

  /** Returns up to so many pods, those seen first. */
  List<ObservedPod> first(int limit) {
    return byUid.values().stream().limit(limit).toList();
  }

  /** Returns all pods, those seen first first; not to be kept. */
  Collection<ObservedPod> all() {
    return Collections.unmodifiableCollection(byUid.values());
  }

  void remove(String uid) {
    if (byUid.remove(uid) != null) {
      changes++;
    }
    refusedByUid.remove(uid);
    failedNodesByUid.remove(uid);
  }

  int size() {
    return byUid.size();
  }

  /** Remembers that a pod was to go to a node and did not get there. */
  void failedOn(String uid, String node) {
    if (!byUid.containsKey(uid)) {
      return;
    }
    Set<String> nodes = failedNodesByUid.computeIfAbsent(uid, added -> new LinkedHashSet<>());
    nodes.remove(node);
    nodes.add(node);
    if (nodes.size() > MAX_FAILED_NODES) {
      nodes.remove(nodes.iterator().next());
    }
  }

  Set<String> failedNodes(String uid) {
    return failedNodesByUid.getOrDefault(uid, Set.of());
  }

  /** Remembers that no node was kept for a pod. */
  void refused(ObservedPod observed, long nowNanos) {
    String uid = observed.pod().uid();
    refusedByUid.remove(uid);
    refusedByUid.put(uid, new WaitingPod(observed, nowNanos));
  }

  /** Forgets that no node was kept for a pod. */
  void offered(String uid) {
    refusedByUid.remove(uid);
  }

  /** Tells whether the last filter kept no node for a pod. */
  boolean isRefused(String uid) {
    return refusedByUid.containsKey(uid);
  }

  /** Forgets refused pods that the watch has never shown, after a while. */
  void lapseRefused(long beforeNanos) {
    refusedByUid
        .values()
        .removeIf(
            waiting ->
                waiting.refusedNanos() - beforeNanos < 0
                    && !byUid.containsKey(waiting.pod().pod().uid()));
  }

  /** Returns the refused pods as last seen, the one refused longest ago first. */
  Collection<WaitingPod> refused() {
    List<WaitingPod> refused = new ArrayList<>(refusedByUid.size());
    refusedByUid
        .values()
        .forEach(
            waiting ->
                refused.add(
                    new WaitingPod(
                        byUid.getOrDefault(waiting.pod().pod().uid(), waiting.pod()),
                        waiting.refusedNanos())));
    return refused;
  }
}
