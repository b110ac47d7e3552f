package io.stowage.extender.state;

import io.stowage.extender.kube.ObservedPod;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * The waiting pods that nodes may be nominated for, in the order in which kube-scheduler takes
 * them: by priority, then as they came. Belongs to the state's one writer.
 */
final class NominationQueue {
  private static final Comparator<Place> ORDER =
      Comparator.<Place>comparingInt(place -> place.priority)
          .reversed()
          .thenComparingLong(place -> place.creationEpochMillis)
          .thenComparingLong(place -> place.number);

  private final TreeSet<Place> places = new TreeSet<>(ORDER);
  private final Map<String, Place> byUid = new HashMap<>();
  private long numbers;

  /** A pod's place; the API server tells creation by the second, so that numbers decide within. */
  private record Place(
      String uid, String schedulerName, int priority, long creationEpochMillis, long number) {}

  /** Adds a pod, or removes one that none may be nominated for any more. */
  void put(ObservedPod observed) {
    String uid = observed.pod().uid();
    if (!observed.nominee().open()) {
      remove(uid);
    } else if (!byUid.containsKey(uid)) {
      Place place =
          new Place(
              uid,
              observed.schedulerName(),
              observed.pod().priority(),
              observed.creationEpochMillis(),
              numbers++);
      byUid.put(uid, place);
      places.add(place);
    }
  }

  void remove(String uid) {
    Place place = byUid.remove(uid);
    if (place != null) {
      places.remove(place);
    }
  }

  /** Returns the first {@code limit} pods of a scheduler that match, the next to be taken first. */
  List<String> head(String schedulerName, int limit, Predicate<String> uidMatches) {
    List<String> head = new ArrayList<>();
    for (Place place : places) {
      if (head.size() == limit) {
        break;
      }
      if (place.schedulerName.equals(schedulerName) && uidMatches.test(place.uid)) {
        head.add(place.uid);
      }
    }
    return head;
  }
}
