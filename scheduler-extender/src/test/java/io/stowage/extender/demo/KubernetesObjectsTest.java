package io.stowage.extender.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stowage.core.cluster.GpuDevice;
import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeGpus;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.cluster.Resources;
import io.stowage.core.trace.SyntheticWorkload;
import io.stowage.core.trace.SyntheticWorkload.Gpus;
import io.stowage.extender.kube.GpuResources;
import io.stowage.extender.kube.InvalidObjectException;
import io.stowage.extender.kube.NodeReader;
import io.stowage.extender.kube.Nominee;
import io.stowage.extender.kube.ObservedPod;
import io.stowage.extender.kube.PodReader;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.json.JsonMapper;

/** What is written is what the readers of real objects read, through JSON. */
class KubernetesObjectsTest {
  private static final Resources REQUEST = Resources.of(3_152, 5L << 30);

  private final KubernetesObjects objects = new KubernetesObjects(GpuResources.DEFAULT);
  private final PodReader podReader = new PodReader(GpuResources.DEFAULT);
  private final NodeReader nodeReader = new NodeReader(GpuResources.DEFAULT);
  private final JsonMapper mapper = JsonMapper.shared();

  static Stream<PodShape> shapes() {
    return Stream.of(
        PodShape.of(REQUEST, GpuRequest.NONE),
        PodShape.of(REQUEST, GpuRequest.whole("nvidia.com/gpu", 8)),
        PodShape.of(REQUEST, GpuRequest.whole("amd.com/gpu", 1)),
        PodShape.of(REQUEST, GpuRequest.share("aliyun.com/gpu-mem", 13)),
        PodShape.of(
            Resources.of(1, 1, 7, Map.of("example.com/nic", 2L, "hugepages-2Mi", 4L << 20)),
            GpuRequest.NONE),
        new PodShape(
            REQUEST, GpuRequest.whole("nvidia.com/gpu", 1), new TreeSet<>(List.of("A10", "T4"))));
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void pendingPodKeepsItsShape(PodShape shape) throws InvalidObjectException {
    Pod pod = new Pod("uid-1", "demo", "pod-1", shape, 7);
    assertThat(read(objects.pending(pod)))
        .isEqualTo(
            ObservedPod.pending(pod).with().schedulerName("stowage").nominee(Nominee.OPEN).build());
  }

  @Test
  void runningPodKeepsItsNodeAndDevice() throws InvalidObjectException {
    PodShape share = PodShape.of(REQUEST, GpuRequest.share("aliyun.com/gpu-mem", 4));
    Pod pod = new Pod("uid-1", "demo", "pod-1", share, 0);
    assertThat(read(objects.running(new Placement(pod, "n1", List.of(1)))))
        .isEqualTo(
            ObservedPod.bound(pod, "n1", List.of(1))
                .with()
                .schedulerName("stowage")
                .nominee(Nominee.OPEN)
                .deviceAssigned(true)
                .build());
  }

  private ObservedPod read(io.fabric8.kubernetes.api.model.Pod pod) throws InvalidObjectException {
    String json = mapper.writeValueAsString(pod);
    return podReader.read(mapper.readValue(json, io.fabric8.kubernetes.api.model.Pod.class));
  }

  @Test
  void nodesOfGeneratedPoolsKeepEverything() throws InvalidObjectException {
    for (Node node : SyntheticWorkload.generate(100, 1, Gpus.POOLS, 42).nodes()) {
      String json = mapper.writeValueAsString(objects.node(node));
      assertThat(
              nodeReader.read(mapper.readValue(json, io.fabric8.kubernetes.api.model.Node.class)))
          .isEqualTo(node);
    }
  }

  @Test
  void nodeThatCannotBeAdvertisedIsRefused() {
    NodeGpus milli = NodeGpus.shared("gpu-milli", "T4", 2, 1000);
    NodeGpus unequal =
        new NodeGpus(
            "aliyun.com/gpu-mem",
            true,
            List.of(new GpuDevice(0, "T4", 16), new GpuDevice(1, "T4", 24)));
    for (NodeGpus gpus : List.of(milli, unequal)) {
      assertThatThrownBy(() -> objects.node(Node.ready("n1", REQUEST, 110, gpus)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("aliyun.com/gpu-mem");
    }
    Node cordoned = new Node("n1", REQUEST, 110, NodeGpus.NONE, true, true, false, false);
    assertThatThrownBy(() -> objects.node(cordoned)).hasMessageContaining("schedulable");
  }
}
