package io.stowage.extender.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.NodeListBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodListBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.stowage.extender.audit.ClusterObjects;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class ObserveCommandTest {
  private static final Pod RUNS = ClusterObjects.pod("runs", "a", "cpu=4,nvidia.com/gpu=1").build();
  private static final Pod WAITS =
      ClusterObjects.pod("waits", "", "cpu=5,nvidia.com/gpu=1").build();

  @TempDir private Path directory;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int observe(String... arguments) {
    String[] all = new String[arguments.length + 1];
    all[0] = "observe";
    System.arraycopy(arguments, 0, all, 1, arguments.length);
    CommandLine command = Stowage.commandLine();
    command.setOut(new PrintWriter(out, true));
    command.setErr(new PrintWriter(err, true));
    return command.execute(all);
  }

  private String write(String name, String text) throws IOException {
    return Files.writeString(directory.resolve(name), text).toString();
  }

  private String nodes() throws IOException {
    return write(
        "nodes.json",
        Serialization.asJson(
            new NodeListBuilder()
                .withItems(ClusterObjects.node("a", "cpu=8,memory=16Gi,pods=9,nvidia.com/gpu=2"))
                .build()));
  }

  private String pods(String name, Pod... pods) throws IOException {
    return write(name, Serialization.asJson(new PodListBuilder().withItems(pods).build()));
  }

  private JsonNode json(String name) throws IOException {
    return JsonMapper.shared().readTree(Files.readString(directory.resolve(name)));
  }

  @Test
  void snapshotIsAPageAndFilesOnRequest() throws IOException {
    String prices = write("prices.yaml", "currency: EUR\ngpuHour: {none: 1}\n");
    assertThat(
            observe(
                "--nodes",
                nodes(),
                "--pods",
                pods("pods.json", RUNS, WAITS),
                "--prices",
                prices,
                "--json",
                directory.resolve("o.json").toString(),
                "--csv",
                directory.resolve("o.csv").toString(),
                "--markdown",
                directory.resolve("o.md").toString(),
                "--html",
                directory.resolve("o.html").toString()))
        .as(err.toString())
        .isZero();
    assertThat(out.toString())
        .contains("GPU allocated now                50.00 %")
        .contains("default/waits needs 1 GPU, 5 cores: 1 node lacks CPU (need 5 cores)");
    assertThat(json("o.json").path("gpuAllocationPercent").asDouble()).isEqualTo(50);
    assertThat(json("o.json").path("lost").path("currency").asString()).isEqualTo("EUR");
    assertThat(json("o.json").has("series")).isFalse();
    assertThat(directory.resolve("o.csv")).content().startsWith("node,type,pool");
    assertThat(directory.resolve("o.md")).content().startsWith("# GPU cluster at ");
    assertThat(directory.resolve("o.html")).content().startsWith("<!DOCTYPE html>");
    assertThat(err.toString()).isEmpty();
  }

  @Test
  void severalSnapshotsAreASeries() throws IOException {
    String nodes = nodes();
    String first = pods("first.json", WAITS);
    String second = pods("second.json", RUNS);
    Files.setLastModifiedTime(Path.of(first), FileTime.from(Instant.parse("2026-11-01T00:00:00Z")));
    assertThat(
            observe(
                "--nodes", nodes, "--pods", first, "--nodes", nodes, "--pods", second, "--json",
                "-"))
        .as(err.toString())
        .isZero();
    JsonNode series = JsonMapper.shared().readTree(out.toString()).path("series");
    assertThat(series.size()).isEqualTo(2);
    assertThat(series.path(0).path("observedAt").asString()).isEqualTo("2026-11-01T00:00:00Z");
    assertThat(series.path(0).path("gpuAllocationPercent").asDouble()).isZero();
    assertThat(series.path(0).path("planGpuAllocationPercent").asDouble()).isEqualTo(50);
    assertThat(series.path(1).path("gpuAllocationPercent").asDouble()).isEqualTo(50);
  }

  @Test
  void teamsAreByLabelWhereOneIsNamed() throws IOException {
    Pod labelled =
        ClusterObjects.pod("p", "a", "cpu=1,nvidia.com/gpu=1")
            .editMetadata()
            .addToLabels("team", "red")
            .endMetadata()
            .build();
    assertThat(
            observe(
                "--nodes",
                nodes(),
                "--pods",
                pods("pods.json", labelled),
                "--team-label",
                "team",
                "--json",
                "-"))
        .isZero();
    assertThat(
            JsonMapper.shared()
                .readTree(out.toString())
                .at("/lost/requestedByTeam/0/team")
                .asString())
        .isEqualTo("red");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--nodes n.json | --nodes and --pods go together",
        "--nodes n.json --pods p.json --nodes n.json | as many of one as of the other",
        "--nodes n.json --pods p.json --watch | go without --kubeconfig and --watch",
        "--nodes /nonexistent --pods /nonexistent | cannot read /nonexistent",
        "--kubeconfig /nonexistent | --kubeconfig: cannot read /nonexistent",
        "--watch=0 | --watch must be from 1 to 86400, was 0",
        "--watch=soon | --watch",
        "--page-port=0 | --page-port goes with --watch",
        "--watch --page-port=65536 | --page-port must be from 0 to 65535, was 65536",
        "--prices /nonexistent | /nonexistent: cannot be read",
        "--wacht | Unknown option: '--wacht'"
      })
  void wrongUsageExitsWith2AndSaysWhat(String arguments, String sentence) {
    assertThat(observe(arguments.split(" "))).isEqualTo(2);
    assertThat(err.toString()).contains(sentence);
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void unreadableSnapshotExitsWith2AndSaysWhere() throws IOException {
    assertThat(observe("--nodes", nodes(), "--pods", write("pods.json", "[1]"))).isEqualTo(2);
    assertThat(err.toString().lines())
        .singleElement()
        .asString()
        .contains("pods.json:1: expected the JSON object that kubectl prints");
  }

  @Test
  void unknownKeyOfThePricesExitsWith2AndNamesTheNearest() throws IOException {
    String prices = write("prices.yaml", "currency: EUR\ngpuHours: {A: 1}\n");
    assertThat(observe("--nodes", nodes(), "--pods", pods("p.json", RUNS), "--prices", prices))
        .isEqualTo(2);
    assertThat(err.toString().lines())
        .singleElement()
        .asString()
        .contains("unknown key 'gpuHours'; did you mean gpuHour?");
  }

  @Test
  void clusterThatDoesNotAnswerExitsWith1() throws IOException {
    String kubeconfig =
        write(
            "kubeconfig",
            """
            apiVersion: v1
            kind: Config
            clusters: [{name: c, cluster: {server: "http://127.0.0.1:9"}}]
            contexts: [{name: c, context: {cluster: c}}]
            current-context: c
            """);
    assertThat(observe("--kubeconfig", kubeconfig)).isEqualTo(1);
    assertThat(err.toString().lines())
        .singleElement()
        .asString()
        .startsWith("stowage: cannot list nodes and pods: ");
  }
}
