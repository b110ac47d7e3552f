package io.stowage.extender.e2e;

import static io.stowage.extender.e2e.Pods.STOWAGE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Nominations on a real API server, tried by a real kube-scheduler. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class NominationE2E {
  private static final Duration SECONDS = Duration.ofSeconds(10);
  private static final Duration HELD_AT_MOST = Duration.ofMinutes(5);
  private static final int NODES = 10;
  private static final int PODS = 30;
  private static final String LIMITS = "cpu=1,memory=1Gi,nvidia.com/gpu=1";

  private ServedCluster cluster;
  private CountDownLatch held = new CountDownLatch(0);

  @BeforeAll
  void start() throws IOException {
    Path config =
        Files.writeString(
            Files.createDirectories(ControlPlane.directory()).resolve("nomination.yaml"),
            "nomination: {enabled: true, backlog: 0}\nholdSeconds: 300\n",
            StandardCharsets.UTF_8);
    List<String> nodes =
        IntStream.range(0, NODES).mapToObj(i -> NodeLists.node(nodeName(i), 8)).toList();
    ControlPlane controlPlane =
        ControlPlane.start("nomination", NodeLists.write("nomination", nodes));
    cluster =
        new ServedCluster(
            controlPlane, controlPlane.kubeconfig("stowage"), "--config", config.toString());
    cluster.restartScheduler(
        controlPlane
            .schedulerConfig("stowage", cluster.proxy().url())
            .replace("httpTimeout: 5s", "httpTimeout: %ds".formatted(HELD_AT_MOST.toSeconds())));
  }

  private static String nodeName(int index) {
    return "nominated-" + index;
  }

  @AfterEach
  void clear() {
    held.countDown();
    cluster.proxy().after(null);
    for (int i = 0; i < NODES; i++) {
      cordon(nodeName(i), false);
    }
    cluster.clear();
  }

  @AfterAll
  void stop() {
    cluster.close();
  }

  private void cordon(String node, boolean cordoned) {
    cluster
        .admin()
        .nodes()
        .withName(node)
        .edit(
            found ->
                new NodeBuilder(found).editSpec().withUnschedulable(cordoned).endSpec().build());
  }

  /** Has kube-scheduler ask about a pod and wait for the answer, so that those behind it wait. */
  private void holdKubeScheduler() {
    CountDownLatch latch = new CountDownLatch(1);
    held = latch;
    CountDownLatch asked = new CountDownLatch(1);
    cluster
        .proxy()
        .after(
            verb -> {
              asked.countDown();
              awaitLatch(latch);
            });
    cluster.create(Pods.pod("first", STOWAGE, LIMITS));
    awaitLatch(asked);
  }

  private static void awaitLatch(CountDownLatch latch) {
    try {
      assertThat(latch.await(HELD_AT_MOST.toSeconds(), TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private void releaseKubeScheduler() {
    cluster.proxy().after(null);
    held.countDown();
  }

  private void createPods() {
    for (int i = 0; i < PODS; i++) {
      cluster.create(Pods.pod("pod-" + i, STOWAGE, LIMITS));
    }
  }

  private static String nominated(Pod pod) {
    String node = pod.getStatus().getNominatedNodeName();
    return node == null ? "" : node;
  }

  /** Returns the nominated node of each pod that waits, by name. */
  private Map<String, String> nominations() {
    return ClusterSnapshot.take(cluster.admin()).pendingPods().stream()
        .filter(pod -> !nominated(pod).isEmpty())
        .collect(
            Collectors.toMap(
                pod -> pod.getMetadata().getName(),
                NominationE2E::nominated,
                (one, other) -> one,
                TreeMap::new));
  }

  private Map<String, String> awaitNominations(int count) {
    return await(count + " pods to be nominated")
        .until(this::nominations, found -> found.size() == count);
  }

  private Map<String, String> awaitAllBound() {
    await("all pods to be bound")
        .until(
            () ->
                ClusterSnapshot.take(cluster.admin()).pendingPods().stream()
                    .allMatch(pod -> !pod.getSpec().getSchedulingGates().isEmpty()));
    return ClusterSnapshot.take(cluster.admin()).boundPods().stream()
        .collect(
            Collectors.toMap(
                pod -> pod.getMetadata().getName(), pod -> pod.getSpec().getNodeName()));
  }

  @Test
  void nominatedPodsAreBoundWhereNominated() {
    holdKubeScheduler();
    createPods();
    Map<String, String> nominated = awaitNominations(PODS);
    releaseKubeScheduler();
    assertThat(awaitAllBound()).containsAllEntriesOf(nominated);
    assertThat(ClusterSnapshot.take(cluster.admin()).pods())
        .as("the API server clears it with the binding")
        .allSatisfy(pod -> assertThat(nominated(pod)).isEmpty());
    await("Stowage to know").until(() -> cluster.metric("stowage_nominated_pods") == 0);
    assertThat(cluster.metric("stowage_holds")).isZero();
  }

  @Test
  void nominationsAreWithdrawnWithinSecondsAndMadeElsewhereWhenTheirSlotsAreGone() {
    holdKubeScheduler();
    createPods();
    Map<String, String> nominated = awaitNominations(PODS);
    String gone = nominated.get("pod-" + PODS / 2);
    cordon(gone, true);
    long start = System.nanoTime();
    await("no pod to be nominated there").atMost(SECONDS).until(() -> !isNominated(gone));
    System.out.printf(
        "nominations withdrawn %d ms after their node was cordoned%n",
        (System.nanoTime() - start) / 1_000_000);
    Map<String, String> anew = awaitNominations(PODS);
    assertThat(anew).doesNotContainValue(gone);
    releaseKubeScheduler();
    Map<String, String> bound = awaitAllBound();
    assertThat(bound).containsAllEntriesOf(anew);
  }

  private boolean isNominated(String node) {
    return nominations().containsValue(node);
  }

  @Test
  void gatedPodsAndThoseNominatedByPreemptionAreLeftAlone() {
    cluster.create(
        Pods.pod("gated", STOWAGE, LIMITS)
            .editSpec()
            .addNewSchedulingGate("e2e.stowage.io/wait")
            .endSpec());
    holdKubeScheduler();
    cluster.create(Pods.pod("preemptor", STOWAGE, LIMITS));
    nominate(cluster.admin(), "preemptor", "\"" + nodeName(9) + "\"");
    createPods();
    assertThat(awaitNominations(PODS + 1)).containsEntry("preemptor", nodeName(9));
    cordon(nodeName(9), true);
    await("Stowage's nominations to be withdrawn there")
        .atMost(SECONDS)
        .until(
            () ->
                nominations().entrySet().stream()
                    .filter(entry -> entry.getValue().equals(nodeName(9)))
                    .map(Map.Entry::getKey)
                    .toList()
                    .equals(List.of("preemptor")));
    awaitNominations(PODS + 1);
    releaseKubeScheduler();
    assertThat(awaitAllBound()).hasSize(PODS + 2);
    assertThat(nominated(cluster.pod("gated"))).isEmpty();
  }

  private static Pod nominate(KubernetesClient client, String pod, String nodeAsJson) {
    return patchStatus(client, pod, "{\"status\":{\"nominatedNodeName\":" + nodeAsJson + "}}");
  }

  private static Pod patchStatus(KubernetesClient client, String pod, String patch) {
    return client
        .pods()
        .resource(
            new PodBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName(pod)
                .endMetadata()
                .build())
        .subresource("status")
        .patch(PatchContext.of(PatchType.JSON_MERGE), patch);
  }

  /** A pod that no scheduler looks at. */
  private void createIdle(String name) {
    cluster.create(Pods.pod(name, "nobody", LIMITS));
  }

  private KubernetesClient asStowage() {
    return new KubernetesClientBuilder()
        .withConfig(Config.fromKubeconfig(cluster.controlPlane().kubeconfig("stowage").toFile()))
        .build();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{`status`:{`phase`:`Failed`}}",
        "{`status`:{`message`:`m`,`nominatedNodeName`:`nominated-1`}}",
        "{`status`:{`conditions`:[{`type`:`Ready`,`status`:`True`}]}}",
        "{`status`:{`podIP`:`10.0.0.1`,`podIPs`:[{`ip`:`10.0.0.1`}]}}",
        "{`status`:{`startTime`:`2026-01-01T00:00:00Z`}}",
        "{`metadata`:{`labels`:{`a`:`b`}}}",
        "{`metadata`:{`annotations`:{`stowage.io/epoch`:`1`}}}",
      })
  void anythingElseInAPodsStatusIsRefusedToStowage(String patch) {
    createIdle("idle");
    try (KubernetesClient stowage = asStowage()) {
      assertThatThrownBy(() -> patchStatus(stowage, "idle", patch.replace('`', '"')))
          .isInstanceOf(KubernetesClientException.class)
          .hasMessageContaining("Stowage may change status.nominatedNodeName and no");
      Pod before = cluster.pod("idle");
      patchStatus(cluster.admin(), "idle", patch.replace('`', '"'));
      assertThat(cluster.pod("idle").getMetadata().getResourceVersion())
          .as("it would be a change")
          .isNotEqualTo(before.getMetadata().getResourceVersion());
    }
  }

  @Test
  void stowageMayNominateWhereNoNodeIsAndClearIt() {
    createIdle("idle");
    try (KubernetesClient stowage = asStowage()) {
      List<String> seen = new ArrayList<>();
      seen.add(nominated(nominate(stowage, "idle", "\"nominated-1\"")));
      assertThatThrownBy(() -> nominate(stowage, "idle", "\"nominated-2\""))
          .isInstanceOf(KubernetesClientException.class)
          .hasMessageContaining("where none is nominated");
      seen.add(nominated(nominate(stowage, "idle", "null")));
      assertThat(seen).containsExactly("nominated-1", "");
    }
  }
}
