package io.stowage.extender.state;

import static io.stowage.extender.state.Pods.bound;
import static io.stowage.extender.state.Pods.cards;
import static io.stowage.extender.state.Pods.cpuPod;
import static io.stowage.extender.state.Pods.node;
import static io.stowage.extender.state.Pods.sharePod;
import static org.assertj.core.api.Assertions.assertThat;

import io.stowage.core.cluster.NodeGpus;
import io.stowage.extender.kube.ObservedPod;
import io.stowage.extender.names.AskedNodes;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What filter told counts softly, for a time; and what is told of room that appeared. */
class HoldsTest {
  private final TestState test = new TestState();
  private final ClusterState state = test.state;

  @Test
  void holdSteersOthersElsewhereButRefusesNobody() {
    state.putNode(node("n1", 4, NodeGpus.NONE));
    assertThat(test.kept(cpuPod("a", 4), "n1")).containsExactly("n1");
    assertThat(test.kept(cpuPod("b", 4), "n1")).as("held, yet offered").containsExactly("n1");
    state.putNode(node("n2", 8, NodeGpus.NONE));
    assertThat(test.kept(cpuPod("c", 4), "n1", "n2")).as("free first").containsExactly("n2", "n1");
  }

  @Test
  void holdCoversTheDevice() {
    state.putNode(node("n1", 16, cards(1, 16)));
    state.putNode(node("n2", 32, cards(1, 16)));
    assertThat(test.kept(sharePod("a", 10), "n1", "n2")).first().isEqualTo("n1");
    assertThat(test.kept(sharePod("b", 10), "n1", "n2")).containsExactly("n2", "n1");
    assertThat(test.kept(sharePod("c", 6), "n1", "n2"))
        .as("what the hold leaves is free")
        .first()
        .isEqualTo("n1");
  }

  @Test
  void holdIsReplacedByThePodsNextFilter() {
    state.putNode(node("n1", 4, NodeGpus.NONE));
    state.putNode(node("n2", 4, NodeGpus.NONE));
    test.kept(cpuPod("a", 4), "n1");
    test.kept(cpuPod("a", 4), "n2");
    assertThat(state.figures().holds()).isEqualTo(1);
    assertThat(test.kept(cpuPod("b", 4), "n1", "n2")).first().isEqualTo("n1");
  }

  @Test
  void holdLapses() {
    state.putNode(node("n1", 4, NodeGpus.NONE));
    state.putNode(node("n2", 8, NodeGpus.NONE));
    test.kept(cpuPod("a", 4), "n1");
    test.pass(Duration.ofSeconds(29));
    assertThat(test.kept(cpuPod("b", 4), "n1", "n2")).first().isEqualTo("n2");
    state.removePod("b");
    test.pass(Duration.ofSeconds(1));
    assertThat(state.figures().holds()).isZero();
    assertThat(test.kept(cpuPod("b", 4), "n1", "n2")).first().isEqualTo("n1");
  }

  @Test
  void holdIsDroppedWhenThePodIsDeletedOrBoundElsewhere() {
    state.putNode(node("n1", 4, NodeGpus.NONE));
    test.filter(cpuPod("a", 4), "n1");
    state.removePod("a");
    assertThat(state.figures().holds()).isZero();
    test.filter(cpuPod("b", 4), "n1");
    state.putPod(bound(cpuPod("b", 4), "n2"));
    assertThat(state.figures().holds()).isZero();
  }

  @Test
  void holdOfLowerPriorityDoesNotExistForAHigherOne() {
    state.putNode(node("n1", 4, NodeGpus.NONE));
    state.putNode(node("n2", 8, NodeGpus.NONE));
    test.kept(cpuPod("low", 4, 1), "n1", "n2");
    assertThat(test.kept(cpuPod("high", 4, 2), "n1", "n2")).first().isEqualTo("n1");
    assertThat(test.kept(cpuPod("lower", 4, 0), "n1", "n2")).first().isEqualTo("n2");
  }

