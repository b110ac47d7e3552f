package io.stowage.extender.check;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.fabric8.kubernetes.api.model.Node;
import io.stowage.extender.audit.ClusterObjects;
import java.util.List;

/** Anything is manifests that can be checked, or refused with a sentence that names it. */
class ManifestReaderFuzz {
  private static final String SOURCE = "fuzzed";
  private static final List<Node> NODES =
      List.of(ClusterObjects.node("a", "cpu=8,memory=16Gi,pods=9,nvidia.com/gpu=4"));

  @FuzzTest
  void yaml(byte[] text) {
    check(text, false);
  }

  @FuzzTest
  void json(byte[] text) {
    check(text, true);
  }

  private static void check(byte[] text, boolean json) {
    try {
      CheckReport report =
          new ClusterCheck(NODES, List.of(), false, Requirement.FITS, List.of())
              .check(ManifestReader.read(SOURCE, text, json));
      assertThat(CheckJson.of(report)).startsWith("{");
      assertThat(CheckJunit.of(report)).startsWith("<");
    } catch (InvalidCheckException e) {
      assertThat(e.getMessage()).startsWith(SOURCE);
    }
  }
}
