package io.stowage.extender.state;

import static io.stowage.extender.state.Pods.bound;
import static io.stowage.extender.state.Pods.cpuPod;
import static io.stowage.extender.state.Pods.node;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodSpecBuilder;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeGpus;
import io.stowage.core.cluster.Placement;
import io.stowage.core.plan.Slot;
import io.stowage.core.plan.StowagePlan;
import io.stowage.extender.kube.ClusterLabels;
import io.stowage.extender.kube.Nominee;
import io.stowage.extender.kube.ObservedPod;
import io.stowage.extender.names.AskedNodes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** Which pods get a nominated node, and when they lose it. */
class NominationsTest {
  private static final int WINDOW = 4;
  private static final NominationLimits LIMITS = new NominationLimits("stowage", WINDOW, 0);

  private long passedNanos;
  private long version;
  private final RecordingPolicy policy = new RecordingPolicy("stowage");
  private final ClusterLabels labels = new ClusterLabels();
  private final ClusterState state =
      new ClusterState(
          HoldSettings.DEFAULT,
          DeviceSettings.DEFAULT,
          policy,
          labels,
          new Random(1),
          () -> 1 + passedNanos,
          () -> 1_700_000_000_000_000_000L + passedNanos);

  private void nodes(long cores, String... names) {
    for (String name : names) {
      state.putNode(node(name, cores, NodeGpus.NONE));
    }
    state.markSynced();
    kubeSchedulerAsks();
  }

  /** kube-scheduler is at work: it asks about a pod that nobody else knows. */
  private void kubeSchedulerAsks() {
    filter(cpuPod("somebody", 1000));
  }

  private static ObservedPod open(ObservedPod pod) {
    return pod.with().schedulerName("stowage").nominee(Nominee.OPEN).build();
  }

  /** Has the watch show a pod in a new version. */
  private ObservedPod put(ObservedPod pod) {
    ObservedPod shown = pod.with().resourceVersion(++version).build();
    state.putPod(shown);
    return shown;
  }

  private ObservedPod put(String uid, long cores) {
    return put(open(cpuPod(uid, cores)));
  }

  private ObservedPod nominated(ObservedPod pod, String node, boolean byStowage) {
    return pod.with().nominee(pod.nominee().nominated(node, byStowage)).build();
  }

  private List<NominationWrite> round() {
    return state.nominations(LIMITS, 1000);
  }

  /** Has the API server take a change, and the watch show it. */
  private void write(NominationWrite write, ObservedPod pod) {
    ObservedPod shown = put(nominated(pod, write.nodeName(), !write.withdraws()));
    state.nominationWritten(write, new NominationOutcome.Written(shown.resourceVersion()));
  }

  private static List<String> lines(List<NominationWrite> writes) {
    return writes.stream().map(write -> write.pod().uid() + ":" + write.nodeName()).toList();
  }

  private ObservedPod nominate(ObservedPod pod) {
    List<NominationWrite> writes = round();
    assertThat(writes).hasSize(1).allMatch(write -> !write.withdraws());
    write(writes.get(0), pod);
    return nominated(pod, writes.get(0).nodeName(), true);
  }

  private String heldNode(String uid) {
    Placement held = state.heldPlacement(uid);
    return held == null ? "" : held.nodeName();
  }

  private FilterDecision filter(ObservedPod pod, String... nodes) {
    return state.filter(pod, AskedNodes.of(state.nodeNames(), List.of(nodes)), DescribedNodes.NONE);
  }

  @Test
  void roomThatIsKeptForOthersIsNotNominated() {
    policy.keptNode = "n1";
    nodes(8, "n1");
    put("a", 1);
    assertThat(round()).isEmpty();
    nodes(8, "n2");
    assertThat(round()).extracting(NominationWrite::nodeName).containsExactly("n2");
  }

  @Test
  void theHeadOfTheQueueIsNominatedByPriorityAndThenAsItCame() {
    nodes(100, "n1");
    for (int i = 0; i < 6; i++) {
      put("a" + i, 1);
    }
    put(open(cpuPod("high", 1, 10)));
    assertThat(lines(round())).containsExactly("high:n1", "a0:n1", "a1:n1", "a2:n1");
    assertThat(round()).as("while they are being written").isEmpty();
    assertThat(state.figures().nominations()).isEqualTo(WINDOW);
  }

  @Test
  void aPodThatMayNotBeNominatedIsLeftOut() {
    nodes(100, "n1");
    put(cpuPod("closed", 1).with().schedulerName("stowage").build());
    put(open(cpuPod("others", 1)).with().schedulerName("default-scheduler").build());
    ObservedPod preempting = put(open(cpuPod("preempting", 1)));
    put(nominated(preempting, "n1", false));
    put("fits-nowhere", 101);
    assertThat(round()).isEmpty();
  }

