package io.stowage.extender.state;

import static io.stowage.extender.state.Pods.assumed;
import static io.stowage.extender.state.Pods.bound;
import static io.stowage.extender.state.Pods.cards;
import static io.stowage.extender.state.Pods.cpuPod;
import static io.stowage.extender.state.Pods.node;
import static io.stowage.extender.state.Pods.sharePod;
import static org.assertj.core.api.Assertions.assertThat;

import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.NodeGpus;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.plan.Demand;
import io.stowage.core.plan.NodeRoom;
import io.stowage.core.plan.PlanRequest;
import io.stowage.core.plan.Slot;
import io.stowage.core.plan.StowagePlan;
import io.stowage.extender.kube.ClusterLabels;
import io.stowage.extender.kube.ObservedPod;
import io.stowage.extender.kube.WorkloadRevision;
import io.stowage.extender.names.AskedNodes;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What the policy is told of pods, what it is asked to plan, and that answers follow its plan. */
class PlansTest {
  private static final String GPU = "nvidia.com/gpu";

  private final RecordingPolicy policy = new RecordingPolicy("stowage");
  private long passedNanos;
  private final ClusterState state =
      new ClusterState(
          HoldSettings.DEFAULT,
          DeviceSettings.DEFAULT,
          policy,
          new ClusterLabels(),
          new Random(1),
          () -> 1 + passedNanos,
          () -> 1_700_000_000_000_000_000L + passedNanos);

  private void pass(Duration time) {
    passedNanos += time.toNanos();
  }

  private void nodes(String... names) {
    for (String name : names) {
      state.putNode(node(name, 8, NodeGpus.NONE));
    }
    state.markSynced();
  }

  private List<String> filter(ObservedPod pod, String... nodes) {
    return state
        .filter(pod, AskedNodes.of(state.nodeNames(), List.of(nodes)), DescribedNodes.NONE)
        .kept();
  }

  private void bind(String uid, String nodeName, BindOutcome outcome) {
    TestState.placement(state.startBind(uid, nodeName));
    state.completeBind(uid, outcome);
  }

  @Test
  void aPodThatIsHeldAndBoundTakesRoomOnceStartsOnceAndEndsOnce() {
    nodes("n1");
    ObservedPod pod = cpuPod("a", 4);
    state.putPod(pod);
    filter(pod, "n1");
    bind("a", "n1", TestState.BOUND);
    state.putPod(bound(pod, "n1"));
    state.putPod(bound(pod, "n1"));
    state.removePod("a");
    state.removePod("a");
    assertThat(policy.told).containsExactly("arrived", "reserved on n1", "started", "ended");
  }

  @Test
  void theWatchMayShowTheBindingBeforeItsAnswer() {
    nodes("n1");
    ObservedPod pod = cpuPod("a", 4);
    state.putPod(pod);
    filter(pod, "n1");
    TestState.placement(state.startBind("a", "n1"));
    state.putPod(bound(pod, "n1"));
    state.completeBind("a", TestState.BOUND);
    assertThat(policy.told).containsExactly("arrived", "reserved on n1", "started");
  }

  @Test
  void aBindThatFailsStartsNothing() {
    nodes("n1");
    ObservedPod pod = cpuPod("a", 4);
    state.putPod(pod);
    filter(pod, "n1");
    bind("a", "n1", TestState.NOT_BOUND);
    bind("a", "n1", TestState.IN_DOUBT);
    state.removePod("a");
    assertThat(policy.told).containsExactly("arrived", "reserved on n1", "reserved on n1");
  }

  @Test
  void aHoldThatLapsesOrIsDroppedStartsNothing() {
    nodes("n1");
    state.putPod(cpuPod("a", 4));
    filter(cpuPod("a", 4), "n1");
    pass(Duration.ofMinutes(1));
    state.lapseHolds();
    filter(cpuPod("b", 4), "n1");
    state.removePod("b");
    assertThat(policy.told).containsExactly("arrived", "reserved on n1", "reserved on n1");
  }

