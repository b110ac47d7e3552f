package io.stowage.extender.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeListBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodListBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.stowage.extender.audit.ClusterObjects;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class AuditCommandTest {
  private static final Node NODE = ClusterObjects.node("a", "cpu=8,memory=16Gi,pods=9");
  private static final Pod FITS = ClusterObjects.pod("fits", "a", "cpu=5").build();
  private static final Pod TOO_MUCH = ClusterObjects.pod("too-much", "a", "cpu=4").build();
  private static final String SENTENCE = "node a: cpu: 9 asked by 2 pods, allocatable 8";

  @TempDir private Path directory;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int audit(String... arguments) {
    String[] all = new String[arguments.length + 1];
    all[0] = "audit";
    System.arraycopy(arguments, 0, all, 1, arguments.length);
    CommandLine command = Stowage.commandLine();
    command.setOut(new PrintWriter(out, true));
    command.setErr(new PrintWriter(err, true));
    return command.execute(all);
  }

  private static String nodes() {
    return Serialization.asJson(new NodeListBuilder().withItems(NODE).build());
  }

  private static String pods(Pod... pods) {
    return Serialization.asJson(new PodListBuilder().withItems(pods).build());
  }

  private String[] snapshot(String pods) throws IOException {
    Path nodesFile = Files.writeString(directory.resolve("nodes.json"), nodes());
    Path podsFile = Files.writeString(directory.resolve("pods.json"), pods);
    return new String[] {"--nodes", nodesFile.toString(), "--pods", podsFile.toString()};
  }

  private static String[] and(String[] arguments, String... more) {
    String[] all = new String[arguments.length + more.length];
    System.arraycopy(arguments, 0, all, 0, arguments.length);
    System.arraycopy(more, 0, all, arguments.length, more.length);
    return all;
  }

  @Test
  void cleanSnapshotExitsWith0() throws IOException {
    assertThat(audit(snapshot(pods(FITS)))).isZero();
    assertThat(out.toString().lines()).containsExactly("clean: 1 nodes and 1 pods on them checked");
    assertThat(err.toString()).isEmpty();
  }

  @Test
  void findingIsALineAndExitsWith1() throws IOException {
    assertThat(audit(snapshot(pods(FITS, TOO_MUCH)))).isEqualTo(1);
    assertThat(out.toString().lines())
        .containsExactly(SENTENCE, "1 finding: 1 nodes and 2 pods on them checked");
    assertThat(err.toString()).isEmpty();
  }

  @Test
  void jsonTellsTheSame() throws IOException {
    Path file = directory.resolve("findings.json");
    assertThat(audit(and(snapshot(pods(FITS, TOO_MUCH)), "--json", file.toString()))).isEqualTo(1);
    assertThat(out.toString()).contains(SENTENCE);
    assertThat(audit(and(snapshot(pods(FITS, TOO_MUCH)), "--json", "-"))).isEqualTo(1);

    JsonNode json = JsonMapper.shared().readTree(Files.readString(file));
    assertThat(out.toString()).endsWith(Files.readString(file));
    assertThat(json.path("clean").asBoolean()).isFalse();
    assertThat(json.path("nodes").asInt()).isEqualTo(1);
    assertThat(json.path("pods").asInt()).isEqualTo(2);
    JsonNode finding = json.path("findings").path(0);
    assertThat(finding.path("kind").asString()).isEqualTo("node_overcommitted");
    assertThat(finding.path("node").asString()).isEqualTo("a");
    assertThat(finding.path("pod").asString()).isEmpty();
    assertThat(finding.path("resource").asString()).isEqualTo("cpu");
    assertThat(finding.path("asked").asString()).isEqualTo("9.000");
    assertThat(finding.path("has").asString()).isEqualTo("8.000");
    assertThat(finding.path("sentence").asString()).isEqualTo(SENTENCE);
  }

  @Test
  void recordOfWhatWasGivenIsReadWhereItIsNamed() throws IOException {
    String[] snapshot =
        and(
            snapshot(
                "{\"kind\":\"List\",\"items\":[{\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\","
                    + "\"annotations\":{\"ALIYUN_COM_GPU_MEM_IDX\":\"0\",\"given\":\"1\"}},"
                    + "\"spec\":{\"nodeName\":\"s\",\"containers\":[{\"name\":\"c\",\"resources\":"
                    + "{\"limits\":{\"aliyun.com/gpu-mem\":\"4\"}}}]}}]}"),
            "--given-annotation",
            "given");
    assertThat(audit(snapshot)).isEqualTo(1);
    assertThat(out.toString()).contains("it says device 0 and was truly given 1");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--nodes n.json | --nodes and --pods go together",
        "--pods p.json | --nodes and --pods go together",
        "--nodes n.json --pods p.json --watch | go without --kubeconfig and --watch",
        "--nodes n.json --pods p.json --kubeconfig k | go without --kubeconfig and --watch",
        "--nodes /nonexistent --pods /nonexistent | cannot read /nonexistent",
        "--kubeconfig /nonexistent | --kubeconfig: cannot read /nonexistent",
        "--port 1 | --port and --interval go with --watch",
        "--interval 1 | --port and --interval go with --watch",
        "--watch --json - | --json goes without --watch",
        "--watch --interval 0 | --interval must be from 1 to 86400, was 0",
        "--watch --port 70000 | --port must be from 0 to 65535, was 70000",
        "--wacht | Unknown option: '--wacht'"
      })
  void wrongUsageExitsWith2AndSaysWhat(String arguments, String sentence) {
    assertThat(audit(arguments.split(" "))).isEqualTo(2);
    assertThat(err.toString()).contains(sentence);
    assertThat(out.toString()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"kind\":\"PodList\",\"items\":[\\n{\"metadata\":}]} | pods.json:2: not JSON",
        "[1] | pods.json:1: expected the JSON object that kubectl prints",
        "{\"kind\":\"NodeList\",\"items\":[]} | pods.json: no object of kind Pod",
        "{\"kind\":\"PodList\",\"items\":[{\"metadata\":{\"name\":\"p\"},\"spec\":7}]} | pods.json: Pod p",
        "{\"metadata\":{\"continue\":\"x\"},\"items\":[{\"metadata\":{\"name\":\"p\"}}]} | save all of its pages"
      })
  void unreadableFileExitsWith2AndSaysWhere(String pods, String sentence) throws IOException {
    assertThat(audit(snapshot(pods.replace("\\n", "\n")))).isEqualTo(2);
    assertThat(err.toString().lines()).singleElement().asString().contains(sentence);
    assertThat(out.toString()).isEmpty();
  }

  private String kubeconfig(String server) throws IOException {
    return Files.writeString(
            directory.resolve("kubeconfig"),
            """
            apiVersion: v1
            kind: Config
            clusters: [{name: c, cluster: {server: "%s"}}]
            contexts: [{name: c, context: {cluster: c}}]
            current-context: c
            """
                .formatted(server))
        .toString();
  }

  @Test
  void clusterThatDoesNotAnswerExitsWith2() throws IOException {
    assertThat(audit("--kubeconfig", kubeconfig("http://127.0.0.1:9"))).isEqualTo(2);
    assertThat(err.toString().lines())
        .singleElement()
        .asString()
        .startsWith("stowage: cannot list nodes and pods: ");
  }

  @Test
  void clusterIsListedPageByPage() throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/api/v1/",
        exchange -> {
          String query = exchange.getRequestURI().getQuery();
          String body = nodes();
          if (exchange.getRequestURI().getPath().endsWith("/pods")) {
            assertThat(query).contains("limit=500", "status.phase!=Failed");
            body =
                query.contains("continue=next")
                    ? pods(TOO_MUCH)
                    : Serialization.asJson(
                        new PodListBuilder()
                            .withNewMetadata()
                            .withContinue("next")
                            .endMetadata()
                            .withItems(FITS)
                            .build());
          }
          byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
          exchange.getResponseHeaders().add("Content-Type", "application/json");
          exchange.sendResponseHeaders(200, bytes.length);
          exchange.getResponseBody().write(bytes);
          exchange.close();
        });
    server.start();
    try {
      String url = "http://127.0.0.1:" + server.getAddress().getPort();
      assertThat(audit("--kubeconfig", kubeconfig(url))).isEqualTo(1);
      assertThat(out.toString().lines())
          .containsExactly(SENTENCE, "1 finding: 1 nodes and 2 pods on them checked");
    } finally {
      server.stop(0);
    }
  }
}
