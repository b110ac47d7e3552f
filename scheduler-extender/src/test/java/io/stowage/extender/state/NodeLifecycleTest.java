package io.stowage.extender.state;

import static io.stowage.extender.state.Pods.bound;
import static io.stowage.extender.state.Pods.cards;
import static io.stowage.extender.state.Pods.cpuPod;
import static io.stowage.extender.state.Pods.node;
import static io.stowage.extender.state.Pods.pod;
import static io.stowage.extender.state.Pods.sharePod;
import static org.assertj.core.api.Assertions.assertThat;

import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeGpus;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.cluster.Resources;
import io.stowage.extender.kube.ObservedPod;
import io.stowage.extender.state.BindDecision.Refused;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Nodes come, go and change under their pods. */
class NodeLifecycleTest {
  private static final String WHOLE = "nvidia.com/gpu";

  private final TestState test = new TestState();
  private final ClusterState state = test.state;

  private static ObservedPod wholePod(String uid, int gpus) {
    return ObservedPod.pending(pod(uid, 1, GpuRequest.whole(WHOLE, gpus), 0));
  }

  private static Node with(Node node, boolean ready, boolean cordoned, boolean tainted) {
    return new Node(
        node.name(),
        node.allocatable(),
        node.podCapacity(),
        node.gpus(),
        ready,
        cordoned,
        tainted,
        false);
  }

  @Test
  void nodeDeletedAndRecreatedKeepsItsPodsAndTheirCards() {
    state.putNode(node("n1", 16, cards(2, 16)));
    state.putPod(bound(sharePod("a", 10), "n1", 1));
    state.removeNode("n1");
    assertThat(test.filter(sharePod("b", 12), "n1").failed()).containsOnlyKeys("n1");
    state.putNode(node("n1", 16, cards(2, 16)));
    test.kept(sharePod("b", 12), "n1");
    assertThat(test.bind("b", "n1").gpuDevices()).containsExactly(0);
    state.removePod("a");
    assertThat(test.freeUnits("n1", 1)).isEqualTo(16);
  }

  @Test
  void podsRemovedWhileTheirNodeWasAwayAreNotThereWhenItIsBack() {
    state.putNode(node("n1", 8, NodeGpus.NONE));
    state.putPod(bound(cpuPod("a", 4), "n1"));
    state.putPod(bound(cpuPod("b", 4), "n1"));
    state.removeNode("n1");
    state.removePod("a");
    state.putNode(node("n1", 8, NodeGpus.NONE));
    assertThat(test.freeCores("n1")).isEqualTo(4);
  }

  @Test
  void podOnItsWayIsNotBoundToANodeThatWasDeleted() {
    state.putNode(node("n1", 8, NodeGpus.NONE));
    state.putPod(cpuPod("a", 4));
    test.kept(cpuPod("a", 4), "n1");
    state.removeNode("n1");
    assertThat(state.startBind("a", "n1")).isInstanceOf(Refused.class);
    assertThat(state.figures().holds()).isZero();
    state.putNode(node("n1", 8, NodeGpus.NONE));
    assertThat(test.bind("a", "n1").nodeName()).isEqualTo("n1");
  }

  @Test
  void podIsBoundToANodeThatTheWatchHasNotShownYet() {
    state.putPod(cpuPod("a", 4));
    assertThat(test.bind("a", "new").nodeName()).isEqualTo("new");
  }

  @Test
  void cordonedTaintedAndUnreadyNodesAreKubeSchedulersToJudge() {
    Node whole = node("n1", 8, NodeGpus.NONE);
    state.putNode(with(whole, false, true, true));
    assertThat(test.kept(cpuPod("a", 4), "n1")).containsExactly("n1");
  }

  @Test
  void nodeThatBecomesUsableAgainIsToldAsFreed() {
    Node whole = node("n1", 8, NodeGpus.NONE);
    state.putNode(whole);
    assertThat(state.takeFreedNodes()).as("it came").containsExactly("n1");
    for (Node worse :
        new Node[] {
          with(whole, false, false, false),
          with(whole, true, true, false),
          with(whole, true, false, true)
        }) {
      state.putNode(worse);
      assertThat(state.takeFreedNodes()).isEmpty();
      state.putNode(whole);
      assertThat(state.takeFreedNodes()).containsExactly("n1");
    }
    state.putNode(whole);
    assertThat(state.takeFreedNodes()).as("nothing changed").isEmpty();
  }

  @Test
  void nodeThatGrowsIsToldAsFreedAndOneThatShrinksIsNot() {
    state.putNode(node("n1", 8, cards(1, 16)));
    state.takeFreedNodes();
    state.putNode(node("n1", 6, cards(1, 16)));
    assertThat(state.takeFreedNodes()).isEmpty();
    state.putNode(node("n1", 8, cards(1, 16)));
    assertThat(state.takeFreedNodes()).containsExactly("n1");
    state.putNode(node("n1", 8, cards(2, 16)));
    assertThat(state.takeFreedNodes()).containsExactly("n1");
    state.putNode(node("n1", 8, cards(2, 8)));
    assertThat(state.takeFreedNodes()).isEmpty();
  }

  @Test
  void removedNodeIsNotToldAsFreed() {
    state.putNode(node("n1", 8, NodeGpus.NONE));
    state.putPod(bound(cpuPod("a", 4), "n1"));
    state.removeNode("n1");
    state.removePod("a");
    assertThat(state.takeFreedNodes()).isEmpty();
  }