  @Test
  void roomIsTakenWhereAPodIsBoundToAnotherNodeThanHeld() {
    nodes("n1", "n2");
    state.putPod(cpuPod("a", 4));
    filter(cpuPod("a", 4), "n1");
    bind("a", "n2", TestState.BOUND);
    state.putPod(bound(cpuPod("a", 4), "n2"));
    filter(cpuPod("b", 4), "n1");
    state.putPod(bound(cpuPod("b", 4), "n2"));
    assertThat(policy.told)
        .containsExactly(
            "arrived",
            "reserved on n1",
            "reserved on n2",
            "started",
            "reserved on n1",
            "arrived",
            "reserved on n2",
            "started");
  }

  @Test
  void aHoldWhoseClaimIsBoundTakesNoRoomAgain() {
    nodes("n1");
    ObservedPod pod = cpuPod("a", 4).with().claimNames(List.of("c")).build();
    state.putPod(pod);
    filter(pod, "n1");
    state.putClaim("default", "c", true);
    bind("a", "n1", TestState.BOUND);
    assertThat(policy.told).containsExactly("arrived", "reserved on n1", "started");
  }

  @Test
  void whatIsListedAtTheStartIsToldAsOfOneTimeWhateverTheListsTake() {
    state.putNode(node("n1", 8, NodeGpus.NONE));
    for (int i = 0; i < 4; i++) {
      pass(Duration.ofSeconds(1));
      state.putPod(bound(cpuPod("a" + i, 1), "n1"));
    }
    pass(Duration.ofSeconds(1));
    state.removePod("a0");
    state.markSynced();
    assertThat(policy.toldAtSeconds).hasSize(9).containsOnly(1e-9);
    pass(Duration.ofSeconds(1));
    state.putPod(cpuPod("b", 1));
    assertThat(policy.toldAtSeconds).last().isEqualTo(1e-9 + 6);
  }

  @Test
  void theMixIsKnownAgainAfterARestartFromThePodsInTheCluster() {
    for (int i = 0; i < 30; i++) {
      pass(Duration.ofMillis(10));
      state.putPod(bound(i % 3 == 0 ? cpuPod("a" + i, 2) : cpuPod("a" + i, 1), "n" + i % 10));
    }
    for (int i = 0; i < 10; i++) {
      state.putNode(node("n" + i, 16, NodeGpus.NONE));
    }
    state.markSynced();
    Map<PodShape, Integer> counts =
        request().demands().stream()
            .collect(Collectors.toMap(Demand::shape, Demand::count, Integer::sum));
    assertThat(counts).containsOnlyKeys(shape(cpuPod("x", 1)), shape(cpuPod("x", 2)));
    int large = counts.getOrDefault(shape(cpuPod("x", 2)), 0);
    assertThat(counts.getOrDefault(shape(cpuPod("x", 1)), 0))
        .as("two of one core arrived for each of two cores")
        .isBetween(2 * large - 2, 2 * large + 2);
  }

  @Test
  void nodesAreKeptForLargePodsAfterARestartWhicheverListCameFirst() {
    List<Integer> podsFirst = gpusKeptForAfterRestart(true);
    assertThat(podsFirst).hasSize(10).contains(8);
    assertThat(gpusKeptForAfterRestart(false)).isEqualTo(podsFirst);
  }

  /**
   * Lists nodes of 8 GPUs, and pods of 8 GPUs and of 1 that run there; then one ends, so that room
   * is known to return, and one more arrives.
   */
  private static List<Integer> gpusKeptForAfterRestart(boolean podsFirst) {
    RecordingPolicy fresh = new RecordingPolicy("stowage");
    long[] nanos = {1};
    ClusterState restarted =
        new ClusterState(HoldSettings.DEFAULT, fresh, new Random(1), () -> nanos[0]);
    for (boolean pods : new boolean[] {podsFirst, !podsFirst}) {
      for (int i = 0; i < 10; i++) {
        nanos[0] += 1_000_000;
        if (pods) {
          restarted.putPod(bound(gpuPod("p" + i, i < 3 ? 8 : 1), "n" + i));
        } else {
          restarted.putNode(node("n" + i, 64, NodeGpus.counted(GPU, "", 8)));
        }
      }
    }
    restarted.markSynced();
    nanos[0] += 1_000_000;
    restarted.removePod("p9");
    restarted.putPod(gpuPod("next", 1));
    return restarted.planRequest().orElseThrow().rooms().stream()
        .sorted(Comparator.comparing(NodeRoom::name))
        .map(NodeRoom::gpusKeptFor)
        .toList();
  }

