package io.stowage.extender.e2e;

import static io.stowage.extender.e2e.Pods.STOWAGE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.Event;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reasons told by Events, by {@code stowage explain} and by kubectl's plugin, of a real cluster.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ExplainE2E {
  private static final Pattern PAGE = Pattern.compile("the page is at (http://\\S+)");
  private static final String LARGE =
      "needs 4 GPUs: 2 nodes have too little GPU left; 1 has no such GPU";

  private ServedCluster cluster;
  private String server;
  private int runs;

  @BeforeAll
  void start() {
    cluster =
        new ServedCluster(
            "explain",
            NodeLists.write(
                "explain",
                List.of(
                    NodeLists.node("a", 2), NodeLists.node("b", 2), NodeLists.node("plain", 0))));
    Matcher page = PAGE.matcher(cluster.stowage().output());
    assertThat(page.find()).as(cluster.stowage().output()).isTrue();
    server = page.group(1);
    cluster.create(Pods.pod("one", STOWAGE, "cpu=1,memory=1Gi,nvidia.com/gpu=1"));
    cluster.create(Pods.pod("large", STOWAGE, "cpu=1,memory=1Gi,nvidia.com/gpu=4"));
    cluster.create(
        Pods.pod("gated", STOWAGE, "cpu=1,memory=1Gi,nvidia.com/gpu=4")
            .editSpec()
            .addNewSchedulingGate("later")
            .endSpec());
    cluster.create(
        Pods.pod("picky", STOWAGE, "cpu=70,memory=1Gi")
            .editSpec()
            .addToNodeSelector("disk", "ssd")
            .endSpec());
  }

  @AfterAll
  void stop() {
    cluster.close();
  }

  private List<Event> told(String pod) {
    return cluster.admin().v1().events().inNamespace("default").list().getItems().stream()
        .filter(
            event ->
                "StowagePodWaits".equals(event.getReason())
                    && event.getInvolvedObject().getName().equals(pod))
        .toList();
  }

  private ChildProcess run(String... command) {
    ChildProcess process = cluster.controlPlane().stowage("explain-" + runs++, command);
    process.exitCode();
    return process;
  }

  /**
   * Runs the plugin as kubectl does: by its name, found on the PATH, with what follows the name.
   */
  private ChildProcess plugin(String... arguments) {
    Path program = Path.of(System.getProperty("stowage.local"));
    Path deploy =
        Objects.requireNonNull(
                Objects.requireNonNull(program.toAbsolutePath().getParent()).getParent())
            .getParent();
    List<String> command = new ArrayList<>(List.of("/usr/bin/env", "kubectl-stowage"));
    command.addAll(List.of(arguments));
    Path java = Path.of(System.getProperty("java.home"), "bin");
    ChildProcess process =
        ChildProcess.start(
            ControlPlane.directory().resolve("explain").resolve("plugin-" + runs++ + ".log"),
            Map.of(
                "PATH",
                deploy + ":" + java + ":" + System.getenv("PATH"),
                "STOWAGE_JAR",
                Path.of(System.getProperty("stowage.jar")).toAbsolutePath().toString()),
            command);
    process.exitCode();
    return process;
  }

  @Test
  void podsThatWaitAreToldOfAndExplained() {
    cluster.awaitUnschedulable("large");
    await("Events on the pods that wait")
        .until(() -> !told("large").isEmpty() && !told("picky").isEmpty());
    assertThat(cluster.exchanges("filter"))
        .as("kube-scheduler's own filters turn both down")
        .noneMatch(exchange -> exchange.request().toString().contains("\"name\":\"large\""));
    assertThat(told("large"))
        .singleElement()
        .satisfies(
            event -> {
              assertThat(event.getType()).isEqualTo("Warning");
              assertThat(event.getMessage()).isEqualTo(LARGE);
            });
    assertThat(told("picky").get(0).getMessage())
        .isEqualTo(
            "needs 70 cores, 1 GiB: 3 nodes are not selected by its node selector or affinity");
    assertThat(told("gated")).isEmpty();
    assertThat(told("one")).isEmpty();
    assertThat(cluster.controlPlane().kubectl("describe", "pod", "large"))
        .contains("StowagePodWaits")
        .contains(LARGE);

    try (ChildProcess explained =
        run("explain", "pod", "default/large", "--json", "--server", server)) {
      assertThat(explained.exitCode()).as(explained.output()).isZero();
      JsonNode pod = JsonMapper.shared().readTree(explained.output());
      assertThat(pod.path("sentence").asString()).isEqualTo(LARGE);
      assertThat(pod.path("nodes").asInt()).isEqualTo(3);
    }
    try (ChildProcess explained = run("explain", "pod", "default/gated", "--server", server)) {
      assertThat(explained.output()).contains("gated: its scheduling gates keep it back");
    }
  }

  @Test
  void boundPodsNodesAndTheClusterAreExplained() {
    cluster.awaitRunning("one");
    String node = cluster.pod("one").getSpec().getNodeName();
    await("the service to know the pod as bound")
        .until(
            () -> {
              try (ChildProcess explained =
                  run("explain", "pod", "default/one", "--server", server)) {
                return explained.output().contains("bound: it is on " + node);
              }
            });
    try (ChildProcess explained = plugin("explain", "node", node, "--server", server)) {
      assertThat(explained.exitCode()).as(explained.output()).isZero();
      assertThat(explained.output()).contains("Node " + node + " is ready").contains("default/one");
    }
    try (ChildProcess top = plugin("top", "--json", "--server", server)) {
      JsonNode json = JsonMapper.shared().readTree(top.output());
      assertThat(json.path("gpus").asDouble()).isEqualTo(4);
      assertThat(json.path("allocatedGpu").asDouble()).isEqualTo(1);
      assertThat(json.path("nodes").size()).isEqualTo(3);
    }
    Path kubeconfig = cluster.controlPlane().kubeconfig("stowage");
    try (ChildProcess read =
        run("explain", "pod", "default/large", "--kubeconfig", kubeconfig.toString())) {
      assertThat(read.output()).as("the cluster itself, read anew").contains(LARGE);
    }
  }

  @Test
  void whatIsNotThereIsSaidInOneSentence() {
    try (ChildProcess unknown = run("explain", "pod", "default/nobody", "--server", server)) {
      assertThat(unknown.exitCode()).isEqualTo(2);
      assertThat(unknown.output().lines().toList())
          .containsExactly("stowage: no pod default/nobody waits or is bound to a node");
    }
  }
}
