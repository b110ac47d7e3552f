package io.stowage.extender.state;

import static io.stowage.extender.state.Pods.assumed;
import static io.stowage.extender.state.Pods.bound;
import static io.stowage.extender.state.Pods.cards;
import static io.stowage.extender.state.Pods.cpuPod;
import static io.stowage.extender.state.Pods.node;
import static io.stowage.extender.state.Pods.pod;
import static io.stowage.extender.state.Pods.sharePod;
import static org.assertj.core.api.Assertions.assertThat;

import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.NodeGpus;
import io.stowage.core.cluster.Pod;
import io.stowage.extender.kube.ObservedPod;
import io.stowage.extender.state.BindDecision.AlreadyBound;
import io.stowage.extender.state.BindDecision.Refused;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is told of pods comes in any order and more than once. */
class EventOrderTest {
  private final TestState test = new TestState();
  private final ClusterState state = test.state;

  private static ObservedPod at(ObservedPod pod, long version) {
    return pod.with().resourceVersion(version).build();
  }

  @Test
  void podIsBoundBeforeTheWatchHasShownIt() {
    state.putNode(node("n1", 4, NodeGpus.NONE));
    test.kept(cpuPod("a", 4), "n1");
    test.bind("a", "n1");
    state.putPod(at(cpuPod("a", 4), 1));
    assertThat(test.at("a").nodeName()).isEqualTo("n1");
    assertThat(state.figures().pendingPods()).as("bound, not waiting").isZero();
    state.putPod(at(bound(cpuPod("a", 4), "n1"), 2));
    assertThat(state.figures().unconfirmedBinds()).isZero();
    assertThat(test.freeCores("n1")).isZero();
  }

  @Test
  void podThatTheWatchShowsWhileItsBindingIsWrittenWaitsAgainWhenThatFails() {
    state.putNode(node("n1", 4, NodeGpus.NONE));
    test.kept(cpuPod("a", 4), "n1");
    test.startBind("a", "n1");
    state.putPod(at(cpuPod("a", 4), 1));
    state.completeBind("a", TestState.NOT_BOUND);
    assertThat(state.figures().pendingPods()).isEqualTo(1);
    assertThat(test.freeCores("n1")).isEqualTo(4);
  }

  @Test
  void watchShowsTheBindingBeforeTheAnswerOfTheWrite() {
    state.putNode(node("n1", 4, NodeGpus.NONE));
    state.putPod(cpuPod("a", 4));
    test.startBind("a", "n1");
    state.putPod(bound(cpuPod("a", 4), "n1"));
    state.completeBind("a", TestState.IN_DOUBT);
    assertThat(state.figures().unconfirmedBinds()).isZero();
    assertThat(test.freeCores("n1")).isZero();
  }

  @Test
  void watchShowsTheBindingAndAnErrorComesAfterIt() {
    state.putNode(node("n1", 4, NodeGpus.NONE));
    state.putPod(cpuPod("a", 4));
    test.startBind("a", "n1");
    state.putPod(bound(cpuPod("a", 4), "n1"));
    state.completeBind("a", TestState.NOT_BOUND);
    assertThat(test.at("a").nodeName()).as("what the API server has stands").isEqualTo("n1");
  }

  @Test
  void olderVersionChangesNothing() {
    state.putNode(node("n1", 16, cards(2, 16)));
    state.putPod(at(bound(sharePod("a", 10), "n1", 1), 7));
    state.putPod(at(sharePod("a", 10), 5));
    state.putPod(at(bound(sharePod("a", 10), "n1", 0), 6));
    assertThat(test.at("a").gpuDevices()).containsExactly(1);
    assertThat(state.figures().pendingPods()).isZero();
  }

  @Test
  void repeatedUpdateChangesNothing() {
    state.putNode(node("n1", 4, NodeGpus.NONE));
    state.putPod(at(bound(cpuPod("a", 3), "n1"), 7));
    state.takeFreedNodes();
    state.putPod(at(bound(cpuPod("a", 3), "n1"), 7));
    state.putPod(at(bound(cpuPod("a", 3), "n1"), 8));
    assertThat(test.freeCores("n1")).isEqualTo(1);
    assertThat(state.takeFreedNodes()).isEmpty();
  }

  @Test
  void lateUpdateDoesNotBringBackAPodThatIsGone() {
    state.putNode(node("n1", 4, NodeGpus.NONE));
    state.putPod(at(bound(cpuPod("a", 4), "n1"), 7));
    state.removePod("a");
    state.putPod(at(bound(cpuPod("a", 4), "n1"), 8));
    state.putPod(at(cpuPod("a", 4), 3));
    assertThat(test.freeCores("n1")).isEqualTo(4);
    assertThat(state.figures().pendingPods()).isZero();
  }

