package io.stowage.extender.watch;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ListOptionsBuilder;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodList;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.FilterWatchListDeletable;
import io.fabric8.kubernetes.client.dsl.Informable;
import io.fabric8.kubernetes.client.dsl.PodResource;
import io.fabric8.kubernetes.client.vertx5.Vertx5HttpClientFactory;
import io.stowage.extender.kube.ClusterLabels;
import io.stowage.extender.kube.NodeReader;
import io.stowage.extender.kube.PodReader;
import io.stowage.extender.kube.UnhealthyGpus;
import io.stowage.extender.metrics.ServiceMetrics;
import io.stowage.extender.state.ClusterState;
import io.stowage.extender.state.StateLoop;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.WebSocketClientOptions;
import io.vertx.ext.web.client.WebClientOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Timer;
import java.util.TimerTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows a cluster and feeds its state: nodes, pods, pods that failed, volume claims, and the
 * ConfigMaps that tell unhealthy GPUs. The state is marked synced when all that a decision rests on
 * was listed and applied.
 *
 * <p>Pods that ended are not listed among the pods, as in kube-scheduler: to that watch they are
 * deleted. An API server that does not answer is asked again until it does, with pauses of at most
 * some seconds. Of what is watched, only identities are kept.
 */
public final class ClusterWatch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ClusterWatch.class);

  /** Doubled up to five times, it is the pause after a failed attempt: 3.2 s at most. */
  private static final int FIRST_PAUSE_MILLIS = 100;

  /** A connection whose other end is gone without a word shows it by not answering a ping. */
  private static final int PING_MILLIS = 5_000;

  private static final int READ_IDLE_SECONDS = 20;
  private static final long CHECK_MILLIS = 1_000;
  private static final Duration SYNC_POLL = Duration.ofMillis(50);
  private static final Duration LIST_AGAIN = Duration.ofSeconds(1);
  private static final Duration DOWN = Duration.ofSeconds(60);

  private final KubernetesClient client;
  private final StateLoop loop;
  private final ServiceMetrics metrics;
  private final LongSupplier nanoClock;
  private final long pageSize;
  private final WatchProgress podProgress = new WatchProgress();
  private final List<ResourceWatch<?>> watches = new ArrayList<>();
  private final Timer timer = new Timer("stowage-watch-check", true);
  private final AtomicInteger listsMissing = new AtomicInteger();

  private ClusterWatch(
      Config config,
      StateLoop loop,
      ServiceMetrics metrics,
      WatchSettings settings,
      ClusterLabels labels,
      LongSupplier nanoClock) {
    this.client = client(config);
    this.loop = loop;
    this.metrics = metrics;
    this.nanoClock = nanoClock;
    this.pageSize = settings.pageSize();
    PodReader podReader = new PodReader(settings.gpuResources());
    long page = pageSize;
    follow(
        "nodes",
        () -> client.nodes().withLimit(page),
        Node::new,
        new NodeFeed(loop, new NodeReader(settings.gpuResources()), labels));
    follow(
        "pods",
        () -> runningPods().withLimit(page),
        Pod::new,
        new PodFeed(loop, podReader, podProgress, labels));
    follow(
        "claims",
        () -> client.persistentVolumeClaims().inAnyNamespace().withLimit(page),
        PersistentVolumeClaim::new,
        new ClaimFeed(loop));
    if (settings.unhealthyGpus()) {
      follow(
          "unhealthy-gpus",
          () -> client.configMaps().inNamespace(UnhealthyGpus.NAMESPACE).withLimit(page),
          ConfigMap::new,
          new UnhealthyGpuFeed(loop));
    }
    listsMissing.set(watches.size());
    FailedPodFeed failedPods =
        new FailedPodFeed(
            podReader, (pod, reason) -> loop.run(state -> state.refused(pod, reason)));
    watches.add(
        watch(
            "failed-pods",
            () ->
                client.pods().inAnyNamespace().withField("status.phase", "Failed").withLimit(page),
            Pod::new,
            failedPods,
            failedPods::listed));
  }

  /**
   * Starts following; returns at once.
   *
   * @param config how to reach the API server; a client of its own is made of it
   * @param labels take in what people go by
   */
  public static ClusterWatch start(
      Config config,
      StateLoop loop,
      ServiceMetrics metrics,
      WatchSettings settings,
      ClusterLabels labels) {
    return start(config, loop, metrics, settings, labels, System::nanoTime);
  }

  /** The same by a clock of the caller's. */
  static ClusterWatch start(
      Config config,
      StateLoop loop,
      ServiceMetrics metrics,
      WatchSettings settings,
      ClusterLabels labels,
      LongSupplier nanoClock) {
    ClusterWatch watch = new ClusterWatch(config, loop, metrics, settings, labels, nanoClock);
    watch.run();
    return watch;
  }

  /**
   * Waits until everything is listed and the state has every pod as the API server had it when this
   * was called; blocks, and lists all pods for it.
   *
   * @return whether that was so within the time limit
   */
  public boolean awaitCurrent(Duration timeLimit) {
    long deadline = System.nanoTime() + timeLimit.toNanos();
    try {
      while (System.nanoTime() - deadline < 0) {
        if (!loop.call(ClusterState::isSynced).join()) {
          LockSupport.parkNanos(SYNC_POLL.toNanos());
        } else if (podProgress.await(newestPodVersion(), LIST_AGAIN)) {
          return true;
        } // else a pod may have gone that will never show the version that was listed
      }
    } catch (KubernetesClientException e) {
      LOG.warn("pods cannot be listed, trying again: {}", e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return false;
  }

  private long newestPodVersion() {
    long newest = 0;
    String next = null;
    do {
      PodList page =
          runningPods()
              .list(new ListOptionsBuilder().withLimit(pageSize).withContinue(next).build());
      for (Pod pod : page.getItems()) {
        newest = Math.max(newest, WatchProgress.number(pod.getMetadata().getResourceVersion()));
      }
      next = page.getMetadata().getContinue();
    } while (next != null && !next.isEmpty());
    return newest;
  }

  private FilterWatchListDeletable<Pod, PodList, PodResource> runningPods() {
    return client
        .pods()
        .inAnyNamespace()
        .withoutField("status.phase", "Succeeded")
        .withoutField("status.phase", "Failed");
  }

  private static KubernetesClient client(Config config) {
    return new KubernetesClientBuilder()
        .withConfig(
            new ConfigBuilder(config)
                .withWatchReconnectInterval(FIRST_PAUSE_MILLIS)
                .withRequestRetryBackoffInterval(FIRST_PAUSE_MILLIS)
                .withWebsocketPingInterval((long) PING_MILLIS)
                .build())
        .withKubernetesSerialization(WatchedJson.serialization())
        .withHttpClientFactory(
            new Vertx5HttpClientFactory() {
              @Override
              protected void additionalConfig(
                  WebClientOptions http, WebSocketClientOptions webSocket, PoolOptions pool) {
                webSocket
                    .setIdleTimeoutUnit(TimeUnit.SECONDS)
                    .setReadIdleTimeout(READ_IDLE_SECONDS);
              }
            })
        .build();
  }

  private <T extends HasMetadata> void follow(
      String kind, Supplier<Informable<T>> objects, Supplier<T> empty, Feed<T> feed) {
    AtomicInteger lists = new AtomicInteger();
    watches.add(
        watch(
            kind,
            objects,
            empty,
            feed,
            () -> {
              if (lists.getAndIncrement() == 0) {
                oneListLess();
              }
            }));
  }

  private <T extends HasMetadata> ResourceWatch<T> watch(
      String kind,
      Supplier<Informable<T>> objects,
      Supplier<T> empty,
      Feed<T> feed,
      Runnable onListed) {
    return new ResourceWatch<>(
        kind, () -> objects.get().runnableInformer(0), empty, feed, onListed, metrics, nanoClock);
  }

  private void oneListLess() {
    if (listsMissing.decrementAndGet() == 0) {
      loop.run(
          state -> {
            state.markSynced();
            LOG.info(
                "the cluster is listed: {} nodes, {} pods on them",
                state.bound().nodeCount(),
                state.bound().podCount());
          });
    }
  }

  private void run() {
    watches.forEach(ResourceWatch::start);
    timer.schedule(
        new TimerTask() {
          @Override
          public void run() {
            check();
          }
        },
        CHECK_MILLIS,
        CHECK_MILLIS);
  }

  private void check() {
    for (ResourceWatch<?> watch : watches) {
      try {
        boolean down = watch.check().compareTo(DOWN) > 0;
        loop.run(state -> state.putWatch(watch.kind(), !down));
      } catch (RuntimeException e) {
        LOG.error("the watch of {} cannot be looked after", watch.kind(), e);
      }
    }
  }

  @Override
  public void close() {
    timer.cancel();
    watches.forEach(ResourceWatch::close);
    client.close();
  }
}
