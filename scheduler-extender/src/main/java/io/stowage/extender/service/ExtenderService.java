package io.stowage.extender.service;

import io.stowage.core.policy.PlacementPolicy;
import io.stowage.extender.bind.BindService;
import io.stowage.extender.bind.Binder;
import io.stowage.extender.http.ExtenderRoutes;
import io.stowage.extender.kube.NodeReader;
import io.stowage.extender.kube.PodReader;
import io.stowage.extender.leader.Leadership;
import io.stowage.extender.metrics.ServiceMetrics;
import io.stowage.extender.state.ClusterState;
import io.stowage.extender.state.StateLoop;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import java.io.IOException;
import java.time.Instant;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
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
  private final HttpServer server;

  private ExtenderService(
      Vertx vertx,
      StateLoop loop,
      ServiceMetrics metrics,
      ExecutorService bindWorkers,
      HttpServer server) {
    this.vertx = vertx;
    this.loop = loop;
    this.metrics = metrics;
    this.bindWorkers = bindWorkers;
    this.server = server;
  }

  /** Starts the service as a single replica without a fence. */
  public static ExtenderService start(
      ServiceSettings settings, PlacementPolicy policy, RandomGenerator ties, Binder binder)
      throws IOException {
    return start(settings, policy, ties, binder, Leadership.always());
  }

  /**
   * Starts the service; returns when it listens.
   *
   * @param policy ranks nodes and chooses devices; belongs to the service from now on
   * @param ties what breaks ties of a policy that asks for it; belongs to the service from now on
   * @param leadership says whether this replica is the active one
   * @throws IOException where the address cannot be listened on
   */
  public static ExtenderService start(
      ServiceSettings settings,
      PlacementPolicy policy,
      RandomGenerator ties,
      Binder binder,
      Leadership leadership)
      throws IOException {
    Vertx vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(2));
    Context stateContext = vertx.getOrCreateContext();
    ClusterState state =
        new ClusterState(
            settings.holds(),
            settings.devices(),
            policy,
            ties,
            System::nanoTime,
            ExtenderService::epochNanos);
    StateLoop loop = new StateLoop(task -> stateContext.runOnContext(ignored -> task.run()), state);
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
            leadership);
    try {
      HttpServer server = listen(vertx, settings, routes);
      return new ExtenderService(vertx, loop, metrics, bindWorkers, server);
    } catch (CompletionException e) {
      bindWorkers.shutdownNow();
      vertx.close().toCompletionStage().toCompletableFuture().join();
      throw new IOException(
          "cannot listen on " + settings.host() + ":" + settings.port() + ": " + e.getCause(), e);
    }
  }

  private static long epochNanos() {
    Instant now = Instant.now();
    return TimeUnit.SECONDS.toNanos(now.getEpochSecond()) + now.getNano();
  }

  private static HttpServer listen(Vertx vertx, ServiceSettings settings, ExtenderRoutes routes) {
    HttpServer server =
        vertx.createHttpServer(
            new HttpServerOptions()
                .setHost(settings.host())
                .setPort(settings.port())
                .setIdleTimeout(10)
                .setIdleTimeoutUnit(TimeUnit.MINUTES));
    server.requestHandler(routes.router(vertx, settings.maxBodyBytes()));
    VerticleBase listener =
        new VerticleBase() {
          @Override
          public Future<?> start() {
            return server.listen();
          }
        };
    vertx.deployVerticle(listener).toCompletionStage().toCompletableFuture().join();
    return server;
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
    return server.actualPort();
  }

  /** Answers what is being asked, then stops; bindings being written get their time to end. */
  @Override
  public void close() {
    server.close().toCompletionStage().toCompletableFuture().join();
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
