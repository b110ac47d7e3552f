package io.stowage.extender.state;

import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeGpus;
import io.stowage.core.cluster.Pod;
import io.stowage.extender.kube.ObservedPod;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import java.util.function.Predicate;

/**
 * A simple model of an API server and of a bad way from it to a state: what it tells of a pod comes
 * at once or later, twice, and after what it told since.
 */
final class ReferenceApiServer {
  private static final int NODES = 6;
  private static final int NAMES = 40;
  private static final int MOST_UNDERWAY = 60;
  private static final long LATEST_NANOS = 300_000_000_000L;

  final Map<String, Node> nodes = new TreeMap<>();
  final Map<String, Set<Integer>> unhealthy = new TreeMap<>();
  final Map<String, ObservedPod> pods = new LinkedHashMap<>();

  /** Pods whose device the state was told to be assigned. */
  final Set<String> toldAssigned = new HashSet<>();

  private final ClusterState state;
  private final Random random;
  private final LongSupplier nanoClock;
  private final List<Event> underway = new ArrayList<>();
  private long version;
  private int made;

  private record Event(String uid, Runnable action, long sinceNanos) {}

  ReferenceApiServer(ClusterState state, Random random, LongSupplier nanoClock) {
    this.state = state;
    this.random = random;
    this.nanoClock = nanoClock;
  }

  String anyNodeName() {
    return "n" + random.nextInt(NODES);
  }

  /** Adds a node or changes it: its CPU, its cards, or from shared to whole GPUs and back. */
  void putNode() {
    String name = anyNodeName();
    int kind = name.charAt(1) - '0' + (random.nextInt(20) == 0 ? 1 : 0);
    NodeGpus gpus =
        switch (random.nextInt(12) == 0 ? 3 : kind % 3) {
          case 0 -> NodeGpus.counted("nvidia.com/gpu", "", 4);
          case 3 -> NodeGpus.NONE;
          default -> Pods.cards(1 + kind % 4, 16);
        };
    Node node = Pods.node(name, random.nextInt(16), gpus);
    nodes.put(name, node);
    state.putNode(node);
  }

  void removeNode() {
    String name = anyNodeName();
    nodes.remove(name);
    state.removeNode(name);
  }

  void changeHealth() {
    String name = anyNodeName();
    Set<Integer> devices = random.nextBoolean() ? Set.of() : Set.of(random.nextInt(4));
    unhealthy.put(name, devices);
    state.putUnhealthyGpus(name, devices);
  }

  /** Creates a pod, under a name that another one had before it. */
  void createPod() {
    String name = "web-" + random.nextInt(NAMES);
    if (pods.values().stream().anyMatch(pod -> pod.pod().name().equals(name))) {
      return;
    }
    GpuRequest gpu =
        switch (random.nextInt(5)) {
          case 0 -> GpuRequest.NONE;
          case 1 -> GpuRequest.whole("nvidia.com/gpu", 1 + random.nextInt(2));
          case 2 -> GpuRequest.share(Pods.SHARED, 1 + random.nextInt(16));
          default -> GpuRequest.share(Pods.SHARED, 4L * (1 + random.nextInt(3)));
        };
    Pod shape = Pods.pod("p" + made++, 1 + random.nextInt(3), gpu, random.nextInt(3));
    Pod pod = new Pod(shape.uid(), "default", name, shape.shape(), shape.priority());
    ObservedPod observed = ObservedPod.pending(pod);
    if (random.nextInt(5) == 0) {
      observed = observed.with().claimNames(List.of("claim-" + random.nextInt(4))).build();
    }
    change(observed);
  }

  /** Puts a new version of a pod and tells of it. */
  void change(ObservedPod pod) {
    ObservedPod now = pod.with().resourceVersion(++version).build();
    pods.put(now.pod().uid(), now);
    tell(now.pod().uid(), () -> show(now));
  }

  private void show(ObservedPod pod) {
    state.putPod(pod);
    if (pod.deviceAssigned()) {
      toldAssigned.add(pod.pod().uid());
    }
  }

  void delete(String uid) {
    pods.remove(uid);
    tell(uid, () -> state.removePod(uid));
  }

  /** A pod ends: the state may be told so, or only that it is gone. */
  void end(ObservedPod pod) {
    pods.remove(pod.pod().uid());
    ObservedPod ended = pod.with().ended(true).resourceVersion(++version).build();
    tell(pod.pod().uid(), () -> state.putPod(ended));
  }

  private void tell(String uid, Runnable action) {
    Event event = new Event(uid, action, nanoClock.getAsLong());
    if (random.nextInt(3) == 0) {
      underway.add(event);
    } else {
      action.run();
      if (random.nextInt(4) == 0) {
        underway.add(event);
      }
    }
    if (underway.size() > MOST_UNDERWAY) {
      tellSomething();
    }
  }

  /** Tells something of what is on its way, in any order. */
  void tellSomething() {
    if (!underway.isEmpty()) {
      underway.remove(random.nextInt(underway.size())).action().run();
    }
  }

  /** Tells what has been on its way for long. */
  void tellOldNews() {
    while (!underway.isEmpty()
        && nanoClock.getAsLong() - underway.get(0).sinceNanos() > LATEST_NANOS) {
      underway.remove(0).action().run();
    }
  }

  /** Tells everything, in any order. */
  void tellAll() {
    while (!underway.isEmpty()) {
      tellSomething();
    }
  }

  Optional<ObservedPod> any(Predicate<ObservedPod> which) {
    List<ObservedPod> candidates = pods.values().stream().filter(which).toList();
    return candidates.isEmpty()
        ? Optional.empty()
        : Optional.of(candidates.get(random.nextInt(candidates.size())));
  }

  /** Tells another state everything, as after a restart. */
  void tellAnew(ClusterState fresh) {
    pods.values().forEach(fresh::putPod);
    nodes.values().forEach(fresh::putNode);
    unhealthy.forEach(fresh::putUnhealthyGpus);
  }
}
