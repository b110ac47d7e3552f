package io.stowage.core.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.cluster.Resources;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class TraceFilesTest {
  private static final String NODES = "sn,cpu_milli,memory_mib,gpu,model\n";
  private static final String FIVE = "name,cpu_milli,memory_mib,num_gpu,gpu_milli\n";
  private static final String ELEVEN =
      "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,"
          + "deletion_time,scheduled_time\n";

  @TempDir private Path directory;

  @Test
  void thePublicNodeListIsReadWhole() throws IOException {
    List<Node> nodes = TraceFiles.readNodes(Traces.file("openb_node_list_gpu_node.csv"));
    assertThat(nodes).hasSize(1_213);
    assertThat(nodes.stream().mapToLong(node -> node.gpus().devices().size()).sum())
        .isEqualTo(6_212);
    assertThat(nodes.stream().mapToLong(node -> node.allocatable().cpuMilli()).sum())
        .isEqualTo(107_018_000);
    assertThat(nodes).allMatch(Node::countsAsCapacity);
    assertThat(TraceFiles.readNodes(Traces.file("openb_node_list_all_node.csv")))
        .hasSize(1_523)
        .filteredOn(node -> node.gpus().devices().isEmpty())
        .hasSize(310);
  }

  @Test
  void thePublicDefaultPodsAreReadWithElevenColumns() throws IOException {
    List<TracePod> pods = TraceFiles.readPods(Traces.pods("default"));
    assertThat(pods).hasSize(8_152);
    assertThat(pods).filteredOn(pod -> PodClass.of(pod.shape()) == PodClass.CPU).hasSize(1_088);
    assertThat(pods).filteredOn(pod -> PodClass.of(pod.shape()) == PodClass.SHARE).hasSize(3_078);
    assertThat(pods).filteredOn(pod -> PodClass.of(pod.shape()) == PodClass.ONE).hasSize(3_911);
    assertThat(pods).filteredOn(pod -> pod.shape().gpu().count() > 1).hasSize(75);
    assertThat(pods).filteredOn(pod -> pod.runSeconds().isPresent()).hasSize(7_255);
  }

  static List<String> variants() {
    return Traces.VARIANTS;
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("variants")
  void everyPublicVariantIsRead(String variant) throws IOException {
    List<TracePod> pods = TraceFiles.readPods(Traces.pods(variant));
    assertThat(pods).hasSizeGreaterThan(7_000);
    assertThat(pods.stream().allMatch(pod -> pod.shape().gpuModels().isEmpty()))
        .as("without models")
        .isEqualTo(!variant.startsWith("gpuspec"));
    assertThat(pods.stream().allMatch(pod -> pod.runSeconds().isEmpty()))
        .as("with five columns, without times")
        .isEqualTo(variant.startsWith("multigpu"));
  }

  @Test
  void columnsMayStandInAnyOrderWithOthersBetween() throws IOException {
    Path file =
        write(
            "\ufeffgpu_milli,name,extra,num_gpu,memory_mib,cpu_milli,gpu_spec,scheduled_time,"
                + "deletion_time\r\n"
                + " 460 , a ,x,1,5,3152,T4||P100,100,716.5\r\n"
                + "\r\n"
                + "0,b,x,0,7,1000,,,NaN\r\n"
                + "1000,\"c, quoted\",x,8,7,1000,,0,0");
    assertThat(TraceFiles.readPods(file))
        .containsExactly(
            new TracePod(
                "a",
                new PodShape(
                    Resources.of(3_152, 5 << 20),
                    GpuRequest.share(TraceFiles.GPU_RESOURCE, 460),
                    new TreeSet<>(List.of("P100", "T4"))),
                0,
                OptionalDouble.of(616.5)),
            new TracePod(
                "b",
                PodShape.of(Resources.of(1_000, 7 << 20), GpuRequest.NONE),
                0,
                OptionalDouble.empty()),
            new TracePod(
                "c, quoted",
                PodShape.of(
                    Resources.of(1_000, 7 << 20), GpuRequest.whole(TraceFiles.GPU_RESOURCE, 8)),
                0,
                OptionalDouble.of(0)));
  }

  static Stream<Arguments> malformedNodes() {
    return Stream.of(
        Arguments.of(
            "",
            "FILE:1: no column 'sn', expected at least [sn, cpu_milli, memory_mib, gpu, model]"),
        Arguments.of(
            "sn,cpu_milli,gpu,model\nn,1,2,T4\n",
            "FILE:1: no column 'memory_mib', expected at least"
                + " [sn, cpu_milli, memory_mib, gpu, model]"),
        Arguments.of(NODES, "FILE: no rows after the header"),
        Arguments.of(
            NODES + "n,64000,1024,2,T4\nm,64000\n",
            "FILE:3: 2 values, expected 5 as in the header"),
        Arguments.of(
            NODES + "n,64000,1024,2,T4,\n", "FILE:2: 6 values, expected 5 as in the header"),
        Arguments.of(
            NODES + "n,1,1,0,\nn,1,1,0,\n",
            "FILE:3: column sn: expected a name that is not taken yet, was 'n'"),
        Arguments.of(NODES + ",1,1,0,\n", "FILE:2: column sn: expected a name, was ''"),
        Arguments.of(
            NODES + "n,many,1,0,\n",
            "FILE:2: column cpu_milli: expected a whole number from 0 to 100000000, was 'many'"),
        Arguments.of(
            NODES + "n,64.5,1,0,\n",
            "FILE:2: column cpu_milli: expected a whole number from 0 to 100000000, was '64.5'"),
        Arguments.of(
            NODES + "n,1,-1,0,\n",
            "FILE:2: column memory_mib: expected a whole number from 0 to 1099511627776, was '-1'"),
        Arguments.of(
            NODES + "n,1,99999999999999999999,0,\n",
            "FILE:2: column memory_mib: expected a whole number from 0 to 1099511627776,"
                + " was '99999999999999999999'"),
        Arguments.of(
            NODES + "n,1,1,2000000000,T4\n",
            "FILE:2: column gpu: expected a whole number from 0 to 1024, was '2000000000'"),
        Arguments.of(
            "sn,sn,cpu_milli,memory_mib,gpu,model\n",
            "FILE: not a CSV file in UTF-8: The header contains a duplicate name: \"sn\" in"
                + " [sn, sn, cpu_milli, memory_mib, gpu, model]."
                + " If this is valid then use CSVFormat.Builder.setDuplicateHeaderMode()."),
        Arguments.of(
            NODES + "n,1,1,0,\n\"m,1,1,0,\n",
            "FILE:3: not a CSV file in UTF-8 from here on:"
                + " (startline 3) EOF reached before encapsulated token finished"));
  }

  @ParameterizedTest
  @MethodSource("malformedNodes")
  void aMalformedNodeListIsRefusedWithLineColumnAndValue(String content, String message)
      throws IOException {
    Path file = write(content);
    assertThatThrownBy(() -> TraceFiles.readNodes(file))
        .isInstanceOf(TraceFormatException.class)
        .hasMessage(message.replace("FILE", file.toString()));
  }

  static Stream<Arguments> malformedPods() {
    return Stream.of(
        Arguments.of(FIVE + ",1,1,0,0\n", "FILE:2: column name: expected a name, was ''"),
        Arguments.of(
            FIVE + "p,1,1,1,0\n",
            "FILE:2: column gpu_milli: expected 1 to 1000 for a pod with a GPU, was '0'"),
        Arguments.of(
            FIVE + "p,1,1,1,1001\n",
            "FILE:2: column gpu_milli: expected a whole number from 0 to 1000, was '1001'"),
        Arguments.of(
            FIVE + "p,1,1,2,500\n",
            "FILE:2: column gpu_milli: expected 1000 for a pod with 2 GPUs, was '500'"),
        Arguments.of(
            FIVE + "p,1,1,-1,0\n",
            "FILE:2: column num_gpu: expected a whole number from 0 to 1024, was '-1'"),
        Arguments.of(
            ELEVEN + "p,1,1,0,0,,LS,Running,5,soon,5\n",
            "FILE:2: column deletion_time: expected seconds of at least 0, or nothing, was 'soon'"),
        Arguments.of(
            ELEVEN + "p,1,1,0,0,,LS,Running,5,9,-5\n",
            "FILE:2: column scheduled_time: expected seconds of at least 0, or nothing, was '-5'"),
        Arguments.of(
            ELEVEN + "p,1,1,0,0,,LS,Running,5,Infinity,5\n",
            "FILE:2: column deletion_time: expected seconds of at least 0, or nothing,"
                + " was 'Infinity'"),
        Arguments.of(
            ELEVEN + "o,1,1,0,0,,LS,Running,5,9,5\np,1,1,0,0,,LS,Running,5,9,10\n",
            "FILE:3: column deletion_time: expected a time not before scheduled_time, was '9'"),
        Arguments.of(
            ELEVEN + "p,1,1,0,0,,LS,Running\n", "FILE:2: 8 values, expected 11 as in the header"));
  }

  @ParameterizedTest
  @MethodSource("malformedPods")
  void aMalformedPodListIsRefusedWithLineColumnAndValue(String content, String message)
      throws IOException {
    Path file = write(content);
    assertThatThrownBy(() -> TraceFiles.readPods(file))
        .isInstanceOf(TraceFormatException.class)
        .hasMessage(message.replace("FILE", file.toString()));
  }

  @Test
  void anotherEncodingIsRefused() throws IOException {
    StringBuilder content = new StringBuilder(NODES);
    for (int i = 0; i < 2_000; i++) {
      content.append("node-").append(i).append(",64000,262144,2,T4\n");
    }
    Path file = directory.resolve("latin.csv");
    Files.write(file, (content + "knöt,1,1,0,\n").getBytes(StandardCharsets.ISO_8859_1));
    assertThatThrownBy(() -> TraceFiles.readNodes(file))
        .isInstanceOf(TraceFormatException.class)
        .hasMessageStartingWith(file + ":")
        .hasMessageContaining("not a CSV file in UTF-8");

    Path binary = directory.resolve("binary.csv");
    Files.write(binary, new byte[] {(byte) 0xff, (byte) 0xfe, 0, 1, 2});
    assertThatThrownBy(() -> TraceFiles.readNodes(binary))
        .isInstanceOf(TraceFormatException.class)
        .hasMessageStartingWith(binary + ": not a CSV file in UTF-8");
  }

  @Test
  void aFileThatIsNotThereIsSaidSo() {
    assertThatThrownBy(() -> TraceFiles.readPods(directory.resolve("none.csv")))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessageContaining("none.csv");
  }

  private Path write(String content) throws IOException {
    Path file = directory.resolve("trace.csv");
    Files.writeString(file, content);
    return file;
  }
}
