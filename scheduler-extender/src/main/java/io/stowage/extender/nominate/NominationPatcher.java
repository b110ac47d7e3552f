package io.stowage.extender.nominate;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.stowage.extender.kube.Nominee;
import io.stowage.extender.state.NominationOutcome;
import io.stowage.extender.state.NominationWrite;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes {@code status.nominatedNodeName} of one version of a pod. Thread-safe. */
final class NominationPatcher {
  private static final Logger LOG = LoggerFactory.getLogger(NominationPatcher.class);
  private static final int FORBIDDEN = 403;
  private static final int NOT_FOUND = 404;
  private static final int CONFLICT = 409;
  private static final int INVALID = 422;

  private static final PatchContext PATCH =
      new PatchContext.Builder()
          .withPatchType(PatchType.JSON_MERGE)
          .withFieldManager(Nominee.FIELD_MANAGER)
          .build();

  private final KubernetesClient client;

  NominationPatcher(KubernetesClient client) {
    this.client = client;
  }

  /** Writes a change; blocks. */
  NominationOutcome write(NominationWrite write) {
    io.stowage.core.cluster.Pod pod = write.pod();
    Pod named =
        new PodBuilder()
            .withNewMetadata()
            .withNamespace(pod.namespace())
            .withName(pod.name())
            .endMetadata()
            .build();
    try {
      Pod patched =
          client
              .pods()
              .resource(named) // by name only, the client would get the pod first
              .subresource("status")
              .patch(PATCH, client.getKubernetesSerialization().asJson(patch(write)));
      return new NominationOutcome.Written(version(patched));
    } catch (KubernetesClientException e) {
      return outcome(e, write);
    }
  }

  /** UID and version are preconditions: any other pod, or version of it, refuses the patch. */
  private static Map<String, Object> patch(NominationWrite write) {
    Map<String, Object> metadata = new LinkedHashMap<>();
    metadata.put("uid", write.pod().uid());
    metadata.put("resourceVersion", Long.toString(write.resourceVersion()));
    Map<String, @Nullable Object> status = new LinkedHashMap<>();
    status.put("nominatedNodeName", write.withdraws() ? null : write.nodeName());
    return Map.of("metadata", metadata, "status", status);
  }

  private static long version(Pod pod) {
    try {
      return Long.parseLong(pod.getMetadata().getResourceVersion());
    } catch (NumberFormatException e) {
      throw new CompletionException("expected a whole number as the version of a pod", e);
    }
  }

  private static NominationOutcome outcome(KubernetesClientException e, NominationWrite write) {
    return switch (e.getCode()) {
      case NOT_FOUND -> new NominationOutcome.Gone();
      case CONFLICT, INVALID -> new NominationOutcome.Outdated();
      case FORBIDDEN -> new NominationOutcome.Forbidden(String.valueOf(e.getMessage()));
      default -> {
        LOG.debug(
            "the nomination of pod {}/{} could not be written: {}",
            write.pod().namespace(),
            write.pod().name(),
            e.toString());
        yield new NominationOutcome.Failed();
      }
    };
  }
}
