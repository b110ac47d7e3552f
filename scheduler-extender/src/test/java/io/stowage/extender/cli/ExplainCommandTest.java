package io.stowage.extender.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.NodeListBuilder;
import io.fabric8.kubernetes.api.model.PodListBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.stowage.extender.audit.ClusterObjects;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class ExplainCommandTest {
  @TempDir private Path directory;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private String nodes;
  private String pods;

  @BeforeEach
  void write() throws IOException {
    nodes =
        write(
            "nodes.json",
            Serialization.asJson(
                new NodeListBuilder()
                    .withItems(
                        ClusterObjects.node("a", "cpu=8,memory=16Gi,pods=9,nvidia.com/gpu=2"),
                        ClusterObjects.node("b", "cpu=2,memory=16Gi,pods=9,nvidia.com/gpu=2"),
                        ClusterObjects.node("plain", "cpu=64,memory=16Gi,pods=9"))
                    .build()));
    pods =
        write(
            "pods.json",
            Serialization.asJson(
                new PodListBuilder()
                    .withItems(
                        ClusterObjects.pod("runs", "a", "cpu=4,nvidia.com/gpu=1").build(),
                        ClusterObjects.pod("fits", "", "cpu=1,nvidia.com/gpu=1").build(),
                        ClusterObjects.pod("waits", "", "cpu=5,nvidia.com/gpu=2").build())
                    .build()));
  }

  private String write(String name, String text) throws IOException {
    return Files.writeString(directory.resolve(name), text).toString();
  }

  private int run(String... arguments) {
    CommandLine command = Stowage.commandLine();
    command.setOut(new PrintWriter(out, true));
    command.setErr(new PrintWriter(err, true));
    return command.execute(arguments);
  }

  @Test
  void waitingPodOfASnapshot() {
    assertThat(run("explain", "pod", "default/waits", "--nodes", nodes, "--pods", pods, "--json"))
        .as(err.toString())
        .isZero();
    JsonNode pod = JsonMapper.shared().readTree(out.toString());
    assertThat(pod.path("sentence").asString())
        .isEqualTo(
            "needs 2 GPUs: 1 node has no such GPU; 1 has too little GPU left; 1 lacks CPU (need 5"
                + " cores)");
    assertThat(pod.path("lacking").path(1).path("named").path(0).path("node").asString())
        .isEqualTo("a");
    assertThat(pod.path("nodes").asInt()).isEqualTo(3);
    assertThat(pod.path("room").asString()).contains("the end of default/runs on a");
  }

  @Test
  void waitingPodThatFitsIsRankedAndPlanned() {
    assertThat(run("explain", "pod", "default/fits", "--nodes", nodes, "--pods", pods)).isZero();
    assertThat(out.toString())
        .contains("Nodes 3: 2 with room, 1 without")
        .contains("1 node has no such GPU")
        .contains("  1. ")
        .contains("fragmentation")
        .contains("The plan has a place for it on: ");
  }

  @Test
  void boundPodNodeAndAllNodes() {
    assertThat(run("explain", "pod", "default/runs", "--nodes", nodes, "--pods", pods)).isZero();
    assertThat(out.toString())
        .contains("bound: it is on a; no other node would have room")
        .contains("1 node lacks CPU (need 4 cores)");
    assertThat(run("explain", "node", "a", "--nodes", nodes, "--pods", pods)).isZero();
    assertThat(out.toString())
        .contains("Node a is ready")
        .contains("Free: 4 cores of 8 cores")
        .contains("1 pod waits for 2 GPUs, 5 cores: the node has too little GPU left");
    assertThat(run("top", "--nodes", nodes, "--pods", pods)).isZero();
    assertThat(out.toString()).contains("GPUs 4, allocated 1 (25.00 %)");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "explain pod default/nobody | no pod default/nobody waits or is bound to a node",
        "explain node nowhere | no node nowhere is known",
        "explain pod waits | expected NAMESPACE/NAME, was 'waits'",
        "explain pod ../x | expected NAMESPACE/NAME, was '../x'",
        "explain | expected 'pod' or 'node'",
      })
  void whatIsNotThereIsSaid(String line, String sentence) {
    String[] words = (line + (line.equals("explain") ? "" : " --nodes N --pods P")).split(" ", -1);
    for (int i = 0; i < words.length; i++) {
      words[i] = words[i].equals("N") ? nodes : words[i].equals("P") ? pods : words[i];
    }
    assertThat(run(words)).isEqualTo(2);
    assertThat(err.toString()).contains(sentence);
  }

  @Test
  void serviceThatIsNotThere() throws IOException {
    int port;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = socket.getLocalPort();
    }
    assertThat(run("explain", "pod", "a/b", "--server", "http://127.0.0.1:" + port)).isEqualTo(2);
    assertThat(err.toString().lines().toList())
        .singleElement()
        .asString()
        .startsWith("stowage: cannot reach the service at http://127.0.0.1:" + port);
    assertThat(run("top", "--server", "nonsense")).isEqualTo(2);
    assertThat(err.toString())
        .contains("--server: expected an address such as http://127.0.0.1:8090, was 'nonsense'");
  }
}