  @Test
  void lateUpdateDoesNotBringBackAPodThatEnded() {
    state.putNode(node("n1", 4, NodeGpus.NONE));
    state.putPod(at(bound(cpuPod("a", 4), "n1"), 7));
    state.putPod(at(bound(cpuPod("a", 4), "n1"), 8).with().ended(true).build());
    state.putPod(at(bound(cpuPod("a", 4), "n1"), 7));
    assertThat(test.freeCores("n1")).isEqualTo(4);
  }

  @Test
  void podThatAnOldListLeftOutComesBackWithTheNextOne() {
    state.putNode(node("n1", 4, NodeGpus.NONE));
    state.putPod(at(bound(cpuPod("a", 4), "n1"), 7));
    state.losePod("a", 7);
    assertThat(test.freeCores("n1")).isEqualTo(4);
    state.putPod(at(cpuPod("a", 4), 6));
    assertThat(state.figures().pendingPods()).as("older than what was known").isZero();
    state.putPod(at(bound(cpuPod("a", 4), "n1"), 7));
    assertThat(test.freeCores("n1")).isZero();
  }

  @Test
  void boundPodNeverBecomesUnbound() {
    state.putNode(node("n1", 4, NodeGpus.NONE));
    state.putPod(bound(cpuPod("a", 4), "n1"));
    state.putPod(cpuPod("a", 4));
    assertThat(test.at("a").nodeName()).isEqualTo("n1");
    assertThat(state.startBind("a", "n2")).isInstanceOf(Refused.class);
  }

  @Test
  void podDeletedBetweenFilterAndBindIsNotBoundAndFreesItsHold() {
    state.putNode(node("n1", 4, NodeGpus.NONE));
    state.putPod(cpuPod("a", 4));
    test.kept(cpuPod("a", 4), "n1");
    state.takeFreedNodes();
    state.removePod("a");
    assertThat(state.takeFreedNodes()).containsExactly("n1");
    assertThat(state.startBind("a", "n1")).isInstanceOf(Refused.class);
    assertThat(state.figures().holds()).isZero();
  }

  @Test
  void filterOfAPodThatIsGoneLeavesNothingBehind() {
    state.putNode(node("n1", 4, NodeGpus.NONE));
    state.putPod(cpuPod("a", 4));
    state.removePod("a");
    assertThat(test.kept(cpuPod("a", 4), "n1")).containsExactly("n1");
    test.filter(sharePod("b", 4), "n1");
    state.removePod("b");
    test.filter(sharePod("b", 4), "n1");
    assertThat(state.figures().holds()).isZero();
    assertThat(state.refusedPods()).isEmpty();
  }

  @Test
  void podDeletedWhileItsBindingIsWrittenCountsNowhere() {
    state.putNode(node("n1", 4, NodeGpus.NONE));
    state.putPod(cpuPod("a", 4));
    test.startBind("a", "n1");
    state.removePod("a");
    state.completeBind("a", TestState.BOUND);
    assertThat(test.freeCores("n1")).isEqualTo(4);
    assertThat(state.figures().unconfirmedBinds()).isZero();
  }

  private static Pod named(String uid, String name) {
    Pod pod = pod(uid, 4, GpuRequest.NONE, 0);
    return new Pod(uid, "default", name, pod.shape(), 0);
  }

  @Test
  void sameNameWithANewUidIsAnotherPod() {
    state.putNode(node("n1", 8, NodeGpus.NONE));
    state.putPod(ObservedPod.bound(named("u1", "web-0"), "n1", List.of()));
    state.removePod("u1");
    ObservedPod second = ObservedPod.pending(named("u2", "web-0"));
    state.putPod(second);
    test.kept(second, "n1");
    test.bind("u2", "n1");
    state.putPod(ObservedPod.pending(named("u1", "web-0")));
    assertThat(test.freeCores("n1")).isEqualTo(4);
    assertThat(state.figures().pendingPods()).isZero();
  }

  @Test
  void successorOfTheSameNameEndsItsPredecessorWhoseDeletionComesLate() {
    state.putNode(node("n1", 8, NodeGpus.NONE));
    state.putPod(at(ObservedPod.bound(named("u1", "web-0"), "n1", List.of()), 5));
    state.putPod(at(ObservedPod.pending(named("u2", "web-0")), 9));
    assertThat(test.freeCores("n1")).isEqualTo(8);
    state.removePod("u1");
    assertThat(state.figures().pendingPods()).isEqualTo(1);
  }

  @Test
  void predecessorThatIsToldLateDoesNotEndItsSuccessor() {
    state.putNode(node("n1", 8, NodeGpus.NONE));
    state.putPod(at(ObservedPod.bound(named("u2", "web-0"), "n1", List.of()), 9));
    state.putPod(at(ObservedPod.bound(named("u1", "web-0"), "n1", List.of()), 5));
    assertThat(test.freeCores("n1")).isEqualTo(4);
    assertThat(test.at("u2").nodeName()).isEqualTo("n1");
  }

