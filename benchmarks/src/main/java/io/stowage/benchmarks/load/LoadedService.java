package io.stowage.benchmarks.load;

import io.stowage.benchmarks.NodeOrder;
import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.fit.Fit;
import io.stowage.core.fragmentation.TypicalPods;
import io.stowage.core.policy.PlacementPolicy;
import io.stowage.core.policy.Policies;
import io.stowage.core.trace.Scenario;
import io.stowage.core.trace.SyntheticWorkload;
import io.stowage.core.trace.TracePod;
import io.stowage.extender.bind.InMemoryBinder;
import io.stowage.extender.kube.ObservedPod;
import io.stowage.extender.service.ExtenderService;
import io.stowage.extender.service.ServiceSettings;
import io.stowage.extender.state.ClusterState;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The service on a generated cluster that is filled to 90 % of its GPUs, with the planner running
 * and a watch that tells 200 events a second.
 */
final class LoadedService implements AutoCloseable {
  static final int EVENTS_PER_SECOND = 200;
  private static final double FILLED = 0.9;
  private static final long SEED = 42;
  private static final int WORKLOAD = 2_000;
  private static final int NODES_COMPARED = 64;
  private static final int PODS_WITHOUT_ROOM = 2_000;
  private static final int OBJECTS_AT_ONCE = 1_000;
  private static final int BODIES = 32;

  private final Scenario scenario;
  private final ExtenderService service;
  private final ScheduledExecutorService watch = Executors.newSingleThreadScheduledExecutor();
  private final SplittableRandom random = new SplittableRandom(SEED);

  /** The pods that will end, the next first; belongs to the event loop. */
  private final ArrayDeque<String> running = new ArrayDeque<>();

  private @Nullable ScheduledFuture<?> watching;
  private int created;
  private double filled;

  LoadedService(int nodes) throws IOException {
    scenario = SyntheticWorkload.generate(nodes, WORKLOAD, SyntheticWorkload.Gpus.POOLS, SEED);
    service =
        ExtenderService.start(
            ServiceSettings.DEFAULT.onPort(0),
            Policies.create("stowage", TypicalPods.of(Map.of())),
            new Random(SEED),
            new InMemoryBinder(placement -> {}));
    inParts(
        pods(),
        (state, pod) -> {
          state.putPod(pod);
          running.add(pod.pod().uid());
        });
    inParts(scenario.nodes(), ClusterState::putNode);
    service.loop().run(ClusterState::markSynced);
  }

  private <T> void inParts(List<T> objects, BiConsumer<ClusterState, T> put) {
    for (int i = 0; i < objects.size(); i += OBJECTS_AT_ONCE) {
      List<T> part = objects.subList(i, Math.min(objects.size(), i + OBJECTS_AT_ONCE));
      service.loop().run(state -> part.forEach(object -> put.accept(state, object)));
    }
  }

  /** Has the watch tell its events from now on. */
  void startWatch() {
    watching =
        watch.scheduleAtFixedRate(
            this::event, 0, TimeUnit.SECONDS.toNanos(1) / EVENTS_PER_SECOND, TimeUnit.NANOSECONDS);
  }

  /** A node is reported again, changed every other time in what it offers of no weight. */
  private void event() {
    Node node = scenario.nodes().get(random.nextInt(scenario.nodes().size()));
    boolean fewerPods = random.nextBoolean();
    service
        .loop()
        .run(
            state ->
                state.putNode(
                    Node.ready(
                        node.name(),
                        node.allocatable(),
                        node.podCapacity() - (fewerPods ? 1 : 0),
                        node.gpus())));
  }

