package io.stowage.extender.e2e;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Creates random pods, of a printed seed: CPU alone, whole GPUs, shares of one. Most end by
 * themselves within seconds, some are deleted while on their way. An API server that does not
 * answer is asked again.
 */
final class Load implements AutoCloseable {
  private static final int CONFLICT = 409;

  /** So many that an API server may be away for about 80 s. */
  private static final int RETRIES = 30;

  private static final int PATIENCE_SECONDS = 120;

  private static final List<String> WHOLE_GPUS = List.of("1", "1", "1", "2", "4", "8");
  private static final List<String> SHARES = List.of("1", "2", "3", "5", "6", "8", "11", "16");

  private final KubernetesClient client;
  private final String prefix;
  private final String schedulerName;
  private final Random random;
  private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor();
  private final Queue<String> toBeDeleted = new ArrayDeque<>();
  private int deletePercent;
  private boolean withShares = true;
  private int longestRunSeconds = 8;
  private int endingPercent = 80;
  private BooleanSupplier mayCreate = () -> true;
  private @Nullable ScheduledFuture<?> stream;
  private final AtomicInteger created = new AtomicInteger();
  private final AtomicInteger deleted = new AtomicInteger();

  Load(ControlPlane controlPlane, String prefix, long seed) {
    this(controlPlane, prefix, Pods.STOWAGE, seed);
  }

  Load(ControlPlane controlPlane, String prefix, String schedulerName, long seed) {
    System.out.println(prefix + ": seed " + seed);
    Config patient =
        new ConfigBuilder(controlPlane.admin().getConfiguration())
            .withRequestRetryBackoffLimit(RETRIES)
            .build();
    this.client = new KubernetesClientBuilder().withConfig(patient).build();
    this.prefix = prefix;
    this.schedulerName = schedulerName;
    this.random = new Random(seed);
  }

  /** Has so many of the pods deleted soon after they were created. */
  Load deleting(int percent) {
    deletePercent = percent;
    return this;
  }

  /** Leaves shares out: for a scheduler that assigns no cards. */
  Load withoutShares() {
    withShares = false;
    return this;
  }

  /** Has the steady rate pause while so many pods are undecided: on a slow machine they pile up. */
  Load pausingAt(int mostUndecided, IntSupplier undecided) {
    mayCreate = () -> undecided.getAsInt() < mostUndecided;
    return this;
  }

  /** Lets all pods end by themselves, after this time at most. */
  Load ending(int seconds) {
    longestRunSeconds = seconds;
    endingPercent = 100;
    return this;
  }

  /** Creates this many pods as fast as it goes, and deletes those that are to be deleted. */
  void create(int pods) {
    for (int i = 0; i < pods; i++) {
      createNext();
    }
    deleteRest();
    System.out.printf(
        "%s: %d pods created, %d of them deleted%n", prefix, created.get(), deleted.get());
  }

  /** Starts creating pods at a steady rate. */
  void start(int podsPerSecond) {
    stream =
        thread.scheduleAtFixedRate(
            () -> {
              if (mayCreate.getAsBoolean()) {
                createNext();
              }
            },
            0,
            1_000_000 / podsPerSecond,
            TimeUnit.MICROSECONDS);
  }

  /** Stops creating pods and deletes those that are still to be deleted; fails where either has. */
  void stop() throws ExecutionException, InterruptedException, TimeoutException {
    ScheduledFuture<?> running = Objects.requireNonNull(stream, "not started");
    if (running.isDone()) {
      running.get();
    }
    running.cancel(false);
    thread.submit(this::deleteRest).get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    System.out.printf(
        "%s: %d pods created, %d of them deleted%n", prefix, created.get(), deleted.get());
  }

  int created() {
    return created.get();
  }

  int deleted() {
    return deleted.get();
  }

  private void createNext() {
    Pod pod = next();
    String name = pod.getMetadata().getName();
    try {
      client.pods().resource(pod).create();
    } catch (KubernetesClientException e) {
      // A creation that was tried again may find the pod that the first try made.
      if (e.getCode() != CONFLICT) {
        throw e;
      }
    }
    created.incrementAndGet();
    if (random.nextInt(100) < deletePercent) {
      toBeDeleted.add(name);
    }
    if (!toBeDeleted.isEmpty() && random.nextInt(100) < Math.max(deletePercent, 20)) {
      deleteNext();
    }
  }

  private Pod next() {
    String name = "%s-%05d".formatted(prefix, created.get());
    int kind = random.nextInt(10);
    String limits =
        "cpu=%dm,memory=%dMi".formatted(100 * (1 + random.nextInt(20)), 64 << random.nextInt(6));
    if (kind < 3) {
      limits += ",nvidia.com/gpu=" + WHOLE_GPUS.get(random.nextInt(WHOLE_GPUS.size()));
    } else if (kind < 7 && withShares) {
      limits += ",aliyun.com/gpu-mem=" + SHARES.get(random.nextInt(SHARES.size()));
    }
    var pod = Pods.pod(name, schedulerName, limits).editSpec().withRestartPolicy("Never").endSpec();
    if (random.nextInt(100) < endingPercent) {
      pod.editMetadata()
          .addToAnnotations(
              "local.stowage.io/run-seconds", String.valueOf(1 + random.nextInt(longestRunSeconds)))
          .endMetadata();
    }
    return pod.build();
  }

  private void deleteRest() {
    while (!toBeDeleted.isEmpty()) {
      deleteNext();
    }
  }

  private void deleteNext() {
    client.pods().inNamespace("default").withName(toBeDeleted.remove()).withGracePeriod(0).delete();
    deleted.incrementAndGet();
  }

  @Override
  public void close() {
    thread.shutdownNow();
    client.close();
  }
}