  @Test
  void lowerHoldsCountAgainForOthersAfterwards() {
    state.putNode(node("n1", 4, NodeGpus.NONE));
    state.putNode(node("n2", 8, NodeGpus.NONE));
    state.putNode(node("n3", 16, NodeGpus.NONE));
    test.kept(cpuPod("low", 4, 1), "n1");
    test.kept(cpuPod("high", 4, 2), "n2");
    assertThat(test.kept(cpuPod("other", 4, 1), "n1", "n2", "n3")).first().isEqualTo("n2");
    assertThat(test.kept(cpuPod("big", 8, 1), "n1", "n2", "n3")).first().isEqualTo("n3");
  }

  @Test
  void podGoesWithItsOwnHoldInPrioritize() {
    state.putNode(node("n1", 4, NodeGpus.NONE));
    state.putNode(node("n2", 4, NodeGpus.NONE));
    assertThat(test.kept(cpuPod("a", 4), "n1", "n2")).first().isEqualTo("n1");
    assertThat(
            state.prioritize(
                cpuPod("a", 4),
                AskedNodes.of(state.nodeNames(), List.of("n2", "n1")),
                DescribedNodes.NONE))
        .containsExactly("n1", "n2");
    assertThat(state.figures().holds()).isEqualTo(1);
  }

  private static ObservedPod claiming(String uid, String... claims) {
    return cpuPod(uid, 4).with().claimNames(List.of(claims)).build();
  }

  private int holdsAfter(Duration time) {
    test.pass(time);
    state.lapseHolds();
    return state.figures().holds();
  }

  @Test
  void holdForAClaimThatWasNeverHeardOfLastsLonger() {
    state.putNode(node("n1", 4, NodeGpus.NONE));
    test.kept(claiming("a", "data"), "n1");
    assertThat(holdsAfter(Duration.ofSeconds(899))).isEqualTo(1);
    assertThat(holdsAfter(Duration.ofSeconds(1))).isZero();
  }

  @Test
  void holdForClaimsThatAreBoundLastsTheOrdinaryTime() {
    state.putNode(node("n1", 4, NodeGpus.NONE));
    state.putClaim("default", "data", true);
    state.putClaim("other", "data", false);
    test.kept(claiming("a", "data"), "n1");
    assertThat(holdsAfter(Duration.ofSeconds(29))).isEqualTo(1);
    assertThat(holdsAfter(Duration.ofSeconds(1))).isZero();
  }

  @Test
  void holdOutlastsAProvisionerThatTakesAMinuteAndThenTheOrdinaryTime() {
    state.putNode(node("n1", 4, NodeGpus.NONE));
    state.putClaim("default", "data", false);
    state.putClaim("default", "logs", false);
    test.kept(claiming("a", "data", "logs"), "n1");
    state.putClaim("default", "logs", true);
    assertThat(holdsAfter(Duration.ofSeconds(60))).isEqualTo(1);
    state.putClaim("default", "data", true);
    assertThat(holdsAfter(Duration.ofSeconds(29))).isEqualTo(1);
    assertThat(holdsAfter(Duration.ofSeconds(1))).isZero();
  }

  @Test
  void claimBoundAtTheVeryEndDoesNotProlongTheHold() {
    state.putNode(node("n1", 4, NodeGpus.NONE));
    test.kept(claiming("a", "data"), "n1");
    assertThat(holdsAfter(Duration.ofSeconds(890))).isEqualTo(1);
    state.putClaim("default", "data", true);
    assertThat(holdsAfter(Duration.ofSeconds(10))).isZero();
  }

  @Test
  void claimThatIsRemovedCountsAsUnboundForTheNextHold() {
    state.putNode(node("n1", 4, NodeGpus.NONE));
    state.putClaim("default", "data", true);
    state.removeClaim("default", "data");
    test.kept(claiming("a", "data"), "n1");
    assertThat(holdsAfter(Duration.ofSeconds(60))).isEqualTo(1);
  }

