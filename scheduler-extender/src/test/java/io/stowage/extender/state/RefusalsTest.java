package io.stowage.extender.state;

import static io.stowage.extender.state.Pods.bound;
import static io.stowage.extender.state.Pods.cards;
import static io.stowage.extender.state.Pods.cpuPod;
import static io.stowage.extender.state.Pods.node;
import static io.stowage.extender.state.Pods.sharePod;
import static org.assertj.core.api.Assertions.assertThat;

import io.stowage.core.cluster.NodeGpus;
import io.stowage.core.fragmentation.TypicalPods;
import io.stowage.core.policy.Policies;
import io.stowage.extender.kube.ObservedPod;
import io.stowage.extender.names.AskedNodes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What refused a pod is its last choice, and what keeps refusing is everybody's. */
class RefusalsTest {
  private static final String ADMISSION = "UnexpectedAdmissionError";

  private long nowNanos = 1;
  private int pods;
  private final ClusterState state =
      new ClusterState(
          HoldSettings.DEFAULT,
          Policies.create("best-fit", TypicalPods.of(Map.of())),
          new Random(1),
          () -> nowNanos);

  /** Best fit prefers n1 to n2 to n3. */
  @BeforeEach
  void putNodes() {
    state.putNode(node("n1", 8, NodeGpus.NONE));
    state.putNode(node("n2", 16, NodeGpus.NONE));
    state.putNode(node("n3", 32, NodeGpus.NONE));
    state.markSynced();
  }

  private void pass(Duration time) {
    nowNanos += time.toNanos();
    state.lapseHolds();
  }

  private List<String> kept(ObservedPod pod) {
    return state
        .filter(
            pod, AskedNodes.of(state.nodeNames(), List.of("n1", "n2", "n3")), DescribedNodes.NONE)
        .kept();
  }

  private String best() {
    ObservedPod pod = cpuPod("asks-" + pods++, 1);
    String best = kept(pod).get(0);
    state.removePod(pod.pod().uid());
    return best;
  }

  private void refuse(String node, String owner, String reason, Integer... gpus) {
    ObservedPod pod = gpus.length == 0 ? cpuPod("refused-" + pods++, 1) : sharePod("r" + pods++, 1);
    state.refused(bound(pod, node, gpus).with().ownerUid(owner).ended(true).build(), reason);
  }

  private void stay(String node) {
    state.putPod(bound(cpuPod("stays-" + pods++, 0), node));
    pass(Refusals.STAYED);
  }

  @Test
  void nodeThatRefusedIsTheLastChoiceOfAllAndStillOffered() {
    refuse("n1", "", ADMISSION);
    assertThat(kept(cpuPod("a", 1))).containsExactly("n2", "n3", "n1");
    assertThat(state.figures().avoidedNodes()).isEqualTo(1);
    state.removeNode("n2");
    state.removeNode("n3");
    assertThat(kept(cpuPod("b", 1))).containsExactly("n1");
  }

  @Test
  void avoidanceEndsAndGrowsWhenTheNodeRefusesAgain() {
    for (Duration duration = Refusals.FIRST_AVOIDANCE;
        duration.compareTo(Refusals.LONGEST_AVOIDANCE) < 0;
        duration = duration.multipliedBy(2)) {
      refuse("n1", "", ADMISSION);
      pass(duration.minusNanos(1));
      assertThat(best()).as("within %s", duration).isEqualTo("n2");
      pass(Duration.ofNanos(1));
      assertThat(best()).as("after %s", duration).isEqualTo("n1");
    }
    for (int i = 0; i < 3; i++) {
      refuse("n1", "", ADMISSION);
      pass(Refusals.LONGEST_AVOIDANCE);
      assertThat(best()).as("it grows no longer").isEqualTo("n1");
    }
  }

