package io.stowage.extender.demo;

import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.fragmentation.TypicalPods;
import io.stowage.core.plan.PlanRequest;
import io.stowage.core.plan.Planner;
import io.stowage.core.plan.StowagePlan;
import io.stowage.core.policy.Policies;
import io.stowage.core.replay.MeasuredCluster;
import io.stowage.extender.bind.InMemoryBinder;
import io.stowage.extender.kube.GpuResources;
import io.stowage.extender.kube.InvalidObjectException;
import io.stowage.extender.kube.NodeReader;
import io.stowage.extender.kube.ObservedPod;
import io.stowage.extender.kube.PodReader;
import io.stowage.extender.metrics.ServiceMetrics;
import io.stowage.extender.service.ExtenderService;
import io.stowage.extender.service.ServiceSettings;
import io.stowage.extender.state.ClusterState;
import io.stowage.extender.state.StateLoop;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A stand-in for kube-scheduler with Stowage's profile, and the Stowage service that it asks.
 *
 * <p>A scheduling cycle is kube-scheduler's: its own predicates over every node, then {@code
 * filter}, {@code prioritize} where more than one node is left, and {@code bind}, over HTTP. Unlike
 * there, the next cycle begins only after the binding. The stand-in is also the API server: it
 * shows the service nodes and pods as a watch would, and keeps what is bound.
 *
 * <p>The service goes by the cluster's clock and has a plan after every so many arrivals, at once,
 * so that equal runs go equally.
 */
final class StowageScheduler implements DemoScheduler, AutoCloseable {
  private static final int ARRIVALS_BETWEEN_PLANS = 100;
  private static final int MOVES = 3_000;
  private static final long PLANNER_SEED = 1;

  private final KubernetesObjects objects;
  private final PodReader podReader;
  private final MeasuredCluster cluster;
  private final BlockingQueue<Placement> written = new LinkedBlockingQueue<>();
  private final InMemoryBinder binder = new InMemoryBinder(written::add);
  private final ExtenderService service;
  private final ExtenderCalls calls;
  private final Map<String, JsonNode> waitingPods = new HashMap<>();
  private final Planner planner = new Planner(PLANNER_SEED);
  private int arrivals;
  private int failedDecisions;

  /** The cluster's clock; belongs to the service's event loop. */
  private volatile long nowNanos;

  /**
   * Starts the service and shows it the nodes.
   *
   * @throws IOException where the port cannot be listened on
   */
  StowageScheduler(List<Node> nodes, ServiceSettings settings, RandomGenerator ties)
      throws IOException {
    GpuResources gpuResources = settings.gpuResources();
    objects = new KubernetesObjects(gpuResources);
    podReader = new PodReader(gpuResources);
    cluster = new MeasuredCluster(nodes);
    NodeReader nodeReader = new NodeReader(gpuResources);
    List<Node> shown = new ArrayList<>(nodes.size());
    for (Node node : nodes) {
      shown.add(understood(() -> nodeReader.read(objects.node(node))));
    }
    service =
        ExtenderService.start(
            settings.withoutPlanning(),
            Policies.create("stowage", TypicalPods.of(Map.of())),
            ties,
            binder,
            () -> nowNanos);
    calls = new ExtenderCalls(service.port());
    tell(
        state -> {
          shown.forEach(state::putNode);
          state.markSynced();
        });
  }

  /** Reads an object that the demo itself has written. */
  private interface Reading<T> {
    T read() throws InvalidObjectException;
  }

  private static <T> T understood(Reading<T> reading) {
    try {
      return reading.read();
    } catch (InvalidObjectException e) {
      throw new IllegalStateException("the demo wrote an object that cannot be read", e);
    }
  }

  @Override
  public MeasuredCluster cluster() {
    return cluster;
  }

  @Override
  public void advanceTo(double seconds) {
    tell(state -> nowNanos = Math.round(seconds * 1e9));
  }

  @Override
  public void arrived(Pod pod) {
    io.fabric8.kubernetes.api.model.Pod object = objects.pending(pod);
    waitingPods.put(pod.uid(), calls.json(object));
    show(object);
    arrivals++;
    if (arrivals % ARRIVALS_BETWEEN_PLANS == 0) {
      plan();
    }
  }

  private void plan() {
    PlanRequest request = ask(ClusterState::planRequest).orElseThrow();
    StowagePlan plan = planner.plan(request, MOVES);
    tell(state -> state.adopt(plan));
  }

  private void show(io.fabric8.kubernetes.api.model.Pod object) {
    ObservedPod observed = understood(() -> podReader.read(object));
    tell(state -> state.putPod(observed));
  }

  @Override
  public @Nullable Placement schedule(Pod pod) throws IOException, InterruptedException {
    List<String> feasible = new ArrayList<>();
    cluster
        .cluster()
        .forEachNode(
            node -> {
              if (InTreeFit.fits(pod.shape(), node)) {
                feasible.add(node.name());
              }
            });
    if (feasible.isEmpty()) {
      return null;
    }
    JsonNode object = Objects.requireNonNull(waitingPods.get(pod.uid()), "pod is not waiting");
    ExtenderCalls.Filtered filtered = calls.filter(object, feasible);
    List<String> kept = filtered.nodes();
    if (!filtered.error().isEmpty() || !feasible.containsAll(kept)) {
      failedDecisions++;
      return null;
    }
    if (kept.isEmpty()) {
      return null;
    }
    String node = kept.size() == 1 ? kept.get(0) : calls.best(object, kept);
    if (!calls.bind(pod, node).isEmpty()) {
      failedDecisions++;
      return null;
    }
    return bound(pod, node);
  }

  private Placement bound(Pod pod, String node) {
    Placement placement = written.remove();
    if (!placement.pod().equals(pod) || !placement.nodeName().equals(node)) {
      throw new IllegalStateException(
          "expected " + pod + " to be bound to " + node + ", was " + placement);
    }
    cluster.place(placement);
    waitingPods.remove(pod.uid());
    show(objects.running(placement));
    return placement;
  }

  @Override
  public boolean mayFit(PodShape shape, NodeState freed) {
    return InTreeFit.fits(shape, freed);
  }

  @Override
  public NodeState ended(Pod pod) {
    binder.forget(pod.uid());
    tell(state -> state.removePod(pod.uid()));
    return cluster.remove(pod.uid());
  }

  /** Changes the service's state, and waits: requests that follow are not queued behind tasks. */
  private void tell(Consumer<ClusterState> change) {
    service
        .loop()
        .call(
            state -> {
              change.accept(state);
              return state;
            })
        .join();
  }

  /** Returns what the service's own state says. */
  <T> T ask(Function<ClusterState, T> question) {
    return service.loop().call(question).join();
  }

  /** Returns the way to the service's state. */
  StateLoop loop() {
    return service.loop();
  }

  /** Returns the service's metrics. */
  ServiceMetrics metrics() {
    return service.metrics();
  }

  /** Returns the port that the service listens on. */
  int port() {
    return service.port();
  }

  /** Returns the calls made so far. */
  ExtenderCalls calls() {
    return calls;
  }

  /** Returns how many decisions failed: answered with an error, or not bound. */
  int failedDecisions() {
    return failedDecisions;
  }

  @Override
  public void close() {
    service.close();
  }
}
