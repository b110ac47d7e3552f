package io.stowage.extender.state;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Pods that fit only room that is kept for larger ones, and for how long each is refused it.
 * Belongs to the state's one writer.
 */
final class KeptOut {
  /** How long a pod is remembered after it may have any room, should nobody tell of its end. */
  private static final Duration MEMORY = Duration.ofHours(1);

  private final Supplier<Duration> keeping;
  private final Map<String, Wait> waitsByUid = new HashMap<>();

  /** One pod's wait, until a time, and the node that it would have had when last asked. */
  private record Wait(long untilNanos, String nodeName, boolean over) {}

  /**
   * Creates an empty memory.
   *
   * @param keeping how long a pod is refused kept room; zero for not at all
   */
  KeptOut(Supplier<Duration> keeping) {
    this.keeping = keeping;
  }

  /** Tells whether a pod has to wait, whose best node now is kept for larger ones. */
  boolean mustWait(String uid, String nodeName, long nowNanos) {
    Duration keep = keeping.get();
    if (keep.isZero()) {
      return false;
    }
    Wait before = waitsByUid.get(uid);
    Wait wait =
        before == null
            ? new Wait(nowNanos + keep.toNanos(), nodeName, false)
            : new Wait(before.untilNanos, nodeName, before.over);
    waitsByUid.put(uid, wait);
    return wait.untilNanos - nowNanos > 0;
  }

  /** Tells whether a pod is being refused kept room. */
  boolean isKeptOut(String uid, long nowNanos) {
    Wait wait = waitsByUid.get(uid);
    return wait != null && wait.untilNanos - nowNanos > 0;
  }

  /** Returns the nodes that pods may have now whose time has passed since the last call. */
  List<String> takeLapsed(long nowNanos) {
    if (waitsByUid.isEmpty()) {
      return List.of();
    }
    List<String> nodes = new ArrayList<>();
    waitsByUid.values().removeIf(wait -> nowNanos - wait.untilNanos > MEMORY.toNanos());
    waitsByUid.replaceAll(
        (uid, wait) -> {
          if (wait.over || wait.untilNanos - nowNanos > 0) {
            return wait;
          }
          nodes.add(wait.nodeName);
          return new Wait(wait.untilNanos, wait.nodeName, true);
        });
    return nodes;
  }

  /** Forgets a pod that is bound or gone; may not be known. */
  void forget(String uid) {
    waitsByUid.remove(uid);
  }
}
