package io.stowage.extender.state;

import io.stowage.core.cluster.Placement;
import io.stowage.extender.kube.ObservedPod;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * What was refused where, so that it is not tried there again while there is another way.
 *
 * <p>Two things are remembered. The nodes where the kubelet refused pods of one <em>owner</em>, for
 * the owner's next pod has another UID and would be sent to the same node. And the <em>nodes and
 * GPUs</em> that refuse: all pods avoid them for 30 s, and twice as long, up to 30 min, each time
 * that they refuse again after that; a pod that stays for a minute takes one step of it back. An
 * owner whose pods were refused on three nodes is itself the cause: from then on no node is blamed
 * for them.
 *
 * <p>Not thread-safe: belongs to the state's one writer, which hands the time in.
 */
final class Refusals {
  static final Duration FIRST_AVOIDANCE = Duration.ofSeconds(30);
  static final Duration LONGEST_AVOIDANCE = Duration.ofMinutes(30);
  static final Duration STAYED = Duration.ofMinutes(1);
  static final Duration OWNER_MEMORY = Duration.ofMinutes(30);

  private static final int MAX_LEVEL = 7;
  private static final int NODES_OF_AN_OWNER = 64;
  private static final int REMEMBERED = 10_000;
  private static final int NODES_THAT_BLAME_THE_OWNER = 3;
  private static final int BINDS_THAT_BLAME_THE_NODE = 3;

  private final Map<String, Map<String, Long>> nodesByOwner = bounded(REMEMBERED);
  private final Set<String> refusedUids = Collections.newSetFromMap(bounded(REMEMBERED));
  private final Map<String, Map<Integer, Avoidance>> avoidances = new HashMap<>();
  private final Map<String, Trial> trials = new LinkedHashMap<>();
  private final Map<String, FailedBinds> failedBinds = new HashMap<>();
  private final List<NodeRefusal> news = new ArrayList<>();
  private long bindsAccepted;

  /** How a node, or a GPU of it, is avoided. */
  private static final class Avoidance {
    private int level;
    private long untilNanos;

    boolean isOn(long nowNanos) {
      return untilNanos - nowNanos > 0;
    }

    Duration duration() {
      Duration duration = FIRST_AVOIDANCE.multipliedBy(1L << (level - 1));
      return duration.compareTo(LONGEST_AVOIDANCE) < 0 ? duration : LONGEST_AVOIDANCE;
    }
  }

  /** A pod that went to a node that has refused others. */
  private record Trial(String nodeName, List<Integer> gpus, long sinceNanos) {}

  /** Pods whose bindings to a node failed one after another, and the bindings accepted by then. */
  private record FailedBinds(Set<String> uids, long bindsAccepted) {}

