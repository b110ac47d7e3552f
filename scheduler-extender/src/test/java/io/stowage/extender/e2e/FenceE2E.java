package io.stowage.extender.e2e;

import static io.stowage.extender.e2e.Pods.STOWAGE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.BindingBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import tools.jackson.databind.JsonNode;

/**
 * The fence, and two Stowages that both believe to be the active one. Who asks them is the test:
 * one node has one card of 16 units.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FenceE2E {
  private static final Path MANIFEST = Path.of("../deploy/local/fence.yaml");
  private static final String SETTINGS =
      """
      bindTimeoutMillis: 60000
      httpTimeoutMillis: 120000
      http: {requestSeconds: 120}
      leadership:
        mode: lease
        leaseDurationSeconds: 8
        renewDeadlineSeconds: 6
        retryPeriodSeconds: 1
      """;
  private static final String UNFENCED = SETTINGS + "  fence: {enabled: false}\n";

  private final List<AutoCloseable> started = new ArrayList<>();
  private ControlPlane controlPlane;

  @BeforeAll
  void start() {
    controlPlane =
        ControlPlane.start(
            "fence",
            NodeLists.write("fence", List.of(NodeLists.node("one", 1))),
            NodeLists.asShares(16));
  }

  @AfterEach
  void clear() throws Exception {
    for (AutoCloseable each : started) {
      each.close();
    }
    started.clear();
    admin().pods().inNamespace("default").withGracePeriod(0).delete();
    await("pods to be gone")
        .until(() -> admin().pods().inNamespace("default").list().getItems().isEmpty());
    controlPlane.kubectl("apply", "-f", MANIFEST.toString());
    enforcePolicy(true);
  }

  @AfterAll
  void stop() {
    controlPlane.close();
  }

  private KubernetesClient admin() {
    return controlPlane.admin();
  }

  private static ConditionFactory patiently(String what) {
    return await(what).pollInterval(Duration.ofMillis(200));
  }

  private StowageProcess startStowage(String name, Path kubeconfig, String settings) {
    StowageProcess stowage = controlPlane.startStowageWith(name, kubeconfig, settings);
    started.add(stowage);
    stowage.awaitReady();
    return stowage;
  }

  private StowageProcess startStowage(String name, String settings) {
    return startStowage(name, controlPlane.kubeconfig("stowage"), settings);
  }

  private Pod createShare(String name, int units) {
    return admin()
        .pods()
        .resource(
            Pods.pod(name, STOWAGE, "cpu=100m,memory=128Mi,aliyun.com/gpu-mem=" + units).build())
        .create();
  }

  /** Asks whether a pod may go to the only node, as kube-scheduler does. */
  private JsonNode filter(StowageProcess stowage, Pod pod) {
    String json = admin().getKubernetesSerialization().asJson(pod);
    return stowage
        .client()
        .call("filter", "{\"Pod\":" + json + ",\"Nodes\":null,\"NodeNames\":[\"one\"]}");
  }

  /** Has a pod bound to the only node, and returns the error that is answered, empty for none. */
  private static String bind(StowageProcess stowage, Pod pod) {
    String body =
        "{\"PodName\":\"%s\",\"PodNamespace\":\"default\",\"PodUID\":\"%s\",\"Node\":\"one\"}"
            .formatted(pod.getMetadata().getName(), pod.getMetadata().getUid());
    return stowage.client().call("bind", body).get("Error").asString();
  }

  private boolean isBound(Pod pod) {
    return ClusterSnapshot.isBound(
        admin().pods().inNamespace("default").withName(pod.getMetadata().getName()).get());
  }

  /** What the two did about one card. */
  private record Duel(StowageProcess first, String firstAnswer, Pod firstPod) {}

  /**
   * The first is the active one and has a Binding on its way when it is paused, past its Lease. The
   * second takes over and gives the same card to another pod. Then the first goes on, and its
   * Binding arrives.
   */
  private Duel pausePastTheLeaseWithABindInFlight(String settings) {
    TcpGate gate = new TcpGate(controlPlane.apiServerPort());
    started.add(gate);
    StowageProcess first =
        startStowage("first", controlPlane.kubeconfigThrough("stowage", gate.port()), settings);
    patiently("the first to be active").until(first::isActive);
    Pod before = createShare("before", 2);
    filter(first, before);
    assertThat(bind(first, before)).isEmpty();
    StowageProcess second = startStowage("second", settings);
    assertThat(second.isActive()).isFalse();

    Pod firstPod = createShare("first", 10);
    assertThat(filter(first, firstPod).get("NodeNames")).hasSize(1);
    gate.hold();
    CompletableFuture<String> answer = CompletableFuture.supplyAsync(() -> bind(first, firstPod));
    patiently("the Binding to be on its way")
        .during(Duration.ofSeconds(1))
        .until(() -> gate.heldBytes() > 0 && first.metric("stowage_unconfirmed_binds") == 1);
    first.pause();

    patiently("the second to take over").until(second::isActive);
    Pod secondPod = createShare("second", 10);
    patiently("the second to know the pod")
        .until(() -> filter(second, secondPod).get("NodeNames").size() == 1);
    assertThat(bind(second, secondPod)).isEmpty();
    assertThat(isBound(secondPod)).isTrue();

    gate.release();
    first.resume();
    return new Duel(first, answer.join(), firstPod);
  }

  @Test
  void twoThatBelieveToBeActiveCannotGiveOneCardToTwoPods() {
    Duel duel = pausePastTheLeaseWithABindInFlight(SETTINGS);
    System.out.println("the first answers: " + duel.firstAnswer());
    assertThat(duel.firstAnswer()).contains("Stowage fence: epoch ");
    assertThat(isBound(duel.firstPod())).isFalse();
    ClusterSnapshot.take(admin()).assertNoCardOvercommitted();
    controlPlane.audit();
    assertThat(duel.first().metric("stowage_fence_refusals_total")).isEqualTo(1);
    patiently("the first to know").until(() -> !duel.first().isActive());
    assertThat(duel.first().client().get("/readyz").statusCode()).isEqualTo(200);
  }

  @Test
  void withoutTheFenceTheSameGivesOneCardToTwoPods() {
    enforcePolicy(false); // it refuses epoch 0, which those without a fence write
    Duel duel = pausePastTheLeaseWithABindInFlight(UNFENCED);
    assertThat(duel.firstAnswer()).isEmpty();
    assertThatThrownBy(() -> ClusterSnapshot.take(admin()).assertNoCardOvercommitted())
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("free on card 0 of one");
  }

  @Test
  void withoutItsConfigMapNobodyIsActive() {
    controlPlane.kubectl("delete", "configmap", "-n", "kube-system", "stowage-fence");
    StowageProcess stowage = startStowage("no-config-map", SETTINGS);
    patiently("Stowage to say why")
        .until(
            () ->
                stowage
                    .client()
                    .get("/leaderz")
                    .body()
                    .equals(
                        "standby: the fence is missing: there is no ConfigMap"
                            + " kube-system/stowage-fence\n"));
    controlPlane.kubectl("apply", "-f", MANIFEST.toString());
    patiently("Stowage to be active").until(stowage::isActive);
  }

  @Test
  void withoutItsPolicyNobodyIsOrStaysActive() {
    enforcePolicy(false);
    StowageProcess stowage = startStowage("no-policy", SETTINGS);
    patiently("Stowage to say why")
        .until(
            () ->
                stowage
                    .client()
                    .get("/leaderz")
                    .body()
                    .startsWith("standby: the fence is not in force: "));
    enforcePolicy(true);
    patiently("Stowage to be active").until(stowage::isActive);
    double epoch = stowage.metric("stowage_leader_epoch");
    enforcePolicy(false);
    patiently("Stowage to be active no more").until(() -> !stowage.isActive());
    Pod pod = createShare("pod", 1);
    filter(stowage, pod);
    CompletableFuture<String> answer = CompletableFuture.supplyAsync(() -> bind(stowage, pod));
    enforcePolicy(true);
    assertThat(answer.join()).as("bound once the fence stands again").isEmpty();
    assertThat(stowage.metric("stowage_leader_epoch")).isGreaterThan(epoch);
  }

  /**
   * Has the policy enforced or only noted. Its binding stays: a kube-apiserver that was without it
   * for a second keeps the ConfigMap as it was then until it is restarted (kubernetes #130887).
   */
  private void enforcePolicy(boolean enforced) {
    controlPlane.kubectl(
        "patch",
        "validatingadmissionpolicybinding",
        "stowage-fence",
        "--type=merge",
        "-p",
        "{\"spec\":{\"validationActions\":[\"" + (enforced ? "Deny" : "Audit") + "\"]}}");
  }

  @Test
  void cleanStopLeavesTheLeaseToTheNextAtOnce() {
    StowageProcess first = startStowage("first", SETTINGS);
    patiently("the first to be active").until(first::isActive);
    StowageProcess second = startStowage("second", SETTINGS);
    long stopped = System.nanoTime();
    first.close();
    patiently("the second to be active").until(second::isActive);
    System.out.printf("clean stop to takeover: %d ms%n", (System.nanoTime() - stopped) / 1_000_000);
    assertThat(second.metric("stowage_leader_epoch")).isPositive();
  }

  @Test
  void raisedEpochIsSoonInForce() {
    List<Long> micros = new ArrayList<>();
    for (int epoch = 1_000; epoch < 1_010; epoch++) {
      setEpoch(epoch);
      long raised = System.nanoTime();
      int old = epoch - 1;
      await()
          .pollDelay(Duration.ZERO)
          .pollInterval(Duration.ofMillis(1))
          .untilAsserted(
              () -> assertThat(probe(old)).hasMessageContaining("Stowage fence: epoch " + old));
      micros.add((System.nanoTime() - raised) / 1_000);
      assertThat(probe(epoch).getCode()).as("the present epoch is let in").isEqualTo(404);
    }
    System.out.println("microseconds from raising the epoch to the first refusal: " + micros);
    setEpoch(0);
  }

  private void setEpoch(int epoch) {
    controlPlane.kubectl(
        "patch",
        "configmap",
        "-n",
        "kube-system",
        "stowage-fence",
        "-p",
        "{\"data\":{\"epoch\":\"" + epoch + "\"}}");
  }

  /** Tries a Binding of a pod that does not exist, and returns how it fails. */
  private KubernetesClientException probe(int epoch) {
    try {
      admin()
          .raw(
              "/api/v1/namespaces/default/pods/nobody/binding?dryRun=All",
              "POST",
              new BindingBuilder()
                  .withNewMetadata()
                  .withName("nobody")
                  .withAnnotations(Map.of("stowage.io/epoch", String.valueOf(epoch)))
                  .endMetadata()
                  .withNewTarget()
                  .withKind("Node")
                  .withName("one")
                  .endTarget()
                  .build());
      throw new AssertionError("a pod that does not exist was bound");
    } catch (KubernetesClientException e) {
      return e;
    }
  }
}