  @Test
  void noMoreIsWrittenThanTheBudgetAllows() {
    nodes(100, "n1");
    for (int i = 0; i < 6; i++) {
      put("a" + i, 1);
    }
    assertThat(lines(state.nominations(LIMITS, 3))).containsExactly("a0:n1", "a1:n1", "a2:n1");
    assertThat(lines(state.nominations(LIMITS, 3))).containsExactly("a3:n1");
  }

  @Test
  void podsThatKubeSchedulerIsAboutToComeToAreLeftToIt() {
    nodes(100, "n1");
    put("a", 1);
    put("b", 1);
    assertThat(state.nominations(new NominationLimits("stowage", WINDOW, 2), 1000)).isEmpty();
    put("c", 1);
    assertThat(lines(state.nominations(new NominationLimits("stowage", WINDOW, 2), 1000)))
        .containsExactly("c:n1");
  }

  @Test
  void nobodyIsNominatedWhileKubeSchedulerDoesNotAsk() {
    nodes(100, "n1");
    passedNanos += Nominations.AT_WORK.toNanos();
    put("a", 1);
    assertThat(round()).isEmpty();
    kubeSchedulerAsks();
    assertThat(round()).hasSize(1);
  }

  @Test
  void nodesThatKubeSchedulerWouldRefuseAreLeftOut() {
    Node good = node("n1", 4, NodeGpus.NONE);
    for (boolean[] flags :
        new boolean[][] {{false, false, false}, {true, true, false}, {true, false, true}}) {
      state.putNode(
          new Node(
              "n1",
              good.allocatable(),
              good.podCapacity(),
              good.gpus(),
              flags[0],
              flags[1],
              flags[2],
              false));
      nodes(1, "n2");
      put("a", 2);
      assertThat(round()).isEmpty();
    }
    state.putNode(good);
    assertThat(lines(round())).containsExactly("a:n1");
  }

  @Test
  void roomOfANominationIsCountedForOthers() {
    nodes(4, "n1", "n2");
    put("a", 3);
    put("b", 3);
    put("c", 3);
    assertThat(lines(round())).containsExactlyInAnyOrder("a:n1", "b:n2");
    assertThat(filter(cpuPod("d", 1), "n1", "n2").kept()).hasSize(2);
    assertThat(heldNode("a")).isEqualTo("n1");
  }

  @Test
  void kubeSchedulerIsToldTheNominatedNodeAndItsRoomIsTakenOnce() {
    nodes(4, "n1", "n2");
    ObservedPod pod = nominate(put("a", 3));
    policy.told.clear();
    assertThat(filter(pod, heldNode("a")).kept()).containsExactly("n1");
    TestState.placement(state.startBind("a", "n1"));
    state.completeBind("a", TestState.BOUND);
    assertThat(round()).as("nothing to withdraw while it is being bound").isEmpty();
    state.putPod(bound(pod, "n1").with().resourceVersion(++version).build());
    assertThat(round()).isEmpty();
    assertThat(policy.told).containsExactly("started");
    assertThat(state.figures().nominations()).isZero();
  }

  @Test
  void aPodThatWasPoppedBeforeItsNominationArrivedIsToldThatNodeAmongAll() {
    nodes(4, "n1", "n2");
    ObservedPod pod = put("a", 3);
    List<NominationWrite> writes = round();
    assertThat(lines(writes)).containsExactly("a:n1");
    assertThat(filter(pod, "n2", "n1").kept()).containsExactly("n1");
    state.nominationWritten(writes.get(0), new NominationOutcome.Outdated());
    assertThat(heldNode("a")).as("the hold is its filter's now").isEqualTo("n1");
  }

  @Test
  void aPodWhoseNominatedNodeKubeSchedulerRefusesGetsAnother() {
    nodes(4, "n1", "n2");
    ObservedPod pod = nominate(put("a", 3));
    assertThat(filter(pod, "n2").kept()).containsExactly("n2");
    assertThat(heldNode("a")).isEqualTo("n2");
    assertThat(round()).as("the binding clears it").isEmpty();
    assertThat(filter(pod, "n1", "n2").kept())
        .as("where it failed before is last")
        .first()
        .isEqualTo("n1");
  }

  @Test
  void itIsWithdrawnAndMadeAnewWhenTheSlotIsGone() {
    nodes(4, "n1", "n2");
    ObservedPod pod = nominate(put("a", 3));
    assertThat(round()).as("it stands").isEmpty();
    state.putPod(bound(cpuPod("other", 2), "n1"));
    List<NominationWrite> writes = round();
    assertThat(lines(writes)).containsExactly("a:");
    assertThat(heldNode("a")).as("the room is free at once").isEmpty();
    write(writes.get(0), pod);
    assertThat(lines(round())).containsExactly("a:n2");
  }

