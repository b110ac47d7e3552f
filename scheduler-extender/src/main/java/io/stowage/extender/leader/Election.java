package io.stowage.extender.leader;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.util.Timer;
import java.util.TimerTask;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes this Stowage the active one when its turn comes, and ends that when it is over.
 *
 * <p>Three steps lie between holding the Lease and the first Binding: the fence is raised; Bindings
 * of the epoch before are seen refused, so that none can be written any more; and the watch has
 * shown every one that was. Only then is the state what devices may be chosen from.
 */
public final class Election implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Election.class);
  private static final Duration STEP = Duration.ofMillis(100);
  private static final Duration FENCE_CHECK = Duration.ofSeconds(10);
  private static final Duration CATCH_UP_LIMIT = Duration.ofSeconds(30);

  private final KubernetesClient client;
  private final LeadershipSettings settings;
  private final Leadership leadership;
  private final Tenure tenure;
  private final @Nullable Fence fence;
  private final Timer leaseTimer = new Timer("stowage-lease", true);
  private final Timer stepTimer = new Timer("stowage-leader", true);
  private boolean leaseFails;
  private String lastLogged = "";
  private long lastEpoch;
  private long fenceCheckedNanos;

  /** Waits until the state has everything that the API server had when it was called. */
  @FunctionalInterface
  public interface CatchUp {

    /** Tells whether it has within the time limit; blocks. */
    boolean await(Duration timeLimit);
  }

  /**
   * Prepares it.
   *
   * @param config how to reach the API server
   * @param leadership is told when this Stowage is the active one
   */
  public Election(Config config, LeadershipSettings settings, Leadership leadership) {
    this.client =
        new KubernetesClientBuilder()
            .withConfig(
                new ConfigBuilder(config)
                    .withRequestTimeout((int) settings.renewDeadline().dividedBy(2).toMillis())
                    .withRequestRetryBackoffLimit(0)
                    .withHttp2Disable(true)
                    .build())
            .build();
    this.settings = settings;
    this.leadership = leadership;
    this.tenure = tenure();
    this.fence = settings.fence().enabled() ? new Fence(client, settings.fence()) : null;
  }

  private Tenure tenure() {
    return switch (settings.mode()) {
      case NONE -> new Unopposed();
      case KUBE_SCHEDULER -> new LeaseFollower(client, settings, System::nanoTime);
      case LEASE ->
          new LeaseCandidate(
              client, settings, settings.identity() + "_" + UUID.randomUUID(), System::nanoTime);
    };
  }

  /** Starts it. */
  public void start(CatchUp catchUp) {
    if (settings.mode() == LeadershipSettings.Mode.NONE && fence == null) {
      leadership.begin(0, () -> true);
      return;
    }
    every(leaseTimer, settings.retryPeriod(), this::lookAtLease);
    every(stepTimer, STEP, () -> step(catchUp));
  }

  private static void every(Timer timer, Duration period, Runnable task) {
    timer.schedule(
        new TimerTask() {
          @Override
          public void run() {
            try {
              task.run();
            } catch (RuntimeException e) {
              LOG.error("the election of the active one failed", e);
            }
          }
        },
        0,
        period.toMillis());
  }

  private void lookAtLease() {
    try {
      tenure.round();
      leaseFails = false;
    } catch (KubernetesClientException e) {
      if (!leaseFails) {
        LOG.warn(
            "Lease {}/{} cannot be looked at, trying again: {}",
            settings.leaseNamespace(),
            settings.leaseName(),
            e.getMessage());
      }
      leaseFails = true;
    }
  }

  private void step(CatchUp catchUp) {
    Long superseded = leadership.supersededNanos();
    if (!tenure.holds() || (superseded != null && !tenure.holdsAnewSince(superseded))) {
      leadership.end(tenure.whyNot());
    } else if (leadership.hasTerm()) {
      leadership.answerWaiting();
      checkFence();
    } else {
      becomeActive(catchUp);
    }
    log();
  }

  private void becomeActive(CatchUp catchUp) {
    try {
      long epoch = raiseFence();
      leadership.end("it has not seen yet what the one before it has bound");
      if (catchUp.await(CATCH_UP_LIMIT)) {
        leadership.begin(epoch, tenure::holds);
      }
    } catch (FenceException e) {
      leadership.end(String.valueOf(e.getMessage()));
      pause(settings.retryPeriod());
    }
  }

  private long raiseFence() throws FenceException {
    if (fence == null) {
      return 0;
    }
    lastEpoch = fence.raise(lastEpoch);
    fence.awaitRaised(lastEpoch);
    pause(settings.fence().settle());
    fenceCheckedNanos = System.nanoTime();
    return lastEpoch;
  }

  /** Looks now and then whether the fence still stands: a policy may be deleted, or come late. */
  private void checkFence() {
    if (fence == null || System.nanoTime() - fenceCheckedNanos < FENCE_CHECK.toNanos()) {
      return;
    }
    fenceCheckedNanos = System.nanoTime();
    try {
      if (!fence.admits(lastEpoch)) {
        leadership.supersede(lastEpoch);
      } else {
        fence.check(lastEpoch);
      }
    } catch (FenceException e) {
      if (!e.isPassing()) {
        leadership.end(String.valueOf(e.getMessage()));
      }
    }
  }

  private void log() {
    String standing = leadership.standing();
    if (!standing.equals(lastLogged)) {
      lastLogged = standing;
      LOG.info("{}", standing);
    }
  }

  private static void pause(Duration pause) {
    long end = System.nanoTime() + pause.toNanos();
    for (long left = pause.toNanos(); left > 0; left = end - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
  }

  /** Ends being active and leaves the Lease to the next one. */
  @Override
  public void close() {
    leaseTimer.cancel();
    stepTimer.cancel();
    leadership.end("it is stopping");
    try {
      tenure.release();
    } catch (KubernetesClientException e) {
      LOG.warn("the Lease could not be given up: {}", e.getMessage());
    } finally {
      client.close();
    }
  }
}
