package io.stowage.extender.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * {@code stowage observe} beside kube-scheduler's default policy on a real control plane, with the
 * rights of the shipped ClusterRole alone.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ObserveE2E {
  private static final String DEFAULT_SCHEDULER = "default-scheduler";

  private ControlPlane controlPlane;
  private ChildProcess scheduler;
  private Path kubeconfig;
  private int runs;

  @BeforeAll
  void start() {
    controlPlane =
        ControlPlane.start(
            "observe",
            NodeLists.write(
                "observe",
                List.of(
                    NodeLists.node("a", 2), NodeLists.node("b", 2), NodeLists.node("plain", 0))));
    kubeconfig = leastRights();
    scheduler = controlPlane.startScheduler("default", "");
  }

  @AfterAll
  void stop() {
    scheduler.close();
    controlPlane.close();
  }

  private Path leastRights() {
    controlPlane.kubectl("apply", "-f", shipped("observe-rbac.yaml").toString());
    return controlPlane.kubeconfigOf("kube-system", "stowage-observe");
  }

  private static Path shipped(String name) {
    Path program = Path.of(System.getProperty("stowage.local"));
    return Objects.requireNonNull(program.getParent().getParent()).resolve(name);
  }

  private ChildProcess observe(String... options) {
    List<String> command =
        new ArrayList<>(List.of("observe", "--kubeconfig", kubeconfig.toString()));
    command.addAll(List.of(options));
    return controlPlane.stowage("observe-" + runs++, command.toArray(String[]::new));
  }

  private void create(String name, String limits) {
    controlPlane.admin().resource(Pods.pod(name, DEFAULT_SCHEDULER, limits).build()).create();
  }

  private void awaitBound(String name) {
    await("pod " + name + " to be bound")
        .until(
            () ->
                controlPlane
                        .admin()
                        .pods()
                        .inNamespace("default")
                        .withName(name)
                        .get()
                        .getSpec()
                        .getNodeName()
                    != null);
  }

  private void awaitUnschedulable(String name) {
    await("pod " + name + " to be found unschedulable")
        .until(
            () ->
                Pods.whyPending(
                        controlPlane.admin().pods().inNamespace("default").withName(name).get())
                    .isPresent());
  }

  @Test
  void allocationPlanAndBoundAreInOrderAndWaitingPodsHaveReasons() throws IOException {
    // The default policy spreads: one GPU is left on each node, and a pair fits nowhere.
    create("one", "cpu=1,memory=1Gi,nvidia.com/gpu=1");
    awaitBound("one");
    create("two", "cpu=1,memory=1Gi,nvidia.com/gpu=1");
    awaitBound("two");
    create("pair", "cpu=1,memory=1Gi,nvidia.com/gpu=2");
    create("cores", "cpu=65,memory=1Gi");
    awaitUnschedulable("pair");
    awaitUnschedulable("cores");

    Path json = ControlPlane.directory().resolve("observe").resolve("observed.json");
    Path html = ControlPlane.directory().resolve("observe").resolve("observed.html");
    try (ChildProcess observe = observe("--json", json.toString(), "--html", html.toString())) {
      assertThat(observe.exitCode()).as(observe.output()).isZero();
      assertThat(observe.output())
          .contains("GPU allocated now                50.00 %")
          .contains("default/pair needs 2 GPUs, 1 core, 1 GiB: ");
    }
    assertThat(html).content().contains("default/pair");
    JsonNode observed = JsonMapper.shared().readTree(Files.readString(json));
    double allocation = observed.path("gpuAllocationPercent").asDouble();
    double plan = observed.path("planGpuAllocationPercent").asDouble();
    double bound = observed.path("boundGpuAllocationPercent").asDouble();
    assertThat(allocation).isEqualTo(50);
    assertThat(plan).isBetween(allocation, bound);
    assertThat(bound).as("one and two on one node, the pair on the other").isEqualTo(100);
    assertThat(observed.path("strandedGpuByCause").path("largeShapeBlocked").asDouble())
        .isEqualTo(2);

    JsonNode pair = waiting(observed, "pair");
    assertThat(pair.path("fits").asBoolean()).isFalse();
    assertThat(pair.path("nodesByMissing").path("gpu").asInt()).as("%s", pair).isEqualTo(2);
    assertThat(pair.path("nodesByMissing").path("noGpu").asInt()).as("%s", pair).isEqualTo(1);
    assertThat(pair.path("roomByEnding").path("pods").size()).isEqualTo(1);
    assertThat(pair.path("roomByEnding").path("pods").path(0).asString())
        .isIn("default/one", "default/two");
    assertThat(pair.path("roomByAdding").path("type").asString()).contains("2 x T4");
    JsonNode cores = waiting(observed, "cores");
    assertThat(cores.path("nodesByMissing").path("cpu").asInt()).isEqualTo(3);
    assertThat(cores.path("sentence").asString())
        .contains("no node type of this cluster could hold it");
    assertThat(observed.path("roomWanted").path("nodesToAdd").path(0).path("atMostNodes").asInt())
        .isEqualTo(1);
    assertThat(observed.path("roomWanted").path("unplaceablePods").asInt()).isEqualTo(1);
  }

  @Test
  void watchingKeepsASeriesAndEndsCleanly() throws IOException {
    Path json = ControlPlane.directory().resolve("observe").resolve("series.json");
    ChildProcess observe = observe("--watch=1", "--json", json.toString());
    try (observe) {
      await("two observations, see " + observe.log())
          .until(() -> !observe.isAlive() || observe.output().contains("Over time"));
      assertThat(observe.isAlive()).as(observe.output()).isTrue();
    }
    assertThat(observe.exitCode()).as(observe.output()).isZero();
    JsonNode series = JsonMapper.shared().readTree(Files.readString(json)).path("series");
    assertThat(series.size()).isGreaterThan(1);
  }

  private static JsonNode waiting(JsonNode observed, String name) {
    for (JsonNode pod : observed.path("waiting")) {
      if (pod.path("name").asString().equals(name)) {
        return pod;
      }
    }
    throw new AssertionError(name + " does not wait: " + observed);
  }
}
