package io.stowage.extender.wake;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.bucket4j.Bandwidth;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.BucketConfiguration;
import io.github.bucket4j.TokensInheritanceStrategy;
import io.stowage.core.cluster.Pod;
import io.stowage.extender.kube.ObservedPod;
import io.stowage.extender.metrics.ServiceMetrics;
import io.stowage.extender.state.ClusterState;
import io.stowage.extender.state.StateLoop;
import io.stowage.extender.wake.PodPatcher.Outcome;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Timer;
import java.util.TimerTask;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Every half second: lets holds lapse on the state's event loop, decides there which pods to wake,
 * and writes that on a thread of its own.
 */
public final class Waking implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Waking.class);
  private static final Duration ROUND = Duration.ofMillis(500);
  private static final int WAITING = 256;

  private final StateLoop loop;
  private final ServiceMetrics metrics;
  private final BooleanSupplier active;
  private final Waker waker;
  private final Bucket rate;
  private final PodPatcher patcher;
  private final Timer timer = new Timer("stowage-waking", true);
  private final ThreadPoolExecutor worker;
  private volatile boolean enabled;

  private Waking(
      KubernetesClient client,
      StateLoop loop,
      ServiceMetrics metrics,
      WakeSettings settings,
      BooleanSupplier active) {
    this.loop = loop;
    this.metrics = metrics;
    this.active = active;
    this.enabled = settings.enabled();
    this.patcher = new PodPatcher(client);
    this.rate = Bucket.builder().addLimit(limit(settings)).build();
    this.waker = new Waker(rate);
    this.worker =
        new ThreadPoolExecutor(
            1,
            1,
            0,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(WAITING),
            task -> {
              Thread thread = new Thread(task, "stowage-wake");
              thread.setDaemon(true);
              return thread;
            });
  }

  /**
   * Starts it.
   *
   * @param client stays the caller's to close; should give up soon and not try again by itself
   * @param active whether this instance may write what nobody asked it for; asked on the event loop
   */
  public static Waking start(
      KubernetesClient client,
      StateLoop loop,
      ServiceMetrics metrics,
      WakeSettings settings,
      BooleanSupplier active) {
    Waking waking = new Waking(client, loop, metrics, settings, active);
    waking.timer.schedule(
        new TimerTask() {
          @Override
          public void run() {
            waking.round();
          }
        },
        ROUND.toMillis(),
        ROUND.toMillis());
    return waking;
  }

  private static Bandwidth limit(WakeSettings settings) {
    return Bandwidth.builder()
        .capacity(settings.burst())
        .refillGreedy(settings.perSecond(), Duration.ofSeconds(1))
        .build();
  }

  /** Goes by other settings from now on. */
  public void set(WakeSettings settings) {
    rate.replaceConfiguration(
        BucketConfiguration.builder().addLimit(limit(settings)).build(),
        TokensInheritanceStrategy.RESET);
    enabled = settings.enabled();
  }

  private void round() {
    try {
      loop.call(this::podsToWake).join().forEach(this::wake);
    } catch (RuntimeException e) {
      LOG.error("a round of waking failed", e);
    }
  }

  private List<ObservedPod> podsToWake(ClusterState state) {
    state.lapseHolds();
    return enabled && state.isSynced() && active.getAsBoolean()
        ? waker.round(state, System.nanoTime())
        : List.of();
  }

  private void wake(ObservedPod pod) {
    try {
      worker.execute(() -> write(pod.pod()));
    } catch (RejectedExecutionException e) {
      metrics.wakeup("dropped");
    }
  }

  private void write(Pod pod) {
    Outcome outcome = patcher.wake(pod);
    metrics.wakeup(outcome.name().toLowerCase(Locale.ROOT));
    if (outcome == Outcome.FORBIDDEN && enabled) {
      enabled = false;
      LOG.warn(
          "waiting pods are not woken any more: the right to patch pods is missing; grant it, or"
              + " set wake.enabled to false");
    }
  }

  /** Stops; what waits to be written is not. */
  @Override
  public void close() {
    timer.cancel();
    worker.shutdownNow();
  }
}
