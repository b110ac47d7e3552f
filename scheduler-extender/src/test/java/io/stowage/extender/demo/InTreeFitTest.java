package io.stowage.extender.demo;

import static org.assertj.core.api.Assertions.assertThat;

import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeGpus;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.cluster.Resources;
import io.stowage.core.fit.Fit;
import java.util.List;
import org.junit.jupiter.api.Test;

class InTreeFitTest {
  private final Cluster cluster = new Cluster();

  private static PodShape share(long units) {
    return PodShape.of(Resources.of(1000, 1), GpuRequest.share("aliyun.com/gpu-mem", units));
  }

  private static PodShape whole(int count) {
    return PodShape.of(Resources.of(1000, 1), GpuRequest.whole("nvidia.com/gpu", count));
  }

  private NodeState node(NodeGpus gpus) {
    return cluster.putNode(Node.ready("n1", Resources.of(8000, 100), 3, gpus));
  }

  private void place(String uid, PodShape shape, Integer... devices) {
    cluster.place(new Placement(new Pod(uid, "", uid, shape, 0), "n1", List.of(devices)));
  }

  @Test
  void sumOfSharesIsSeenAndSingleGpusAreNot() {
    NodeState node = node(NodeGpus.shared("aliyun.com/gpu-mem", "T4", 2, 16));
    place("p1", share(10), 0);
    place("p2", share(10), 1);
    assertThat(InTreeFit.fits(share(12), node)).isTrue();
    assertThat(Fit.fits(share(12), node)).isFalse();
    assertThat(InTreeFit.fits(share(13), node)).isFalse();
  }

  @Test
  void wholeGpusCpuAndPodsAreCounted() {
    NodeState node = node(NodeGpus.counted("nvidia.com/gpu", "A10", 4));
    place("p1", whole(3));
    assertThat(InTreeFit.fits(whole(1), node)).isTrue();
    assertThat(InTreeFit.fits(whole(2), node)).isFalse();
    assertThat(InTreeFit.fits(share(1), node)).isFalse();
    PodShape cpu = PodShape.of(Resources.of(7001, 1), GpuRequest.whole("nvidia.com/gpu", 1));
    assertThat(InTreeFit.fits(cpu, node)).isFalse();
    place("p2", PodShape.of(Resources.NONE, GpuRequest.NONE));
    place("p3", PodShape.of(Resources.NONE, GpuRequest.NONE));
    assertThat(InTreeFit.fits(whole(1), node)).isFalse();
  }
}
