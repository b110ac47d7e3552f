package io.stowage.extender.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.utils.Serialization;
import io.stowage.extender.audit.ClusterObjects;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** Two nodes of four GPUs each, one of which is taken. */
class CheckCommandTest {
  private static final Path EXAMPLES = Path.of("../deploy/examples/ci");

  @TempDir private Path directory;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private Path cluster = Path.of("");

  @BeforeEach
  void writeSnapshot() throws IOException {
    List<String> items = new ArrayList<>();
    for (String node : List.of("a", "b")) {
      items.add(
          Serialization.asJson(
              ClusterObjects.node(node, "cpu=8,memory=16Gi,pods=9,nvidia.com/gpu=4")));
    }
    items.add(
        Serialization.asJson(ClusterObjects.pod("runs", "a", "cpu=1,nvidia.com/gpu=1").build()));
    cluster = directory.resolve("cluster.json");
    Files.writeString(
        cluster,
        "{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": ["
            + String.join(",", items)
            + "]}");
  }

  private Path deployment(int replicas) throws IOException {
    return Files.writeString(
        directory.resolve("deployment.yaml"),
        """
        apiVersion: v1
        kind: Service
        metadata: {name: model}
        ---
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: model}
        spec:
          replicas: %d
          template:
            spec:
              containers:
              - name: c
                resources: {limits: {cpu: 1, nvidia.com/gpu: 2}}
        """
            .formatted(replicas));
  }

  private int check(Object... args) {
    CommandLine command = Stowage.commandLine();
    command.setOut(new PrintWriter(out));
    command.setErr(new PrintWriter(err));
    List<String> texts = new ArrayList<>(List.of("check"));
    Arrays.stream(args).map(Object::toString).forEach(texts::add);
    return command.execute(texts.toArray(String[]::new));
  }

  @Test
  void whatFitsIsToldWithWhereAndWhatIsLeft() throws IOException {
    assertThat(check("-f", deployment(3), "--cluster", cluster)).as(err.toString()).isZero();

    assertThat(out.toString())
        .startsWith("Passed: 3 of 3 pods would be placed\n")
        .contains("Deployment default/model (" + directory.resolve("deployment.yaml"))
        .contains("3 of 3 pods\n")
        .contains("GPUs wholly free: 7 before, 1 after")
        .contains("Nodes with all GPUs free: 1 before, 0 after")
        .contains("Without pods: ");
  }

  @Test
  void whatDoesNotFitIsNamedWithWhy() throws IOException {
    assertThat(check("-f", deployment(4), "--cluster", cluster)).isEqualTo(3);

    assertThat(out.toString())
        .startsWith("Not passed: 3 of 4 pods would be placed\n")
        .contains("  model-3 would wait: needs 2 GPUs, 1 core: 2 nodes have too little GPU");
  }

  @ParameterizedTest
  @CsvSource({
    "4, fits-empty, 0",
    "5, fits-empty, 3",
    "9, nothing, 0",
    "3, fits, 0",
  })
  void whatIsRequiredIsAskedFor(int replicas, String require, int exit) throws IOException {
    assertThat(check("-f", deployment(replicas), "--cluster", cluster, "--require", require))
        .as(out.toString())
        .isEqualTo(exit);
  }

  @Test
  void brokenBoundIsNotPassed() throws IOException {
    assertThat(check("-f", deployment(3), "--cluster", cluster, "--min-free", "2xany:1"))
        .isEqualTo(3);

    assertThat(out.toString())
        .contains("--min-free 2xany:1 is broken: 0 places of 2 free GPUs left");
  }

  @Test
  void jsonHasEachPod() throws IOException {
    assertThat(check("-f", deployment(4), "--cluster", cluster, "-o", "json")).isEqualTo(3);

    JsonNode json = JsonMapper.shared().readTree(out.toString());
    assertThat(json.path("passed").asBoolean()).isFalse();
    assertThat(json.path("pods").asInt()).isEqualTo(4);
    assertThat(json.path("placedPods").asInt()).isEqualTo(3);
    JsonNode pods = json.at("/workloads/0/pods");
    assertThat(pods.size()).isEqualTo(4);
    assertThat(pods.path(3).path("placed").asBoolean()).isFalse();
    assertThat(pods.path(3).path("fitsEmpty").asBoolean()).isTrue();
    assertThat(pods.path(0).path("node").asString()).isIn("a", "b");
    assertThat(json.at("/before/wholeGpus").asInt()).isEqualTo(7);
    assertThat(json.at("/after/freeGpus").asDouble()).isEqualTo(1);
  }

  @Test
  void junitHasACaseForEachWorkloadAndBound() throws Exception {
    Path report = directory.resolve("report.xml");
    assertThat(
            check(
                "-f",
                deployment(4),
                "--cluster",
                cluster,
                "--max-stranded",
                "8",
                "-o",
                "junit",
                "--out",
                report))
        .isEqualTo(3);

    assertThat(out.toString()).as("the text beside it").startsWith("Not passed");
    Document xml =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(new ByteArrayInputStream(Files.readAllBytes(report)));
    Element suite = xml.getDocumentElement();
    assertThat(suite.getAttribute("tests")).isEqualTo("2");
    assertThat(suite.getAttribute("failures")).isEqualTo("1");
    Element first = (Element) suite.getElementsByTagName("testcase").item(0);
    assertThat(first.getAttribute("name")).isEqualTo("default/model");
    assertThat(((Element) first.getElementsByTagName("failure").item(0)).getAttribute("message"))
        .startsWith("model-3 would wait: needs 2 GPUs");
  }

  @Test
  void markdownIsATable() throws IOException {
    assertThat(check("-f", deployment(4), "--cluster", cluster, "-o", "markdown")).isEqualTo(3);

    assertThat(out.toString())
        .startsWith("**Not passed: 3 of 4 pods would be placed**\n")
        .contains("| Deployment default/model | 3 of 4 pods | ")
        .contains("| GPUs wholly free | 7 | 1 |");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--min-free 8A100 | --min-free: expected GPUSxMODEL:COUNT such as 8xA100:1, was '8A100'",
        "--min-free 1xH100:1 | --min-free: no node has GPUs of model 'H100'; there are none",
        "--max-stranded -1 | --max-stranded: expected a number of GPUs from 0 to 1000000, was -1.0",
        "--require all | --require: expected fits, fits-empty or nothing, was 'all'",
        "-o html | --output: expected text, json, junit or markdown, was 'html'",
        "--kubeconfig x | --cluster goes without --kubeconfig",
        "-f none.yaml | none.yaml: no such file or directory",
      })
  void wrongUsageIsSaidInASentence(String options, String sentence) throws IOException {
    List<Object> args = new ArrayList<>(List.of("-f", deployment(1), "--cluster", cluster));
    args.addAll(List.of(options.split(" ", -1)));

    assertThat(check(args.toArray())).isEqualTo(2);

    assertThat(err.toString()).startsWith(sentence + "\n");
  }

