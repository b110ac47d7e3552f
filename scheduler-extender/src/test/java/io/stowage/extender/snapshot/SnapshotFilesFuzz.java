package io.stowage.extender.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.stowage.core.trace.Scenario;
import io.stowage.extender.FuzzedFile;
import io.stowage.extender.audit.ClusterAudit;
import io.stowage.extender.kube.GpuResources;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/** Any file is a snapshot that can be replayed and audited, or refused with a sentence. */
class SnapshotFilesFuzz {
  private static final byte[] NODE =
      "{\"kind\":\"Node\",\"metadata\":{\"name\":\"n\"}}".getBytes(StandardCharsets.UTF_8);
  private static final byte[] POD =
      ("{\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\",\"uid\":\"u\"},"
              + "\"spec\":{\"containers\":[]}}")
          .getBytes(StandardCharsets.UTF_8);

  private final SnapshotFiles snapshots = new SnapshotFiles(GpuResources.DEFAULT);
  private final FuzzedFile nodesFile = new FuzzedFile();
  private final FuzzedFile podsFile = new FuzzedFile();

  @FuzzTest
  void nodes(byte[] json) throws IOException {
    read(json, POD);
  }

  @FuzzTest
  void pods(byte[] json) throws IOException {
    read(NODE, json);
  }

  private void read(byte[] nodesJson, byte[] podsJson) throws IOException {
    Path nodes = nodesFile.with(nodesJson);
    Path pods = podsFile.with(podsJson);
    try {
      assertThat(ClusterAudit.of(snapshots.nodes(nodes), snapshots.pods(pods), "given").findings())
          .allSatisfy(finding -> assertThat(finding.sentence()).isNotBlank());
      for (boolean pendingOnly : List.of(true, false)) {
        Scenario scenario = snapshots.read(nodes, pods, pendingOnly);
        assertThat(scenario.nodes()).isNotEmpty();
      }
    } catch (SnapshotFormatException e) {
      assertThat(e.getMessage()).containsAnyOf(nodes.toString(), pods.toString());
    }
  }
}
