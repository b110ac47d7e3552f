package io.stowage.extender.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.Node;
import io.stowage.extender.kube.GpuResources;
import io.stowage.extender.kube.InvalidObjectException;
import io.stowage.extender.kube.NodeReader;
import io.stowage.extender.kube.ObservedPod;
import io.stowage.extender.kube.PodReader;
import io.stowage.extender.names.NodeNames;
import java.io.IOException;
import java.io.InputStream;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Requests of a real kube-scheduler v1.37.2 on 100 nodes of 64 cores, 256 GiB and 4 GPUs, recorded
 * by the end-to-end tests; of whole nodes, and of nodes with whole victims, the first ten are kept.
 */
class RecordedRequestsTest {
  private final RequestDecoder decoder = new RequestDecoder();

  private static Body recorded(String name) throws IOException {
    try (InputStream body = RecordedRequestsTest.class.getResourceAsStream(name + ".json")) {
      assertThat(body).as(name).isNotNull();
      return Body.of(body.readAllBytes());
    }
  }

  private static ObservedPod read(io.fabric8.kubernetes.api.model.Pod pod)
      throws InvalidObjectException {
    ObservedPod read = new PodReader(GpuResources.DEFAULT).read(pod);
    assertThat(read.pod().namespace()).isEqualTo("default");
    assertThat(read.pod().shape().request().cpuMilli()).isEqualTo(1000);
    assertThat(read.pod().shape().request().memoryBytes()).isEqualTo(1L << 30);
    assertThat(read.pod().shape().gpu().resource()).isEqualTo("nvidia.com/gpu");
    assertThat(read.isBound()).isFalse();
    return read;
  }

  @ParameterizedTest
  @ValueSource(strings = {"filter", "prioritize"})
  void namesAreDecoded(String recording) throws Exception {
    NodesRequest request = decoder.nodes(recorded(recording), new NodeNames());
    read(request.pod().decoded());
    assertThat(request.wholeNodes()).isFalse();
    List<String> names = request.nodes().names();
    assertThat(names).hasSize(100).doesNotHaveDuplicates().allMatch(n -> n.startsWith("node-"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"filter-nodes", "prioritize-nodes"})
  void wholeNodesAreDecoded(String recording) throws Exception {
    NodesRequest request = decoder.nodes(recorded(recording), new NodeNames());
    read(request.pod().decoded());
    assertThat(request.wholeNodes()).isTrue();
    assertThat(request.nodes().names()).isNotEmpty();
    for (String name : request.nodes().names()) {
      Node node = new NodeReader(GpuResources.DEFAULT).read(decoder.node(name, request.json(name)));
      assertThat(node.name()).isEqualTo(name);
      assertThat(node.ready()).isTrue();
      assertThat(node.allocatable().cpuMilli()).isEqualTo(64_000);
      assertThat(node.allocatable().memoryBytes()).isEqualTo(256L << 30);
      assertThat(node.gpus().devices()).hasSize(4).allMatch(gpu -> gpu.model().equals("T4"));
    }
  }

  @Test
  void bindIsDecoded() throws Exception {
    BindRequest request = decoder.bind(recorded("bind"));
    assertThat(request.podName()).isNotEmpty();
    assertThat(request.podNamespace()).isEqualTo("default");
    assertThat(request.podUid()).matches("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");
    assertThat(request.node()).startsWith("node-");
  }

  @ParameterizedTest
  @ValueSource(strings = {"preempt", "preempt-victims"})
  void victimsAreDecoded(String recording) throws Exception {
    PreemptRequest request = decoder.preempt(recorded(recording));
    ObservedPod pod = read(request.pod());
    assertThat(pod.pod().priority()).isEqualTo(1000);
    assertThat(pod.pod().shape().gpu()).isEqualTo(GpuRequest.whole("nvidia.com/gpu", 4));
    Map<String, Victims> victims = request.victimsByNode();
    assertThat(victims).hasSize(recording.equals("preempt") ? 100 : 10);
    HashSet<String> uids = new HashSet<>();
    victims.forEach(
        (node, onNode) -> {
          assertThat(node).startsWith("node-");
          assertThat(onNode.podUids()).hasSize(1);
          assertThat(uids.addAll(onNode.podUids())).as("victim of %s", node).isTrue();
        });
  }
}