  private List<ObservedPod> pods() {
    Cluster cluster = new Cluster();
    scenario.nodes().forEach(cluster::putNode);
    PlacementPolicy policy = Policies.create("best-fit", TypicalPods.of(Map.of()));
    List<ObservedPod> pods = new ArrayList<>();
    long capacityMilli = freeGpuMilli(cluster);
    double leftMilli = capacityMilli;
    int without = 0;
    while (leftMilli > (1 - FILLED) * capacityMilli && without < PODS_WITHOUT_ROOM) {
      PodShape shape = scenario.pods().get(random.nextInt(WORKLOAD)).shape();
      NodeState node = bestOfSome(cluster, policy, shape);
      if (node == null) {
        without++;
        continue;
      }
      without = 0;
      leftMilli -= node.freeGpuMilli();
      int[] chosen = policy.gpuDevices(shape, node);
      List<Integer> devices =
          shape.gpu().isShare() ? Arrays.stream(chosen).boxed().toList() : List.of();
      Pod pod = new Pod("filled-" + created, "default", "filled-" + created, shape, 0);
      created++;
      cluster.place(new Placement(pod, node.name(), devices));
      leftMilli += node.freeGpuMilli();
      pods.add(ObservedPod.bound(pod, node.name(), devices).with().deviceAssigned(true).build());
    }
    filled = 1 - leftMilli / capacityMilli;
    return pods;
  }

  private @Nullable NodeState bestOfSome(Cluster cluster, PlacementPolicy policy, PodShape shape) {
    NodeState best = null;
    double bestScore = 0;
    for (int i = 0; i < NODES_COMPARED; i++) {
      NodeState node = cluster.slot(random.nextInt(cluster.slotLimit()));
      if (node != null && Fit.fits(shape, node)) {
        double score = policy.score(shape, node);
        if (best == null || score > bestScore) {
          best = node;
          bestScore = score;
        }
      }
    }
    return best;
  }

  private static long freeGpuMilli(Cluster cluster) {
    long[] sum = new long[1];
    cluster.forEachNode(node -> sum[0] += node.freeGpuMilli());
    return sum[0];
  }

  /**
   * Has a pod wait, asks where it may go, and places it there, another pod ending.
   *
   * @return how long the answer took, in nanoseconds
   */
  long ask(Caller caller, Requests.Request request) throws IOException {
    waits(request.pod());
    long nanos = caller.call(request.bytes());
    placed(request.pod(), caller.firstNode());
    return nanos;
  }

  /** Has the watch show a pod that waits; returns when it is known. */
  void waits(Pod pod) {
    ObservedPod waiting =
        ObservedPod.pending(pod)
            .with()
            .schedulerName("stowage")
            .resourceVersion(Requests.RESOURCE_VERSION)
            .build();
    service
        .loop()
        .call(
            state -> {
              state.putPod(waiting);
              return waiting;
            })
        .join();
  }

  /**
   * Has the watch show that a pod is on a node, and another's end; returns when both are known. A
   * pod that is on none is gone.
   */
  void placed(Pod pod, String node) {
    service
        .loop()
        .call(
            state -> {
              if (node.isEmpty()) {
                state.removePod(pod.uid());
                return pod;
              }
              state.putPod(
                  ObservedPod.bound(pod, node, List.of())
                      .with()
                      .resourceVersion(Requests.RESOURCE_VERSION + 1)
                      .build());
              running.add(pod.uid());
              state.removePod(running.remove());
              return pod;
            })
        .join();
  }

  /** Returns requests about the nodes for pods that ask for whole GPUs or none, in any order. */
  Requests requestsInRandomOrder(boolean wholeNodes) {
    return requests(wholeNodes, NodeOrder.random(SEED));
  }

  /** Returns such requests in the orders of a kube-scheduler. */
  Requests requests(boolean wholeNodes) {
    return requests(wholeNodes, NodeOrder.recorded(SEED));
  }

  private Requests requests(boolean wholeNodes, NodeOrder order) {
    List<PodShape> shapes =
        scenario.pods().stream()
            .map(TracePod::shape)
            .filter(shape -> !shape.gpu().isShare())
            .limit(BODIES)
            .toList();
    List<String> names = scenario.nodes().stream().map(Node::name).toList();
    return wholeNodes
        ? Requests.ofWholeNodes(shapes, names, order)
        : Requests.ofNames(shapes, names, order);
  }

  /** Returns the part of the GPUs that was taken at the start. */
  double filled() {
    return filled;
  }

  int port() {
    return service.port();
  }

  @Override
  public void close() {
    if (watching != null) {
      watching.cancel(true);
    }
    watch.shutdownNow();
    service.close();
  }
}