  @Test
  void podThatWasFilteredAndNotPlacedCostsNobodyAPlacement() {
    state.putNode(node("n1", 16, cards(1, 16)));
    test.kept(sharePod("ghost", 16), "n1");
    state.putPod(sharePod("a", 16));
    assertThat(test.kept(sharePod("a", 16), "n1")).containsExactly("n1");
    assertThat(test.bind("a", "n1").gpuDevices()).containsExactly(0);
    assertThat(holdsAfter(Duration.ofSeconds(30))).isZero();
  }

  @Test
  void holdThatLapsesIsToldAsFreed() {
    state.putNode(node("n1", 4, NodeGpus.NONE));
    test.kept(cpuPod("a", 4), "n1");
    state.takeFreedNodes();
    test.pass(Duration.ofSeconds(30));
    state.lapseHolds();
    assertThat(state.takeFreedNodes()).containsExactly("n1");
    assertThat(state.takeFreedNodes()).isEmpty();
  }

  @Test
  void holdThatBecomesAPlacementFreesNothing() {
    state.putNode(node("n1", 4, NodeGpus.NONE));
    test.kept(cpuPod("a", 4), "n1");
    test.kept(cpuPod("a", 4), "n1");
    state.takeFreedNodes();
    test.bind("a", "n1");
    state.putPod(bound(cpuPod("a", 4), "n1"));
    assertThat(state.takeFreedNodes()).isEmpty();
  }

  @Test
  void holdOnAnotherNodeThanThePodGoesToIsToldAsFreed() {
    state.putNode(node("n1", 4, NodeGpus.NONE));
    state.putNode(node("n2", 4, NodeGpus.NONE));
    test.kept(cpuPod("filtered", 4), "n1");
    state.takeFreedNodes();
    test.kept(cpuPod("filtered", 4), "n2");
    assertThat(state.takeFreedNodes()).containsExactly("n1");
    test.bind("filtered", "n1");
    assertThat(state.takeFreedNodes()).containsExactly("n2");
  }

  @Test
  void failedBindAndRemovedPodAreToldAsFreed() {
    state.putNode(node("n1", 4, NodeGpus.NONE));
    state.putPod(cpuPod("a", 4));
    test.startBind("a", "n1");
    state.takeFreedNodes();
    state.completeBind("a", TestState.NOT_BOUND);
    assertThat(state.takeFreedNodes()).containsExactly("n1");
    test.bind("a", "n1");
    state.removePod("a");
    assertThat(state.takeFreedNodes()).containsExactly("n1");
  }

  @Test
  void podRefusedEverywhereIsRememberedUntilItIsOfferedANode() {
    state.putNode(node("n1", 16, cards(1, 16)));
    state.putPod(bound(sharePod("x", 10), "n1", 0));
    state.putPod(sharePod("a", 10));
    test.pass(Duration.ofSeconds(1));
    test.filter(sharePod("a", 10), "n1");
    assertThat(state.refusedPods()).hasSize(1);
    ObservedPod newer = sharePod("a", 10).with().resourceVersion(5).build();
    state.putPod(newer);
    WaitingPod waiting = state.refusedPods().iterator().next();
    assertThat(waiting.pod()).as("as last seen").isEqualTo(newer);
    assertThat(waiting.refusedNanos()).isEqualTo(1 + Duration.ofSeconds(1).toNanos());
    state.removePod("x");
    test.filter(sharePod("a", 10), "n1");
    assertThat(state.refusedPods()).isEmpty();
  }

  @Test
  void refusedPodIsForgottenOnceItIsBoundOrGone() {
    state.putNode(node("n1", 16, NodeGpus.NONE));
    for (String uid : List.of("a", "b", "unseen")) {
      test.filter(sharePod(uid, 10), "n1");
    }
    state.putPod(sharePod("a", 10));
    state.putPod(sharePod("b", 10));
    state.putPod(bound(sharePod("a", 10), "n2"));
    state.removePod("b");
    assertThat(state.refusedPods()).hasSize(1);
    test.pass(Duration.ofMinutes(11));
    state.lapseHolds();
    assertThat(state.refusedPods()).as("the watch never showed it").isEmpty();
  }
}
