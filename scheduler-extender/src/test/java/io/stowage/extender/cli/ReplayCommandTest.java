package io.stowage.extender.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

class ReplayCommandTest {
  @TempDir private Path directory;
  private Path nodes = Path.of("");
  private Path pods = Path.of("");
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @BeforeEach
  void writeTrace() throws IOException {
    nodes = directory.resolve("nodes.csv");
    pods = directory.resolve("pods.csv");
    Files.writeString(
        nodes,
        """
        sn,cpu_milli,memory_mib,gpu,model
        a,32000,65536,4,T4
        b,32000,65536,2,T4
        """);
    Files.writeString(
        pods,
        """
        name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time,scheduled_time
        p0,4000,1024,1,500,,LS,Running,0,100,0
        p1,4000,1024,1,1000,T4,LS,Running,0,300,100
        p2,8000,1024,2,1000,,LS,Running,0,900,200
        p3,2000,1024,0,0,,LS,Running,0,50,0
        """);
  }

  private int stowage(String... args) {
    CommandLine command = Stowage.commandLine();
    command.setOut(new PrintWriter(out));
    command.setErr(new PrintWriter(err));
    return command.execute(args);
  }

  private int replay(String... args) {
    String[] all = new String[args.length + 5];
    all[0] = "replay";
    all[1] = "--nodes";
    all[2] = nodes.toString();
    all[3] = "--pods";
    all[4] = pods.toString();
    System.arraycopy(args, 0, all, 5, args.length);
    return stowage(all);
  }

  private JsonNode json() {
    return JsonMapper.shared().readTree(out.toString());
  }

  @Test
  void inflationJsonHasEveryRunAndTheMeans() {
    assertThat(
            replay(
                "--protocol",
                "inflation",
                "--policy",
                "fgd,stowage",
                "--seeds",
                "2",
                "--json",
                "-"))
        .isZero();

    JsonNode document = json();
    assertThat(document.path("runs").size()).isEqualTo(4);
    for (JsonNode run : document.path("runs")) {
      assertThat(run.propertyNames())
          .contains(
              "policy",
              "seed",
              "arrivals",
              "placed",
              "gpuAllocationPercentAt100",
              "gpuAllocationPercentAt130",
              "cpuAllocationPercent",
              "failedByClass",
              "seconds");
      assertThat(run.path("failedByClass").propertyNames())
          .containsExactly("cpu", "share", "one", "twoToFour", "eight");
    }
    JsonNode fgd = document.path("summary").get(0);
    assertThat(fgd.path("policy").asString()).isEqualTo("fgd");
    double mean =
        StreamSupport.stream(document.path("runs").spliterator(), false)
            .filter(run -> run.path("policy").asString().equals("fgd"))
            .mapToDouble(run -> run.path("gpuAllocationPercentAt130").asDouble())
            .average()
            .orElseThrow();
    assertThat(fgd.path("gpuAllocationPercentAt130").asDouble()).isEqualTo(mean);
  }

  @Test
  void churnJsonHasWaitingTimesByClass() {
    assertThat(
            replay(
                "--protocol",
                "churn",
                "--policy",
                "fgd",
                "--load",
                "0.8",
                "--warm-up",
                "100",
                "--window",
                "200",
                "--json",
                "-"))
        .isZero();

    JsonNode run = json().path("runs").get(0);
    assertThat(run.propertyNames())
        .contains(
            "gpuAllocationPercent",
            "gpuOfferedPercent",
            "cpuAllocationPercent",
            "waitingByClass",
            "strandedGpuByCause",
            "maxOvertaken");
    assertThat(run.path("waitingByClass").path("share").propertyNames())
        .containsExactly(
            "count", "meanSeconds", "p50Seconds", "p95Seconds", "p99Seconds", "stillWaiting");
  }

  @Test
  void burstJsonHasTheTimeToDecide() {
    assertThat(replay("--protocol", "burst", "--policy", "best-fit", "--json", "-")).isZero();

    JsonNode run = json().path("runs").get(0);
    assertThat(run.propertyNames()).contains("gpuAllocationPercent", "decideSeconds");
    assertThat(run.path("placed").asInt()).isEqualTo(4);
  }

