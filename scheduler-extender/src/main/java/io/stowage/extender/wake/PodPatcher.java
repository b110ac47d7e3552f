package io.stowage.extender.wake;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.stowage.extender.kube.StowageAnnotations;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has kube-scheduler try a pod again: it does whenever the metadata of a pod that it found no node
 * for has changed. Thread-safe.
 */
final class PodPatcher {
  private static final Logger LOG = LoggerFactory.getLogger(PodPatcher.class);
  private static final int FORBIDDEN = 403;
  private static final int NOT_FOUND = 404;
  private static final int CONFLICT = 409;
  private static final int INVALID = 422;

  private final KubernetesClient client;
  private final AtomicLong lastValue = new AtomicLong();

  /** What became of a patch. */
  enum Outcome {
    /** It was written. */
    WOKEN,
    /** There is no such pod any more. */
    GONE,
    /** Stowage has no right to patch pods. */
    FORBIDDEN,
    /** The API server did not take it. */
    FAILED
  }

  PodPatcher(KubernetesClient client) {
    this.client = client;
  }

  /** Wakes a pod; blocks. */
  Outcome wake(io.stowage.core.cluster.Pod pod) {
    long value = lastValue.updateAndGet(last -> Math.max(last + 1, System.currentTimeMillis()));
    Pod patch =
        new PodBuilder()
            .withNewMetadata()
            .withUid(pod.uid()) // a precondition: a pod of the same name is another one
            .addToAnnotations(StowageAnnotations.WOKEN, Long.toString(value))
            .endMetadata()
            .build();
    try {
      client
          .pods()
          .inNamespace(pod.namespace())
          .withName(pod.name())
          .patch(
              PatchContext.of(PatchType.JSON_MERGE),
              client.getKubernetesSerialization().asJson(patch));
      return Outcome.WOKEN;
    } catch (KubernetesClientException e) {
      return switch (e.getCode()) {
        case NOT_FOUND, CONFLICT, INVALID -> Outcome.GONE;
        case FORBIDDEN -> Outcome.FORBIDDEN;
        default -> {
          LOG.debug("pod {}/{} could not be woken: {}", pod.namespace(), pod.name(), e.toString());
          yield Outcome.FAILED;
        }
      };
    }
  }
}
