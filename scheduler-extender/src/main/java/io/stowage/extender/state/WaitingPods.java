package io.stowage.extender.state;

import io.stowage.extender.kube.ObservedPod;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Pods that wait to be bound: which there are, where each failed last, and which Stowage refused
 * everywhere. Belongs to the state's one writer.
 */
final class WaitingPods {
  private static final int MAX_FAILED_NODES = 8;

  private final Map<String, ObservedPod> byUid = new HashMap<>();
  private final Map<String, WaitingPod> refusedByUid = new LinkedHashMap<>();
  private final Map<String, Set<String>> failedNodesByUid = new HashMap<>();

  /** Adds a pod or replaces what is known of it; returns whether it is new. */
  boolean put(ObservedPod observed) {
    return byUid.put(observed.pod().uid(), observed) == null;
  }

  boolean contains(String uid) {
    return byUid.containsKey(uid);
  }

  @Nullable ObservedPod get(String uid) {
    return byUid.get(uid);
  }

  void remove(String uid) {
    byUid.remove(uid);
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