  private static <K, V> Map<K, V> bounded(int size) {
    return new LinkedHashMap<>(16, 0.75f, true) {
      @Override
      protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
        return size() > size;
      }
    };
  }

  /**
   * Takes in that the API server did not accept a binding. The node is to blame where it accepted
   * none of three pods in a row and others elsewhere meanwhile.
   */
  void bindFailed(String uid, String node, String reason, long nowNanos) {
    FailedBinds binds =
        failedBinds.computeIfAbsent(node, added -> new FailedBinds(new HashSet<>(), bindsAccepted));
    if (binds.uids().size() < BINDS_THAT_BLAME_THE_NODE) {
      binds.uids().add(uid);
    }
    if (binds.uids().size() == BINDS_THAT_BLAME_THE_NODE && bindsAccepted > binds.bindsAccepted()) {
      failedBinds.remove(node);
      blame(node, NodeRefusal.NO_GPU, NodeRefusal.Kind.BIND, reason, nowNanos);
    }
  }

  /** Takes in that the kubelet refused a pod; what is known already changes nothing. */
  void refused(ObservedPod observed, String reason, long nowNanos) {
    if (!refusedUids.add(observed.pod().uid())) {
      return;
    }
    trials.remove(observed.pod().uid());
    NodeRefusal.Kind kind = NodeRefusal.Kind.of(reason);
    String node = observed.nodeName();
    if (isOwnersFault(observed.ownerUid(), node, nowNanos)) {
      tell(new NodeRefusal(node, NodeRefusal.NO_GPU, kind, reason, Duration.ZERO));
      return;
    }
    boolean gpuIsToBlame =
        kind == NodeRefusal.Kind.ADMISSION
            && observed.gpuDevices().size() == 1
            && avoidedGpus(node, nowNanos).stream()
                .allMatch(other -> other.equals(observed.gpuDevices().get(0)));
    blame(
        node,
        gpuIsToBlame ? observed.gpuDevices().get(0) : NodeRefusal.NO_GPU,
        kind,
        reason,
        nowNanos);
  }

  private boolean isOwnersFault(String ownerUid, String node, long nowNanos) {
    if (ownerUid.isEmpty()) {
      return false;
    }
    Map<String, Long> nodes =
        nodesByOwner.computeIfAbsent(ownerUid, added -> bounded(NODES_OF_AN_OWNER));
    nodes.values().removeIf(untilNanos -> untilNanos - nowNanos <= 0);
    nodes.put(node, nowNanos + OWNER_MEMORY.toNanos());
    return nodes.size() >= NODES_THAT_BLAME_THE_OWNER;
  }

  /**
   * A node that refuses while it is avoided already is blamed no further: it was to be expected.
   */
  private void blame(String node, int gpu, NodeRefusal.Kind kind, String reason, long nowNanos) {
    Avoidance avoidance =
        avoidances
            .computeIfAbsent(node, added -> new HashMap<>())
            .computeIfAbsent(gpu, added -> new Avoidance());
    boolean again = !avoidance.isOn(nowNanos);
    if (again) {
      avoidance.level = Math.min(avoidance.level + 1, MAX_LEVEL);
      avoidance.untilNanos = nowNanos + avoidance.duration().toNanos();
    }
    tell(new NodeRefusal(node, gpu, kind, reason, again ? avoidance.duration() : Duration.ZERO));
  }

  private void tell(NodeRefusal refusal) {
    if (news.size() < REMEMBERED) {
      news.add(refusal);
    }
  }

  /** Takes in that a pod is on a node. */
  void bound(Placement placement, long nowNanos) {
    String node = placement.nodeName();
    bindsAccepted++;
    failedBinds.remove(node);
    if (avoidances.containsKey(node)) {
      trials.putIfAbsent(placement.pod().uid(), new Trial(node, placement.gpuDevices(), nowNanos));
    }
  }

  /** Takes in that a pod is on no node any more, or ended. */
  void gone(String uid) {
    trials.remove(uid);
  }

  /** Forgets a node that is gone. */
  void removeNode(String name) {
    avoidances.remove(name);
    failedBinds.remove(name);
  }

  /** Forgives a step for each pod that has stayed. */
  void settle(long nowNanos) {
    for (Iterator<Trial> oldestFirst = trials.values().iterator(); oldestFirst.hasNext(); ) {
      Trial trial = oldestFirst.next();
      if (nowNanos - trial.sinceNanos() < STAYED.toNanos()) {
        return;
      }
      oldestFirst.remove();
      forgive(trial.nodeName(), NodeRefusal.NO_GPU, nowNanos);
      trial.gpus().forEach(gpu -> forgive(trial.nodeName(), gpu, nowNanos));
    }
  }

  private void forgive(String node, int gpu, long nowNanos) {
    Map<Integer, Avoidance> ofNode = avoidances.getOrDefault(node, Map.of());
    Avoidance avoidance = ofNode.get(gpu);
    if (avoidance == null) {
      return;
    }
    avoidance.level--;
    if (avoidance.level > 0) {
      long left = Math.min(avoidance.untilNanos - nowNanos, avoidance.duration().toNanos());
      avoidance.untilNanos = nowNanos + left;
      return;
    }
    ofNode.remove(gpu);
    if (ofNode.isEmpty()) {
      avoidances.remove(node);
    }
  }

  /** Returns the nodes where the kubelet refused pods of an owner. */
  Set<String> failedNodes(String ownerUid, long nowNanos) {
    Map<String, Long> nodes = ownerUid.isEmpty() ? null : nodesByOwner.get(ownerUid);
    if (nodes == null) {
      return Set.of();
    }
    nodes.values().removeIf(untilNanos -> untilNanos - nowNanos <= 0);
    return Set.copyOf(nodes.keySet());
  }

  /** Tells whether all pods avoid a node now. */
  boolean avoids(String node, long nowNanos) {
    if (avoidances.isEmpty()) {
      return false; // without reading the name
    }
    Avoidance avoidance = avoidances.getOrDefault(node, Map.of()).get(NodeRefusal.NO_GPU);
    return avoidance != null && avoidance.isOn(nowNanos);
  }

  /** Returns the GPUs of a node that all pods avoid now. */
  Set<Integer> avoidedGpus(String node, long nowNanos) {
    Map<Integer, Avoidance> ofNode = avoidances.get(node);
    if (ofNode == null) {
      return Set.of();
    }
    Set<Integer> gpus = new TreeSet<>();
    ofNode.forEach(
        (gpu, avoidance) -> {
          if (gpu != NodeRefusal.NO_GPU && avoidance.isOn(nowNanos)) {
            gpus.add(gpu);
          }
        });
    return gpus;
  }

  /** Returns how many nodes are avoided now, whole or in one of their GPUs. */
  int avoidedNodes(long nowNanos) {
    return (int)
        avoidances.values().stream()
            .filter(ofNode -> ofNode.values().stream().anyMatch(one -> one.isOn(nowNanos)))
            .count();
  }

  /** Returns what was refused since the last call, and forgets it. */
  List<NodeRefusal> takeNews() {
    List<NodeRefusal> taken = List.copyOf(news);
    news.clear();
    return taken;
  }
}
