package io.stowage.extender.wake;

import io.github.bucket4j.Bucket;
import io.stowage.core.cluster.PodShape;
import io.stowage.extender.kube.ObservedPod;
import io.stowage.extender.state.ClusterState;
import io.stowage.extender.state.TrialRoom;
import io.stowage.extender.state.WaitingPod;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Decides which waiting pods to wake.
 *
 * <p>A node where room appeared is looked at for a minute, or until no pod waits that fits it. The
 * room is dealt out on trial to the pods that were refused before it appeared, highest priority and
 * then longest waiting first; those that get some are woken. Whoever is woken and not asked about
 * within a second has missed: its room is dealt out again, to the next, with a patience that
 * doubles, and it is itself left alone for a time that doubles. So what is written is bounded by
 * the room that appeared, not by the pods that wait.
 *
 * <p>Not thread-safe: belongs to the event loop of the state.
 */
final class Waker {
  static final Duration PATIENCE = Duration.ofSeconds(1);
  static final Duration ROOM_MEMORY = Duration.ofMinutes(1);
  private static final int MAX_DOUBLINGS = 6;

  private static final Comparator<WaitingPod> FIRST_IN_LINE =
      Comparator.<WaitingPod>comparingInt(waiting -> -waiting.pod().pod().priority())
          .thenComparingLong(waiting -> waiting.pod().creationEpochMillis())
          .thenComparing(waiting -> waiting.pod().pod().uid());

  private final Bucket rate;
  private final Map<String, Room> roomsByNode = new LinkedHashMap<>();
  private final Map<String, Wake> wakesByUid = new LinkedHashMap<>();
  private final Map<String, Misses> missesByUid = new HashMap<>();

  /** Room that appeared on a node. */
  private static final class Room {
    private final long sinceNanos;
    private int misses;

    Room(long sinceNanos) {
      this.sinceNanos = sinceNanos;
    }
  }

  /** A pod that was woken for a node's room and has not been asked about yet. */
  private record Wake(ObservedPod pod, String nodeName, long atNanos, long deadlineNanos) {}

  /** How often a pod was woken for nothing, and until when it is left alone. */
  private record Misses(int count, long untilNanos) {}

  /** A room as it is dealt out in one round. */
  private record Dealt(String nodeName, Room room, TrialRoom free) {}

  /**
   * Creates a waker.
   *
   * @param rate how many pods may be woken
   */
  Waker(Bucket rate) {
    this.rate = rate;
  }

  /** Returns the pods to wake now; to be called about every half second. */
  List<ObservedPod> round(ClusterState state, long nowNanos) {
    state.takeFreedNodes().forEach(node -> roomsByNode.put(node, new Room(nowNanos)));
    roomsByNode.values().removeIf(room -> nowNanos - room.sinceNanos > ROOM_MEMORY.toNanos());
    if (roomsByNode.isEmpty()) {
      wakesByUid.clear();
      missesByUid.clear();
      return List.of();
    }
    Collection<WaitingPod> waiting = state.refusedPods();
    settle(waiting, nowNanos);
    return deal(state, waiting, nowNanos);
  }

  /** Sees what became of the pods that were woken. */
  private void settle(Collection<WaitingPod> waiting, long nowNanos) {
    Map<String, Long> refusedNanos = new HashMap<>();
    waiting.forEach(pod -> refusedNanos.put(pod.pod().pod().uid(), pod.refusedNanos()));
    missesByUid.keySet().retainAll(refusedNanos.keySet());
    for (Iterator<Wake> wakes = wakesByUid.values().iterator(); wakes.hasNext(); ) {
      Wake wake = wakes.next();
      String uid = wake.pod().pod().uid();
      Long refused = refusedNanos.get(uid);
      if (refused == null || refused - wake.atNanos() > 0) {
        wakes.remove();
        missesByUid.remove(uid);
      } else if (wake.deadlineNanos() - nowNanos <= 0) {
        wakes.remove();
        Misses before = missesByUid.get(uid);
        int count = before == null ? 1 : before.count() + 1;
        missesByUid.put(uid, new Misses(count, nowNanos + doubled(count)));
        Room room = roomsByNode.get(wake.nodeName());
        if (room != null) {
          room.misses++;
        }
      }
    }
  }

  private static long doubled(int times) {
    return PATIENCE.toNanos() << Math.min(times, MAX_DOUBLINGS);
  }

  private List<ObservedPod> deal(
      ClusterState state, Collection<WaitingPod> waiting, long nowNanos) {
    List<Dealt> rooms = new ArrayList<>();
    roomsByNode.forEach(
        (node, room) -> {
          TrialRoom free = state.trialRoom(node);
          if (free != null) {
            rooms.add(new Dealt(node, room, free));
          }
        });
    Set<String> wanted = new HashSet<>();
    for (Dealt dealt : rooms) {
      for (Wake wake : wakesByUid.values()) {
        if (wake.nodeName().equals(dealt.nodeName())) {
          dealt.free().place(wake.pod().pod());
          wanted.add(dealt.nodeName());
        }
      }
    }
    List<ObservedPod> woken = new ArrayList<>();
    Map<PodShape, Integer> firstFitting = new HashMap<>();
    List<WaitingPod> inLine = new ArrayList<>(waiting);
    inLine.sort(FIRST_IN_LINE);
    for (WaitingPod candidate : inLine) {
      ObservedPod pod = candidate.pod();
      if (pod.gated() || wakesByUid.containsKey(pod.pod().uid())) {
        continue;
      }
      Dealt dealt = roomFor(candidate, rooms, firstFitting);
      if (dealt == null) {
        continue;
      }
      wanted.add(dealt.nodeName());
      Misses misses = missesByUid.get(pod.pod().uid());
      if (misses != null && misses.untilNanos() - nowNanos > 0) {
        continue;
      }
      if (!rate.tryConsume(1)) {
        return woken;
      }
      dealt.free().place(pod.pod());
      wakesByUid.put(
          pod.pod().uid(),
          new Wake(pod, dealt.nodeName(), nowNanos, nowNanos + doubled(dealt.room().misses)));
      woken.add(pod);
    }
    roomsByNode.keySet().retainAll(wanted);
    return woken;
  }

  /**
   * Returns the first room that is younger than a pod's refusal and that it fits, null where there
   * is none.
   *
   * @param firstFitting by shape, how many rooms at the beginning of the list it does not fit;
   *     rooms only shrink while they are dealt out
   */
  private static @Nullable Dealt roomFor(
      WaitingPod candidate, List<Dealt> rooms, Map<PodShape, Integer> firstFitting) {
    PodShape shape = candidate.pod().pod().shape();
    int first = firstFitting.getOrDefault(shape, 0);
    for (int i = first; i < rooms.size(); i++) {
      Dealt dealt = rooms.get(i);
      if (!dealt.free().fits(candidate.pod().pod())) {
        if (i == first) {
          first++;
        }
      } else if (candidate.refusedNanos() - dealt.room().sinceNanos <= 0) {
        firstFitting.put(shape, first);
        return dealt;
      }
    }
    firstFitting.put(shape, first);
    return null;
  }
}
