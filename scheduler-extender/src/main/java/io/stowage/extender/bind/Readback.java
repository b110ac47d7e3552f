package io.stowage.extender.bind;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.stowage.extender.kube.InvalidObjectException;
import io.stowage.extender.kube.ObservedPod;
import io.stowage.extender.kube.PodReader;
import io.stowage.extender.state.StateLoop;
import io.stowage.extender.state.UnconfirmedBind;
import io.stowage.extender.state.UnconfirmedBind.Phase;
import java.time.Duration;
import java.util.List;
import java.util.Timer;
import java.util.TimerTask;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads back bindings that the watch does not show: those in doubt soon, accepted ones after a
 * while. So no pod counts for ever on a node that it is not on, whatever the watch missed.
 */
public final class Readback implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Readback.class);
  private static final Duration ROUND = Duration.ofSeconds(2);

  /** How long after it was given up a write may still land: the API server may be at it. */
  private static final Duration LATE_LANDING = Duration.ofSeconds(10);

  private static final Duration ACCEPTED_PATIENCE = Duration.ofSeconds(30);

  private final KubernetesClient client;
  private final StateLoop loop;
  private final PodReader pods;
  private final Timer timer = new Timer("stowage-readback", true);
  private volatile boolean closed;

  private Readback(KubernetesClient client, StateLoop loop, PodReader pods) {
    this.client = client;
    this.loop = loop;
    this.pods = pods;
  }

  /** Starts reading back every two seconds what is unconfirmed. */
  public static Readback start(KubernetesClient client, StateLoop loop, PodReader pods) {
    Readback readback = new Readback(client, loop, pods);
    readback.timer.schedule(
        new TimerTask() {
          @Override
          public void run() {
            readback.round();
          }
        },
        ROUND.toMillis(),
        ROUND.toMillis());
    return readback;
  }

  private void round() {
    try {
      List<UnconfirmedBind> unconfirmed = loop.call(state -> state.unconfirmedBinds()).join();
      long now = System.nanoTime();
      for (UnconfirmedBind binding : unconfirmed) {
        boolean due =
            binding.phase() == Phase.IN_DOUBT
                || now - binding.sinceNanos() > ACCEPTED_PATIENCE.toNanos();
        if (due && !closed) {
          readBack(binding);
        }
      }
    } catch (KubernetesClientException e) {
      LOG.warn("bindings cannot be read back, trying again: {}", e.toString());
    } catch (RuntimeException e) {
      LOG.error("reading bindings back failed", e);
    }
  }

  private void readBack(UnconfirmedBind binding) {
    Pod pod = KubernetesBinder.podNow(client, binding.placement());
    ObservedPod found;
    try {
      found = pod == null ? null : pods.read(pod);
    } catch (InvalidObjectException e) {
      LOG.warn("pod {} cannot be read back: {}", binding.placement().pod().name(), e.getMessage());
      return;
    }
    boolean mayLand =
        binding.phase() == Phase.IN_DOUBT
            && System.nanoTime() - binding.sinceNanos() < LATE_LANDING.toNanos();
    if (found != null && !found.isBound() && mayLand) {
      return;
    }
    if (!closed) { // while it was read, the loop may have ended
      loop.run(state -> state.confirm(binding, found));
    }
  }

  @Override
  public void close() {
    closed = true;
    timer.cancel();
  }
}
