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
import io.stowage.extender.kube.ApiAnswer;
import io.stowage.extender.kube.ApiRequests;
import io.stowage.extender.kube.StowageAnnotations;
import io.stowage.extender.leader.Fence;
import io.stowage.extender.leader.Leadership;
import io.stowage.extender.state.BindDecision;
import io.stowage.extender.state.BindOutcome;
import java.io.IOException;
import java.net.ConnectException;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Writes bindings to the API server.
 *
 * <p>The Binding carries the pod's UID as precondition, the device annotations and the epoch, which
 * the API server merges into the pod in the same write. Conflicts, throttling, errors of the server
 * and silence are tried again with growing, scattered pauses; what the server asks for by
 * Retry-After is kept. Whenever a write was not plainly accepted or refused, the pod is read back
 * before anything else: a write that timed out may have succeeded.
 */
public final class KubernetesBinder implements Binder, AutoCloseable {
  private static final long FIRST_PAUSE_MILLIS = 50;
  private static final long LONGEST_PAUSE_MILLIS = 800;
  private static final long LEAST_REQUEST_MILLIS = 250;
  private static final String GONE = "the pod is gone";
  private static final int TOO_MANY_REQUESTS = 429;

  private final KubernetesClient client;
  private final ApiRequests requests;
  private final GpushareAnnotations gpushare;
  private final Leadership leadership;

  /**
   * Creates a binder with a client of its own, which does not try again by itself.
   *
   * @param config how to reach the API server
   * @param leadership is asked before each write, and told when the fence refuses one
   */
  public KubernetesBinder(Config config, GpushareAnnotations gpushare, Leadership leadership) {
    this.client =
        new KubernetesClientBuilder()
            .withConfig(new ConfigBuilder(config).withRequestRetryBackoffLimit(0).build())
            .build();
    this.requests = new ApiRequests(client, false);
    this.gpushare = gpushare;
    this.leadership = leadership;
  }

  @Override
  public BindOutcome bind(BindDecision.Write write, Duration timeLimit) {
    return new Attempt(write, System.nanoTime() + timeLimit.toNanos()).run();
  }

  private Binding binding(BindDecision.Write write) {
    Placement placement = write.placement();
    Map<String, String> annotations =
        new HashMap<>(gpushare.of(placement, write.gpuCapacityUnits()));
    if (!annotations.isEmpty()) {
      annotations.put(StowageAnnotations.EPOCH, Long.toString(write.epoch()));
    }
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
    private final long epoch;
    private final String podPath;
    private final long deadlineNanos;
    private long pauseMillis = FIRST_PAUSE_MILLIS;
    private boolean mustReadBack;
    private boolean writeMayHaveLanded;
    private String lastFailure = "no time was left";

    Attempt(BindDecision.Write write, long deadlineNanos) {
      this.placement = write.placement();
      this.binding = binding(write);
      this.epoch = write.epoch();
      this.podPath =
          "/api/v1/namespaces/" + placement.pod().namespace() + "/pods/" + placement.pod().name();
      this.deadlineNanos = deadlineNanos;
    }

    BindOutcome run() {
      Duration pause = Duration.ZERO;
      while (pause.toMillis() < millisLeft()) {
        LockSupport.parkNanos(pause.toNanos());
        if (!mustReadBack && !leadership.isActive(epoch)) {
          lastFailure = leadership.refusal();
          break;
        }
        Step step = mustReadBack ? readBack() : write();
        if (step.outcome != null) {
          return step.outcome;
        }
        pause = step.pause;
      }
      return writeMayHaveLanded
          ? new BindOutcome.InDoubt(lastFailure)
          : new BindOutcome.NotBound(lastFailure);
    }

    private long millisLeft() {
      return (deadlineNanos - System.nanoTime()) / 1_000_000;
    }

    /**
     * Most of the time that is left: what is given up has its connection closed, and new ones cost
     * a slow API server more than the answer would have. The rest is for another request.
     */
    private Duration requestLimit() {
      long left = millisLeft();
      return Duration.ofMillis(Math.min(left, Math.max(left * 3 / 4, LEAST_REQUEST_MILLIS)));
    }

    private Step write() {
      ApiAnswer answer;
      try {
        answer = requests.post(podPath + "/binding", binding, requestLimit());
      } catch (IOException e) {
        lastFailure = "the API server did not answer: " + e.getMessage();
        if (wasNeverSent(e)) {
          return tryAgain();
        }
        return readBackAtOnce(true);
      }
      if (answer.isSuccess()) {
        return Step.end(new BindOutcome.Bound());
      }
      lastFailure = sentence(answer);
      if (Fence.isRefusal(answer)) {
        leadership.fencedOff(epoch);
        return Step.end(new BindOutcome.NotBound(lastFailure));
      }
      return switch (answer.code()) {
        case TOO_MANY_REQUESTS -> tryAgain(answer.retryAfter());
        case HttpURLConnection.HTTP_CONFLICT -> readBackAtOnce(false);
        case HttpURLConnection.HTTP_NOT_FOUND -> Step.end(new BindOutcome.NotBound(GONE));
        default ->
            answer.code() < 500
                ? Step.end(new BindOutcome.NotBound(lastFailure))
                : readBackAtOnce(true);
      };
    }

    private Step readBackAtOnce(boolean mayHaveLanded) {
      writeMayHaveLanded |= mayHaveLanded;
      mustReadBack = true;
      return Step.after(Duration.ZERO);
    }

    /** Looks where the pod is; only when that is known may it be written again. */
    private Step readBack() {
      Pod pod;
      try {
        ApiAnswer answer = requests.get(podPath, requestLimit());
        if (answer.code() == HttpURLConnection.HTTP_NOT_FOUND) {
          return Step.end(new BindOutcome.NotBound(GONE));
        }
        if (!answer.isSuccess()) {
          lastFailure = sentence(answer);
          return tryAgain(answer.retryAfter());
        }
        pod = client.getKubernetesSerialization().unmarshal(answer.body(), Pod.class);
      } catch (IOException e) {
        lastFailure = "the API server did not answer: " + e.getMessage();
        return tryAgain();
      }
      if (!placement.pod().uid().equals(pod.getMetadata().getUid())) {
        return Step.end(new BindOutcome.NotBound(GONE));
      }
      String node = pod.getSpec() == null ? null : pod.getSpec().getNodeName();
      if (node == null || node.isEmpty()) {
        mustReadBack = false;
        return tryAgain();
      }
      return Step.end(
          node.equals(placement.nodeName())
              ? new BindOutcome.Bound()
              : new BindOutcome.NotBound("the pod is bound to node " + node + " already"));
    }

    private Step tryAgain() {
      return tryAgain(Duration.ZERO);
    }

    private Step tryAgain(Duration notBefore) {
      long scattered = ThreadLocalRandom.current().nextLong(pauseMillis / 2, pauseMillis + 1);
      pauseMillis = Math.min(2 * pauseMillis, LONGEST_PAUSE_MILLIS);
      return Step.after(notBefore.plusMillis(scattered));
    }
  }

  /** What a request led to: an outcome, or another request after a pause. */
  private record Step(@Nullable BindOutcome outcome, Duration pause) {
    static Step end(BindOutcome outcome) {
      return new Step(outcome, Duration.ZERO);
    }

    static Step after(Duration pause) {
      return new Step(null, pause);
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

  private static boolean wasNeverSent(IOException e) {
    for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
      if (cause instanceof ConnectException) {
        return true;
      }
    }
    return false;
  }

  private static String sentence(ApiAnswer answer) {
    return "the API server answered " + answer.code() + ": " + answer.message();
  }
}
