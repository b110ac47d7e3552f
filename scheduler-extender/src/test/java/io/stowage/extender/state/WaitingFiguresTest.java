package io.stowage.extender.state;

import static io.stowage.extender.state.Pods.SHARED;
import static org.assertj.core.api.Assertions.assertThat;

import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeGpus;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.cluster.Resources;
import io.stowage.extender.kube.ObservedPod;
import io.stowage.extender.state.WaitingFigures.Ask;
import io.stowage.extender.state.WaitingFigures.Waiting;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class WaitingFiguresTest {
  private static final String GPU = "nvidia.com/gpu";
  private static final long NOW = 1_000_000;

  private final ClusterState state = new TestState().state;

  private static Node node(String name, int gpus, boolean cordoned, boolean tainted) {
    NodeGpus owned = gpus == 0 ? NodeGpus.NONE : NodeGpus.counted(GPU, "T4", gpus);
    return new Node(
        name, Resources.of(8_000, 64L << 30), 110, owned, true, cordoned, tainted, false);
  }

  private static Pod gpus(String uid, long cores, int count) {
    return Pods.pod(uid, cores, GpuRequest.whole(GPU, count), 0);
  }

  private void waits(Pod pod, long ageMillis) {
    state.putPod(new ObservedPod.Builder(pod).creationEpochMillis(NOW - ageMillis).build());
  }

  private Waiting of(Ask ask) {
    return state.waitingFigures(NOW).asking(ask);
  }

  @Test
  void nobodyWaits() {
    state.putNode(node("a", 2, false, false));
    assertThat(state.waitingFigures(NOW)).isEqualTo(WaitingFigures.NONE);
  }

  @Test
  void pairFitsOneFreeGpuOnEachOfTwoNodesInSumAndATripleDoesNot() {
    for (String name : List.of("a", "b")) {
      state.putNode(node(name, 2, false, false));
      state.putPod(Pods.bound(ObservedPod.pending(gpus("on-" + name, 1, 1)), name));
    }
    waits(gpus("pair", 1, 2), 60_000);
    waits(gpus("triple", 1, 3), 90_000);
    waits(gpus("single", 1, 1), 31_000);
    assertThat(of(Ask.SEVERAL)).isEqualTo(new Waiting(2, 1, 90_000));
    assertThat(of(Ask.ONE)).isEqualTo(new Waiting(1, 1, 31_000));
    assertThat(of(Ask.NONE)).isEqualTo(new Waiting(0, 0, 0));
  }

  @Test
  void podsThatHaveJustComeAndPodsBehindGatesAreNotCountedAsFitting() {
    state.putNode(node("a", 2, false, false));
    waits(gpus("new", 1, 2), 29_999);
    state.putPod(
        new ObservedPod.Builder(gpus("gated", 1, 2)).creationEpochMillis(1).gated(true).build());
    assertThat(of(Ask.SEVERAL)).isEqualTo(new Waiting(1, 0, 29_999));
  }

  @Test
  void cpuOfGpuNodesAloneCountsForAPodOfGpus() {
    state.putNode(node("gpus", 4, false, false));
    state.putNode(node("plain", 0, false, false));
    waits(gpus("modest", 8, 2), 60_000);
    waits(gpus("greedy", 9, 2), 60_000);
    waits(Pods.pod("cores", 16, GpuRequest.NONE, 0), 60_000);
    waits(Pods.pod("more-cores", 17, GpuRequest.NONE, 0), 60_000);
    assertThat(of(Ask.SEVERAL)).isEqualTo(new Waiting(2, 1, 60_000));
    assertThat(of(Ask.NONE)).isEqualTo(new Waiting(2, 1, 60_000));
  }

  @Test
  void cordonedNodesCountForNobodyAndTaintedOnesForPodsOfGpus() {
    state.putNode(node("cordoned", 2, true, false));
    state.putNode(node("tainted", 2, false, true));
    waits(gpus("pair", 1, 2), 60_000);
    waits(gpus("triple", 1, 3), 60_000);
    waits(Pods.pod("cores", 1, GpuRequest.NONE, 0), 60_000);
    assertThat(of(Ask.SEVERAL)).isEqualTo(new Waiting(2, 1, 60_000));
    assertThat(of(Ask.NONE)).isEqualTo(new Waiting(1, 0, 60_000));
  }

  @Test
  void otherModelsAndOtherResourcesAreNoRoom() {
    state.putNode(node("t4", 2, false, false));
    PodShape shape =
        new PodShape(
            Resources.of(1_000, 1 << 20), GpuRequest.whole(GPU, 1), new TreeSet<>(List.of("A100")));
    waits(new Pod("a100", "default", "a100", shape, 0), 60_000);
    waits(Pods.pod("share", 1, GpuRequest.share(SHARED, 4), 0), 60_000);
    assertThat(of(Ask.ONE)).isEqualTo(new Waiting(1, 0, 60_000));
    assertThat(of(Ask.SHARE)).isEqualTo(new Waiting(1, 0, 60_000));
  }

  @Test
  void shareFitsWhatIsLeftOfTwoCardsInSum() {
    state.putNode(Pods.node("a", 8, Pods.cards(2, 16)));
    state.putPod(Pods.bound(Pods.sharePod("first", 10), "a", 0));
    state.putPod(Pods.bound(Pods.sharePod("second", 10), "a", 1));
    waits(Pods.pod("fits", 1, GpuRequest.share(SHARED, 12), 0), 60_000);
    waits(Pods.pod("too-large", 1, GpuRequest.share(SHARED, 13), 0), 60_000);
    assertThat(of(Ask.SHARE)).isEqualTo(new Waiting(2, 1, 60_000));
  }
}
