package io.stowage.extender.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeGpus;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.cluster.Resources;
import io.stowage.core.trace.Scenario;
import io.stowage.core.trace.TracePod;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClusterVariantTest {
  private static final PodShape ONE = shape(4000, GpuRequest.whole("gpu", 1));
  private static final PodShape TWO = shape(8000, GpuRequest.whole("gpu", 2));
  private static final PodShape HALF = shape(2000, GpuRequest.share("gpu", 500));

  @TempDir private Path directory;

  private static PodShape shape(long cpuMilli, GpuRequest gpu) {
    return PodShape.of(Resources.of(cpuMilli, 1L << 30), gpu);
  }

  private static Node node(String name, String model) {
    return Node.ready(
        name, Resources.of(32_000, 1L << 36), 110, NodeGpus.shared("gpu", model, 2, 1000));
  }

  private static TracePod pod(String name, PodShape shape) {
    return new TracePod(name, shape, 0, OptionalDouble.of(60));
  }

  private static Scenario scenario() {
    return new Scenario(
        List.of(node("a-1", "T4"), node("a-2", "T4"), node("b-1", "A100")),
        List.of(
            new Placement(new Pod("u1", "ns", "daemon", HALF, 0), "a-1", List.of(0)),
            new Placement(new Pod("u2", "ns", "daemon", HALF, 0), "b-1", List.of(0))),
        List.of(
            pod("ml/x1", ONE),
            pod("ml/x2", ONE),
            pod("ml/x3", ONE),
            pod("ml/x4", ONE),
            pod("web/y", HALF),
            pod("ml/z", TWO)));
  }

  private Scenario applied(String variant) throws IOException, InvalidExperimentException {
    Path file = directory.resolve("experiment.yaml");
    Files.writeString(
        file,
        """
        inputs: [{name: g, generate: 1}]
        protocols: [{protocol: burst}]
        policies: [fgd]
        variants:
          - name: v
        """
            + variant.indent(4));
    return Experiment.read(file).variants().get(0).applied(scenario());
  }

  @Test
  void nodesAreAddedAsCopies() throws Exception {
    Scenario scenario = applied("addNodes: [{model: A100, count: 2}, {name: a-2}]");

    assertThat(scenario.nodes())
        .extracting(Node::name)
        .containsExactly("a-1", "a-2", "b-1", "b-1-added-1", "b-1-added-2", "a-2-added-1");
    assertThat(scenario.nodes().get(3).gpus()).isEqualTo(scenario.nodes().get(2).gpus());
    assertThat(scenario.running()).hasSize(2);
  }

  @Test
  void nodesGoWithThePodsThatStayOnThem() throws Exception {
    Scenario byPool = applied("removeNodes: [{prefix: a-}]");
    Scenario byModel = applied("removeNodes: [{model: T4, count: 1}]");

    assertThat(byPool.nodes()).extracting(Node::name).containsExactly("b-1");
    assertThat(byPool.running()).extracting(Placement::nodeName).containsExactly("b-1");
    assertThat(byModel.nodes()).extracting(Node::name).containsExactly("a-2", "b-1");
  }

  @Test
  void podsAreRemovedByAllThatIsGiven() throws Exception {
    Scenario scenario = applied("removePods: [{prefix: ml/, gpus: 1}, {podClass: share}]");

    assertThat(scenario.pods()).extracting(TracePod::name).containsExactly("ml/z");
  }

  @Test
  void podsAreReplacedWhollyOrInPart() throws Exception {
    Scenario whole = applied("replacePods: [{pods: {gpus: 2}, by: {gpus: 1, cpuMilli: 5000}}]");
    Scenario half =
        applied("replacePods: [{pods: {podClass: one}, by: {gpuShare: 250}, part: 0.5}]");

    assertThat(whole.pods().get(5).shape()).isEqualTo(shape(5000, GpuRequest.whole("gpu", 1)));
    assertThat(whole.pods().subList(0, 5)).isEqualTo(scenario().pods().subList(0, 5));
    // Every second of the four pods with one GPU.
    PodShape quarter = shape(4000, GpuRequest.share("gpu", 250));
    assertThat(half.pods())
        .extracting(TracePod::shape)
        .containsExactly(ONE, quarter, ONE, quarter, HALF, TWO);
    assertThat(half.pods().get(1).runSeconds()).isEqualTo(OptionalDouble.of(60));
  }

  @Test
  void whatThereIsNotIsNamed() {
    assertThatThrownBy(() -> applied("removeNodes: [{model: H100}]"))
        .hasMessage("no node has GPUs of the model 'H100'");
    assertThatThrownBy(() -> applied("addNodes: [{name: c-1}]"))
        .hasMessage("no node is called 'c-1'");
    assertThatThrownBy(() -> applied("removeNodes: [{prefix: a-, count: 3}]"))
        .hasMessage("removeNodes: expected at least 3 such nodes, there are 2");
    assertThatThrownBy(() -> applied("removePods: [{gpus: 7}]"))
        .hasMessage("removePods: no pod is like gpus 7");
    assertThatThrownBy(() -> applied("removeNodes: [{model: T4, prefix: a-}]"))
        .hasMessageContaining("exactly one of name, model and prefix");
  }
}
