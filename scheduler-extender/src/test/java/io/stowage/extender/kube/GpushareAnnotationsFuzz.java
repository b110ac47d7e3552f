package io.stowage.extender.kube;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.fabric8.kubernetes.api.model.Pod;
import io.stowage.extender.audit.ClusterAudit;
import io.stowage.extender.audit.ClusterObjects;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Whatever is written on a pod, it is read and audited; each line is an annotation's value. */
class GpushareAnnotationsFuzz {
  private static final List<String> NAMES =
      List.of(
          "ALIYUN_COM_GPU_MEM_IDX",
          "ALIYUN_COM_GPU_MEM_DEV",
          "ALIYUN_COM_GPU_MEM_POD",
          "ALIYUN_COM_GPU_MEM_ASSIGNED",
          "ALIYUN_COM_GPU_MEM_ASSUME_TIME",
          "stowage.io/epoch",
          ClusterObjects.GIVEN);

  private final PodReader reader = new PodReader(GpuResources.DEFAULT);

  @FuzzTest
  void values(byte[] lines) {
    String[] values = new String(lines, StandardCharsets.UTF_8).split("\n", NAMES.size());
    Map<String, String> annotations = new HashMap<>();
    for (int i = 0; i < values.length; i++) {
      annotations.put(NAMES.get(i), values[i]);
    }
    Pod pod =
        ClusterObjects.pod("p", "s", "aliyun.com/gpu-mem=4")
            .editMetadata()
            .withAnnotations(annotations)
            .endMetadata()
            .build();
    try {
      assertThat(reader.read(pod).gpuDevices()).hasSizeLessThanOrEqualTo(1);
    } catch (InvalidObjectException e) {
      assertThat(e.getMessage()).isNotBlank();
    }
    assertThat(
            ClusterAudit.of(
                    List.of(
                        ClusterObjects.node(
                            "s", "pods=9,aliyun.com/gpu-mem=32,aliyun.com/gpu-count=2")),
                    List.of(pod),
                    ClusterObjects.GIVEN)
                .findings())
        .allSatisfy(finding -> assertThat(finding.sentence()).isNotBlank());
  }
}
