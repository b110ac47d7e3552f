package io.stowage.core.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class RecordsTest {
  private static final Resources SOME = Resources.of(1000, 1 << 20);

  static Stream<Arguments> impossibleValues() {
    return Stream.of(
        refused("negative CPU", () -> Resources.of(-1, 0), "cpuMilli must be at least 0, was -1"),
        refused(
            "negative memory", () -> Resources.of(0, -2), "memoryBytes must be at least 0, was -2"),
        refused(
            "negative ephemeral storage",
            () -> Resources.of(0, 0, -3, Map.of()),
            "ephemeralStorageBytes must be at least 0, was -3"),
        refused(
            "negative extended resource",
            () -> Resources.of(0, 0, 0, Map.of("example.com/fpga", -4L)),
            "example.com/fpga must be at least 0, was -4"),
        refused(
            "negative GPU index",
            () -> new GpuDevice(-1, "T4", 16),
            "GPU index and capacity must be at least 0, were -1 and 16"),
        refused(
            "negative GPU capacity",
            () -> new GpuDevice(0, "T4", -16),
            "GPU index and capacity must be at least 0, were 0 and -16"),
        refused(
            "GPU indices with a gap",
            () ->
                new NodeGpus(
                    "gpu", true, List.of(new GpuDevice(0, "", 1), new GpuDevice(2, "", 1))),
            "GPU indices must run from 0 without gaps, at 1 was 2"),
        refused(
            "GPUs without a resource",
            () -> new NodeGpus("", true, List.of(new GpuDevice(0, "", 1))),
            "GPUs need a resource that they are advertised as"),
        refused(
            "node without a name",
            () -> Node.ready("", SOME, 110, NodeGpus.NONE),
            "a node needs a name"),
        refused(
            "node for less than no pods",
            () -> Node.ready("n", SOME, -1, NodeGpus.NONE),
            "podCapacity must be at least 0, was -1"),
        refused(
            "negative number of GPUs",
            () -> GpuRequest.whole("gpu", -1),
            "a GPU request must not be negative, was -1 x 0"),
        refused(
            "share of two GPUs",
            () -> new GpuRequest("gpu", 2, 500),
            "a share is asked of 1 GPU, was 2"),
        refused(
            "empty share",
            () -> GpuRequest.share("gpu", 0),
            "a share must be at least 1 unit, was 0"),
        refused(
            "GPUs of no resource",
            () -> new GpuRequest("", 1, 0),
            "a GPU request names a resource exactly when it asks for GPUs, was '' x 1"),
        refused(
            "a resource of which none are asked",
            () -> new GpuRequest("gpu", 0, 0),
            "a GPU request names a resource exactly when it asks for GPUs, was 'gpu' x 0"),
        refused(
            "pod without a UID",
            () -> new Pod("", "ml", "train", PodShape.of(SOME, GpuRequest.NONE), 0),
            "pod ml/train has no UID"));
  }

  private static Arguments refused(String what, ThrowingCallable making, String message) {
    return Arguments.of(Named.of(what, making), message);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("impossibleValues")
  void impossibleValuesAreRefusedByName(ThrowingCallable making, String message) {
    assertThatThrownBy(making).isInstanceOf(IllegalArgumentException.class).hasMessage(message);
  }

  @Test
  void collectionsAreCopied() {
    TreeMap<String, Long> extended = new TreeMap<>(Map.of("example.com/fpga", 1L));
    TreeSet<String> models = new TreeSet<>(List.of("T4"));
    List<Integer> devices = new ArrayList<>(List.of(1));
    List<GpuDevice> gpus = new ArrayList<>(List.of(new GpuDevice(0, "T4", 16)));
    Resources resources = new Resources(0, 0, 0, extended);
    PodShape shape = new PodShape(resources, GpuRequest.whole("gpu", 1), models);
    Placement placement = new Placement(new Pod("u", "", "", shape, 0), "n", devices);
    NodeGpus nodeGpus = new NodeGpus("gpu", true, gpus);

    extended.clear();
    models.clear();
    devices.clear();
    gpus.clear();

    assertThat(resources.extended("example.com/fpga")).isEqualTo(1);
    assertThat(shape.gpuModels()).containsExactly("T4");
    assertThat(placement.gpuDevices()).containsExactly(1);
    assertThat(nodeGpus.devices()).hasSize(1);
    assertThatThrownBy(() -> Collections.addAll(shape.gpuModels(), "P100"))
        .isInstanceOf(UnsupportedOperationException.class);
  }

  @Test
  void sharesAreMeasuredAgainstTheGpuTheyLieOn() {
    assertThat(GpuRequest.share("gpu", 4).totalMilli(16)).isEqualTo(250);
    assertThat(GpuRequest.share("gpu", 5).totalMilli(16)).isEqualTo(312);
    assertThat(GpuRequest.share("gpu", 32).totalMilli(16)).isEqualTo(2000);
    assertThat(GpuRequest.share("gpu", 4).totalMilli(0)).isZero();
    assertThat(GpuRequest.whole("gpu", 3).totalMilli(16)).isEqualTo(3000);
    assertThat(GpuRequest.whole("gpu", 0)).isEqualTo(GpuRequest.NONE);
    assertThat(GpuRequest.whole("gpu", 2).unitsOf(16)).isEqualTo(16);
    assertThat(GpuRequest.share("gpu", 4).unitsOf(16)).isEqualTo(4);
  }

  @Test
  void machinesThatAreUpCountAsCapacity() {
    Node ready = Node.ready("n", SOME, 110, NodeGpus.NONE);
    assertThat(ready.countsAsCapacity()).isTrue();
    assertThat(new Node("n", SOME, 110, NodeGpus.NONE, true, true, true, false).countsAsCapacity())
        .as("cordoned and tainted")
        .isTrue();
    assertThat(
            new Node("n", SOME, 110, NodeGpus.NONE, false, false, false, false).countsAsCapacity())
        .as("not ready")
        .isFalse();
    assertThat(new Node("n", SOME, 110, NodeGpus.NONE, true, false, false, true).countsAsCapacity())
        .as("virtual")
        .isFalse();
  }

  @Test
  void noGpusAtAllIsNotACountOfNone() {
    assertThat(NodeGpus.counted("gpu", "T4", 0)).isEqualTo(NodeGpus.NONE);
    assertThat(NodeGpus.shared("gpu", "T4", 0, 16)).isEqualTo(NodeGpus.NONE);
  }
}
