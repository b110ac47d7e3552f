package io.stowage.extender.page;

import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeGpus;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.cluster.Resources;
import io.stowage.core.fit.Fit;
import io.stowage.core.fragmentation.TypicalPods;
import io.stowage.core.policy.PlacementPolicy;
import io.stowage.core.policy.Policies;
import io.stowage.core.trace.Scenario;
import io.stowage.core.trace.SyntheticWorkload;
import io.stowage.extender.kube.ClusterLabels;
import io.stowage.extender.kube.ObservedPod;
import io.stowage.extender.metrics.ServiceMetrics;
import io.stowage.extender.observe.RoomReport;
import io.stowage.extender.state.ClusterState;
import io.stowage.extender.state.HoldSettings;
import io.stowage.extender.state.StateLoop;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/** A state to look at, on an event loop of its own. */
public final class PageCluster implements AutoCloseable {
  /** The resource of GPUs that can be shared; each has 16 units. */
  public static final String SHARED = "aliyun.com/gpu-mem";

  private static final long GIB = 1L << 30;

  private final ExecutorService eventLoop = Executors.newSingleThreadExecutor();
  private final AtomicInteger tasks = new AtomicInteger();
  private final AtomicLong busyNanos = new AtomicLong();
  private final AtomicLong longestNanos = new AtomicLong();
  private final StateLoop loop;
  private final ServiceMetrics metrics = new ServiceMetrics();
  private final ClusterLabels labels = new ClusterLabels();

  /** Creates an empty state whose policy plans ahead. */
  public PageCluster() {
    this("stowage");
  }

  /** Creates an empty state with a policy. */
  public PageCluster(String policy) {
    loop =
        new StateLoop(
            task -> eventLoop.execute(() -> measure(task)),
            new ClusterState(
                HoldSettings.DEFAULT,
                Policies.create(policy, TypicalPods.of(Map.of())),
                new Random(1),
                () -> 1));
  }

  /** Returns a node of 64 cores and 256 GiB with GPUs that can be shared. */
  public static Node node(String name, int gpus) {
    return Node.ready(
        name, Resources.of(64_000, 256 * GIB), 110, NodeGpus.shared(SHARED, "T4", gpus, 16));
  }

  /** Returns a pod that asks for a share of a GPU, in 16ths, of 1 GiB. */
  public static Pod share(String name, long cores, long sixteenths) {
    return pod(name, cores, GpuRequest.share(SHARED, sixteenths));
  }

  /** Returns a pod that asks for whole GPUs, or with 0 for none, and 1 GiB. */
  public static Pod whole(String name, long cores, int gpus) {
    return pod(name, cores, GpuRequest.whole(SHARED, gpus));
  }

  private static Pod pod(String name, long cores, GpuRequest gpu) {
    return new Pod(
        "uid-" + name, "team", name, PodShape.of(Resources.of(cores * 1000, GIB), gpu), 0);
  }

  private void measure(Runnable task) {
    long startNanos = System.nanoTime();
    task.run();
    long nanos = System.nanoTime() - startNanos;
    tasks.incrementAndGet();
    busyNanos.addAndGet(nanos);
    longestNanos.accumulateAndGet(nanos, Math::max);
  }

  /**
   * What the event loop did.
   *
   * @param tasks how many tasks
   * @param busyMillis how long they took together
   * @param longestMillis how long the longest took
   */
  public record Work(int tasks, double busyMillis, double longestMillis) {}

  /** Returns what the event loop did since the last call; asked on it, so after all before. */
  public Work takeWork() {
    return loop.call(
            state ->
                new Work(
                    tasks.getAndSet(-1), // this one is counted when it ends
                    busyNanos.getAndSet(0) / 1e6,
                    longestNanos.getAndSet(0) / 1e6))
        .join();
  }

  /**
   * Fills the state with nodes and pods of a synthetic workload, each pod on the first of a few
   * nodes that it fits; returns how many pods found one.
   */
  public int fill(int nodes, int pods) {
    Scenario scenario = SyntheticWorkload.generate(nodes, pods, SyntheticWorkload.Gpus.POOLS, 1);
    Cluster filled = new Cluster();
    scenario.nodes().forEach(filled::putNode);
    PlacementPolicy gpuChoice = Policies.create("best-fit", TypicalPods.of(Map.of()));
    for (int i = 0; i < scenario.pods().size(); i++) {
      PodShape shape = scenario.pods().get(i).shape();
      for (int attempt = 0; attempt < 40; attempt++) {
        NodeState node = filled.slot((i * 131 + attempt * 577) % nodes);
        if (node != null && Fit.fits(shape, node)) {
          List<Integer> gpus = IntStream.of(gpuChoice.gpuDevices(shape, node)).boxed().toList();
          Pod pod = new Pod("uid-" + i, "team-" + i % 7, "pod-" + i, shape, 0);
          filled.place(new Placement(pod, node.name(), gpus));
          break;
        }
      }
    }
    tell(
        state -> {
          scenario.nodes().forEach(state::putNode);
          filled.forEachNode(
              node ->
                  node.placements()
                      .forEach(
                          placed ->
                              state.putPod(
                                  ObservedPod.bound(
                                      placed.pod(), placed.nodeName(), placed.gpuDevices()))));
          state.markSynced();
        });
    takeWork();
    return filled.podCount();
  }

  /** Changes the state, and waits. */
  public void tell(Consumer<ClusterState> change) {
    loop.call(
            state -> {
              change.accept(state);
              return state;
            })
        .join();
  }

  /** Puts a pod on a node. */
  public void bind(Pod pod, String node, Integer... gpus) {
    tell(state -> state.putPod(ObservedPod.bound(pod, node, List.of(gpus))));
  }

  /** Returns the pictures of the state, as a page sees them that begins now. */
  public StatePictures pictures() {
    return pictures(Optional::empty);
  }

  /** Returns the pictures of the state, with what would make room. */
  public StatePictures pictures(Supplier<Optional<RoomReport>> room) {
    return new StatePictures(loop, metrics, labels, () -> 1_000_000, room);
  }

  /** Returns the pictures of the state, with the bound worked out by an executor. */
  StatePictures picturesBoundedBy(Executor background) {
    return new StatePictures(loop, metrics, labels, () -> 1_000_000, Optional::empty, background);
  }

  /** Returns the way to the state. */
  public StateLoop loop() {
    return loop;
  }

  /** Returns what people go by. */
  public ClusterLabels labels() {
    return labels;
  }

  /** Returns the metrics. */
  public ServiceMetrics metrics() {
    return metrics;
  }

  @Override
  public void close() {
    eventLoop.shutdownNow();
    metrics.close();
  }
}