  @Test
  void podsOnTheirWayWhenItRefusedFirstDoNotMakeItGrow() {
    for (int i = 0; i < 100; i++) {
      refuse("n1", "", ADMISSION);
    }
    pass(Refusals.FIRST_AVOIDANCE);
    assertThat(best()).isEqualTo("n1");
  }

  @Test
  void aPodThatStaysForgivesAStep() {
    refuse("n1", "", ADMISSION);
    pass(Refusals.FIRST_AVOIDANCE);
    refuse("n1", "", ADMISSION);
    pass(Refusals.FIRST_AVOIDANCE.multipliedBy(2));
    stay("n1");
    refuse("n1", "", ADMISSION);
    pass(Refusals.FIRST_AVOIDANCE);
    assertThat(best()).as("avoided").isEqualTo("n2");
    pass(Refusals.FIRST_AVOIDANCE);
    assertThat(best()).as("twice as long, not four times").isEqualTo("n1");
    stay("n1");
    stay("n1");
    refuse("n1", "", ADMISSION);
    pass(Refusals.FIRST_AVOIDANCE);
    assertThat(best()).as("all is forgiven").isEqualTo("n1");
  }

  @Test
  void aPodThatIsRefusedForgivesNothing() {
    refuse("n1", "", ADMISSION);
    ObservedPod next = bound(cpuPod("next", 1), "n1");
    state.putPod(next);
    state.refused(next, ADMISSION);
    pass(Refusals.STAYED);
    refuse("n1", "", ADMISSION);
    pass(Refusals.FIRST_AVOIDANCE);
    assertThat(best()).isEqualTo("n2");
  }

  @Test
  void aRefusalToldTwiceCountsOnce() {
    ObservedPod pod = bound(cpuPod("a", 1), "n1");
    state.refused(pod, ADMISSION);
    pass(Refusals.FIRST_AVOIDANCE);
    state.refused(pod, ADMISSION);
    assertThat(best()).isEqualTo("n1");
    assertThat(state.takeRefusals()).hasSize(1);
  }

  @Test
  void aRefusalListedAtTheStartIsPast() {
    ClusterState starting =
        new ClusterState(
            HoldSettings.DEFAULT,
            Policies.create("best-fit", TypicalPods.of(Map.of())),
            new Random(1),
            () -> nowNanos);
    starting.refused(bound(cpuPod("a", 1), "n1"), ADMISSION);
    assertThat(starting.takeRefusals()).isEmpty();
  }

  @Test
  void ownersNextPodIsNotSentToTheSameNodeAgainWhileAnotherFits() {
    refuse("n1", "job", ADMISSION);
    pass(Refusals.FIRST_AVOIDANCE);
    ObservedPod next = cpuPod("next", 1).with().ownerUid("job").build();
    assertThat(kept(next)).containsExactly("n2", "n3", "n1");
    assertThat(best()).as("others try it again").isEqualTo("n1");
    pass(Refusals.OWNER_MEMORY);
    assertThat(kept(next)).first().isEqualTo("n1");
  }

  @Test
  void ownersNextPodGoesToAnAvoidedNodeBeforeOneThatRefusedIt() {
    refuse("n1", "job", ADMISSION);
    refuse("n2", "", ADMISSION);
    ObservedPod next = cpuPod("next", 1).with().ownerUid("job").build();
    assertThat(kept(next)).containsExactly("n3", "n2", "n1");
  }

  @Test
  void ownerWhosePodsAreRefusedEverywhereIsToBlameItself() {
    refuse("n3", "job", "TopologyAffinityError");
    refuse("n2", "job", "TopologyAffinityError");
    refuse("n1", "job", "TopologyAffinityError");
    assertThat(best()).as("no third node is blamed").isEqualTo("n1");
    assertThat(state.figures().avoidedNodes()).isEqualTo(2);
  }

