package io.stowage.extender.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.Placement;
import io.stowage.core.trace.Scenario;
import io.stowage.core.trace.TracePod;
import io.stowage.extender.kube.GpuResources;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reads what {@code kubectl} v1.37 printed of a cluster of three nodes. */
class SnapshotFilesTest {
  private static final Path NODES = resource("nodes.json");
  private static final Path PODS = resource("pods.json");

  private final SnapshotFiles snapshots = new SnapshotFiles(GpuResources.DEFAULT);

  @TempDir private Path directory;

  private static Path resource(String name) {
    try {
      return Path.of(Objects.requireNonNull(SnapshotFilesTest.class.getResource(name)).toURI());
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void readsNodesWithTheirGpus() throws IOException {
    Scenario scenario = snapshots.read(NODES, PODS, false);

    assertThat(scenario.nodes())
        .extracting(Node::name, node -> node.gpus().devices().size(), Node::countsAsCapacity)
        .containsExactlyInAnyOrder(
            tuple("node-a", 8, true), tuple("node-b", 2, true), tuple("node-c", 0, true));
  }

  @Test
  void pendingPodsArriveWhileRunningOnesStay() throws IOException {
    Scenario scenario = snapshots.read(NODES, PODS, true);

    assertThat(scenario.pods()).extracting(TracePod::name).containsExactly("default/train-4");
    assertThat(scenario.running())
        .extracting(placement -> placement.pod().name(), Placement::nodeName)
        .contains(tuple("train-8", "node-a"), tuple("t4-job", "node-b"))
        .hasSize(5);
  }

  @Test
  void withoutPendingAllPodsButDaemonsAreTheWorkload() throws IOException {
    Scenario scenario = snapshots.read(NODES, PODS, false);

    assertThat(scenario.pods())
        .extracting(TracePod::name)
        .containsExactlyInAnyOrder(
            "default/train-8", "default/train-4", "default/t4-job", "default/gated");
    assertThat(scenario.running())
        .allSatisfy(placement -> assertThat(placement.pod().name()).startsWith("agent-"))
        .hasSize(3);
  }

  @Test
  void requestsAreThoseOfKubeScheduler() throws IOException {
    TracePod pod =
        snapshots.read(NODES, PODS, false).pods().stream()
            .filter(candidate -> candidate.name().equals("default/t4-job"))
            .findFirst()
            .orElseThrow();

    assertThat(pod.shape().request().cpuMilli()).as("init container's CPU").isEqualTo(6000);
    assertThat(pod.shape().request().memoryBytes()).isEqualTo(16L << 30);
    assertThat(pod.shape().gpuModels()).containsExactly("T4");
  }

  @Test
  void pagesOneAfterAnotherAreOneList() throws IOException {
    Path pages = directory.resolve("pages.json");
    Files.writeString(
        pages,
        Files.readString(resource("pods-page1.json"))
            + Files.readString(resource("pods-page2.json")));

    assertThat(snapshots.read(NODES, pages, true)).isEqualTo(snapshots.read(NODES, PODS, true));
  }

  @Test
  void refusesAListWhoseLastPageIsMissing() {
    Path page = resource("pods-page1.json");

    assertThatThrownBy(() -> snapshots.read(NODES, page, true))
        .isInstanceOf(SnapshotFormatException.class)
        .hasMessage(page + ": the list goes on (metadata.continue is set); save all of its pages");
  }

  @Test
  void refusesFilesWithOtherKinds() {
    assertThatThrownBy(() -> snapshots.read(PODS, PODS, true))
        .isInstanceOf(SnapshotFormatException.class)
        .hasMessage(PODS + ": no object of kind Node, expected the output of kubectl get -o json");
  }

  @Test
  void refusesAQuantityThatDoesNotParse() throws IOException {
    Path broken = directory.resolve("broken.json");
    Files.writeString(broken, Files.readString(NODES).replace("\"96\"", "\"ninety-six\""));

    assertThatThrownBy(() -> snapshots.read(broken, PODS, true))
        .isInstanceOf(SnapshotFormatException.class)
        .hasMessageStartingWith(broken + ": Node node-a: status.allocatable")
        .hasMessageContaining("ninety-six");
  }

  @Test
  void refusesATruncatedFile() throws IOException {
    Path truncated = directory.resolve("truncated.json");
    String whole = Files.readString(PODS);
    Files.writeString(truncated, whole.substring(0, whole.length() / 2));

    assertThatThrownBy(() -> snapshots.read(NODES, truncated, true))
        .isInstanceOf(SnapshotFormatException.class)
        .hasMessageMatching(Pattern.quote(truncated + ":") + "\\d+: not JSON: .*");
  }

  @Test
  void refusesAFileNestedTooDeeply() throws IOException {
    Path deep = Files.writeString(directory.resolve("deep.json"), "{\"a\":".repeat(3000));

    assertThatThrownBy(() -> snapshots.read(deep, PODS, true))
        .isInstanceOf(SnapshotFormatException.class)
        .hasMessageStartingWith(deep + ":")
        .hasMessageContaining("nesting depth");
  }
}
