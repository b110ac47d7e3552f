package io.stowage.extender.kube;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeGpus;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NodeReaderTest {
  private static final KubernetesSerialization JSON = new KubernetesSerialization();
  private final NodeReader reader = new NodeReader(GpuResources.DEFAULT);

  private Node read(String metadata, String spec, String status) throws InvalidObjectException {
    return reader.read(
        JSON.unmarshal(
            "{'metadata':{'name':'n1'%s},'spec':%s,'status':%s}"
                .formatted(metadata, spec, status)
                .replace('\'', '"'),
            io.fabric8.kubernetes.api.model.Node.class));
  }

  private Node allocatable(String metadata, String allocatable) throws InvalidObjectException {
    return read(metadata, "{}", "{'allocatable':{" + allocatable + "}}");
  }

  @Test
  void readsSums() throws InvalidObjectException {
    Node node =
        allocatable(
            "",
            """
            'cpu':'31850m','memory':'64Gi','pods':'110','ephemeral-storage':'1G','hugepages-2Mi':'0',
            'nvidia.com/mig-1g.5gb':'7','attachable-volumes-csi-x':'25','storage':'5'""");
    assertThat(node.allocatable().cpuMilli()).isEqualTo(31_850);
    assertThat(node.allocatable().memoryBytes()).isEqualTo(64L << 30);
    assertThat(node.allocatable().ephemeralStorageBytes()).isEqualTo(1_000_000_000);
    assertThat(node.allocatable().extended())
        .containsOnlyKeys("nvidia.com/mig-1g.5gb", "attachable-volumes-csi-x");
    assertThat(node.podCapacity()).isEqualTo(110);
    assertThat(node.gpus()).isEqualTo(NodeGpus.NONE);
  }

  @Test
  void wholeGpusAreCountedWithTheirModel() throws InvalidObjectException {
    Node node =
        allocatable(
            ",'labels':{'nvidia.com/gpu.product':'NVIDIA-A100-SXM4-80GB','cloud.google.com/gke-accelerator':'x'}",
            "'nvidia.com/gpu':'8'");
    assertThat(node.gpus())
        .isEqualTo(NodeGpus.counted("nvidia.com/gpu", "NVIDIA-A100-SXM4-80GB", 8));
    assertThat(node.allocatable().extended()).isEmpty();
  }

  @Test
  void gpushareNodesHaveVisibleCards() throws InvalidObjectException {
    Node node =
        allocatable(
            ",'labels':{'cloud.google.com/gke-accelerator':'nvidia-tesla-t4'}",
            "'aliyun.com/gpu-mem':'62','aliyun.com/gpu-count':'4'");
    assertThat(node.gpus())
        .isEqualTo(NodeGpus.shared("aliyun.com/gpu-mem", "nvidia-tesla-t4", 4, 15));
  }

  @Test
  void gpuMemoryWithoutACountIsASum() throws InvalidObjectException {
    Node node = allocatable("", "'aliyun.com/gpu-mem':'62'");
    assertThat(node.gpus()).isEqualTo(NodeGpus.NONE);
    assertThat(node.allocatable().extended("aliyun.com/gpu-mem")).isEqualTo(62);
  }

  @ParameterizedTest
  @CsvSource({"True, true", "False, false", "Unknown, false"})
  void readyIsWhatTheKubeletSays(String status, boolean ready) throws InvalidObjectException {
    assertThat(
            read("", "{}", "{'conditions':[{'type':'Ready','status':'" + status + "'}]}").ready())
        .isEqualTo(ready);
  }

  @Test
  void cordonsTaintsAndVirtualNodesAreSeen() throws InvalidObjectException {
    assertThat(read("", "{'unschedulable':true}", "{}").cordoned()).isTrue();
    assertThat(read("", "{'taints':[{'key':'a','effect':'PreferNoSchedule'}]}", "{}").tainted())
        .isFalse();
    assertThat(read("", "{'taints':[{'key':'a','effect':'NoSchedule'}]}", "{}").tainted()).isTrue();
    assertThat(read("", "{'taints':[{'key':'a','effect':'NoExecute'}]}", "{}").tainted()).isTrue();
    assertThat(read(",'labels':{'type':'virtual-kubelet'}", "{}", "{}").virtual()).isTrue();
    assertThat(
            read(
                    "",
                    "{'taints':[{'key':'virtual-kubelet.io/provider','effect':'NoSchedule'}]}",
                    "{}")
                .virtual())
        .isTrue();
    assertThat(read("", "{}", "{}").virtual()).isFalse();
  }

  @Test
  void errorNamesTheField() {
    assertThatThrownBy(() -> allocatable("", "'memory':'lots'"))
        .hasMessage(
            "status.allocatable[memory]: expected a quantity such as 500m or 2Gi, was 'lots'");
    assertThatThrownBy(() -> allocatable("", "'nvidia.com/gpu':'1025'"))
        .hasMessage("status.allocatable[nvidia.com/gpu]: expected at most 1024 GPUs, was 1025");
    assertThatThrownBy(() -> allocatable("", "'cpu':'9Ei'"))
        .hasMessageStartingWith("status.allocatable[cpu]: expected an amount below 2^63");
  }
}