  /** GKE and others taint all nodes with GPUs, and have pods of GPUs tolerate that. */
  @Test
  void nodesOutOfThePodsRulesAreLeftOut() {
    nodes(8, "tainted", "labelled");
    Node tainted = node("tainted", 8, NodeGpus.NONE);
    state.putNode(
        new Node(
            "tainted",
            tainted.allocatable(),
            tainted.podCapacity(),
            tainted.gpus(),
            true,
            false,
            true,
            false));
    labels.putNode(
        new NodeBuilder()
            .withNewMetadata()
            .withName("tainted")
            .endMetadata()
            .withNewSpec()
            .addNewTaint("NoSchedule", "nvidia.com/gpu", null, "present")
            .endSpec()
            .build());
    labels.putNode(
        new NodeBuilder()
            .withNewMetadata()
            .withName("labelled")
            .addToLabels("pool", "a")
            .endMetadata()
            .build());
    putWithRules("selects-other", pod -> pod.addToNodeSelector("pool", "b"));
    putWithRules("selects", pod -> pod.addToNodeSelector("pool", "a"));
    putWithRules("tolerates", pod -> pod.addNewToleration().withOperator("Exists").endToleration());
    assertThat(lines(round()))
        .hasSize(2)
        .contains("selects:labelled")
        .anyMatch(line -> line.startsWith("tolerates:"));
    state.removeNode("labelled");
    state.removePod("selects-other");
    putWithRules("tolerates-not", pod -> pod);
    putWithRules(
        "tolerates-too",
        pod ->
            pod.addNewToleration()
                .withKey("nvidia.com/gpu")
                .withOperator("Exists")
                .endToleration());
    assertThat(lines(round()))
        .contains("tolerates-too:tainted")
        .doesNotContain("tolerates-not:tainted");
  }

  private void putWithRules(String uid, UnaryOperator<PodSpecBuilder> spec) {
    labels.putPod(
        new PodBuilder()
            .withNewMetadata()
            .withUid(uid)
            .endMetadata()
            .withSpec(spec.apply(new PodSpecBuilder()).build())
            .build());
    put(uid, 1);
  }

  @Test
  void itIsWithdrawnWhenItsNodeIsCordonedOrGone() {
    nodes(4, "n1", "n2");
    ObservedPod first = nominate(put("a", 3));
    Node n1 = node("n1", 4, NodeGpus.NONE);
    state.putNode(
        new Node("n1", n1.allocatable(), n1.podCapacity(), n1.gpus(), true, true, false, false));
    List<NominationWrite> cordoned = round();
    assertThat(lines(cordoned)).containsExactly("a:");
    write(cordoned.get(0), first);
    ObservedPod second = nominate(first);
    assertThat(second.nominee().nodeName()).isEqualTo("n2");
    state.removeNode("n2");
    assertThat(lines(round())).containsExactly("a:");
  }

  @Test
  void itIsWithdrawnWhenOthersComeBeforeItsPod() {
    nodes(100, "n1");
    List<ObservedPod> pods = new ArrayList<>();
    for (int i = 0; i < WINDOW; i++) {
      pods.add(put("a" + i, 1));
    }
    List<NominationWrite> writes = round();
    for (int i = 0; i < WINDOW; i++) {
      write(writes.get(i), pods.get(i));
    }
    put(open(cpuPod("high", 1, 10)));
    List<NominationWrite> withdrawn = round();
    assertThat(lines(withdrawn)).containsExactly("a3:");
    write(withdrawn.get(0), pods.get(3));
    assertThat(lines(round())).containsExactly("high:n1");
  }

  @Test
  void roomThatAPodOfHigherPriorityTakesIsNobodysNomination() {
    nodes(4, "n1");
    nominate(put("a", 3));
    assertThat(filter(cpuPod("high", 3, 10), "n1").kept()).containsExactly("n1");
    assertThat(lines(round())).containsExactly("a:");
  }

  @Test
  void itLapsesAndIsNotMadeAgain() {
    nodes(4, "n1");
    ObservedPod pod = nominate(put("a", 3));
    passedNanos += HoldSettings.DEFAULT.hold().toNanos();
    state.lapseHolds();
    List<NominationWrite> writes = round();
    assertThat(lines(writes)).containsExactly("a:");
    write(writes.get(0), pod);
    kubeSchedulerAsks();
    assertThat(round()).isEmpty();
  }