  private static ObservedPod gpuPod(String uid, int gpus) {
    return ObservedPod.pending(Pods.pod(uid, gpus, GpuRequest.whole(GPU, gpus), 0));
  }

  private PlanRequest request() {
    return state.planRequest().orElseThrow();
  }

  private static PodShape shape(ObservedPod pod) {
    return pod.pod().shape();
  }

  private List<Demand> pending() {
    return request().demands().stream().filter(Demand::pending).toList();
  }

  private static ObservedPod created(ObservedPod pod, long epochMillis) {
    return pod.with().creationEpochMillis(epochMillis).build();
  }

  @Test
  void podsThatWaitAreAskedForByPriorityThenAgeAndLikeOnesTogether() {
    nodes("n1");
    state.putPod(created(cpuPod("young", 1), 30));
    state.putPod(created(cpuPod("old", 2), 10));
    state.putPod(created(cpuPod("urgent", 3, 5), 40));
    state.putPod(created(cpuPod("between", 3), 20));
    state.putPod(created(cpuPod("oldest", 1), 5));
    state.putPod(cpuPod("gated", 4).with().gated(true).build());
    assertThat(pending())
        .containsExactly(
            Demand.pending(shape(cpuPod("x", 3)), 1, 5),
            Demand.pending(shape(cpuPod("x", 1)), 2, 0),
            Demand.pending(shape(cpuPod("x", 2)), 1, 0),
            Demand.pending(shape(cpuPod("x", 3)), 1, 0));
  }

  @Test
  void podsWhoseRoomIsHeldOrThatAreBeingBoundAreNotAskedFor() {
    nodes("n1");
    for (String uid : List.of("a", "b", "c")) {
      state.putPod(cpuPod(uid, 1));
    }
    filter(cpuPod("a", 1), "n1");
    TestState.placement(state.startBind("b", "n1"));
    assertThat(pending()).containsExactly(Demand.pending(shape(cpuPod("x", 1)), 1, 0));
    assertThat(request().rooms()).hasSize(1);
    assertThat(request().rooms().get(0).free().cpuMilli()).isEqualTo(6_000);
    pass(Duration.ofMinutes(1));
    state.lapseHolds();
    state.completeBind("b", TestState.NOT_BOUND);
    assertThat(pending()).containsExactly(Demand.pending(shape(cpuPod("x", 1)), 3, 0));
  }

  @Test
  void versionGrowsWithWhatMayBePlannedForAndWithNothingElse() {
    long empty = state.planVersion();
    nodes("n1");
    long withNode = state.planVersion();
    assertThat(withNode).isGreaterThan(empty);
    state.putPod(cpuPod("a", 1));
    long withPod = state.planVersion();
    assertThat(withPod).isGreaterThan(withNode);
    state.putPod(cpuPod("a", 1).with().resourceVersion(7).build());
    state.putNode(node("n1", 8, NodeGpus.NONE));
    state.adopt(plan(slot(cpuPod("a", 1), "n1")));
    state.figures();
    request();
    assertThat(state.planVersion()).isEqualTo(withPod);
    filter(cpuPod("a", 1), "n1");
    assertThat(state.planVersion()).isGreaterThan(withPod);
  }

  private static Slot slot(ObservedPod pod, String node, Integer... devices) {
    return new Slot(shape(pod), node, List.of(devices), true);
  }

  private static StowagePlan plan(Slot... slots) {
    return new StowagePlan(Arrays.stream(slots).collect(Collectors.groupingBy(Slot::nodeName)));
  }

