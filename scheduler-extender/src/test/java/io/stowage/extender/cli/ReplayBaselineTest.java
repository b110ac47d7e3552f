package io.stowage.extender.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * Two nodes of two GPUs for two pods of one GPU and one of two: best-fit puts the small ones side
 * by side and allocates 100 %; least-allocated spreads them, so that the large one finds no room,
 * and allocates 50 %.
 */
class ReplayBaselineTest {
  private static final Path EXAMPLES = Path.of("../deploy/examples/ci");

  @TempDir private Path directory;
  private Path nodes = Path.of("");
  private Path pods = Path.of("");
  private Path baseline = Path.of("");
  private StringWriter out = new StringWriter();
  private StringWriter err = new StringWriter();

  @BeforeEach
  void writeTrace() throws IOException {
    baseline = directory.resolve("baseline.json");
    nodes =
        Files.writeString(
            directory.resolve("nodes.csv"),
            """
            sn,cpu_milli,memory_mib,gpu,model
            a,32000,65536,2,T4
            b,32000,65536,2,T4
            """);
    pods =
        Files.writeString(
            directory.resolve("pods.csv"),
            """
            name,cpu_milli,memory_mib,num_gpu,gpu_milli
            p0,4000,1024,1,1000
            p1,4000,1024,1,1000
            p2,8000,1024,2,1000
            """);
  }

  private int stowage(String... args) {
    out = new StringWriter();
    err = new StringWriter();
    CommandLine command = Stowage.commandLine();
    command.setOut(new PrintWriter(out));
    command.setErr(new PrintWriter(err));
    return command.execute(args);
  }

  private int replay(String options, Object... more) {
    List<String> args =
        new ArrayList<>(List.of("replay", "--nodes", "" + nodes, "--pods", "" + pods));
    args.addAll(List.of(options.split(" ", -1)));
    Arrays.stream(more).map(Object::toString).forEach(args::add);
    return stowage(args.toArray(String[]::new));
  }

  private void record(String options) {
    assertThat(replay(options, "--json", baseline)).as(err.toString()).isZero();
  }

  private void edit(Consumer<ObjectNode> change) throws IOException {
    ObjectNode document = (ObjectNode) JsonMapper.shared().readTree(Files.readString(baseline));
    change.accept(document);
    Files.writeString(baseline, document.toString());
  }

  private static ObjectNode run(ObjectNode document, int index) {
    return (ObjectNode) document.path("runs").path(index);
  }

  /** Has the runs of a policy be those of another one. */
  private void rename(String from, String to) throws IOException {
    edit(
        document ->
            document
                .path("runs")
                .forEach(
                    run -> {
                      if (run.path("policy").asString().equals(from)) {
                        ((ObjectNode) run).put("policy", to);
                      }
                    }));
  }

