package io.stowage.extender.service;

import io.stowage.core.policy.PlacementPolicy;
import io.stowage.extender.bind.BindService;
import io.stowage.extender.bind.Binder;
import io.stowage.extender.http.Address;
import io.stowage.extender.http.ExtenderRoutes;
import io.stowage.extender.http.HealthRoutes;
import io.stowage.extender.http.HttpListener;
import io.stowage.extender.http.HttpSettings;
import io.stowage.extender.http.InspectRoutes;
import io.stowage.extender.http.Routes;
import io.stowage.extender.http.TlsCertificates;
import io.stowage.extender.kube.ClusterLabels;
import io.stowage.extender.kube.NodeReader;
import io.stowage.extender.kube.PodReader;
import io.stowage.extender.leader.Leadership;
import io.stowage.extender.metrics.ServiceMetrics;
import io.stowage.extender.planning.PlanningThread;
import io.stowage.extender.state.ClusterState;
import io.stowage.extender.state.StateLoop;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.internal.ContextInternal;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;

/**
 * The running service: listens, decides and binds.
 *
 * <p>Nodes and pods are fed through {@link #loop()}; requests are answered once {@link
 * ClusterState#markSynced()} was called. Thread-safe.
 */
public final class ExtenderService implements AutoCloseable {
  private final Vertx vertx;
  private final StateLoop loop;
  private final ServiceMetrics metrics;
  private final ExecutorService bindWorkers;
  private final List<HttpListener> listeners;
  private final PlanningThread planning;

  private ExtenderService(
      Vertx vertx,
      StateLoop loop,
      ServiceMetrics metrics,
      ExecutorService bindWorkers,
      List<HttpListener> listeners,
      PlanningThread planning) {
    this.vertx = vertx;
    this.loop = loop;
    this.metrics = metrics;
    this.bindWorkers = bindWorkers;
    this.listeners = listeners;
    this.planning = planning;
  }

  /** Starts the service as a single replica without a fence. */
  public static ExtenderService start(
      ServiceSettings settings, PlacementPolicy policy, RandomGenerator ties, Binder binder)
      throws IOException {
    return start(settings, policy, ties, binder, Leadership.always(), new ClusterLabels());
  }

  /**
   * Starts the service as a single replica without a fence, by a clock of the caller's.
   *
   * @param nanoClock a monotonic clock in nanoseconds, read on the event loop
   */
  public static ExtenderService start(
      ServiceSettings settings,
      PlacementPolicy policy,
      RandomGenerator ties,
      Binder binder,
      LongSupplier nanoClock)
      throws IOException {
    return start(
        settings, policy, ties, binder, Leadership.always(), new ClusterLabels(), nanoClock);
  }

  /**
   * Starts the service; returns when it listens.
   *
   * @param policy ranks nodes and chooses devices; belongs to the service from now on
   * @param ties what breaks ties of a policy that asks for it; belongs to the service from now on
   * @param leadership says whether this replica is the active one
   * @param labels what is known of nodes' labels and taints, and of waiting pods' rules
   * @throws IOException where an address cannot be listened on or a certificate cannot be used
   */
  public static ExtenderService start(
      ServiceSettings settings,
      PlacementPolicy policy,
      RandomGenerator ties,
      Binder binder,
      Leadership leadership,
      ClusterLabels labels)
      throws IOException {
    return start(settings, policy, ties, binder, leadership, labels, System::nanoTime);
  }