  @ParameterizedTest
  @ValueSource(strings = {"At100", "At130"})
  void inflationIsComparedWithTheBound(String moment) {
    assertThat(
            replay(
                "--protocol",
                "inflation",
                "--policy",
                "fgd,random",
                "--seeds",
                "3",
                "--bound",
                "--json",
                "-"))
        .isZero();

    JsonNode runs = json().path("runs");
    assertThat(runs.size()).isEqualTo(6);
    for (JsonNode run : runs) {
      double bound = run.path("boundGpuAllocationPercent" + moment).asDouble();
      double allocation = run.path("gpuAllocationPercent" + moment).asDouble();
      assertThat(bound).isBetween(allocation, 100.0);
      assertThat(run.path("pointsBelowBound" + moment).asDouble()).isEqualTo(bound - allocation);
      assertThat(run.path("boundRelaxation" + moment).asString()).isIn("perGpu", "nodeTypes");
      assertThat(run.path("percentOfWayFromFgdToBound" + moment).isNumber()).isTrue();
    }
  }

  @Test
  void burstIsComparedWithTheBound() {
    assertThat(replay("--protocol", "burst", "--policy", "best-fit", "--bound", "--json", "-"))
        .isZero();

    JsonNode run = json().path("runs").get(0);
    // All pods fit: 3.5 of 6 GPUs.
    assertThat(run.path("boundGpuAllocationPercent").asDouble()).isEqualTo(100 * 3.5 / 6);
    assertThat(run.path("pointsBelowBound").asDouble()).isZero();
    assertThat(run.propertyNames()).doesNotContain("percentOfWayFromFgdToBound");
  }

  @Test
  void churnIsComparedWithTheBoundInTheTable() {
    assertThat(
            replay(
                "--protocol",
                "churn",
                "--policy",
                "fgd",
                "--load",
                "0.5",
                "--warm-up",
                "100",
                "--window",
                "200",
                "--bound"))
        .isZero();

    assertThat(out.toString()).contains("boundGpuAllocationPercent", "pointsBelowBound");
  }

  @Test
  void theClusterMayBeOneThatThereIsNot() {
    String[] burst = {"--protocol", "burst", "--policy", "best-fit", "--json", "-"};
    assertThat(
            replay(
                Stream.concat(
                        Arrays.stream(burst),
                        Stream.of("--add-nodes", "b=3", "--remove-nodes", "a"))
                    .toArray(String[]::new)))
        .isZero();

    // All pods fit: 3.5 of four nodes' 2 GPUs.
    assertThat(json().path("runs").get(0).path("gpuAllocationPercent").asDouble())
        .isEqualTo(100 * 3.5 / 8);
    assertThat(replay("--protocol", "burst", "--remove-nodes", "c")).isEqualTo(2);
    assertThat(err.toString()).contains("no node's name starts with 'c'");
  }

  @Test
  void noBoundIsShownUnlessAskedFor() {
    replay("--protocol", "burst", "--policy", "best-fit", "--json", "-");

    assertThat(out.toString()).doesNotContain("ound");
  }

  @Test
  void figuresDoNotDependOnThreads() {
    replay("--protocol", "inflation", "--seeds", "3", "--threads", "1", "--json", "-");
    JsonNode alone = withoutSeconds(json());
    out.getBuffer().setLength(0);
    replay("--protocol", "inflation", "--seeds", "3", "--threads", "4", "--json", "-");

    assertThat(withoutSeconds(json())).isEqualTo(alone);
  }

  private static JsonNode withoutSeconds(JsonNode document) {
    for (String part : new String[] {"runs", "summary"}) {
      document.path(part).forEach(run -> ((ObjectNode) run).remove("seconds"));
    }
    return document;
  }

  @Test
  void writesTableJsonAndCsv() throws IOException {
    Path jsonFile = directory.resolve("runs.json");
    Path csvFile = directory.resolve("runs.csv");

    assertThat(
            replay(
                "--protocol",
                "inflation",
                "--policy",
                "fgd,random",
                "--json",
                jsonFile.toString(),
                "--csv",
                csvFile.toString()))
        .isZero();

    assertThat(out.toString()).contains("fgd", "random", "gpuAllocationPercentAt130");
    assertThat(JsonMapper.shared().readTree(jsonFile.toFile()).path("runs").size()).isEqualTo(2);
    assertThat(Files.readAllLines(csvFile))
        .hasSize(3)
        .first()
        .asString()
        .contains("failedByClass.share");
  }