  @Test
  void unboundPodThatIsReadBackWaitsAgain() {
    state.putNode(node("n1", 4, NodeGpus.NONE));
    state.putPod(at(cpuPod("a", 4), 1));
    test.bind("a", "n1");
    state.confirm(state.unconfirmedBinds().get(0), at(cpuPod("a", 4), 1));
    assertThat(test.freeCores("n1")).isEqualTo(4);
    assertThat(state.figures().pendingPods()).isEqualTo(1);
    test.pass(Duration.ofMinutes(1));
    assertThat(test.startBind("a", "n1").nodeName()).isEqualTo("n1");
  }

  @Test
  void podKnownFromFilterAloneIsBoundWhileItsHoldLasts() {
    state.putNode(node("n1", 4, NodeGpus.NONE));
    test.kept(cpuPod("a", 4), "n1");
    assertThat(test.startBind("a", "n1").nodeName()).isEqualTo("n1");
  }

  @Test
  void podWhoseHoldLapsedOrThatWasNeverFilteredIsBound() {
    state.putNode(node("n1", 4, NodeGpus.NONE));
    state.putPod(cpuPod("lapsed", 1));
    state.putPod(cpuPod("never", 1));
    test.kept(cpuPod("lapsed", 1), "n1");
    test.pass(Duration.ofMinutes(1));
    state.lapseHolds();
    test.bind("lapsed", "n1");
    test.bind("never", "n1");
    assertThat(test.freeCores("n1")).isEqualTo(2);
  }

  @Test
  void podBoundByAnotherSchedulerCounts() {
    state.putNode(node("n1", 4, NodeGpus.NONE));
    test.kept(cpuPod("a", 4), "n1");
    state.putPod(bound(cpuPod("other", 3).with().schedulerName("default-scheduler").build(), "n1"));
    assertThat(test.freeCores("n1")).isEqualTo(1);
    assertThat(test.kept(cpuPod("b", 2), "n1")).as("kube-scheduler judges sums").isNotEmpty();
  }

  @Test
  void waitingPodBoundElsewhereByAnotherSchedulerIsNotBoundAgain() {
    state.putNode(node("n1", 4, NodeGpus.NONE));
    state.putNode(node("n2", 4, NodeGpus.NONE));
    state.putPod(cpuPod("a", 4));
    test.kept(cpuPod("a", 4), "n1");
    state.putPod(bound(cpuPod("a", 4), "n2"));
    assertThat(state.startBind("a", "n1")).isInstanceOf(Refused.class);
    assertThat(state.startBind("a", "n2")).isInstanceOf(AlreadyBound.class);
    assertThat(test.freeCores("n1")).isEqualTo(4);
  }

  @Test
  void staticAndDaemonSetPodsThatWereNeverPendingCount() {
    state.putPod(bound(cpuPod("static", 1), "n1"));
    state.putNode(node("n1", 4, NodeGpus.NONE));
    state.putPod(bound(cpuPod("daemon", 1), "n1"));
    assertThat(test.freeCores("n1")).isEqualTo(2);
    state.removePod("daemon");
    assertThat(test.freeCores("n1")).isEqualTo(3);
  }

  @Test
  void podResizedInPlaceCountsWithWhatItAsksNow() {
    state.putNode(node("n1", 8, NodeGpus.NONE));
    state.putPod(at(bound(cpuPod("a", 2), "n1"), 1));
    state.putPod(at(bound(cpuPod("a", 6), "n1"), 2));
    assertThat(test.freeCores("n1")).isEqualTo(2);
    state.takeFreedNodes();
    state.putPod(at(bound(cpuPod("a", 1), "n1"), 3));
    assertThat(test.freeCores("n1")).isEqualTo(7);
    assertThat(state.takeFreedNodes()).containsExactly("n1");
  }

  @Test
  void podBoundToAnotherCardThanWasDecidedCountsWhereItIs() {
    state.putNode(node("n1", 16, cards(2, 16)));
    state.putPod(sharePod("a", 10));
    int decided = test.bind("a", "n1").gpuDevices().get(0);
    state.putPod(assumed(sharePod("a", 10), "n1", 1 - decided));
    assertThat(test.freeUnits("n1", decided)).isEqualTo(16);
    assertThat(test.freeUnits("n1", 1 - decided)).isEqualTo(6);
  }

  @Test
  void podsThatAreGoneAreRememberedForAWhileOnly() {
    PodVersions versions = new PodVersions();
    for (int i = 0; i < PodVersions.MAX_GONE + 100; i++) {
      versions.gone("p" + i, Long.MAX_VALUE, i);
    }
    assertThat(versions.goneCount()).isEqualTo(PodVersions.MAX_GONE);
    assertThat(versions.isGone("p99")).isFalse();
    assertThat(versions.isGone("p100")).isTrue();
    versions.lapse(PodVersions.GONE_MEMORY.toNanos() + 200);
    assertThat(versions.isGone("p200")).isFalse();
    assertThat(versions.isGone("p201")).isTrue();
    versions.lapse(Long.MAX_VALUE);
    assertThat(versions.goneCount()).isZero();
  }
}
