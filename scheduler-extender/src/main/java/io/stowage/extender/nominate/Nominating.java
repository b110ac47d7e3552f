package io.stowage.extender.nominate;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.bucket4j.Bucket;
import io.stowage.extender.metrics.ServiceMetrics;
import io.stowage.extender.state.ClusterState;
import io.stowage.extender.state.NominationOutcome;
import io.stowage.extender.state.NominationWrite;
import io.stowage.extender.state.StateLoop;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Timer;
import java.util.TimerTask;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ten times a second: has the state decide on its event loop which nominations to make and to
 * withdraw, and writes them on threads of its own.
 */
public final class Nominating implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Nominating.class);
  private static final Duration ROUND = Duration.ofMillis(100);
  private static final int WRITERS = 16;

  private final StateLoop loop;
  private final ServiceMetrics metrics;
  private final NominationSettings settings;
  private final BooleanSupplier active;
  private final NominationPatcher patcher;
  private final Bucket budget;
  private final Timer timer = new Timer("stowage-nominating", true);
  private final ExecutorService writers;
  private volatile boolean allowed = true;

  private Nominating(
      KubernetesClient client,
      StateLoop loop,
      ServiceMetrics metrics,
      NominationSettings settings,
      BooleanSupplier active) {
    this.loop = loop;
    this.metrics = metrics;
    this.settings = settings;
    this.active = active;
    this.patcher = new NominationPatcher(client);
    this.budget =
        Bucket.builder()
            .addLimit(
                limit ->
                    limit
                        .capacity(settings.perSecond())
                        .refillGreedy(settings.perSecond(), Duration.ofSeconds(1)))
            .build();
    AtomicInteger number = new AtomicInteger();
    this.writers =
        Executors.newFixedThreadPool(
            WRITERS,
            task -> {
              Thread thread = new Thread(task, "stowage-nominate-" + number.getAndIncrement());
              thread.setDaemon(true);
              return thread;
            });
  }

  /**
   * Starts it, where the settings say so.
   *
   * @param client stays the caller's to close; should give up soon and not try again by itself
   * @param active whether this instance may write what nobody asked it for; asked on the event loop
   */
  public static Nominating start(
      KubernetesClient client,
      StateLoop loop,
      ServiceMetrics metrics,
      NominationSettings settings,
      BooleanSupplier active) {
    Nominating nominating = new Nominating(client, loop, metrics, settings, active);
    if (settings.enabled()) {
      nominating.timer.schedule(
          new TimerTask() {
            @Override
            public void run() {
              nominating.round();
            }
          },
          ROUND.toMillis(),
          ROUND.toMillis());
    }
    return nominating;
  }

  private void round() {
    try {
      for (NominationWrite write : loop.call(this::decide).join()) {
        writers.execute(() -> write(write));
      }
    } catch (RejectedExecutionException e) {
      LOG.debug("nominating stops");
    } catch (RuntimeException e) {
      LOG.error("a round of nominating failed", e);
    }
  }

  private List<NominationWrite> decide(ClusterState state) {
    if (!allowed || !state.isSynced() || !active.getAsBoolean()) {
      return List.of();
    }
    List<NominationWrite> writes =
        state.nominations(settings.limits(), (int) budget.getAvailableTokens());
    if (!writes.isEmpty()) {
      budget.consumeIgnoringRateLimits(writes.size());
    }
    return writes;
  }

  private void write(NominationWrite write) {
    NominationOutcome outcome = new NominationOutcome.Failed();
    try {
      outcome = patcher.write(write);
      if (outcome instanceof NominationOutcome.Forbidden forbidden && allowed) {
        allowed = false;
        LOG.warn(
            "nodes are not nominated any more: the right to patch status.nominatedNodeName of pods"
                + " is missing; grant it, or set nomination.enabled to false: {}",
            forbidden.message());
      }
    } finally {
      NominationOutcome told = outcome;
      metrics.nomination(
          write.withdraws() ? "withdrawn" : "made",
          told.getClass().getSimpleName().toLowerCase(Locale.ROOT));
      loop.run(state -> state.nominationWritten(write, told));
    }
  }

  /** Stops; what waits to be written is not. */
  @Override
  public void close() {
    timer.cancel();
    writers.shutdownNow();
  }
}
