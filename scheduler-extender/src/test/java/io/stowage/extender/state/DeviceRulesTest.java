package io.stowage.extender.state;

import static io.stowage.extender.state.Pods.assumed;
import static io.stowage.extender.state.Pods.bound;
import static io.stowage.extender.state.Pods.cards;
import static io.stowage.extender.state.Pods.node;
import static io.stowage.extender.state.Pods.sharePod;
import static org.assertj.core.api.Assertions.assertThat;

import io.stowage.core.cluster.NodeGpus;
import io.stowage.extender.kube.ObservedPod;
import io.stowage.extender.state.BindDecision.Refused;
import io.stowage.extender.state.BindDecision.Wait;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * Which card of a node a share gets by the gpushare protocol, whose device plugin may give any pod
 * of an amount the card of any other that it has not assigned yet: they go one by one.
 */
class DeviceRulesTest {
  private final TestState test = new TestState();
  private final ClusterState state = test.state;

  private void assigned(ObservedPod pod, String node, int card) {
    state.putPod(bound(pod, node, card));
  }

  private List<Integer> held(String uid) {
    return Objects.requireNonNull(state.heldPlacement(uid)).gpuDevices();
  }

  @Test
  void sameAmountWaitsThoughTheCardOfThePodBeforeHasRoom() {
    state.putNode(node("n1", 16, cards(2, 16)));
    state.putPod(assumed(sharePod("a", 4), "n1", 0));
    state.putPod(sharePod("b", 4));
    assertThat(state.startBind("b", "n1")).isInstanceOf(Wait.class);
    assigned(sharePod("a", 4), "n1", 0);
    assertThat(test.bind("b", "n1").gpuDevices()).as("beside the first").containsExactly(0);
  }

  @Test
  void otherAmountsAreFree() {
    state.putNode(node("n1", 16, cards(2, 16)));
    state.putPod(bound(sharePod("x", 6), "n1", 1));
    state.putPod(assumed(sharePod("a", 4), "n1", 0));
    state.putPod(sharePod("b", 5));
    assertThat(test.bind("b", "n1").gpuDevices()).containsExactly(1);
  }

  @Test
  void bindWaitsUntilThePodBeforeIsAssigned() {
    state.putNode(node("n1", 16, cards(2, 16)));
    state.putPod(assumed(sharePod("a", 10), "n1", 0));
    state.putPod(sharePod("b", 10));
    test.kept(sharePod("b", 10), "n1");
    assertThat(state.startBind("b", "n1")).isInstanceOf(Wait.class);
    assertThat(state.figures().holds()).as("it keeps its room").isEqualTo(1);
    state.takeNodesForWaitingBinds();
    assigned(sharePod("a", 10), "n1", 0);
    assertThat(state.takeNodesForWaitingBinds()).containsExactly("n1");
    assertThat(test.bind("b", "n1").gpuDevices()).containsExactly(1);
  }

  @Test
  void bindWaitsUntilThePodBeforeIsGone() {
    state.putNode(node("n1", 16, cards(2, 16)));
    state.putPod(assumed(sharePod("a", 10), "n1", 0));
    state.putPod(sharePod("b", 10));
    assertThat(state.startBind("b", "n1")).isInstanceOf(Wait.class);
    state.putPod(assumed(sharePod("a", 10), "n1", 0).with().ended(true).build());
    assertThat(state.takeNodesForWaitingBinds()).containsExactly("n1");
    assertThat(test.bind("b", "n1").gpuDevices()).hasSize(1);
  }

  @Test
  void bindThatIsBeingWrittenOrInDoubtIsNotAssignedEither() {
    state.putNode(node("n1", 16, cards(2, 16)));
    state.putPod(sharePod("a", 10));
    state.putPod(sharePod("b", 10));
    test.startBind("a", "n1");
    assertThat(state.startBind("b", "n1")).isInstanceOf(Wait.class);
    state.completeBind("a", TestState.IN_DOUBT);
    assertThat(state.startBind("b", "n1")).isInstanceOf(Wait.class);
    test.startBind("a", "n1");
    state.completeBind("a", TestState.NOT_BOUND);
    assertThat(test.bind("b", "n1").gpuDevices()).hasSize(1);
  }

  @Test
  void bindIsRefusedAndDoesNotWaitWhereNoCardHasRoom() {
    state.putNode(node("n1", 16, cards(2, 16)));
    state.putPod(assumed(sharePod("a", 10), "n1", 0));
    state.putPod(bound(sharePod("x", 10), "n1", 1));
    state.putPod(sharePod("b", 10));
    assertThat(state.startBind("b", "n1")).isInstanceOf(Refused.class);
  }