  @Test
  void aPodIsToldTheNodeOfItsSlotAndTheNextOneIsNot() {
    nodes("n1", "n2", "n3");
    state.adopt(plan(slot(cpuPod("x", 1), "n3")));
    assertThat(filter(cpuPod("a", 1), "n1", "n2", "n3")).first().isEqualTo("n3");
    assertThat(filter(cpuPod("b", 1), "n1", "n2", "n3")).first().isNotEqualTo("n3");
  }

  @Test
  void aShareGetsTheCardOfItsSlot() {
    state.putNode(node("n1", 16, cards(2, 16)));
    state.markSynced();
    state.putPod(sharePod("a", 4));
    state.adopt(plan(slot(sharePod("x", 4), "n1", 1)));
    filter(sharePod("a", 4), "n1");
    assertThat(TestState.placement(state.startBind("a", "n1")).gpuDevices()).containsExactly(1);
  }

  @Test
  void aSlotThatWasTakenWhileThePlanWasMadeIsNotOpenAgain() {
    nodes("n1", "n2");
    state.putPod(cpuPod("a", 1));
    state.adopt(plan(slot(cpuPod("x", 1), "n2")));
    request();
    filter(cpuPod("a", 1), "n1", "n2");
    state.adopt(plan(slot(cpuPod("x", 1), "n2")));
    assertThat(request().before().size()).isZero();
    state.adopt(plan(slot(cpuPod("x", 1), "n2")));
    assertThat(request().before().size()).as("a plan that knows of the hold").isEqualTo(1);
  }

  @Test
  void roomOfASlotIsNotRefusedToAPodThatFitsNowhereElse() {
    nodes("n1");
    state.adopt(plan(slot(cpuPod("x", 8), "n1")));
    assertThat(filter(cpuPod("a", 2), "n1")).containsExactly("n1");
    assertThat(filter(assumed(cpuPod("a", 2), ""), "n1")).containsExactly("n1");
  }

  private static ObservedPod of(String revision, ObservedPod pod, long epochMillis) {
    return pod.with()
        .revision(new WorkloadRevision("Deployment/default/model", revision))
        .creationEpochMillis(epochMillis)
        .build();
  }

  private List<Demand> announced() {
    return request().demands().stream()
        .filter(demand -> !demand.pending() && demand.priority() > 0)
        .toList();
  }

  @Test
  void eachPodOfAnOlderVersionIsExpectedToBeFollowedByOneOfTheNewest() {
    nodes("n1");
    for (String uid : List.of("a", "b", "c")) {
      state.putPod(bound(of("1", cpuPod(uid, 1), 10), "n1"));
    }
    assertThat(announced()).as("one version").isEmpty();
    state.putPod(of("2", cpuPod("d", 2), 20));
    assertThat(announced()).containsExactly(Demand.announced(shape(cpuPod("x", 2)), 3));
    state.putPod(bound(of("2", cpuPod("d", 2), 20), "n1"));
    state.removePod("a");
    assertThat(announced()).containsExactly(Demand.announced(shape(cpuPod("x", 2)), 2));

    state.putPod(of("1", cpuPod("e", 1), 30));
    assertThat(announced())
        .as("taken back")
        .containsExactly(Demand.announced(shape(cpuPod("x", 1)), 1));
    state.removePod("d");
    assertThat(announced()).as("back at one version").isEmpty();
  }

  @Test
  void aRollOutThatMakesNoPodsAnyMoreIsNotPlannedFor() {
    nodes("n1");
    state.putPod(bound(of("1", cpuPod("a", 1), 10), "n1"));
    state.putPod(bound(of("2", cpuPod("b", 2), 20), "n1"));
    pass(Rollouts.PROGRESS_DEADLINE.minusSeconds(1));
    assertThat(announced()).hasSize(1);
    pass(Duration.ofSeconds(1));
    assertThat(announced()).isEmpty();
    state.putPod(of("2", cpuPod("c", 2), 30));
    assertThat(announced()).containsExactly(Demand.announced(shape(cpuPod("x", 2)), 1));
  }
}
