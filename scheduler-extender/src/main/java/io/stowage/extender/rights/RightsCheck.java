package io.stowage.extender.rights;

import io.fabric8.kubernetes.api.model.authorization.v1.SelfSubjectAccessReview;
import io.fabric8.kubernetes.api.model.authorization.v1.SelfSubjectAccessReviewBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks the API server whether it allows what the service needs. */
public final class RightsCheck {
  private static final Logger LOG = LoggerFactory.getLogger(RightsCheck.class);
  private static final long PAUSE_MILLIS = 2_000;
  private static final int UNAUTHORIZED = 401;
  private static final int FORBIDDEN = 403;

  /** Waits before the API server is asked again. */
  @FunctionalInterface
  public interface Pause {
    /** Waits so many milliseconds; returns true where there is no need to go on. */
    boolean await(long millis) throws InterruptedException;
  }

  private final KubernetesClient client;
  private final Pause pause;

  /** Creates a check. */
  public RightsCheck(KubernetesClient client, Pause pause) {
    this.client = client;
    this.pause = pause;
  }

  /**
   * Returns when the API server has allowed every right, or when there is no need to go on. One
   * that does not answer is asked until it does.
   *
   * @throws MissingRightException for the first that it does not allow
   */
  public void run(List<Right> rights) throws MissingRightException, InterruptedException {
    for (Right right : rights) {
      List<String> missing = new ArrayList<>();
      for (String verb : right.verbs()) {
        Optional<Boolean> allowed = ask(right, verb);
        if (allowed.isEmpty()) {
          return;
        }
        if (!allowed.orElseThrow()) {
          missing.add(verb);
        }
      }
      if (!missing.isEmpty()) {
        throw new MissingRightException(right.sentence(missing));
      }
    }
  }

  /** Returns the API server's answer; empty where there was no need to wait for it. */
  private Optional<Boolean> ask(Right right, String verb)
      throws MissingRightException, InterruptedException {
    SelfSubjectAccessReview question = question(right, verb);
    do {
      try {
        SelfSubjectAccessReview answer =
            client.authorization().v1().selfSubjectAccessReview().create(question);
        return Optional.of(
            answer.getStatus() != null && Boolean.TRUE.equals(answer.getStatus().getAllowed()));
      } catch (KubernetesClientException e) {
        if (e.getCode() == UNAUTHORIZED || e.getCode() == FORBIDDEN) {
          throw new MissingRightException(
              "the API server "
                  + client.getMasterUrl()
                  + " does not accept the account, it answers "
                  + e.getCode()
                  + ": "
                  + e.getMessage());
        }
        LOG.warn("the API server cannot be asked for rights, trying again: {}", e.toString());
      }
    } while (!pause.await(PAUSE_MILLIS));
    return Optional.empty();
  }

  private static SelfSubjectAccessReview question(Right right, String verb) {
    String[] resource = right.resource().split("/", 2);
    return new SelfSubjectAccessReviewBuilder()
        .withNewSpec()
        .withNewResourceAttributes()
        .withGroup(right.apiGroup())
        .withResource(resource[0])
        .withSubresource(resource.length > 1 ? resource[1] : null)
        .withVerb(verb)
        .withNamespace(right.namespace().isEmpty() ? null : right.namespace())
        .withName(right.name().isEmpty() ? null : right.name())
        .endResourceAttributes()
        .endSpec()
        .build();
  }
}
