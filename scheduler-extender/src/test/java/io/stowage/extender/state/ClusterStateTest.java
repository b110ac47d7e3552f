package io.stowage.extender.state;

import static io.stowage.extender.state.Pods.bound;
import static io.stowage.extender.state.Pods.cards;
import static io.stowage.extender.state.Pods.cpuPod;
import static io.stowage.extender.state.Pods.node;
import static io.stowage.extender.state.Pods.sharePod;
import static org.assertj.core.api.Assertions.assertThat;

import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeGpus;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.cluster.Resources;
import io.stowage.core.fragmentation.TypicalPods;
import io.stowage.core.policy.Policies;
import io.stowage.extender.kube.ObservedPod;
import io.stowage.extender.names.AskedNodes;
import io.stowage.extender.state.BindDecision.AlreadyBound;
import io.stowage.extender.state.BindDecision.Refused;
import io.stowage.extender.state.BindDecision.Write;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class ClusterStateTest {
  private static final BindOutcome BOUND = new BindOutcome.Bound();
  private static final BindOutcome NOT_BOUND = new BindOutcome.NotBound("no");
  private static final BindOutcome IN_DOUBT = new BindOutcome.InDoubt("who knows");

  private long nowNanos = 1;
  private final ClusterState state =
      new ClusterState(
          HoldSettings.DEFAULT,
          Policies.create("best-fit", TypicalPods.of(Map.of())),
          new Random(1),
          () -> nowNanos);

  private FilterDecision filter(ObservedPod pod, String... nodes) {
    return state.filter(pod, AskedNodes.of(state.nodeNames(), List.of(nodes)), DescribedNodes.NONE);
  }

  private List<String> kept(ObservedPod pod, String... nodes) {
    return filter(pod, nodes).kept();
  }

  private void pass(Duration time) {
    nowNanos += time.toNanos();
  }

  private static Placement placement(BindDecision decision) {
    assertThat(decision).isInstanceOf(Write.class);
    return ((Write) decision).placement();
  }

  // What is kept and what is refused

  @Test
  void shortlistKeepsTheBestAndNeverNone() {
    for (int i = 1; i <= 9; i++) {
      state.putNode(node("n" + i, 10L * (10 - i), NodeGpus.NONE));
    }
    assertThat(kept(cpuPod("a", 1), "n1", "n2", "n3", "n4", "n5", "n6", "n7", "n8", "n9"))
        .containsExactly("n9", "n8", "n7");
    assertThat(kept(cpuPod("b", 90), "n1", "n2")).first().isEqualTo("n1");
  }

  @Test
  void podWithPreferencesOfItsOwnGetsEveryNodeBack() {
    for (int i = 1; i <= 5; i++) {
      state.putNode(node("n" + i, 8, NodeGpus.NONE));
    }
    ObservedPod prefers = cpuPod("a", 1).with().prefersNodes(true).build();
    assertThat(filter(prefers, "n1", "n2", "n3", "n4", "n5").kept())
        .containsExactlyInAnyOrder("n1", "n2", "n3", "n4", "n5");
  }

  @Test
  void sumsThatKubeSchedulerCountsTooAreNeverRefused() {
    state.putNode(node("small", 1, NodeGpus.NONE));
    state.putNode(node("large", 8, NodeGpus.NONE));
    FilterDecision decision = filter(cpuPod("a", 4), "small", "large");
    assertThat(decision.kept()).containsExactly("large", "small");
    ObservedPod whole =
        ObservedPod.pending(Pods.pod("g", 1, GpuRequest.whole("nvidia.com/gpu", 1), 0));
    assertThat(filter(whole, "small").kept())
        .as("served by Dynamic Resource Allocation, say")
        .containsExactly("small");
  }

  @Test
  void fragmentedCardsAreUnresolvableAndASumIsNot() {
    state.putNode(node("frag", 16, cards(2, 16)));
    state.putPod(bound(sharePod("x", 10), "frag", 0));
    state.putPod(bound(sharePod("y", 10), "frag", 1));
    state.putNode(node("full", 16, cards(1, 16)));
    state.putPod(bound(sharePod("z", 10), "full", 0));
    state.putNode(node("none", 16, NodeGpus.NONE));
    FilterDecision decision = filter(sharePod("a", 8), "frag", "full", "none");
    assertThat(decision.kept()).isEmpty();
    assertThat(decision.failed()).containsOnlyKeys("full");
    assertThat(decision.unresolvable()).containsOnlyKeys("frag", "none");
  }

  @Test
  void modelsAreLeftToKubeScheduler() {
    state.putNode(node("n1", 16, cards(1, 16)));
    ObservedPod other =
        ObservedPod.pending(
            new io.stowage.core.cluster.Pod(
                "a",
                "default",
                "a",
                new PodShape(
                    Resources.of(1000, 1),
                    GpuRequest.share(Pods.SHARED, 4),
                    new TreeSet<>(Set.of("A100"))),
                0));
    assertThat(filter(other, "n1").kept()).containsExactly("n1");
    assertThat(placement(state.startBind("a", "n1")).gpuDevices()).containsExactly(0);
  }

  @Test
  void exactUnitsFitExactly() {
    state.putNode(node("n1", 16, cards(1, 31)));
    state.putPod(bound(sharePod("x", 15), "n1", 0));
    assertThat(kept(sharePod("a", 16), "n1")).containsExactly("n1");
    assertThat(placement(state.startBind("a", "n1")).gpuDevices()).containsExactly(0);
  }

  @Test
  void unknownNodesFailUnlessTheRequestDescribesThem() {
    Node described = node("new", 8, NodeGpus.NONE);
    FilterDecision decision =
        state.filter(
            cpuPod("a", 1),
            AskedNodes.of(state.nodeNames(), List.of("new", "ghost")),
            name -> name.equals("new") ? described : null);
    assertThat(decision.kept()).containsExactly("new");
    assertThat(decision.failed()).containsExactly(Map.entry("ghost", Reasons.UNKNOWN_NODE));
    assertThat(decision.unknownNodes()).isEqualTo(2);
  }

  @Test
  void nodeKnownByItsPodsAloneIsUnknown() {
    state.putPod(bound(cpuPod("x", 1), "n1"));
    assertThat(filter(cpuPod("a", 1), "n1").failed()).containsOnlyKeys("n1");
    state.putNode(node("n1", 4, NodeGpus.NONE));
    assertThat(filter(cpuPod("a", 3), "n1").kept()).containsExactly("n1");
    assertThat(Objects.requireNonNull(state.bound().node("n1")).freeCpuMilli()).isEqualTo(3000);
  }

  // Binding

  @Test
  void whatFailedIsLastChoiceForThatPod() {
    state.putNode(node("n1", 4, NodeGpus.NONE));
    state.putNode(node("n2", 8, NodeGpus.NONE));
    ObservedPod pod = cpuPod("a", 4);
    state.putPod(pod);
    assertThat(kept(pod, "n1", "n2")).containsExactly("n1", "n2");
    placement(state.startBind("a", "n1"));
    state.completeBind("a", NOT_BOUND);
    assertThat(kept(pod, "n1", "n2")).containsExactly("n2", "n1");
    assertThat(kept(cpuPod("b", 4), "n1", "n2")).first().isEqualTo("n1");
  }

  @Test
  void whatWasToldAndNeverCameToBindIsLastChoiceNext() {
    state.putNode(node("n1", 4, NodeGpus.NONE));
    state.putNode(node("n2", 8, NodeGpus.NONE));
    ObservedPod pod = cpuPod("a", 4);
    state.putPod(pod);
    assertThat(kept(pod, "n1", "n2")).containsExactly("n1", "n2");
    assertThat(kept(pod, "n1", "n2")).containsExactly("n2", "n1");
  }

  @Test
  void boundPodCountsAtOnceAndFailedBindReleases() {
    state.putNode(node("n1", 4, NodeGpus.NONE));
    state.putPod(cpuPod("a", 4));
    placement(state.startBind("a", "n1"));
    assertThat(state.figures().cpuRequestedMilli()).isEqualTo(4000);
    state.completeBind("a", NOT_BOUND);
    assertThat(state.figures().cpuRequestedMilli()).isZero();
    assertThat(state.figures().unconfirmedBinds()).isZero();
  }

  @Test
  void deviceHeldIsTheDeviceBound() {
    state.putNode(node("n1", 16, cards(4, 16)));
    state.putPod(bound(sharePod("x", 8), "n1", 2));
    kept(sharePod("a", 8), "n1");
    List<Integer> held = Objects.requireNonNull(state.heldPlacement("a")).gpuDevices();
    assertThat(held).containsExactly(2);
    assertThat(placement(state.startBind("a", "n1")).gpuDevices()).isEqualTo(held);
  }

  @Test
  void deviceTakenMeanwhileIsExchanged() {
    state.putNode(node("n1", 16, cards(2, 16)));
    state.putPod(bound(sharePod("x", 8), "n1", 1));
    kept(sharePod("a", 8), "n1");
    state.putPod(bound(sharePod("y", 8), "n1", 1));
    assertThat(placement(state.startBind("a", "n1")).gpuDevices()).containsExactly(0);
  }

  @Test
  void bindIsRefusedWhereNoCardHasRoomLeft() {
    state.putNode(node("n1", 16, cards(1, 16)));
    kept(sharePod("a", 10), "n1");
    kept(sharePod("b", 10), "n1");
    assertThat(state.startBind("a", "n1")).isInstanceOf(Write.class);
    assertThat(state.startBind("b", "n1")).isInstanceOf(Refused.class);
    assertThat(state.startBind("b", "unheard-of")).isInstanceOf(Refused.class);
  }

  @Test
  void lateHigherPriorityPodBindsThroughALowerHold() {
    state.putNode(node("n1", 16, cards(1, 16)));
    kept(sharePod("low", 10, 1), "n1");
    kept(sharePod("high", 10, 2), "n1");
    assertThat(state.startBind("high", "n1")).isInstanceOf(Write.class);
    assertThat(state.startBind("low", "n1")).isInstanceOf(Refused.class);
  }

  @Test
  void podThatNobodyKnowsIsNotBound() {
    state.putNode(node("n1", 4, NodeGpus.NONE));
    assertThat(state.startBind("a", "n1")).isInstanceOf(Refused.class);
    filter(cpuPod("a", 1), "n1");
    state.removePod("a");
    assertThat(state.startBind("a", "n1")).isInstanceOf(Refused.class);
  }

  @Test
  void repeatedBindIsIdempotentForTheSameNode() {
    state.putNode(node("n1", 4, NodeGpus.NONE));
    state.putPod(cpuPod("a", 1));
    placement(state.startBind("a", "n1"));
    state.completeBind("a", BOUND);
    assertThat(state.startBind("a", "n1")).isInstanceOf(AlreadyBound.class);
    assertThat(state.startBind("a", "n2")).isInstanceOf(Refused.class);
    state.putPod(bound(cpuPod("a", 1), "n1"));
    assertThat(state.startBind("a", "n1")).isInstanceOf(AlreadyBound.class);
  }

  @Test
  void bindInDoubtStaysHardAndIsWrittenAgain() {
    state.putNode(node("n1", 16, cards(1, 16)));
    state.putNode(node("n2", 16, cards(1, 16)));
    state.putPod(sharePod("a", 10));
    Placement first = placement(state.startBind("a", "n1"));
    state.completeBind("a", IN_DOUBT);
    assertThat(filter(sharePod("b", 10), "n1").kept()).isEmpty();
    assertThat(kept(sharePod("a", 10), "n2", "n1")).containsExactly("n1");
    assertThat(placement(state.startBind("a", "n1"))).isEqualTo(first);
  }

  @Test
  void readBackResolvesADoubt() {
    state.putNode(node("n1", 16, cards(1, 16)));
    state.putPod(sharePod("a", 10));
    placement(state.startBind("a", "n1"));
    assertThat(state.unconfirmedBinds()).as("nothing to read while it is written").isEmpty();
    state.completeBind("a", IN_DOUBT);
    UnconfirmedBind doubt = state.unconfirmedBinds().get(0);
    state.confirm(doubt, sharePod("a", 10));
    assertThat(state.unconfirmedBinds()).isEmpty();
    assertThat(state.bound().podCount()).isZero();
  }

  @Test
  void readBackThatIsOutdatedIsIgnored() {
    state.putNode(node("n1", 16, cards(1, 16)));
    state.putPod(sharePod("a", 10));
    placement(state.startBind("a", "n1"));
    state.completeBind("a", IN_DOUBT);
    UnconfirmedBind doubt = state.unconfirmedBinds().get(0);
    pass(Duration.ofSeconds(1));
    placement(state.startBind("a", "n1"));
    state.confirm(doubt, sharePod("a", 10));
    assertThat(state.bound().podCount()).isEqualTo(1);
  }

  @Test
  void readBackOfADeletedPodFreesItsRoom() {
    state.putNode(node("n1", 4, NodeGpus.NONE));
    state.putPod(cpuPod("a", 4));
    placement(state.startBind("a", "n1"));
    state.completeBind("a", BOUND);
    state.confirm(state.unconfirmedBinds().get(0), null);
    assertThat(state.bound().podCount()).isZero();
    assertThat(state.unconfirmedBinds()).isEmpty();
  }

  // Orders of events

  @Test
  void watchBeforeTheBindsAnswer() {
    state.putNode(node("n1", 4, NodeGpus.NONE));
    state.putPod(cpuPod("a", 4));
    placement(state.startBind("a", "n1"));
    state.putPod(bound(cpuPod("a", 4), "n1"));
    state.completeBind("a", NOT_BOUND);
    assertThat(state.bound().podCount()).as("what the watch says stands").isEqualTo(1);
  }

  @Test
  void deletionBeforeTheBindsAnswer() {
    state.putNode(node("n1", 4, NodeGpus.NONE));
    state.putPod(cpuPod("a", 4));
    placement(state.startBind("a", "n1"));
    state.removePod("a");
    state.completeBind("a", BOUND);
    assertThat(state.bound().podCount()).isZero();
    assertThat(state.figures().unconfirmedBinds()).isZero();
  }

  @Test
  void lateUpdateOfAPendingPodDoesNotUndoItsBinding() {
    state.putNode(node("n1", 4, NodeGpus.NONE));
    state.putPod(cpuPod("a", 4));
    placement(state.startBind("a", "n1"));
    state.completeBind("a", BOUND);
    state.putPod(cpuPod("a", 4));
    assertThat(state.bound().podCount()).isEqualTo(1);
    assertThat(state.figures().pendingPods()).isZero();
  }

  @Test
  void podBoundBySomeoneElseElsewhereIsThere() {
    state.putNode(node("n1", 4, NodeGpus.NONE));
    state.putNode(node("n2", 4, NodeGpus.NONE));
    state.putPod(cpuPod("a", 4));
    placement(state.startBind("a", "n1"));
    state.putPod(bound(cpuPod("a", 4), "n2"));
    state.completeBind("a", NOT_BOUND);
    assertThat(Objects.requireNonNull(state.bound().placement("a")).nodeName()).isEqualTo("n2");
    assertThat(kept(cpuPod("b", 4), "n1", "n2")).first().isEqualTo("n1");
  }

  @Test
  void endedPodsHoldNoRoom() {
    state.putNode(node("n1", 4, NodeGpus.NONE));
    state.putPod(bound(cpuPod("a", 4), "n1"));
    state.putPod(bound(cpuPod("a", 4), "n1").with().ended(true).build());
    assertThat(state.figures().cpuRequestedMilli()).isZero();
  }

  @Test
  void allocatableOfZeroForAWhileNeverMakesRoomNegative() {
    state.putNode(node("n1", 16, NodeGpus.counted("nvidia.com/gpu", "", 8)));
    ObservedPod whole =
        ObservedPod.pending(Pods.pod("a", 1, GpuRequest.whole("nvidia.com/gpu", 4), 0));
    state.putPod(bound(whole, "n1"));
    state.putNode(node("n1", 0, NodeGpus.NONE));
    assertThat(state.figures().gpuRequestedMilli()).isZero();
    assertThat(state.figures().cpuRequestedMilli()).isZero();
    state.putNode(node("n1", 16, NodeGpus.counted("nvidia.com/gpu", "", 8)));
    assertThat(state.figures().gpuRequestedMilli()).isEqualTo(4000);
  }

  @Test
  void preemptionMustFreeTheDevice() {
    state.putNode(node("n1", 16, cards(2, 16)));
    state.putPod(bound(sharePod("x", 10), "n1", 0));
    state.putPod(bound(sharePod("y", 4), "n1", 0));
    state.putPod(bound(sharePod("z", 10), "n1", 1));
    ObservedPod big = sharePod("big", 16, 9);
    assertThat(state.fitsWithout(big, "n1", Set.of("x"))).isFalse();
    assertThat(state.fitsWithout(big, "n1", Set.of("x", "y"))).isTrue();
    assertThat(state.fitsWithout(big, "n1", Set.of("z", "gone-already"))).isTrue();
    assertThat(state.fitsWithout(big, "elsewhere", Set.of("x"))).isFalse();
    assertThat(state.fitsWithout(cpuPod("c", 99), "n1", Set.of("x"))).isTrue();
    assertThat(state.bound().podCount()).as("nothing is changed by asking").isEqualTo(3);
  }
}
