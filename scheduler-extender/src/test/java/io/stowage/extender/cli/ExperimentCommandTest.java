package io.stowage.extender.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.stowage.extender.experiment.Experiment;
import io.stowage.extender.experiment.InvalidExperimentException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

class ExperimentCommandTest {
  private static final String EXPERIMENT =
      """
      name: Which <policy>?
      inputs:
        - {name: few nodes, generate: 12}
      variants:
        - name: as it is
        - {name: one more, addNodes: [{model: A10}]}
      protocols:
        - protocol: inflation
        - {protocol: churn, load: 0.9, warmUpArrivals: 100, windowArrivals: 200}
      policies: [fgd, best-fit]
      seeds: {first: 42, count: 2}
      """;

  /** Inputs, variants, protocols, policies and seeds of it multiplied. */
  private static final int RUNS = 1 * 2 * 2 * 2 * 2;

  @TempDir private Path directory;
  private Path file = Path.of("");
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @BeforeEach
  void writeExperiment() throws IOException {
    file = Files.writeString(directory.resolve("experiment.yaml"), EXPERIMENT);
  }

  private int stowage(String... args) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    CommandLine command = Stowage.commandLine();
    command.setOut(new PrintWriter(out));
    command.setErr(new PrintWriter(err));
    return command.execute(args);
  }

  private void run(String to, String... more) {
    String[] args =
        Stream.concat(
                Stream.of("experiment", file.toString(), "--out", path(to)), Arrays.stream(more))
            .toArray(String[]::new);
    assertThat(stowage(args)).as(err.toString()).isZero();
  }

  private String path(String name) {
    return directory.resolve(name).toString();
  }

  /** Reports parts and returns the runs without how long they took. */
  private JsonNode report(String to, String... parts) {
    String[] args =
        Stream.of(
                Stream.of("report"),
                Arrays.stream(parts).map(this::path),
                Stream.of("--out", path(to)))
            .flatMap(part -> part)
            .toArray(String[]::new);
    assertThat(stowage(args)).as(err.toString()).isZero();
    return withoutSeconds(directory.resolve(to).resolve("runs.json")).path("runs");
  }

  private static JsonNode withoutSeconds(Path json) {
    JsonNode document = JsonMapper.shared().readTree(json.toFile());
    document.path("runs").forEach(run -> ((ObjectNode) run).remove("seconds"));
    return document;
  }

  private Map<String, String> runFiles(String of) throws IOException {
    Map<String, String> files = new TreeMap<>();
    try (Stream<Path> paths = Files.list(directory.resolve(of).resolve("runs"))) {
      for (Path path : paths.toList()) {
        files.put(path.getFileName().toString(), Files.readString(path));
      }
    }
    return files;
  }

  @Test
  void thePartsAreEqualToTheWhole() throws IOException {
    run("whole");
    for (String shard : new String[] {"1/3", "2/3", "3/3"}) {
      run("part" + shard.charAt(0), "--shard", shard, "--threads", "1");
    }

    assertThat(runFiles("part1")).hasSize(6);
    assertThat(runFiles("part2")).hasSize(5);
    assertThat(runFiles("part3")).hasSize(5);
    JsonNode whole = report("report-whole", "whole");
    assertThat(whole.size()).isEqualTo(RUNS);
    assertThat(report("report-parts", "part3", "part1", "part2")).isEqualTo(whole);
  }

  @Test
  void aRunIsWhatReplayMakesOfIt() {
    run("whole");
    JsonNode runs = report("report", "whole");
    String[] replay = {
      "replay",
      "--generate",
      "12",
      "--protocol",
      "inflation",
      "--policy",
      "fgd,best-fit",
      "--seeds",
      "2",
      "--json",
      path("replay.json"),
      "--report",
      path("replay-report")
    };
    assertThat(stowage(replay)).isZero();

    JsonNode replayed = withoutSeconds(directory.resolve("replay.json")).path("runs");
    assertThat(replayed.size()).isEqualTo(4);
    for (int i = 0; i < replayed.size(); i++) {
      ObjectNode run = ((ObjectNode) runs.get(i)).deepCopy();
      assertThat(run.path("curve").size()).isPositive();
      run.remove("input");
      run.remove("variant");
      run.remove("settings");
      run.remove("curve");
      assertThat(run).isEqualTo(replayed.get(i));
    }
    assertThat(directory.resolve("replay-report/report.html")).exists();
    assertThat(directory.resolve("replay-report/curves.csv")).exists();
  }

  @Test
  void nothingIsRunTwice() throws IOException {
    run("out", "--shard", "1/4");
    assertThat(out.toString()).startsWith("4 runs made, 0 found");
    Map<String, String> first = runFiles("out");
    run("out");
    assertThat(out.toString()).startsWith("12 runs made, 4 found");
    Map<String, String> all = runFiles("out");
    // A run made again would have taken another time.
    assertThat(all).containsAllEntriesOf(first).hasSize(RUNS);
    run("out");
    assertThat(out.toString()).startsWith("0 runs made, 16 found");
    assertThat(runFiles("out")).isEqualTo(all);
  }

  @Test
  void aBrokenResultIsNamedAndRunAgain() throws IOException {
    run("out");
    JsonNode before = report("report", "out");
    String name = runFiles("out").keySet().iterator().next();
    Path broken = directory.resolve("out/runs").resolve(name);
    for (String content :
        new String[] {"", "{\"key\"", "{\"key\": \"other\"}", "{\"result\": {}}"}) {
      Files.writeString(broken, content);
      assertThat(stowage("report", path("out"), "--out", path("report2"))).isEqualTo(2);
      assertThat(err.toString()).contains("1 run is missing", name);

      run("out");
      assertThat(err.toString()).contains(broken.toString()).contains("run again");
      assertThat(out.toString()).startsWith("1 runs made, 15 found");
    }
    assertThat(report("report", "out")).isEqualTo(before);
  }

  @Test
  void resultsAreKnownByWhatIsReplayedAndNotByNames() throws IOException {
    run("out");
    Files.writeString(file, EXPERIMENT.replace("few nodes", "a dozen").replace("one more", "13"));
    run("out");
    assertThat(out.toString()).startsWith("0 runs made, 16 found");
    Files.writeString(file, EXPERIMENT.replace("load: 0.9,", "load: 0.8,"));
    run("out");
    assertThat(out.toString()).startsWith("8 runs made, 8 found");
    Files.writeString(file, EXPERIMENT.replace("generate: 12", "generate: 13"));
    run("out");
    assertThat(out.toString()).startsWith("16 runs made, 0 found");
  }

  @Test
  void filesAreKnownByTheirContents() throws IOException {
    Path nodes = directory.resolve("nodes.csv");
    Files.writeString(nodes, "sn,cpu_milli,memory_mib,gpu,model\na,32000,65536,4,T4\n");
    Files.writeString(
        directory.resolve("pods.csv"),
        "name,cpu_milli,memory_mib,num_gpu,gpu_milli\np,4000,1024,1,500\n");
    Files.writeString(
        file,
        """
        inputs: [{name: files, nodes: nodes.csv, pods: pods.csv}]
        protocols: [{protocol: burst}]
        policies: [fgd]
        """);
    run("out");
    assertThat(out.toString()).startsWith("1 runs made, 0 found");
    Files.writeString(nodes, "sn,cpu_milli,memory_mib,gpu,model\na,32000,65536,2,T4\n");
    run("out");
    assertThat(out.toString()).startsWith("1 runs made, 0 found");
    assertThat(report("report", "out").get(0).path("gpuAllocationPercent").asDouble())
        .isEqualTo(25);
  }

  @Test
  void theBoundIsAPartOfTheReport() throws IOException {
    Files.writeString(
        file,
        """
        inputs: [{name: g, generate: 6}]
        protocols: [{protocol: inflation}]
        policies: [fgd, random]
        bound: true
        """);
    run("part1", "--shard", "1/2");
    run("part2", "--shard", "2/2");
    JsonNode runs = report("report", "part1", "part2");

    assertThat(runs.size()).isEqualTo(2);
    for (JsonNode run : runs) {
      assertThat(run.path("boundGpuAllocationPercentAt130").asDouble())
          .isBetween(run.path("gpuAllocationPercentAt130").asDouble(), 100.0);
    }
    assertThat(Files.readString(directory.resolve("report/report.html")))
        .contains("Distance to the bound");
  }

  @Test
  void missingRunsAreNamed() throws IOException {
    run("part", "--shard", "1/2");
    assertThat(stowage("report", path("part"), "--out", path("report"))).isEqualTo(2);
    assertThat(err.toString())
        .contains("8 runs are missing: few nodes, as it is, inflation: best-fit, seed 42")
        .contains("and 5 more");
    assertThat(directory.resolve("report")).doesNotExist();

    assertThat(stowage("report", path("part"), "--out", path("report"), "--partial")).isZero();
    assertThat(Files.readString(directory.resolve("report/report.html")))
        .contains("8 runs are missing", "few nodes, as it is, inflation: best-fit, seed 43");
  }

  @Test
  void theReportNeedsNoOtherFile() throws IOException {
    run("out");
    report("report", "out");

    String page = Files.readString(directory.resolve("report/report.html"));
    assertThat(page)
        .contains("<h1>Which &lt;policy&gt;?</h1>", "uPlot", "GPU allocation: difference to fgd")
        .doesNotContain("src=", "href=", "@import");
    String data = page.substring(page.indexOf("id=\"data\">") + 10);
    JsonNode charts = JsonMapper.shared().readTree(data.substring(0, data.indexOf("</script>")));
    assertThat(charts.size()).isEqualTo(4);
    assertThat(Files.readAllLines(directory.resolve("report/runs.csv"))).hasSize(RUNS + 1);
    assertThat(Files.readAllLines(directory.resolve("report/differences.csv")).get(0))
        .isEqualTo(
            "input,variant,settings.protocol,policy,againstVariant,againstPolicy,figure,pairs,mean,"
                + "low95,high95,settings.load,settings.warmUpArrivals,settings.windowArrivals,"
                + "settings.keepSeconds");
  }

  @Test
  void partsOfDifferentExperimentsAreRefused() throws IOException {
    run("one");
    Files.writeString(file, EXPERIMENT.replace("count: 2", "count: 1"));
    run("two");

    assertThat(stowage("report", path("one"), path("two"), "--out", path("r"))).isEqualTo(2);
    assertThat(err.toString()).contains("expected parts of one experiment");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          policies: [fgd, best-fit] | polices: [fgd]                | unknown key 'polices'
          policies: [fgd, best-fit] | policies: [fdg]               | no policy is called 'fdg'; did you mean fgd?
          policies: [fgd, best-fit] | policies: []                  | policies: expected at least one
          policies: [fgd, best-fit] | policies: [fgd, fgd]          | 'fgd' was twice
          policies: [fgd, best-fit] | policies: fgd                 | policies: expected a list
          protocol: inflation       | protocol: deflation           | expected one of inflation, churn, burst
          protocol: inflation       | {protocol: burst, load: 0.5}  | load goes with protocol churn
          load: 0.9                 | load: 11                      | load must be above 0 and at most 10
          generate: 12              | generate: 0                   | generate: expected 1 to 100000
          generate: 12              | nodes: a.csv                  | expected nodes and pods, or generate
          generate: 12              | nodes: a.csv, pods: b.csv     | no such file
          count: 2                  | count: 0                      | seeds: expected a count
          model: A10                | model: A11                    | variant one more of input few nodes: no node has GPUs of the model 'A11'
          model: A10                | modle: A10                    | unknown key 'variants[1].addNodes[0].modle'
          name: Which               | name: [                       | line
          """)
  void aWrongExperimentIsRefusedInOneSentence(String right, String wrong, String message)
      throws IOException {
    assertThat(EXPERIMENT).contains(right);
    Files.writeString(file, EXPERIMENT.replace(right, wrong));

    assertThat(stowage("experiment", file.toString(), "--out", path("out"))).isEqualTo(2);
    assertThat(err.toString()).contains(message);
    assertThat(err.toString().lines()).hasSize(2);
    assertThat(directory.resolve("out")).doesNotExist();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          experiment no-such.yaml --out out              | no-such.yaml: cannot be read
          experiment experiment.yaml --out experiment.yaml | --out: not a directory
          experiment experiment.yaml --out out --shard 3/2 | --shard: expected I/N with I from 1 to N, was 3/2
          experiment experiment.yaml --out out --shard 2   | --shard: expected I/N, or N where JOB_COMPLETION_INDEX is set
          experiment experiment.yaml --out out --threads 0 | --threads: expected 1 to 1024
          report no-such --out out                       | no-such: expected a directory that stowage experiment wrote
          report experiment.yaml --out out               | experiment.yaml
          report empty --out experiment.yaml             | --out: not a directory
          """)
  void wrongOptionsAreRefused(String options, String message) {
    String[] args =
        Arrays.stream(options.split(" "))
            .map(arg -> arg.matches("no-such.*|.*yaml|out|empty") ? path(arg) : arg)
            .toArray(String[]::new);

    assertThat(stowage(args)).isEqualTo(2);
    assertThat(err.toString()).contains(message);
  }

  @Test
  void aReplayWhosePolicyHasATypoNamesTheNearest() {
    assertThat(
            stowage(
                "replay", "--generate", "5", "--protocol", "burst", "--policy", "most-alocated"))
        .isEqualTo(2);
    assertThat(err.toString())
        .contains("no policy is called 'most-alocated'; did you mean most-allocated?");
  }

  @Test
  void theExampleIsReadAndItsJobHasAsManyPodsAsParts()
      throws IOException, InvalidExperimentException {
    Path examples = Path.of("../deploy/examples/experiments");
    assertThat(Experiment.read(examples.resolve("experiment.yaml")).policies())
        .contains("fgd", "stowage");
    String manifest = Files.readString(examples.resolve("job.yaml"));
    JsonNode job =
        new YAMLMapper().readTree(manifest.substring(manifest.indexOf("---"))).path("spec");
    JsonNode args = job.path("template").path("spec").path("containers").get(0).path("args");
    assertThat(job.path("completionMode").asString()).isEqualTo("Indexed");
    assertThat(args.get(4).asString()).isEqualTo("--shard");
    assertThat(args.get(5).asString()).isEqualTo(job.path("completions").asString());
  }
}