  @Test
  void withdrawalIsTriedUntilItIsDone() {
    nodes(4, "n1");
    ObservedPod pod = nominate(put("a", 3));
    state.removeNode("n1");
    List<NominationWrite> first = round();
    state.nominationWritten(first.get(0), new NominationOutcome.Failed());
    List<NominationWrite> second = round();
    assertThat(lines(second)).containsExactly("a:");
    ObservedPod changed = put(pod);
    state.nominationWritten(second.get(0), new NominationOutcome.Outdated());
    List<NominationWrite> third = round();
    assertThat(third).first().extracting(NominationWrite::resourceVersion).isEqualTo(version);
    state.nominationWritten(third.get(0), new NominationOutcome.Gone());
    assertThat(round()).isEmpty();
    assertThat(changed.resourceVersion()).isEqualTo(version);
  }

  @Test
  void whatCouldNotBeWrittenIsTriedAgainAndHoldsNothing() {
    nodes(4, "n1");
    ObservedPod pod = put("a", 3);
    List<NominationWrite> writes = round();
    state.nominationWritten(writes.get(0), new NominationOutcome.Outdated());
    assertThat(heldNode("a")).isEmpty();
    ObservedPod changed = put(pod);
    assertThat(round())
        .containsExactly(new NominationWrite(pod.pod(), "n1", changed.resourceVersion()));
  }

  @Test
  void whatAnotherWroteMeanwhileIsLeftAlone() {
    nodes(4, "n1", "n2");
    ObservedPod pod = put("a", 3);
    List<NominationWrite> writes = round();
    put(nominated(pod, "n2", false));
    state.nominationWritten(writes.get(0), new NominationOutcome.Outdated());
    assertThat(heldNode("a")).isEmpty();
    assertThat(round()).isEmpty();
  }

  @Test
  void whatKubeSchedulerClearedIsNotMadeAgain() {
    nodes(4, "n1");
    ObservedPod pod = nominate(put("a", 3));
    put(nominated(pod, "", false));
    assertThat(heldNode("a")).isEmpty();
    assertThat(round()).isEmpty();
  }

  @Test
  void aPodTriedInVainKeepsTheNodeItMayPreemptOnAndLosesItWhereItNeverPreempts() {
    nodes(8, "n1");
    ObservedPod preempts = nominate(put("a", 3));
    ObservedPod never =
        nominate(
            put(open(cpuPod("b", 3)).with().nominee(new Nominee("", false, false, true)).build()));
    put(preempts.with().nominee(new Nominee("n1", true, true, false)).build());
    put(never.with().nominee(new Nominee("n1", true, false, false)).build());
    assertThat(lines(round())).containsExactly("b:");
  }

  @Test
  void whatAFormerStowageLeftIsHeldAndWithdrawnWhereItDoesNotFit() {
    nodes(4, "n1", "n2");
    state.putPod(bound(cpuPod("other", 2), "n2"));
    put(nominated(open(cpuPod("a", 3)), "n1", true));
    put(nominated(open(cpuPod("b", 3)), "n2", true));
    assertThat(lines(round())).containsExactly("b:");
    assertThat(heldNode("a")).isEqualTo("n1");
  }

  @Test
  void withAPlanOnlyAFreeSlotIsNominated() {
    nodes(8, "n1", "n2");
    ObservedPod pod = put("a", 3);
    assertThat(state.planRequest()).isPresent();
    state.adopt(StowagePlan.EMPTY);
    assertThat(round()).as("no slot").isEmpty();
    Slot slot = new Slot(pod.pod().shape(), "n2", List.of(), true);
    state.adopt(new StowagePlan(Map.of("n2", List.of(slot))));
    put("b", 3);
    assertThat(lines(round())).as("one slot").containsExactly("a:n2");
  }

  @Test
  void whatIsDecidedWhileNobodyWritesIsNothingOnAStandby() {
    nodes(4, "n1");
    ObservedPod pod = put("a", 3);
    put(nominated(pod, "n1", true));
    assertThat(state.figures().nominations()).isEqualTo(1);
    state.putPod(bound(pod, "n1").with().resourceVersion(++version).build());
    assertThat(state.figures().nominations()).isZero();
  }

  @Test
  void aHoldOfItsOwnTimeIsGivenWhenKubeSchedulerAsks() {
    nodes(4, "n1");
    ObservedPod pod = nominate(put("a", 3));
    passedNanos += HoldSettings.DEFAULT.hold().minus(Duration.ofSeconds(1)).toNanos();
    filter(pod, "n1");
    passedNanos += Duration.ofSeconds(2).toNanos();
    state.lapseHolds();
    assertThat(heldNode("a")).isEqualTo("n1");
  }
}
