package io.stowage.extender.bind;

import io.fabric8.kubernetes.api.model.Binding;
import io.fabric8.kubernetes.api.model.BindingBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.stowage.core.cluster.Placement;
import io.stowage.extender.device.GpushareAnnotations;
import io.stowage.extender.state.BindDecision;
import io.stowage.extender.state.BindOutcome;
import java.net.ConnectException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Writes bindings to the API server.
 *
 * <p>The Binding carries the pod's UID as precondition and the device annotations, which the API
 * server merges into the pod in the same write. Whenever a write was not plainly accepted or
 * refused, the pod is read back before anything else: a write that timed out may have succeeded.
 */
public final class KubernetesBinder implements Binder, AutoCloseable {
  private static final long FIRST_PAUSE_MILLIS = 50;
  private static final long LONGEST_PAUSE_MILLIS = 800;
  private static final String GONE = "the pod is gone";
  private static final int NOT_FOUND = 404;
  private static final int CONFLICT = 409;
  private static final int TOO_MANY_REQUESTS = 429;

  private final KubernetesClient client;
  private final GpushareAnnotations gpushare;

  /**
   * Creates a binder with a client of its own, which does not try again by itself.
   *
   * @param config how to reach the API server
   * @param timeLimit the time that bindings are given; a single request gets half of it, so that
   *     some is left to read the pod back
   */
  public KubernetesBinder(Config config, Duration timeLimit, GpushareAnnotations gpushare) {
    this.client =
        new KubernetesClientBuilder()
            .withConfig(
                new ConfigBuilder(config)
                    .withRequestTimeout((int) Math.max(1, timeLimit.toMillis() / 2))
                    .withRequestRetryBackoffLimit(0)
                    .build())
            .build();
    this.gpushare = gpushare;
  }

  @Override
  public BindOutcome bind(BindDecision.Write write, Duration timeLimit) {
    return new Attempt(write.placement(), binding(write), System.nanoTime() + timeLimit.toNanos())
        .run();
  }

  private Binding binding(BindDecision.Write write) {
    Placement placement = write.placement();
    Map<String, String> annotations = gpushare.of(placement, write.gpuCapacityUnits());
    return new BindingBuilder()
        .withNewMetadata()
        .withName(placement.pod().name())
        .withNamespace(placement.pod().namespace())
        .withUid(placement.pod().uid())
        .withAnnotations(annotations.isEmpty() ? null : annotations)
        .endMetadata()
        .withNewTarget()
        .withApiVersion("v1")
        .withKind("Node")
        .withName(placement.nodeName())
        .endTarget()
        .build();
  }

  /** One binding, tried until it is written, refused or out of time. */
  private final class Attempt {
    private final Placement placement;
    private final Binding binding;
    private final String podPath;
    private final long deadlineNanos;
    private boolean writeMayHaveLanded;
    private String lastFailure = "no time was left";

    Attempt(Placement placement, Binding binding, long deadlineNanos) {
      this.placement = placement;
      this.binding = binding;
      this.podPath =
          "/api/v1/namespaces/" + placement.pod().namespace() + "/pods/" + placement.pod().name();
      this.deadlineNanos = deadlineNanos;
    }

    BindOutcome run() {
      long pauseMillis = FIRST_PAUSE_MILLIS;
      while (millisLeft() > 0) {
        BindOutcome outcome = write();
        if (outcome != null) {
          return outcome;
        }
        long pause = Math.max(0, Math.min(pauseMillis, millisLeft()));
        LockSupport.parkNanos(Duration.ofMillis(pause).toNanos());
        pauseMillis = Math.min(2 * pauseMillis, LONGEST_PAUSE_MILLIS);
      }
      return writeMayHaveLanded
          ? new BindOutcome.InDoubt(lastFailure)
          : new BindOutcome.NotBound(lastFailure);
    }

    private int millisLeft() {
      return (int) ((deadlineNanos - System.nanoTime()) / 1_000_000);
    }

    /** Writes the binding; returns null where it is to be tried again. */
    private @Nullable BindOutcome write() {
      try {
        client.raw(podPath + "/binding", "POST", binding);
        return new BindOutcome.Bound();
      } catch (KubernetesClientException e) {
        lastFailure = sentence(e);
        switch (e.getCode()) {
          case TOO_MANY_REQUESTS -> {
            return null;
          }
          case CONFLICT -> {
            return readBack();
          }
          case NOT_FOUND -> {
            return new BindOutcome.NotBound(GONE);
          }
          default -> {
            if (e.getCode() >= 400 && e.getCode() < 500) {
              return new BindOutcome.NotBound(lastFailure);
            }
            writeMayHaveLanded |= !wasNeverSent(e);
            return readBack();
          }
        }
      }
    }

    /** Looks where the pod is; returns null where it is bound nowhere or that is not known. */
    private @Nullable BindOutcome readBack() {
      Pod pod;
      try {
        pod = podNow(client, placement);
      } catch (KubernetesClientException e) {
        lastFailure = sentence(e);
        return null;
      }
      if (pod == null) {
        return new BindOutcome.NotBound(GONE);
      }
      String node = pod.getSpec() == null ? null : pod.getSpec().getNodeName();
      if (node == null || node.isEmpty()) {
        return null;
      }
      return node.equals(placement.nodeName())
          ? new BindOutcome.Bound()
          : new BindOutcome.NotBound("the pod is bound to node " + node + " already");
    }
  }

  @Override
  public void close() {
    client.close();
  }

  /**
   * Returns the pod as the API server has it, null where it has none of that UID.
   *
   * @throws KubernetesClientException where it does not say
   */
  static @Nullable Pod podNow(KubernetesClient client, Placement placement) {
    Pod pod =
        client
            .pods()
            .inNamespace(placement.pod().namespace())
            .withName(placement.pod().name())
            .get();
    return pod != null && placement.pod().uid().equals(pod.getMetadata().getUid()) ? pod : null;
  }

  private static boolean wasNeverSent(KubernetesClientException e) {
    for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
      if (cause instanceof ConnectException) {
        return true;
      }
    }
    return false;
  }

  private static String sentence(KubernetesClientException e) {
    String message =
        e.getStatus() == null || e.getStatus().getMessage() == null
            ? String.valueOf(e.getMessage())
            : e.getStatus().getMessage();
    return e.getCode() <= 0
        ? "the API server did not answer: " + message
        : "the API server answered " + e.getCode() + ": " + message;
  }
}