  @Test
  void bindWaitsForAllThatOthersLeftUnassigned() {
    state.putNode(node("n1", 16, cards(3, 16)));
    state.putPod(assumed(sharePod("a", 4), "n1", 0));
    state.putPod(assumed(sharePod("b", 4), "n1", 1));
    state.putPod(sharePod("c", 4));
    assertThat(state.startBind("c", "n1")).isInstanceOf(Wait.class);
    assigned(sharePod("b", 4), "n1", 1);
    assertThat(state.startBind("c", "n1")).isInstanceOf(Wait.class);
    assigned(sharePod("a", 4), "n1", 0);
    assertThat(test.bind("c", "n1").gpuDevices()).hasSize(1);
  }

  @Test
  void nodeWithALongQueueComesAfterFreeAndHeldOnes() {
    state.putNode(node("queue", 16, cards(2, 16)));
    state.putNode(node("held", 32, cards(1, 16)));
    state.putNode(node("free", 64, cards(1, 16)));
    for (int i = 1; i < DeviceRules.QUEUE; i++) {
      state.putPod(assumed(sharePod("a" + i, 1), "queue", 0));
    }
    test.kept(sharePod("h", 16), "held");
    assertThat(test.kept(sharePod("b", 1), "queue", "held", "free"))
        .as("a short queue is no reason to go elsewhere")
        .startsWith("queue");
    state.putPod(assumed(sharePod("a", 1), "queue", 1));
    assertThat(test.kept(sharePod("c", 1), "queue", "held", "free"))
        .containsExactly("free", "held", "queue");
  }

  @Test
  void holdOfLowerPriorityForcesNoCardOnAHigherOne() {
    state.putNode(node("n1", 16, cards(2, 16)));
    test.kept(sharePod("low", 10, 1), "n1");
    int low = held("low").get(0);
    test.kept(sharePod("high", 10, 2), "n1");
    assertThat(held("high")).as("the card it would get alone").containsExactly(low);
  }

  @Test
  void nodeWhosePluginAssignsNothingIsRefusedAfterAWhile() {
    state.putNode(node("n1", 16, cards(2, 16)));
    state.putPod(assumed(sharePod("a", 10), "n1", 0));
    test.pass(Duration.ofSeconds(30));
    assertThat(test.kept(sharePod("b", 10), "n1")).containsExactly("n1");
    test.pass(Duration.ofSeconds(1));
    state.putPod(assumed(sharePod("a", 10), "n1", 0).with().resourceVersion(9).build());
    assertThat(test.filter(sharePod("b", 10), "n1").unresolvable())
        .containsEntry("n1", Reasons.STUCK_PLUGIN);
    assertThat(test.kept(sharePod("c", 4), "n1")).as("another amount").containsExactly("n1");
    state.takeFreedNodes();
    assigned(sharePod("a", 10), "n1", 0);
    assertThat(state.takeFreedNodes()).containsExactly("n1");
    assertThat(test.kept(sharePod("b", 10), "n1")).containsExactly("n1");
  }

  @Test
  void waitThatIsGivenUpLeavesNothing() {
    state.putNode(node("n1", 16, cards(2, 16)));
    state.putPod(assumed(sharePod("a", 10), "n1", 0));
    state.putPod(sharePod("b", 10));
    test.kept(sharePod("b", 10), "n1");
    assertThat(state.startBind("b", "n1")).isInstanceOf(Wait.class);
    state.giveUpBind("b", "n1");
    assertThat(state.figures().holds()).isZero();
    assertThat(state.figures().unconfirmedBinds()).isZero();
    assertThat(state.figures().pendingPods()).isEqualTo(1);
  }

  @Test
  void podThatEndedOrWasDeletedFreesItsCardAtOnce() {
    state.putNode(node("n1", 16, cards(1, 16)));
    state.putPod(bound(sharePod("a", 10), "n1", 0));
    state.putPod(assumed(sharePod("b", 6), "n1", 0));
    state.putPod(bound(sharePod("a", 10), "n1", 0).with().ended(true).build());
    assertThat(test.freeUnits("n1", 0)).isEqualTo(10);
    state.removePod("b");
    assertThat(test.freeUnits("n1", 0)).isEqualTo(16);
  }

  @Test
  void unitsAreCountedExactlyPerCard() {
    state.putNode(node("n1", 16, cards(2, 31)));
    state.putPod(bound(sharePod("x", 15), "n1", 0));
    state.putPod(bound(sharePod("y", 16), "n1", 1));
    state.putPod(sharePod("a", 16));
    assertThat(test.bind("a", "n1").gpuDevices()).containsExactly(0);
    assigned(sharePod("a", 16), "n1", 0);
    state.putPod(sharePod("b", 16));
    assertThat(state.startBind("b", "n1")).isInstanceOf(Refused.class);
    state.putPod(sharePod("c", 15));
    assertThat(test.bind("c", "n1").gpuDevices()).containsExactly(1);
  }

