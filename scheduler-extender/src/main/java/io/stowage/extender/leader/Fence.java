package io.stowage.extender.leader;

import io.fabric8.kubernetes.api.model.Binding;
import io.fabric8.kubernetes.api.model.BindingBuilder;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.stowage.extender.kube.ApiAnswer;
import io.stowage.extender.kube.ApiRequests;
import io.stowage.extender.kube.StowageAnnotations;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.util.Map;

/**
 * The fence: a ConfigMap with an epoch, and a ValidatingAdmissionPolicy that refuses Bindings which
 * carry an older one.
 *
 * <p>Policies are judged before the pod is looked for, so whether one is in force is found out with
 * dry-run Bindings of a pod that does not exist: refused by the policy they answer 422, admitted
 * 404.
 */
public final class Fence {
  private static final String EPOCH_KEY = "epoch";
  private static final String POLICY = "ValidatingAdmissionPolicy 'stowage-fence'";
  private static final String OLDER = "Stowage fence: epoch ";
  private static final String PROBE = "stowage-fence-probe";
  private static final int UNPROCESSABLE = 422;
  private static final int TRIES = 5;
  private static final Duration ANSWER_LIMIT = Duration.ofSeconds(5);

  private final KubernetesClient client;
  private final ApiRequests requests;
  private final FenceSettings settings;

  /** Creates the fence; the client must not use HTTP/2. */
  Fence(KubernetesClient client, FenceSettings settings) {
    this.client = client;
    this.requests = new ApiRequests(client, true);
    this.settings = settings;
  }

  /** Tells whether an answer to a Binding is a refusal by the fence. */
  public static boolean isRefusal(ApiAnswer answer) {
    return answer.code() == UNPROCESSABLE && answer.message().contains(POLICY);
  }

  /**
   * Raises the epoch and returns the new one.
   *
   * @param atLeast what it is raised above in any case
   */
  long raise(long atLeast) throws FenceException {
    for (int i = 0; i < TRIES; i++) {
      ConfigMap configMap = read();
      long epoch = Math.max(atLeast, epochOf(configMap)) + 1;
      try {
        client
            .resource(
                new ConfigMapBuilder(configMap).addToData(EPOCH_KEY, Long.toString(epoch)).build())
            .update();
        return epoch;
      } catch (KubernetesClientException e) {
        if (e.getCode() != HttpURLConnection.HTTP_CONFLICT) {
          throw FenceException.passing("the fence cannot be raised: " + e.getMessage());
        }
      }
    }
    throw FenceException.passing("the fence cannot be raised: others raise it all the time");
  }

  private ConfigMap read() throws FenceException {
    ConfigMap configMap;
    try {
      configMap =
          client
              .configMaps()
              .inNamespace(settings.namespace())
              .withName(settings.configMap())
              .get();
    } catch (KubernetesClientException e) {
      throw FenceException.passing("the fence cannot be read: " + e.getMessage());
    }
    if (configMap == null) {
      throw FenceException.wrong("the fence is missing: there is no " + configMap());
    }
    return configMap;
  }

  private long epochOf(ConfigMap configMap) throws FenceException {
    String epoch =
        configMap.getData() == null ? "0" : configMap.getData().getOrDefault(EPOCH_KEY, "0");
    if (!epoch.matches("[0-9]{1,18}")) {
      throw FenceException.wrong(
          configMap() + ", " + EPOCH_KEY + ": expected a whole number, was '" + epoch + "'");
    }
    return Long.parseLong(epoch);
  }

  private String configMap() {
    return "ConfigMap " + settings.namespace() + "/" + settings.configMap();
  }

  /**
   * Returns when Bindings of the epoch before are refused, as often in a row as the settings say,
   * and those of this epoch are not.
   */
  void awaitRaised(long epoch) throws FenceException {
    long deadline = System.nanoTime() + ANSWER_LIMIT.toNanos();
    int refusals = 0;
    while (refusals < settings.refusals()) {
      if (refuses(epoch - 1)) {
        refusals++;
      } else if (System.nanoTime() - deadline > 0) {
        throw FenceException.wrong(
            "the fence is not in force: a Binding of epoch "
                + (epoch - 1)
                + " is not refused; is "
                + POLICY
                + " there, and its binding? An API server that was without the binding for a moment"
                + " keeps the epoch of then until it is restarted (kubernetes #130887)");
      } else {
        refusals = 0;
      }
    }
    if (!admits(epoch)) {
      throw FenceException.passing("the fence was raised by another Stowage just now");
    }
  }

  /**
   * Checks that Bindings of the epoch before are still refused.
   *
   * @throws FenceException where they are not, or that is not known
   */
  void check(long epoch) throws FenceException {
    if (!refuses(epoch - 1)) {
      throw FenceException.wrong(
          "the fence is no longer in force: a Binding of epoch " + (epoch - 1) + " is not refused");
    }
  }

  /** Tells whether Bindings of an epoch are let in. */
  boolean admits(long epoch) throws FenceException {
    return !refuses(epoch);
  }

  private boolean refuses(long epoch) throws FenceException {
    ApiAnswer answer = probe(epoch);
    if (isRefusal(answer)) {
      if (!answer.message().contains(OLDER)) {
        throw FenceException.wrong("the fence does not work: " + answer.message());
      }
      return true;
    }
    if (answer.code() == HttpURLConnection.HTTP_NOT_FOUND) {
      return false;
    }
    throw FenceException.passing(
        "the fence cannot be tried: the API server answered "
            + answer.code()
            + ": "
            + answer.message());
  }

  private ApiAnswer probe(long epoch) throws FenceException {
    try {
      return requests.post(
          "/api/v1/namespaces/" + settings.namespace() + "/pods/" + PROBE + "/binding?dryRun=All",
          binding(epoch),
          ANSWER_LIMIT);
    } catch (IOException e) {
      throw FenceException.passing("the fence cannot be tried: " + e.getMessage());
    }
  }

  private Binding binding(long epoch) {
    return new BindingBuilder()
        .withNewMetadata()
        .withNamespace(settings.namespace())
        .withName(PROBE)
        .withUid(PROBE) // no pod's
        .withAnnotations(Map.of(StowageAnnotations.EPOCH, Long.toString(epoch)))
        .endMetadata()
        .withNewTarget()
        .withApiVersion("v1")
        .withKind("Node")
        .withName(PROBE)
        .endTarget()
        .build();
  }
}