  @Test
  void allocatableOfZeroForAWhileWithPodsRunning() {
    state.putNode(node("n1", 16, cards(2, 16)));
    state.putPod(bound(sharePod("a", 10), "n1", 1));
    state.putNode(node("n1", 0, NodeGpus.NONE));
    assertThat(test.freeCores("n1")).as("never negative").isZero();
    assertThat(test.filter(sharePod("b", 10), "n1").unresolvable())
        .containsEntry("n1", Reasons.NO_SHARED_GPU);
    state.putNode(node("n1", 16, cards(2, 16)));
    assertThat(test.freeUnits("n1", 0)).isEqualTo(16);
    assertThat(test.freeUnits("n1", 1)).isEqualTo(6);
  }

  @Test
  void devicePluginThatRegistersLateMakesTheNodeUsable() {
    state.putNode(node("n1", 16, NodeGpus.NONE));
    state.putPod(sharePod("a", 10));
    assertThat(test.kept(sharePod("a", 10), "n1")).isEmpty();
    assertThat(state.refusedPods()).hasSize(1);
    state.takeFreedNodes();
    state.putNode(node("n1", 16, cards(2, 16)));
    assertThat(state.takeFreedNodes()).containsExactly("n1");
    assertThat(test.kept(sharePod("a", 10), "n1")).containsExactly("n1");
    assertThat(state.refusedPods()).isEmpty();
  }

  @Test
  void unhealthyCardIsNotGivenOutUntilItIsHealthy() {
    state.putNode(node("n1", 16, cards(2, 16)));
    state.putPod(bound(sharePod("a", 12), "n1", 1));
    state.putUnhealthyGpus("n1", Set.of(0));
    assertThat(test.kept(sharePod("b", 10), "n1")).isEmpty();
    state.putNode(node("n1", 32, cards(2, 16)));
    assertThat(test.kept(sharePod("b", 10), "n1")).as("still, when the node changes").isEmpty();
    state.takeFreedNodes();
    state.putUnhealthyGpus("n1", Set.of());
    assertThat(state.takeFreedNodes()).containsExactly("n1");
    assertThat(test.kept(sharePod("b", 10), "n1")).containsExactly("n1");
    assertThat(test.bind("b", "n1").gpuDevices()).containsExactly(0);
  }

  @Test
  void unhealthyCardsMayBeToldBeforeTheirNode() {
    state.putUnhealthyGpus("n1", Set.of(0, 99));
    state.putNode(node("n1", 16, cards(2, 16)));
    assertThat(test.freeUnits("n1", 0)).isZero();
    state.removeNode("n1");
    state.putNode(node("n1", 16, cards(2, 16)));
    assertThat(test.freeUnits("n1", 0)).as("as long as nobody says otherwise").isZero();
  }

  @Test
  void cardThatTurnsUnhealthyUnderItsPodsNeverHasNegativeRoom() {
    state.putNode(node("n1", 16, cards(2, 16)));
    state.putPod(bound(sharePod("a", 12), "n1", 0));
    state.putUnhealthyGpus("n1", Set.of(0));
    assertThat(test.freeUnits("n1", 0)).isZero();
    state.putUnhealthyGpus("n1", Set.of());
    assertThat(test.freeUnits("n1", 0)).isEqualTo(4);
  }

  @Test
  void wholeGpusSharesMigProfilesAndOtherResourcesLiveOnOneCluster() {
    Resources mig =
        Resources.of(
            64_000, 64L << 30, 0, Map.of("nvidia.com/mig-1g.5gb", 7L, "example.com/nic", 2L));
    state.putNode(node("shared", 64, cards(2, 16)));
    state.putNode(node("whole", 64, NodeGpus.counted(WHOLE, "A100", 8)));
    state.putNode(Node.ready("mig", mig, 110, NodeGpus.NONE));
    String[] all = {"shared", "whole", "mig"};
    assertThat(test.filter(sharePod("share", 10), all).unresolvable())
        .containsOnlyKeys("whole", "mig");
    assertThat(test.kept(wholePod("w", 4), all))
        .as("ranked, not refused")
        .first()
        .isEqualTo("whole");
    ObservedPod slice =
        ObservedPod.pending(
            new io.stowage.core.cluster.Pod(
                "slice",
                "default",
                "slice",
                PodShape.of(
                    Resources.of(
                        1000, 1, 0, Map.of("nvidia.com/mig-1g.5gb", 1L, "example.com/nic", 1L)),
                    GpuRequest.NONE),
                0));
    assertThat(test.kept(slice, all)).first().isEqualTo("mig");
    assertThat(test.bind("share", "shared").gpuDevices()).hasSize(1);
    assertThat(test.bind("w", "whole").gpuDevices()).as("the kubelet's to choose").isEmpty();
    assertThat(test.bind("slice", "mig").gpuDevices()).isEmpty();
    assertThat(state.figures().gpuRequestedMilli()).isEqualTo(4000 + 625);
    ObservedPod google =
        ObservedPod.pending(pod("tpu", 1, GpuRequest.whole("google.com/tpu", 4), 0));
    assertThat(test.kept(google, all)).as("not Stowage's to refuse").hasSize(3);
  }
}
