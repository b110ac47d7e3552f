package io.stowage.extender.decisions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeGpus;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.cluster.Resources;
import io.stowage.core.fragmentation.TypicalPods;
import io.stowage.core.policy.Policies;
import io.stowage.core.replay.RecordedPod;
import io.stowage.extender.kube.ObservedPod;
import io.stowage.extender.names.AskedNodes;
import io.stowage.extender.state.BindOutcome;
import io.stowage.extender.state.ClusterState;
import io.stowage.extender.state.DescribedNodes;
import io.stowage.extender.state.HoldSettings;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the state decides is read back from its log as it happened. */
class DecisionFileTest {
  private static final String SHARED = "aliyun.com/gpu-mem";
  private static final Instant START = Instant.parse("2026-11-28T12:00:00Z");
  private static final String BEGINS =
      "{\"kind\":\"begins\",\"at\":\"2026-11-28T12:00:00Z\",\"form\":1,\"version\":\"x\","
          + "\"policy\":\"stowage\"}\n";

  @TempDir private Path directory;

  private Instant now = START;
  private final ClusterState state =
      new ClusterState(
          HoldSettings.DEFAULT,
          Policies.create("best-fit", TypicalPods.of(Map.of())),
          new Random(1),
          () -> 1);

  private static Node node(String name) {
    return Node.ready(
        name,
        Resources.of(64_000, 256L << 30, 5, Map.of("example.com/fpga", 2L)),
        110,
        NodeGpus.shared(SHARED, "T4", 2, 16));
  }

  private static ObservedPod share(String uid, long units) {
    PodShape shape =
        new PodShape(
            Resources.of(1_000, 1 << 20),
            GpuRequest.share(SHARED, units),
            new TreeSet<>(List.of("T4", "P100")));
    return ObservedPod.pending(new Pod(uid, "team", "name-" + uid, shape, 7));
  }

  private void pass(long seconds) {
    now = now.plusSeconds(seconds);
  }

  private DecisionFile begin(long mostBytes) throws IOException {
    DecisionFile log = DecisionFile.begin(directory, mostBytes, "1", "best-fit", () -> now);
    state.tell(log);
    return log;
  }

  private void filterAndBind(ObservedPod pod) {
    String uid = pod.pod().uid();
    String node =
        state
            .filter(pod, AskedNodes.of(state.nodeNames(), List.of("n1", "n2")), DescribedNodes.NONE)
            .kept()
            .get(0);
    state.startBind(uid, node);
    state.completeBind(uid, new BindOutcome.Bound());
  }

  @Test
  void whatHappenedIsReadBack() throws IOException, DecisionFormatException {
    DecisionFile log = begin(1 << 20);
    try (log) {
      state.putNode(node("n1"));
      state.putNode(node("n1"));
      state.putNode(node("n2"));
      state.putPod(share("there", 4).with().nodeName("n2").gpuDevices(List.of(1)).build());
      state.putPod(share("left", 4).with().nodeName("n2").gpuDevices(List.of(1)).build());
      state.removePod("left");
      state.markSynced();
      pass(60);
      state.putPod(share("a", 16));
      pass(5);
      filterAndBind(share("a", 16));
      state.putPod(share("deleted", 1));
      state.putPod(share("large", 99));
      pass(10);
      state.removePod("deleted");
      state.removePod("there");
      state.removePod("nobody");
      pass(25);
    }
    state.removePod("a"); // after the end
    DecisionReader.Decisions read = DecisionReader.read(log.file());
    assertThat(read.workload().nodes()).containsExactly(node("n1"), node("n2"));
    assertThat(read.nodeChanges()).isZero();
    assertThat(read.withdrawnPods()).isOne();
    assertThat(read.lostLines()).isZero();
    // The log ends with its last line.
    assertThat(read.workload().endSeconds()).isCloseTo(75, within(1e-9));
    List<RecordedPod> pods = read.workload().pods();
    assertThat(pods)
        .extracting(pod -> pod.pod().name())
        .containsExactly("team/name-there", "team/name-a", "team/name-large");
    RecordedPod there = pods.get(0);
    assertThat(there.arrivalSeconds()).isZero();
    assertThat(there.pod().runSeconds()).isEqualTo(OptionalDouble.of(75));
    assertThat(there.decided().orElseThrow().placement().nodeName()).isEqualTo("n2");
    assertThat(there.decided().orElseThrow().placement().gpuDevices()).containsExactly(1);
    RecordedPod first = pods.get(1);
    assertThat(first.pod().shape()).isEqualTo(share("a", 16).pod().shape());
    assertThat(first.pod().priority()).isEqualTo(7);
    assertThat(first.arrivalSeconds()).isEqualTo(60);
    assertThat(first.decided().orElseThrow().seconds()).isEqualTo(65);
    assertThat(first.pod().runSeconds()).as("it runs on").isEmpty();
    assertThat(pods.get(2).decided()).isEmpty();
  }