  /** Returns the cells of the table's rows of a policy and figure. */
  private List<List<String>> rows(String policy, String figure) {
    return out.toString()
        .lines()
        .filter(line -> line.startsWith("|"))
        .map(line -> Arrays.stream(line.split("\\|", -1)).map(String::strip).toList())
        .filter(cells -> cells.size() == 9)
        .filter(cells -> cells.get(1).equals(policy) && cells.get(3).equals(figure))
        .map(cells -> Stream.of(2, 4, 5, 6, 7).map(cells::get).toList())
        .toList();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--protocol inflation --policy fgd,random --seeds 3",
        "--protocol churn --policy best-fit,random --load 0.8 --warm-up 50 --window 200",
        "--protocol burst --policy best-fit,least-allocated",
        "--protocol burst --policy best-fit --add-nodes b=3 --remove-nodes a",
      })
  void sameReplayPasses(String options) {
    if (options.contains("churn")) {
      pods = withRunTimes();
    }
    record(options);

    assertThat(replay(options, "--baseline", baseline, "--max-regression", "0"))
        .as(out + "" + err)
        .isZero();
    assertThat(out.toString())
        .contains("Passed: no policy loses more than 0.0 percentage points of GPU allocation")
        .doesNotContain("REGRESSION", "Note:");
  }

  private Path withRunTimes() {
    try {
      return Files.writeString(
          directory.resolve("timed.csv"),
          """
          name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time,scheduled_time
          p0,4000,1024,1,1000,,LS,Running,0,100,0
          p1,4000,1024,1,1000,,LS,Running,0,300,100
          p2,8000,1024,2,1000,,LS,Running,0,900,200
          """);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @ParameterizedTest
  @CsvSource({"0.2, 3", "49.9, 3", "50, 0", "100, 0"})
  void lossBeyondTheLimitFails(String maxRegression, int exit) throws IOException {
    record("--protocol burst --policy best-fit");
    rename("best-fit", "least-allocated");

    assertThat(
            replay(
                "--protocol burst --policy least-allocated",
                "--baseline",
                baseline,
                "--max-regression",
                maxRegression))
        .as(err.toString())
        .isEqualTo(exit);

    assertThat(rows("least-allocated", "gpuAllocationPercent"))
        .containsExactly(
            List.of("mean", "100.000", "50.000", "-50.000", exit == 3 ? "REGRESSION" : ""));
    assertThat(rows("least-allocated", "placed"))
        .containsExactly(List.of("mean", "3.000", "2.000", "-1.000", ""));
    assertThat(out.toString().contains("Not passed: ")).isEqualTo(exit == 3);
  }

  @Test
  void oneLosingPolicyIsEnoughAndTheOffendingOneIsMarked() throws IOException {
    record("--protocol burst --policy best-fit,random,least-allocated");
    edit(document -> document.withArray("runs").remove(1));
    rename("least-allocated", "gpu-packing");
    edit(document -> run(document, 1).put("gpuAllocationPercent", 100.0));
    rename("best-fit", "least-allocated");

    assertThat(
            replay("--protocol burst --policy gpu-packing,least-allocated", "--baseline", baseline))
        .isEqualTo(3);
    assertThat(out.toString())
        .contains(
            "Not passed: more than 0.2 percentage points of GPU allocation lost against "
                + baseline
                + " by least-allocated\n");
    assertThat(rows("gpu-packing", "gpuAllocationPercent").get(0).get(4)).isEmpty();
  }

  @Test
  void gainPasses() throws IOException {
    record("--protocol burst --policy least-allocated");
    rename("least-allocated", "best-fit");

    assertThat(replay("--protocol burst --policy best-fit", "--baseline", baseline)).isZero();
    assertThat(rows("best-fit", "gpuAllocationPercent"))
        .containsExactly(List.of("mean", "50.000", "100.000", "+50.000", ""));
  }

  @Test
  void meanOverSeedsDecidesAndEachSeedIsTold() throws IOException {
    String options = "--protocol burst --policy best-fit --seeds 2";
    record(options);
    edit(
        document -> {
          run(document, 0).put("gpuAllocationPercent", 99.0);
          run(document, 1).put("gpuAllocationPercent", 100.0);
        });
    assertThat(replay(options, "--baseline", baseline)).isZero();
    assertThat(rows("best-fit", "gpuAllocationPercent"))
        .containsExactly(
            List.of("mean", "99.500", "100.000", "+0.500", ""),
            List.of("42", "99.000", "100.000", "+1.000", ""),
            List.of("43", "100.000", "100.000", "+0.000", ""));
  }

  /** 50.2 less 50 is somewhat more than 0.2 to a computer. */
  @Test
  void lossOfJustTheLimitPasses() throws IOException {
    record("--protocol burst --policy least-allocated");
    edit(document -> run(document, 0).put("gpuAllocationPercent", 50.2));

    assertThat(replay("--protocol burst --policy least-allocated", "--baseline", baseline))
        .isZero();
    assertThat(rows("least-allocated", "gpuAllocationPercent").get(0).get(3)).isEqualTo("-0.200");
  }

  /** Of the two seeds the one loses 50 points, the other none: 25 in the mean. */
  @ParameterizedTest
  @CsvSource({"24.9, 3", "25, 0"})
  void lossOfOneSeedCountsByTheMean(String maxRegression, int exit) throws IOException {
    String options = "--protocol burst --policy least-allocated --seeds 2";
    record(options);
    edit(document -> run(document, 1).put("gpuAllocationPercent", 100.0));

    assertThat(replay(options, "--baseline", baseline, "--max-regression", maxRegression))
        .isEqualTo(exit);
    assertThat(rows("least-allocated", "gpuAllocationPercent"))
        .element(2)
        .isEqualTo(List.of("43", "100.000", "50.000", "-50.000", ""));
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpuAllocationPercentAt100", "gpuAllocationPercentAt130"})
  void inflationIsComparedAtBothMoments(String figure) throws IOException {
    String options = "--protocol inflation --policy fgd";
    pods = sharesThatLeaveRests();
    record(options);
    edit(document -> run(document, 0).put(figure, 61.0));

    assertThat(replay(options, "--baseline", baseline)).isEqualTo(3);
    assertThat(rows("fgd", figure).get(0).get(4)).isEqualTo("REGRESSION");
  }

  /** Pods of which one fits each GPU, so that no more than 60 % can be allocated. */
  private Path sharesThatLeaveRests() throws IOException {
    return Files.writeString(
        directory.resolve("shares.csv"),
        """
        name,cpu_milli,memory_mib,num_gpu,gpu_milli
        p0,4000,1024,1,600
        """);
  }

  @Test
  void settingsOfPlacementAreToldAndNotRefused() {
    record("--protocol burst --policy best-fit");

    assertThat(replay("--protocol burst --policy best-fit --free-order", "--baseline", baseline))
        .isZero();
    assertThat(out.toString()).contains("Note: freeOrder was false, is true\n");
  }

  @Test
  void versionOfTheBaselineIsTold() throws IOException {
    record("--protocol burst --policy best-fit");
    edit(document -> ((ObjectNode) document.path("replay")).put("stowage", "0.0.7"));

    assertThat(replay("--protocol burst --policy best-fit", "--baseline", baseline)).isZero();
    assertThat(out.toString()).contains("Note: version of Stowage was 0.0.7, is unpackaged\n");
  }

  @Test
  void policyThatTheBaselineLacksIsTold() {
    record("--protocol burst --policy best-fit");

    assertThat(replay("--protocol burst --policy random,best-fit", "--baseline", baseline))
        .isZero();
    assertThat(out.toString()).contains("Note: policy random is not in " + baseline + "\n");
    assertThat(rows("random", "gpuAllocationPercent")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--protocol inflation --policy fgd,random | protocol was burst, is inflation",
        "--protocol burst --policy fgd            | policy random was replayed, is not",
        "--protocol burst --policy fgd,random --seed 43  | seeds of fgd were 42, are 43",
        "--protocol burst --policy fgd,random --seeds 3  | seeds of fgd were 42, are 3 from 42 to 44",
        "--protocol burst --policy fgd,random --add-nodes a=2 | addNodes was none, is {a=2}",
        "--protocol burst --policy fgd,random --remove-nodes a | removeNodes was none, is [a]",
      })
  void otherReplaysAreRefused(String options, String difference) {
    record("--protocol burst --policy fgd,random");

    assertThat(replay(options, "--baseline", baseline)).isEqualTo(2);
    assertThat(err.toString())
        .startsWith(baseline + " cannot be compared with this replay: ")
        .contains(difference);
    assertThat(out.toString()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"nodes", "pods"})
  void otherFilesAreRefused(String file) throws IOException {
    record("--protocol burst --policy fgd");
    Path changed = file.equals("nodes") ? nodes : pods;
    Files.writeString(changed, Files.readString(changed).replace("1024", "1025") + "\n");

    assertThat(replay("--protocol burst --policy fgd", "--baseline", baseline)).isEqualTo(2);
    assertThat(err.toString())
        .containsPattern(
            file + " was a file of SHA-256 [0-9a-f]{12}\\.\\.\\., is a file of SHA-256");
  }

  @Test
  void sameFilesElsewhereAreTheSame() throws IOException {
    record("--protocol burst --policy fgd");
    nodes = Files.move(nodes, directory.resolve("moved.csv"));

    assertThat(replay("--protocol burst --policy fgd", "--baseline", baseline)).isZero();
  }

  @Test
  void otherLoadAndRunTimesAreRefused() {
    Path times = withRunTimes();
    String options = "--protocol churn --policy best-fit --warm-up 50 --window 200";
    record(options + " --load 0.8 --run-times " + times);

    assertThat(replay(options + " --load 0.9 --run-times " + pods, "--baseline", baseline))
        .isEqualTo(2);
    assertThat(err.toString()).contains("load was 0.8, is 0.9; runTimes was a file of SHA-256");
    assertThat(
            replay(
                options + " --load 0.8 --keep-seconds 60 --run-times " + times,
                "--baseline",
                baseline))
        .as(err.toString())
        .isIn(0, 3);
    assertThat(out.toString()).contains("Note: keepSeconds was 0.0, is 60.0\n");
  }

  @Test
  void otherGeneratedClustersAreRefused() {
    String[] small = {"replay", "--generate", "5", "--protocol", "burst", "--policy", "best-fit"};
    String[] large = {"replay", "--generate", "6", "--protocol", "burst", "--policy", "best-fit"};
    assertThat(stowage(and(small, "--json", baseline.toString()))).isZero();

    assertThat(stowage(and(small, "--baseline", baseline.toString()))).isZero();
    assertThat(stowage(and(large, "--baseline", baseline.toString()))).isEqualTo(2);
    assertThat(err.toString()).contains("this replay: generate was 5, is 6\n");
  }

  private static String[] and(String[] args, String... more) {
    return Stream.concat(Arrays.stream(args), Arrays.stream(more)).toArray(String[]::new);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{                                  | ' line 1: expected JSON of stowage replay: '",
        "[]                                 | ': replay: expected an object with stowage, settings'",
        "{\"runs\": [], \"summary\": []}    | ': replay: expected an object with stowage, settings'",
        "WHOLE []                           | ': runs: expected a list of one or more'",
        "WHOLE [{\"seed\": 42}]             | ': runs[0].policy: expected a name, was none'",
        "WHOLE [{\"policy\": \"fgd\"}]      | ': runs[0].seed: expected a whole number, was none'",
        "WHOLE [{\"policy\": \"fgd\", \"seed\": 42, \"gpuAllocationPercent\": \"9\"}]"
            + " | ': runs[0].gpuAllocationPercent: expected a number from 0 to 100, was \"9\"'",
        "WHOLE [RUN, RUN] | ': runs[1]: expected one run of a policy and seed, there was one before'",
      })
  void malformedBaselineIsRefusedByPlace(String text, String sentence) throws IOException {
    Files.writeString(
        baseline,
        text.startsWith("WHOLE")
            ? "{\"replay\": {\"stowage\": \"1\", \"settings\": {\"protocol\": \"burst\"},"
                + " \"input\": {}}, \"runs\": "
                + text.substring(6)
                    .replace(
                        "RUN", "{\"policy\": \"fgd\", \"seed\": 42, \"gpuAllocationPercent\": 1}")
                + "}"
            : text);

    assertThat(replay("--protocol burst --policy fgd", "--baseline", baseline)).isEqualTo(2);
    assertThat(err.toString()).startsWith(baseline + sentence);
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void baselineWithoutItsOriginIsRefused() throws IOException {
    record("--protocol burst --policy fgd");
    edit(document -> document.remove("replay"));

    assertThat(replay("--protocol burst --policy fgd", "--baseline", baseline)).isEqualTo(2);
    assertThat(err.toString()).contains("write the file anew with stowage replay --json");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--max-regression 1 | --max-regression goes with --baseline",
        "--baseline nowhere | no such file: nowhere",
        "--baseline BASELINE --max-regression -1 | --max-regression: expected 0 to 100 percentage",
        "--baseline BASELINE --max-regression NaN | --max-regression: expected 0 to 100 percentage",
        "--baseline BASELINE --json BASELINE | --json: expected another file than --baseline, was",
      })
  void wrongUsageIsSaidInASentence(String options, String sentence) throws IOException {
    record("--protocol burst --policy fgd");
    String before = Files.readString(baseline);

    assertThat(
            replay("--protocol burst --policy fgd " + options.replace("BASELINE", "" + baseline)))
        .isEqualTo(2);
    assertThat(err.toString()).startsWith(sentence);
    assertThat(baseline).content().isEqualTo(before);
  }

  @Test
  void jsonOnStandardOutputStaysAlone() throws IOException {
    record("--protocol burst --policy best-fit");
    rename("best-fit", "least-allocated");

    assertThat(replay("--protocol burst --policy least-allocated --json -", "--baseline", baseline))
        .isEqualTo(3);
    JsonNode document = JsonMapper.shared().readTree(out.toString());
    assertThat(document.at("/runs/0/gpuAllocationPercent").asDouble()).isEqualTo(50);
    assertThat(err.toString()).contains("REGRESSION");
  }

  @Test
  void newFiguresAreWrittenWhereTheyFailToo() throws IOException {
    record("--protocol burst --policy best-fit");
    rename("best-fit", "least-allocated");
    Path now = directory.resolve("now.json");

    assertThat(
            replay(
                "--protocol burst --policy least-allocated", "--baseline", baseline, "--json", now))
        .isEqualTo(3);
    assertThat(replay("--protocol burst --policy least-allocated", "--baseline", now))
        .as("accepted as the new baseline")
        .isZero();
  }

  @Test
  void replaysOfALogAreComparedWithoutWhatWasDecided() throws IOException {
    String log = DecisionLogs.write(directory).toString();
    String[] replay = {"replay", "--decisions", log, "--policy", "best-fit"};
    assertThat(stowage(and(replay, "--json", baseline.toString()))).isZero();

    assertThat(stowage(and(replay, "--baseline", baseline.toString()))).as("" + err).isZero();
    assertThat(rows("best-fit", "gpuAllocationPercent"))
        .containsExactly(List.of("mean", "62.500", "62.500", "+0.000", ""));
    assertThat(rows("as decided", "gpuAllocationPercent")).isEmpty();

    edit(
        document -> {
          run(document, 1).put("gpuAllocationPercent", 63.0);
          ((ObjectNode) run(document, 1).at("/waitingByClass/one")).put("meanSeconds", 20.0);
        });
    assertThat(stowage(and(replay, "--baseline", baseline.toString()))).isEqualTo(3);
    assertThat(rows("best-fit", "waitingByClass.one.meanSeconds"))
        .containsExactly(List.of("mean", "20.000", "25.000", "+5.000", ""));

    Files.writeString(Path.of(log), Files.readString(Path.of(log)).replace("2:40Z", "2:41Z"));
    assertThat(stowage(and(replay, "--baseline", baseline.toString()))).isEqualTo(2);
    assertThat(err.toString()).contains("decisions was a file of SHA-256");
  }

  /** The command lines of the examples, with these files. */
  @ParameterizedTest
  @ValueSource(strings = {"github-actions.yml", "gitlab-ci.yml"})
  void shippedPipelinesFailWhereAPolicyLoses(String name) throws IOException {
    String text = Files.readString(EXAMPLES.resolve(name));
    assertThat(YAMLMapper.builder().build().readTree(text).isObject()).isTrue();
    List<String> commands =
        text.replaceAll("\\\\\n\\s*", "")
            .lines()
            .filter(line -> line.contains("stowage.jar replay "))
            .toList();
    assertThat(commands).hasSize(1);
    pods = sharesThatLeaveRests();
    String command = commands.get(0);
    List<String> args =
        new ArrayList<>(
            List.of(
                command
                    .substring(command.indexOf("replay "))
                    .split(" [|>]", -1)[0]
                    .split(" ", -1)));
    replaceValue(args, "--nodes", nodes);
    replaceValue(args, "--pods", pods);
    replaceValue(args, "--decisions", DecisionLogs.write(directory));
    replaceValue(args, "--config", settings("policy: stowage\n"));
    assertThat(args.remove(args.indexOf("--baseline") + 1)).endsWith(".json");
    args.remove("--baseline");

    List<String> recording = new ArrayList<>(args);
    int limit = recording.indexOf("--max-regression");
    recording.subList(limit, limit + 2).clear();
    recording.addAll(List.of("--json", baseline.toString()));
    assertThat(stowage(recording.toArray(String[]::new))).as("" + err).isZero();
    args.addAll(List.of("--baseline", baseline.toString()));
    assertThat(stowage(args.toArray(String[]::new))).as("" + err).isZero();
    edit(
        document ->
            ((ArrayNode) document.path("runs"))
                .forEach(
                    run -> {
                      for (String figure : List.copyOf(run.propertyNames())) {
                        if (figure.startsWith("gpuAllocationPercent")) {
                          ((ObjectNode) run).put(figure, 99.0);
                        }
                      }
                    }));
    assertThat(stowage(args.toArray(String[]::new))).as("" + err).isEqualTo(3);
  }

  private static void replaceValue(List<String> args, String option, Path file) {
    if (args.contains(option)) {
      args.set(args.indexOf(option) + 1, file.toString());
    }
  }

  private Path settings(String yaml) throws IOException {
    return Files.writeString(directory.resolve("stowage.yaml"), yaml);
  }

  @Test
  void aChangeOfSettingsIsComparedWhicheverPolicyTheyName() throws IOException {
    String replay = "--protocol burst --config";
    Path settings = settings("policy: best-fit\n");
    assertThat(replay(replay, settings, "--json", baseline)).as(err.toString()).isZero();
    assertThat(replay(replay, settings, "--baseline", baseline)).as(err.toString()).isZero();
    settings("policy: least-allocated\n");
    assertThat(replay(replay, settings, "--baseline", baseline)).as(err.toString()).isEqualTo(3);
    assertThat(rows("configured", "gpuAllocationPercent"))
        .containsExactly(List.of("mean", "100.000", "50.000", "-50.000", "REGRESSION"));
    assertThat(out.toString()).contains("policy was best-fit, is least-allocated");
  }

  @Test
  void keepSecondsOfTheSettingsAreReplayedUnderChurn() throws IOException {
    pods = withRunTimes();
    String replay = "--protocol churn --load 0.8 --warm-up 50 --window 200";
    Path settings = settings("planning: {keepSeconds: 1800}\n");
    assertThat(replay(replay, "--config", settings, "--json", baseline))
        .as(err.toString())
        .isZero();
    JsonNode written =
        JsonMapper.shared().readTree(Files.readString(baseline)).at("/replay/settings");
    assertThat(written.path("policy").asString()).isEqualTo("stowage");
    assertThat(written.path("keepSeconds").asDouble()).isEqualTo(1800);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "policy: best-fit | --policy fgd | --config goes without --policy and --keep-seconds",
        "policy: best-fit | --keep-seconds 5 | --config goes without --policy and --keep-seconds",
        "planning: {enabled: false} | --seeds 1 | planning.enabled: expected true, was false",
        "polcy: best-fit | --seeds 1 | polcy",
      })
  void settingsThatCannotBeReplayedAreRefused(String yaml, String option, String sentence)
      throws IOException {
    assertThat(replay("--protocol churn " + option, "--config", settings(yaml + "\n")))
        .isEqualTo(2);
    assertThat(err.toString()).contains(sentence);
  }
}
