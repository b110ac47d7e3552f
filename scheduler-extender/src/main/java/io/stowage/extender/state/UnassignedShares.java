package io.stowage.extender.state;

import io.stowage.core.cluster.Placement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Shares of GPUs that were given and that the device plugin has not assigned yet, by node and
 * amount.
 *
 * <p>gpushare's device plugin is told an amount and no pod, and takes any pod of that amount that
 * is not assigned: two of them on different cards might be swapped. Belongs to the state's one
 * writer.
 */
final class UnassignedShares {
  private final Map<String, List<Share>> byNode = new HashMap<>();
  private final Map<String, String> nodeByUid = new HashMap<>();

  private record Share(String uid, long units, long sinceNanos) {}

  /** Tells whether a placement is a share of a known card. */
  static boolean isShare(Placement placement) {
    return placement.pod().shape().gpu().isShare() && placement.gpuDevices().size() == 1;
  }

  /** Adds a share, or replaces that of the same pod, which keeps its time where it stays. */
  void put(Placement placement, long nowNanos) {
    String uid = placement.pod().uid();
    String node = placement.nodeName();
    long since = node.equals(nodeByUid.get(uid)) ? since(node, uid) : nowNanos;
    remove(uid);
    nodeByUid.put(uid, node);
    byNode
        .computeIfAbsent(node, added -> new ArrayList<>())
        .add(new Share(uid, placement.pod().shape().gpu().unitsPerGpu(), since));
  }

  private long since(String node, String uid) {
    return byNode.getOrDefault(node, List.of()).stream()
        .filter(share -> share.uid().equals(uid))
        .mapToLong(Share::sinceNanos)
        .findFirst()
        .orElseThrow();
  }

  /** Removes a pod's share; returns the node that it was on, null where it had none. */
  @Nullable String remove(String uid) {
    String node = nodeByUid.remove(uid);
    List<Share> shares = node == null ? null : byNode.get(node);
    if (shares != null) {
      shares.removeIf(share -> share.uid().equals(uid));
      if (shares.isEmpty()) {
        byNode.remove(node);
      }
    }
    return node;
  }

  /** Returns how many of an amount are under way on a node. */
  int count(String node, long units) {
    int count = 0;
    List<Share> shares = byNode.get(node);
    if (shares != null) {
      for (Share share : shares) {
        if (share.units() == units) {
          count++;
        }
      }
    }
    return count;
  }

  /** Returns how long a share of an amount has been under way on a node at most, 0 for none. */
  long longestNanos(String node, long units, long nowNanos) {
    long longest = 0;
    for (Share share : byNode.getOrDefault(node, List.of())) {
      if (share.units() == units) {
        longest = Math.max(longest, nowNanos - share.sinceNanos());
      }
    }
    return longest;
  }
}