  @Test
  void refusalsAreCountedByReasonAndBindingsThatFailedTold() throws IOException {
    DecisionFile log = begin(1 << 20);
    try (log) {
      state.putNode(node("n1"));
      state.putNode(node("n2"));
      state.markSynced();
      state.putPod(share("large", 99));
      state.filter(
          share("large", 99),
          AskedNodes.of(state.nodeNames(), List.of("n1", "n2")),
          DescribedNodes.NONE);
      state.putPod(share("a", 1));
      state.startBind("a", "n1");
      state.completeBind("a", new BindOutcome.NotBound("because"));
    }
    assertThat(Files.readString(log.file(), StandardCharsets.UTF_8))
        .containsPattern("\"kind\":\"filter\".*\"askedNodes\":2,\"offered\":\\[],.*\":2}")
        .containsPattern(
            "\"uid\":\"a\",\"node\":\"n1\".*\"outcome\":\"notBound\",\"reason\":\"because\"");
  }

  @Test
  void aBindingInDoubtCountsUntilAnotherIsKnown() throws IOException, DecisionFormatException {
    DecisionFile log = begin(1 << 20);
    try (log) {
      state.putNode(node("n1"));
      state.putNode(node("n2"));
      state.markSynced();
      for (String uid : List.of("a", "b", "c")) {
        pass(1);
        state.putPod(share(uid, 1));
        state.startBind(uid, "n1");
        state.completeBind(uid, new BindOutcome.InDoubt("no answer"));
      }
      pass(1);
      state.putPod(share("b", 1).with().nodeName("n2").gpuDevices(List.of(0)).build());
      state.putPod(share("c", 1).with().nodeName("n1").gpuDevices(List.of(0)).build());
    }
    assertThat(DecisionReader.read(log.file()).workload().pods())
        .extracting(pod -> pod.decided().orElseThrow().placement().nodeName())
        .containsExactly("n1", "n2", "n1");
  }

  @Test
  void aLogThatIsFullEndsAndDecisionsGoOn() throws IOException, DecisionFormatException {
    DecisionFile log = begin(2_000);
    try (log) {
      state.putNode(node("n1"));
      state.putNode(node("n2"));
      state.markSynced();
      for (int i = 0; i < 100; i++) {
        state.putPod(share("pod-" + i, 1));
        pass(1);
      }
    }
    assertThat(Files.size(log.file())).isBetween(1_000L, 2_000L);
    assertThat(DecisionReader.read(log.file()).workload().pods()).hasSizeBetween(1, 20);
    assertThat(state.refusedPods()).isEmpty();
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      value = {
        "nonsense                                  | line 2: expected a line of a log of decisions",
        "null                                      | line 2: expected a JSON object with a kind",
        "{\"kind\":\"other\",\"at\":\"2026-11-28T12:00:00Z\"} | line 2: expected a line of a log",
        "{\"kind\":\"gone\",\"at\":\"yesterday\",\"uid\":\"u\"} | line 2: expected a line of a log",
        "{\"kind\":\"gone\",\"at\":\"2026-11-28T12:00:00Z\",\"uid\":\"u\",\"more\":1} | more",
        "{\"kind\":\"gone\",\"at\":\"2026-11-28T12:00:01Z\",\"uid\":\"u\"} | kind synced",
        "{\"kind\":\"begins\",\"at\":\"2026-11-28T12:00:00Z\",\"form\":2,\"version\":\"x\","
            + "\"policy\":\"p\"} | line 2: expected one line of kind begins and form 1",
      })
  void aFileThatIsNoLogIsRefusedInOneSentence(String line, String sentence) throws IOException {
    Path file = Files.writeString(directory.resolve("log"), BEGINS + line + "\n");
    assertThatThrownBy(() -> DecisionReader.read(file))
        .isInstanceOf(DecisionFormatException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining(sentence);
  }

  @Test
  void aFileWithoutItsBeginningIsRefused() throws IOException {
    Path file =
        Files.writeString(
            directory.resolve("log"),
            "{\"kind\":\"gone\",\"at\":\"2026-11-28T12:00:01Z\",\"uid\":\"u\"}\n");
    assertThatThrownBy(() -> DecisionReader.read(file))
        .isInstanceOf(DecisionFormatException.class)
        .hasMessageEndingWith("line 1: expected kind begins first");
  }
}