  @Test
  void preferringPodIsOfferedNoLastChoiceBesideOthers() {
    refuse("n1", "", ADMISSION);
    ObservedPod prefers = cpuPod("a", 1).with().prefersNodes(true).build();
    assertThat(kept(prefers)).containsExactly("n2", "n3");
    refuse("n2", "", ADMISSION);
    refuse("n3", "", ADMISSION);
    assertThat(kept(prefers)).containsExactlyInAnyOrder("n1", "n2", "n3");
  }

  @Test
  void cardThatRefusedIsTheLastChoice() {
    state.putNode(node("n1", 8, cards(2, 16)));
    state.putNode(node("n2", 16, cards(2, 16)));
    refuse("n1", "", ADMISSION, 0);
    assertThat(bind(sharePod("a", 8))).containsExactly(1);
    assertThat(bind(sharePod("b", 8))).containsExactly(1);
    assertThat(kept(sharePod("c", 8))).as("n1 has that card only").startsWith("n2");
    state.removeNode("n2");
    state.removeNode("n3");
    assertThat(bind(sharePod("d", 8))).as("nothing else is left").containsExactly(0);
  }

  private List<Integer> bind(ObservedPod pod) {
    assertThat(kept(pod)).first().isEqualTo("n1");
    BindDecision decision = state.startBind(pod.pod().uid(), "n1");
    assertThat(decision).isInstanceOf(BindDecision.Write.class);
    state.putPod(
        bound(
                pod,
                "n1",
                ((BindDecision.Write) decision).placement().gpuDevices().toArray(new Integer[0]))
            .with()
            .deviceAssigned(true)
            .build());
    return ((BindDecision.Write) decision).placement().gpuDevices();
  }

  @Test
  void secondCardThatRefusesBlamesTheNode() {
    state.putNode(node("n1", 8, cards(4, 16)));
    refuse("n1", "", ADMISSION, 0);
    refuse("n1", "", ADMISSION, 1);
    assertThat(best()).isEqualTo("n2");
  }

  @Test
  void failedBindsBlameTheNodeOnlyWhereOthersSucceed() {
    for (int i = 0; i < 10; i++) {
      failToBind("n1");
      failToBind("n2");
    }
    assertThat(state.figures().avoidedNodes()).as("the API server is down").isZero();
    state.putPod(bound(cpuPod("elsewhere", 1), "n3"));
    state.putPod(bound(cpuPod("there", 1), "n2"));
    failToBind("n1");
    failToBind("n2");
    assertThat(state.figures().avoidedNodes()).isEqualTo(1);
    assertThat(state.takeRefusals())
        .singleElement()
        .satisfies(
            refusal -> {
              assertThat(refusal.nodeName()).isEqualTo("n1");
              assertThat(refusal.kind()).isEqualTo(NodeRefusal.Kind.BIND);
              assertThat(refusal.avoidedFor()).isEqualTo(Refusals.FIRST_AVOIDANCE);
            });
  }

  private void failToBind(String node) {
    ObservedPod pod = cpuPod("fails-" + pods++, 0);
    state.putPod(pod);
    assertThat(state.startBind(pod.pod().uid(), node)).isInstanceOf(BindDecision.Write.class);
    state.completeBind(pod.pod().uid(), new BindOutcome.NotBound("no"));
    state.removePod(pod.pod().uid());
  }

  @Test
  void whatWasRefusedIsToldByKind() {
    List<String> kinds = new ArrayList<>();
    for (String reason :
        List.of(ADMISSION, "TopologyAffinityError", "OutOfcpu", "OutOfnvidia.com/gpu", "Shiny")) {
      refuse("n1", "", reason);
    }
    state.takeRefusals().forEach(refusal -> kinds.add(refusal.kind().key()));
    assertThat(kinds)
        .containsExactly(ADMISSION, "TopologyAffinityError", "OutOf", "OutOf", "Other");
  }

  @Test
  void nodeThatIsCreatedAnewStartsAnew() {
    refuse("n1", "", ADMISSION);
    state.removeNode("n1");
    state.putNode(node("n1", 8, NodeGpus.NONE));
    assertThat(best()).isEqualTo("n1");
  }
}