  @Test
  void deviceThatAnotherExtenderGaveBeforeIsRespected() {
    state.putNode(node("n1", 16, cards(2, 16)));
    state.putPod(
        assumed(sharePod("old", 12), "n1", 1)
            .with()
            .assumeEpochNanos(TestState.STARTED_EPOCH_NANOS - 1)
            .build());
    assertThat(state.foreignExtenderNodes()).isEmpty();
    state.putPod(sharePod("a", 10));
    assertThat(test.bind("a", "n1").gpuDevices()).containsExactly(0);
  }

  private ObservedPod foreign(String uid) {
    return assumed(sharePod(uid, 2), "n1", 1).with().assumeEpochNanos(test.epochNanos()).build();
  }

  @Test
  void nodeWhereAnotherExtenderIsAtWorkIsLeftToIt() {
    state.putNode(node("n1", 16, cards(2, 16)));
    state.putNode(node("n2", 16, cards(2, 16)));
    test.pass(Duration.ofSeconds(5));
    state.putPod(foreign("f1"));
    assertThat(state.foreignExtenderNodes()).containsExactly("n1");
    FilterDecision decision = test.filter(sharePod("a", 4), "n1", "n2");
    assertThat(decision.kept()).containsExactly("n2");
    assertThat(decision.unresolvable()).containsEntry("n1", Reasons.FOREIGN_EXTENDER);
    state.putPod(sharePod("a", 4));
    assertThat(state.startBind("a", "n1")).isInstanceOf(Refused.class);
    assertThat(test.kept(Pods.cpuPod("c", 1), "n1")).as("needs no device").containsExactly("n1");
  }

  @Test
  void nodeIsAssignedAgainSomeTimeAfterTheLastSightingOfAnotherExtender() {
    state.putNode(node("n1", 16, cards(2, 16)));
    test.pass(Duration.ofSeconds(5));
    state.putPod(foreign("f1"));
    test.pass(Duration.ofMinutes(9));
    state.putPod(foreign("f2"));
    state.putPod(
        bound(sharePod("f1", 2), "n1", 1).with().assumeEpochNanos(test.epochNanos()).build());
    state.takeFreedNodes();
    test.pass(Duration.ofMinutes(9));
    assertThat(state.foreignExtenderNodes()).containsExactly("n1");
    test.pass(Duration.ofMinutes(1));
    state.lapseHolds();
    assertThat(state.takeFreedNodes()).containsExactly("n1");
    assertThat(state.foreignExtenderNodes()).isEmpty();
    assertThat(test.kept(sharePod("a", 3), "n1")).containsExactly("n1");
  }

  @Test
  void whatStowageItselfBoundIsNoOtherExtenders() {
    state.putNode(node("n1", 16, cards(2, 16)));
    test.pass(Duration.ofSeconds(5));
    state.putPod(sharePod("own", 4));
    int card = test.bind("own", "n1").gpuDevices().get(0);
    state.putPod(
        assumed(sharePod("own", 4), "n1", card).with().assumeEpochNanos(test.epochNanos()).build());
    state.putPod(
        assumed(sharePod("replica", 5), "n1", 1)
            .with()
            .assumeEpochNanos(test.epochNanos())
            .epoch(3)
            .build());
    assertThat(state.foreignExtenderNodes()).isEmpty();
  }

  @Test
  void timeThatTheDevicePluginWroteTellsNothingOfAnotherExtender() {
    state.putNode(node("n1", 16, cards(2, 16)));
    test.pass(Duration.ofSeconds(5));
    state.putPod(
        bound(sharePod("old", 4), "n1", 0).with().assumeEpochNanos(test.epochNanos()).build());
    assertThat(state.foreignExtenderNodes()).isEmpty();
  }

  @Test
  void clockOfAnotherExtenderThatRunsAheadDoesNotLockTheNodeForLonger() {
    state.putNode(node("n1", 16, cards(2, 16)));
    state.putPod(
        foreign("f1").with().assumeEpochNanos(test.epochNanos() + 86_400_000_000_000L).build());
    test.pass(Duration.ofMinutes(10));
    assertThat(state.foreignExtenderNodes()).isEmpty();
  }

  @Test
  void sharedAndWholeNodesTurnIntoEachOther() {
    state.putNode(node("n1", 16, cards(2, 16)));
    state.putPod(assumed(sharePod("a", 10), "n1", 0));
    state.putNode(node("n1", 16, NodeGpus.counted("nvidia.com/gpu", "", 2)));
    assertThat(test.filter(sharePod("b", 10), "n1").unresolvable())
        .containsEntry("n1", Reasons.NO_SHARED_GPU);
    state.removePod("a");
    state.putNode(node("n1", 16, cards(2, 16)));
    state.putUnhealthyGpus("n1", Set.of());
    assertThat(test.kept(sharePod("b", 16), "n1")).containsExactly("n1");
  }
}