  static Stream<String> examples() {
    return Stream.of("github-actions.yml", "gitlab-ci.yml", "argo-cd-presync.yaml");
  }

  /** The command lines of the examples, run with this snapshot. */
  @ParameterizedTest
  @MethodSource("examples")
  void shippedPipelinesUseOptionsThatThereAre(String name) throws IOException {
    String text = Files.readString(EXAMPLES.resolve(name), StandardCharsets.UTF_8);
    assertThat(YAMLMapper.builder().build().readTree(text).isObject()).isTrue();
    List<String> commands =
        text.replaceAll("\\\\\n\\s*", "")
            .lines()
            .filter(line -> line.contains("check -f"))
            .toList();
    assertThat(commands).isNotEmpty();
    for (String command : commands) {
      List<Object> args =
          new ArrayList<>(
              List.of(command.substring(command.indexOf("check ") + 6).strip().split("\\s+", -1)));
      for (int i = 0; i + 1 < args.size(); i++) {
        if (args.get(i).equals("-f")) {
          args.set(i + 1, deployment(3));
        } else if (args.get(i).equals("--out")) {
          args.set(i + 1, directory.resolve("out"));
        } else if (args.get(i).equals("--cluster")) {
          args.set(i + 1, cluster);
        }
      }
      if (!args.contains("--cluster")) {
        args.add("--cluster");
        args.add(cluster);
      }
      assertThat(check(args.toArray())).as(command + " " + err).isIn(0, 3);
    }
  }

  @Test
  void shippedWorkloadsAreAllUnderstood() {
    check("-f", "../deploy/examples/workloads", "--cluster", cluster, "-o", "json");

    JsonNode json = JsonMapper.shared().readTree(out.toString());
    assertThat(json.path("pods").asInt()).as(err.toString()).isEqualTo(36);
  }
}