  private static ExtenderService start(
      ServiceSettings settings,
      PlacementPolicy policy,
      RandomGenerator ties,
      Binder binder,
      Leadership leadership,
      ClusterLabels labels,
      LongSupplier nanoClock)
      throws IOException {
    Vertx vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(2));
    ContextInternal stateContext = (ContextInternal) vertx.getOrCreateContext();
    ClusterState state =
        new ClusterState(
            settings.holds(),
            settings.devices(),
            policy,
            labels,
            ties,
            nanoClock,
            ExtenderService::epochNanos);
    StateLoop loop =
        new StateLoop(
            task -> stateContext.runOnContext(ignored -> task.run()),
            stateContext::inThread,
            state);
    ExecutorService bindWorkers = bindWorkers(settings.bindThreads());
    ServiceMetrics metrics = new ServiceMetrics();
    metrics.follow(leadership);
    ExtenderRoutes routes =
        new ExtenderRoutes(
            loop,
            new BindService(loop, binder, bindWorkers, settings.bindTimeLimit(), leadership),
            new PodReader(settings.gpuResources()),
            new NodeReader(settings.gpuResources()),
            metrics,
            settings.maxBodyBytes());
    try {
      List<HttpListener> listeners =
          listen(stateContext, settings, metrics, routes, loop, leadership);
      PlanningThread planning = PlanningThread.start(loop, metrics, settings.planning());
      return new ExtenderService(vertx, loop, metrics, bindWorkers, listeners, planning);
    } catch (IOException e) {
      bindWorkers.shutdownNow();
      vertx.close().toCompletionStage().toCompletableFuture().join();
      throw e;
    }
  }

  private static long epochNanos() {
    Instant now = Instant.now();
    return TimeUnit.SECONDS.toNanos(now.getEpochSecond()) + now.getNano();
  }

  /**
   * Returns the listeners, that of the extender's port first: it is served by the event loop that
   * owns the state, so that a decision waits for no other thread.
   */
  private static List<HttpListener> listen(
      Context stateContext,
      ServiceSettings settings,
      ServiceMetrics metrics,
      ExtenderRoutes extender,
      StateLoop loop,
      Leadership leadership)
      throws IOException {
    Vertx vertx = stateContext.owner();
    HttpSettings http = settings.http();
    TlsCertificates certificates =
        http.tls() == null ? null : TlsCertificates.load(vertx, http.tls(), metrics);
    Routes health = new HealthRoutes(loop, metrics, leadership);
    Routes inspect = new InspectRoutes(loop);
    List<HttpListener> listeners = new ArrayList<>();
    List<Routes> all =
        http.inspectOnExtenderPort()
            ? List.of(extender, health, inspect)
            : List.of(extender, health);
    listeners.add(
        HttpListener.start(
            stateContext, settings.address(), http.limits(), certificates, metrics, all));
    Address inspectAddress = http.inspectAddress();
    if (inspectAddress != null) {
      listeners.add(
          HttpListener.start(
              vertx.getOrCreateContext(),
              inspectAddress,
              http.limits(),
              inspectAddress.isLoopback() ? null : certificates,
              metrics,
              List.of(inspect)));
    }
    if (http.healthAddress() != null) {
      listeners.add(
          HttpListener.start(
              vertx.getOrCreateContext(),
              http.healthAddress(),
              http.limits(),
              null,
              metrics,
              List.of(health)));
    }
    return listeners;
  }

  private static ExecutorService bindWorkers(int threads) {
    AtomicInteger number = new AtomicInteger();
    return Executors.newFixedThreadPool(
        threads,
        task -> {
          Thread thread = new Thread(task, "stowage-bind-" + number.getAndIncrement());
          thread.setDaemon(true);
          return thread;
        });
  }

  /**
   * Has holds, shortlists and rounds of planning go by other settings from now on; all else stays
   * as it was started.
   */
  public void set(ServiceSettings newSettings) {
    loop.run(state -> state.setHolds(newSettings.holds()));
    planning.set(newSettings.planning());
  }

  /** Returns the way to the cluster state. */
  public StateLoop loop() {
    return loop;
  }

  /** Returns the metrics. */
  public ServiceMetrics metrics() {
    return metrics;
  }

  /** Returns the port that it listens on. */
  public int port() {
    return listeners.get(0).port();
  }

  /** Returns all ports that it listens on: the extender's, then inspection's and health's. */
  public List<Integer> ports() {
    return listeners.stream().map(HttpListener::port).toList();
  }

  /** Answers what is being asked, then stops; bindings being written get their time to end. */
  @Override
  public void close() {
    listeners.forEach(HttpListener::close);
    planning.close();
    bindWorkers.shutdown();
    try {
      if (!bindWorkers.awaitTermination(10, TimeUnit.SECONDS)) {
        bindWorkers.shutdownNow();
      }
    } catch (InterruptedException e) {
      bindWorkers.shutdownNow();
      Thread.currentThread().interrupt();
    }
    vertx.close().toCompletionStage().toCompletableFuture().join();
    metrics.close();
  }
}