  @Test
  void generatesAClusterWhereNoFileIsGiven() {
    assertThat(
            stowage(
                "replay", "--generate", "10", "--protocol", "inflation", "--policy", "best-fit"))
        .isZero();
    assertThat(out.toString()).contains("best-fit");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --protocol inflation --policy fdg                  | no policy is called 'fdg'
          --protocol inflation --seeds 0                     | --seeds: expected 1 to 10000, was 0
          --protocol inflation --load 0.9                    | --load goes with --protocol churn
          --protocol churn --load 0                          | load must be above 0
          --protocol churn --window 0                        | window at least 1
          --protocol deflation                               | deflation
          --protocol inflation --pending                     | --pending goes with kubectl JSON
          --protocol inflation --threads none                | none
          --protocol inflation --sede 4                      | --sede
          --policy fgd                                       | --protocol: expected one of inflation
          """)
  void refusesWrongOptionsWithTwo(String options, String message) {
    assertThat(replay(options.split(" "))).isEqualTo(2);
    assertThat(err.toString()).contains(message);
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void namesLineColumnAndValueOfABadTrace() throws IOException {
    Files.writeString(nodes, "sn,cpu_milli,memory_mib,gpu,model\na,many,65536,4,T4\n");

    assertThat(replay("--protocol", "inflation")).isEqualTo(2);
    assertThat(err.toString())
        .contains(nodes + ":2: column cpu_milli: expected a whole number from 0 to", "was 'many'");
  }

  @Test
  void decisionsAreReplayedBesideWhatWasDecided() throws IOException {
    Path report = directory.resolve("report");
    int code =
        stowage(
            "replay",
            "--decisions",
            DecisionLogs.write(directory).toString(),
            "--policy",
            "best-fit",
            "--report",
            report.toString(),
            "--json",
            "-");
    assertThat(err.toString()).contains("1 changes of nodes are left out");
    assertThat(code).isZero();
    JsonNode summary = new JsonMapper().readTree(out.toString()).get("summary");
    assertThat(summary.valueStream().map(row -> row.get("policy").asString()))
        .containsExactly("as decided", "best-fit");
    assertThat(summary.valueStream())
        .allSatisfy(
            row -> {
              assertThat(row.get("gpuAllocationPercent").asDouble()).isEqualTo(62.5);
              assertThat(row.get("waitingByClass").get("one").get("meanSeconds").asDouble())
                  .isEqualTo(25);
            });
    assertThat(report.resolve("report.html")).content().contains("as decided", "best-fit");
  }

  @Test
  void decisionsGoWithoutAProtocol() throws IOException {
    String log = DecisionLogs.write(directory).toString();
    assertThat(stowage("replay", "--decisions", log, "--protocol", "burst")).isEqualTo(2);
    assertThat(err.toString()).contains("--decisions goes without --protocol");
    assertThat(stowage("replay", "--decisions", pods.toString())).isEqualTo(2);
    assertThat(err.toString()).contains(pods + " line 1: expected a line of a log of decisions");
    assertThat(stowage("replay", "--decisions", "nowhere")).isEqualTo(2);
    assertThat(err.toString()).contains("no such file: nowhere");
  }

  @Test
  void namesAMissingFile() throws IOException {
    Files.delete(pods);

    assertThat(replay("--protocol", "inflation")).isEqualTo(2);
    assertThat(err.toString()).contains("no such file: " + pods);
  }

  @ParameterizedTest
  @ValueSource(strings = {"--help", "--version"})
  void helpAndVersionAreDone(String option) {
    assertThat(stowage(option)).isZero();
    assertThat(out.toString()).isNotBlank();
  }

  @Test
  void generatesShellCompletion() {
    assertThat(stowage("generate-completion")).isZero();
    assertThat(out.toString()).contains("complete", "replay");
  }
}
