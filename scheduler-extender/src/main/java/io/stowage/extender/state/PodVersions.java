package io.stowage.extender.state;

import io.stowage.extender.kube.ObservedPod;
import java.time.Duration;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which version of which pod was taken in last, and which pods are gone, so that what comes late
 * changes nothing. Pods that are gone are remembered for a while only, and the last ones only.
 * Belongs to the state's one writer.
 */
final class PodVersions {
  static final int MAX_GONE = 20_000;
  static final Duration GONE_MEMORY = Duration.ofMinutes(15);

  private final Map<String, Seen> seenByUid = new HashMap<>();
  private final Map<String, String> uidByName = new HashMap<>();
  private final Map<String, Gone> goneByUid = new LinkedHashMap<>();

  private record Seen(String name, long version) {}

  /** Up to {@code version}, nothing said of the pod counts. */
  private record Gone(long version, long sinceNanos) {}

  /**
   * Tells whether what is said of a pod is older than what is known: an earlier version, a pod that
   * is gone, or one whose successor of the same name is there already.
   */
  boolean isOutdated(ObservedPod observed) {
    Gone gone = goneByUid.get(observed.pod().uid());
    if (gone != null
        && (observed.resourceVersion() == 0 || observed.resourceVersion() <= gone.version())) {
      return true;
    }
    Seen seen = seenByUid.get(observed.pod().uid());
    if (seen == null) {
      String namesake = uidByName.get(name(observed));
      seen = namesake == null ? null : seenByUid.get(namesake);
    }
    return seen != null
        && observed.resourceVersion() != 0
        && observed.resourceVersion() < seen.version();
  }

  /**
   * Takes in a version that is not outdated; returns the UID of the pod that had this name before
   * and so is gone, null where there was none.
   */
  @Nullable String take(ObservedPod observed) {
    String uid = observed.pod().uid();
    String name = name(observed);
    goneByUid.remove(uid);
    seenByUid.put(uid, new Seen(name, observed.resourceVersion()));
    String before = uidByName.put(name, uid);
    return uid.equals(before) ? null : before;
  }

  /**
   * Takes in that a pod is gone.
   *
   * @param lastVersion up to which versions of it count no more; Long.MAX_VALUE for all
   */
  void gone(String uid, long lastVersion, long nowNanos) {
    Seen seen = seenByUid.remove(uid);
    if (seen != null) {
      uidByName.remove(seen.name(), uid);
    }
    goneByUid.remove(uid);
    goneByUid.put(uid, new Gone(lastVersion, nowNanos));
    if (goneByUid.size() > MAX_GONE) {
      Iterator<String> oldest = goneByUid.keySet().iterator();
      oldest.next();
      oldest.remove();
    }
  }

  /** Tells whether a pod is remembered as gone. */
  boolean isGone(String uid) {
    return goneByUid.containsKey(uid);
  }

  /** Forgets the pods that have been gone for long. */
  void lapse(long nowNanos) {
    Iterator<Gone> oldestFirst = goneByUid.values().iterator();
    while (oldestFirst.hasNext()
        && nowNanos - oldestFirst.next().sinceNanos() >= GONE_MEMORY.toNanos()) {
      oldestFirst.remove();
    }
  }

  int goneCount() {
    return goneByUid.size();
  }

  int seenCount() {
    return seenByUid.size();
  }

  private static String name(ObservedPod observed) {
    return observed.pod().namespace() + "/" + observed.pod().name();
  }
}
