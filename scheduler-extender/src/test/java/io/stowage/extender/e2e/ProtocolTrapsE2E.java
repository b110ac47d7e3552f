package io.stowage.extender.e2e;

import static io.stowage.extender.e2e.Pods.STOWAGE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.stowage.extender.http.Bodies;
import io.stowage.extender.http.ExtenderClient;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** What only a real kube-scheduler can show of the extender protocol's traps. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ProtocolTrapsE2E {
  private static final int NODES = 100;
  private static final int GPUS_PER_NODE = 4;
  private static final String SMALL = "cpu=1,memory=1Gi";
  private static final String HOSTNAME = "kubernetes.io/hostname";

  private ServedCluster cluster;

  /** Without a planner: where pods go is the score's alone, whatever a plan expects next. */
  @BeforeAll
  void start() throws IOException {
    Path nodes =
        NodeLists.write(
            "protocol-traps",
            IntStream.range(0, NODES)
                .mapToObj(i -> NodeLists.node(nodeName(i), GPUS_PER_NODE))
                .toList());
    Path config =
        Files.writeString(
            ControlPlane.directory().resolve("protocol-traps.yaml"),
            "planning: {enabled: false}\n");
    ControlPlane controlPlane = ControlPlane.start("protocol-traps", nodes);
    cluster =
        new ServedCluster(
            controlPlane, controlPlane.kubeconfig("stowage"), "--config", config.toString());
    cluster.keepExchanges();
  }

  @AfterEach
  void clear() {
    cluster.clear();
  }

  @AfterAll
  void stop() {
    WireRecordings.write(
        ControlPlane.directory().resolve("protocol-traps/wire"), cluster.exchanges());
    cluster.close();
  }

  private static String nodeName(int index) {
    return "node-%03d".formatted(index);
  }

  private static PodBuilder gpuPod(String name, int gpus) {
    return Pods.pod(name, STOWAGE, SMALL + ",nvidia.com/gpu=" + gpus);
  }

  /** Fills every node's GPUs with one pod each. */
  private void fillAllGpus() {
    for (int i = 0; i < NODES; i++) {
      cluster.create(gpuPod("filler-%03d".formatted(i), GPUS_PER_NODE));
    }
    assertThat(cluster.awaitDecided().boundPods()).hasSize(NODES);
  }

  /** Waits for an event of kube-scheduler about a pod whose message has a text. */
  private String awaitEvent(String pod, String text) {
    return await("an event of %s with '%s'".formatted(pod, text))
        .until(
            () ->
                cluster
                    .admin()
                    .v1()
                    .events()
                    .inNamespace("default")
                    .withField("involvedObject.name", pod)
                    .list()
                    .getItems()
                    .stream()
                    .map(Event::getMessage)
                    .filter(message -> message.contains(text))
                    .findFirst()
                    .orElse(""),
            message -> !message.isEmpty());
  }

  @Test
  void podsWaitWhileStowageIsAwayAndGoOnWhenItIsBack() {
    cluster.create(gpuPod("before", 1));
    cluster.awaitBound("before");
    cluster.killStowage();
    cluster.create(gpuPod("while-away", GPUS_PER_NODE));
    String event = awaitEvent("while-away", "/scheduler/filter");
    System.out.println("while Stowage is away: " + event);
    assertThat(ClusterSnapshot.isBound(cluster.pod("while-away"))).isFalse();

    cluster.startStowage();
    cluster.awaitBound("while-away");
    ClusterSnapshot.take(cluster.admin()).assertNoNodeOvercommitted();
  }

  @Test
  void failedDecisionReachesThePodsEvents() throws IOException {
    Path kubeconfig = ControlPlane.directory().resolve("protocol-traps/nowhere.kubeconfig");
    String nowhere;
    try (ServerSocket free = new ServerSocket(0)) {
      nowhere = "https://127.0.0.1:" + free.getLocalPort();
    }
    Files.writeString(
        kubeconfig,
        Files.readString(cluster.controlPlane().kubeconfig("stowage"))
            .replaceAll("https://127\\.0\\.0\\.1:\\d+", nowhere));
    try (StowageProcess unsynced =
        cluster.controlPlane().startStowage("stowage-nowhere", kubeconfig)) {
      HttpResponse<String> ready = unsynced.client().get("/readyz");
      assertThat(ready.statusCode()).isEqualTo(503);
      assertThat(ready.body()).contains("listing nodes and pods");
      assertThat(unsynced.client().get("/healthz").statusCode()).isEqualTo(200);

      cluster.proxy().forwardTo(unsynced);
      cluster.create(gpuPod("too-early", 1));
      awaitEvent("too-early", "Stowage is still listing nodes and pods");
    }
    cluster.proxy().forwardTo(cluster.stowage());
    assertThat(cluster.stowage().client().get("/readyz").statusCode()).isEqualTo(200);
    cluster.awaitBound("too-early");
  }

  @Test
  void nodeAddedWhileRunningGetsPods() {
    int gpus = 2 * GPUS_PER_NODE;
    cluster.create(gpuPod("large", gpus));
    assertThat(cluster.awaitUnschedulable("large")).contains("Insufficient nvidia.com/gpu");
    cluster
        .controlPlane()
        .createNodes(NodeLists.write("added", List.of(NodeLists.node("added", gpus))));
    assertThat(cluster.awaitBound("large").getSpec().getNodeName()).isEqualTo("added");
    cluster.admin().nodes().withName("added").delete();
    await("Stowage to forget the node").until(() -> cluster.metric("stowage_nodes") == NODES);
  }

  @Test
  void preferredNodeCountsMoreThanPacking() {
    String liked = nodeName(77);
    cluster.create(gpuPod("first", 1));
    String packed = cluster.awaitBound("first").getSpec().getNodeName();
    cluster.create(gpuPod("plain", 1));
    assertThat(cluster.awaitBound("plain").getSpec().getNodeName())
        .as("without a preference")
        .isEqualTo(packed)
        .isNotEqualTo(liked);
    cluster.create(
        gpuPod("choosy", 1)
            .editSpec()
            .withNewAffinity()
            .withNewNodeAffinity()
            .addNewPreferredDuringSchedulingIgnoredDuringExecution()
            .withWeight(100)
            .withNewPreference()
            .addNewMatchExpression()
            .withKey(HOSTNAME)
            .withOperator("In")
            .withValues(liked)
            .endMatchExpression()
            .endPreference()
            .endPreferredDuringSchedulingIgnoredDuringExecution()
            .endNodeAffinity()
            .endAffinity()
            .endSpec());
    assertThat(cluster.awaitBound("choosy").getSpec().getNodeName()).isEqualTo(liked);
  }

  @Test
  void softSpreadingCountsMoreThanPacking() {
    int replicas = GPUS_PER_NODE;
    Set<String> together = new HashSet<>();
    Set<String> apart = new HashSet<>();
    for (int i = 0; i < replicas; i++) {
      String name = "together-" + i;
      cluster.create(gpuPod(name, 1));
      together.add(cluster.awaitBound(name).getSpec().getNodeName());
    }
    for (int i = 0; i < replicas; i++) {
      String name = "apart-" + i;
      cluster.create(
          gpuPod(name, 1)
              .editMetadata()
              .addToLabels("app", "apart")
              .endMetadata()
              .editSpec()
              .addNewTopologySpreadConstraint()
              .withMaxSkew(1)
              .withTopologyKey(HOSTNAME)
              .withWhenUnsatisfiable("ScheduleAnyway")
              .withNewLabelSelector()
              .withMatchLabels(Map.of("app", "apart"))
              .endLabelSelector()
              .endTopologySpreadConstraint()
              .endSpec());
      apart.add(cluster.awaitBound(name).getSpec().getNodeName());
    }
    assertThat(together).as("nodes of pods that say nothing").hasSize(1);
    assertThat(apart).as("nodes of pods that want to be spread").hasSize(replicas);
  }

  @Test
  void podOfHigherPriorityPreempts() {
    cluster.admin().resource(Pods.preempting("traps-high", 1000)).create();
    fillAllGpus();
    cluster.create(gpuPod("low", GPUS_PER_NODE));
    String why = cluster.awaitUnschedulable("low");
    assertThat(why).contains("Insufficient nvidia.com/gpu");
    System.out.println(cluster.controlPlane().kubectl("describe", "pod", "low"));

    int preemptions = cluster.exchanges("preempt").size();
    cluster.create(
        gpuPod("high", GPUS_PER_NODE).editSpec().withPriorityClassName("traps-high").endSpec());
    String node = cluster.awaitBound("high").getSpec().getNodeName();
    ClusterSnapshot after = ClusterSnapshot.take(cluster.admin());
    assertThat(after.pods().stream().filter(pod -> name(pod).startsWith("filler-")))
        .as("one pod made room")
        .hasSize(NODES - 1)
        .noneMatch(pod -> pod.getSpec().getNodeName().equals(node));
    after.assertNoNodeOvercommitted();
    assertThat(cluster.exchanges("preempt"))
        .hasSizeGreaterThan(preemptions)
        .allSatisfy(exchange -> assertThat(exchange.status()).isEqualTo(200));
  }

  private static String name(Pod pod) {
    return pod.getMetadata().getName();
  }

  @Test
  void wholeNodesInTheRequestsBindAndPreemptAsWell() {
    String config = cluster.controlPlane().schedulerConfig("stowage", cluster.proxy().url());
    assertThat(config).contains("nodeCacheCapable: true");
    cluster.restartScheduler(config.replace("nodeCacheCapable: true", "nodeCacheCapable: false"));
    try {
      cluster.admin().resource(Pods.preempting("whole-high", 1000)).create();
      int before = cluster.exchanges().size();
      fillAllGpus();
      cluster.create(
          gpuPod("high", GPUS_PER_NODE).editSpec().withPriorityClassName("whole-high").endSpec());
      cluster.awaitBound("high");
      ClusterSnapshot.take(cluster.admin()).assertNoNodeOvercommitted();
      List<Exchange> exchanges = cluster.exchanges().subList(before, cluster.exchanges().size());
      assertThat(exchanges)
          .filteredOn(exchange -> exchange.verb().equals("filter"))
          .hasSizeGreaterThan(NODES)
          .allSatisfy(
              exchange ->
                  assertThat(exchange.answerJson().path("Nodes").path("items").isArray()).isTrue());
      assertThat(exchanges).anyMatch(exchange -> exchange.verb().equals("preempt"));
    } finally {
      cluster.restartScheduler(config);
    }
  }

  @Test
  void placingPodsLeavesNoComplaint() {
    int complaints = cluster.stowage().complaints().size();
    for (int i = 0; i < 50; i++) {
      cluster.create(gpuPod("quiet-" + i, 1 + i % GPUS_PER_NODE));
    }
    assertThat(cluster.awaitDecided().boundPods())
        .hasSize(50)
        .allSatisfy(pod -> assertThat(cluster.schedulerErrors(name(pod))).isEmpty());
    assertThat(cluster.stowage().complaints()).hasSize(complaints);
  }

  @Test
  void badRequestsAreAnsweredAndChangeNothing() {
    ExtenderClient client = cluster.stowage().client();
    assertAnswer(client.post("filter", "no json"), 400, "expected JSON");
    assertAnswer(client.post("filter", "[]"), 400, "expected a JSON object");
    assertAnswer(client.post("bind", "{\"PodName\":7}"), 400, "PodName: expected a string");
    assertAnswer(client.post("no-such-verb", "{}"), 404, "no-such-verb");
    assertAnswer(client.get("/scheduler/filter"), 405, "GET");
    HttpResponse<String> quantity =
        client.post(
            "filter", Bodies.namesBody(Bodies.podJson("p", "\"cpu\":\"many\""), "node-000"));
    assertAnswer(quantity, 200, "cpu");
    assertThat(quantity.body()).contains("\"Error\":\"Pod.spec").contains("many");

    assertThat(cluster.metric("stowage_holds")).isZero();
    assertThat(client.get("/readyz").statusCode()).isEqualTo(200);
    cluster.create(gpuPod("good", 1));
    cluster.awaitBound("good");
  }

  private static void assertAnswer(HttpResponse<String> answer, int status, String text) {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
    assertThat(answer.body()).contains(text);
  }

  @Test
  void metricsTellWhatTheClusterHolds() {
    for (int i = 0; i < 3; i++) {
      cluster.create(gpuPod("counted-" + i, 2));
      cluster.awaitBound("counted-" + i);
    }
    await("the watch to have shown the pods")
        .until(() -> cluster.metric("stowage_bound_pods") == 3);
    assertThat(cluster.metric("stowage_nodes")).isEqualTo(NODES);
    assertThat(cluster.metric("stowage_gpu_capacity_gpus")).isEqualTo(NODES * GPUS_PER_NODE);
    assertThat(cluster.metric("stowage_gpu_requested_gpus")).isEqualTo(6);
    assertThat(cluster.metric("stowage_cpu_requested_cores")).isEqualTo(3);
    assertThat(cluster.metric("stowage_memory_requested_bytes")).isEqualTo(3.0 * (1L << 30));
    assertThat(cluster.metric("stowage_synced")).isEqualTo(1);
    assertThat(cluster.stowage().client().get("/metrics").body())
        .contains("# TYPE stowage_request_duration_seconds histogram")
        .contains("stowage_request_duration_seconds_bucket{verb=\"filter\",le=\"0.005\"}")
        .contains("# TYPE stowage_decisions_total counter")
        .contains("stowage_decisions_total{outcome=\"bound\",verb=\"bind\"}");
  }
}
