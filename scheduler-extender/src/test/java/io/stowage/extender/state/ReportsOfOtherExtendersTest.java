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
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.Pod;
import io.stowage.extender.bind.BindService;
import io.stowage.extender.kube.ObservedPod;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What users of other extenders reported, and that it does not happen here. */
class ReportsOfOtherExtendersTest {
  private static final BindOutcome BOUND = new BindOutcome.Bound();

  private final TestState test = new TestState();
  private final ClusterState state = test.state;

  private final Deque<Runnable> stateTasks = new ArrayDeque<>();
  private final Deque<Runnable> writes = new ArrayDeque<>();
  private final Map<String, Placement> written = new LinkedHashMap<>();
  private final StateLoop loop = new StateLoop(stateTasks::add, state);
  private final BindService binds =
      new BindService(
          loop,
          (write, limit) -> {
            written.put(write.placement().pod().uid(), write.placement());
            return BOUND;
          },
          writes::add,
          Duration.ofHours(1));

  /** Runs what the state has to do, and the writes that follow from it. */
  private void run() {
    runState();
    while (!writes.isEmpty()) {
      writes.remove().run();
      runState();
    }
  }

  private void runState() {
    while (!stateTasks.isEmpty()) {
      stateTasks.remove().run();
    }
  }

  private BindOutcome bind(String uid, String node) {
    CompletableFuture<BindOutcome> outcome = binds.bind(uid, node);
    run();
    return outcome.join();
  }

  private void watchShows(ObservedPod pod) {
    loop.run(later -> later.putPod(pod));
    run();
  }

  @Test
  void gpushare187PodRejectedWhileTheWatchIsBehindIsKnownToWaitWhenTheRoomAppears() {
    state.putNode(node("n1", 16, cards(1, 16)));
    watchShows(bound(sharePod("ending", 16), "n1", 0));
    watchShows(sharePod("a", 16));
    assertThat(test.kept(sharePod("a", 16), "n1")).as("the watch is behind").isEmpty();
    state.takeFreedNodes();
    loop.run(later -> later.removePod("ending"));
    run();
    assertThat(state.takeFreedNodes()).containsExactly("n1");
    assertThat(state.refusedPods()).extracting(waiting -> waiting.pod().pod().uid()).contains("a");
    assertThat(test.kept(sharePod("a", 16), "n1")).containsExactly("n1");
    assertThat(bind("a", "n1")).isEqualTo(BOUND);
  }

  @Test
  void hami2923DevicesOfADeletedPodAreFreeAtOnceWhateverItWasDoing() {
    state.putNode(node("n1", 16, cards(1, 16)));
    for (String doing : List.of("held", "written", "in doubt", "assumed", "running")) {
      ObservedPod pod = sharePod(doing, 16);
      watchShows(pod);
      assertThat(test.kept(pod, "n1")).containsExactly("n1");
      if (!doing.equals("held")) {
        test.startBind(doing, "n1");
        assertThat(test.freeUnits("n1", 0)).isZero();
      }
      if (doing.equals("in doubt")) {
        state.completeBind(doing, TestState.IN_DOUBT);
      } else if (doing.equals("assumed")) {
        watchShows(assumed(pod, "n1", 0));
      } else if (doing.equals("running")) {
        watchShows(bound(pod, "n1", 0));
      }
      state.removePod(doing);
      assertThat(test.freeUnits("n1", 0)).as(doing).isEqualTo(16);
      assertThat(state.figures().holds()).as(doing).isZero();
    }
  }

  @Test
  void gpushare201PodCreatedAndDeletedOverAndOverIsPlacedEveryTime() {
    state.putNode(node("n1", 16, cards(1, 16)));
    Pod last = null;
    for (int i = 1; i <= 1000; i++) {
      Pod next = new Pod("uid-" + i, "default", "web-0", sharePod("x", 16).pod().shape(), 0);
      ObservedPod waiting = ObservedPod.pending(next).with().resourceVersion(10L * i).build();
      boolean deletionComesLate = i % 2 == 0;
      if (last != null && !deletionComesLate) {
        state.removePod(last.uid());
      }
      watchShows(waiting);
      assertThat(test.kept(waiting, "n1")).as("time " + i).containsExactly("n1");
      assertThat(bind(next.uid(), "n1")).isEqualTo(BOUND);
      watchShows(bound(waiting.with().resourceVersion(10L * i + 1).build(), "n1", 0));
      if (last != null && deletionComesLate) {
        state.removePod(last.uid());
      }
      last = next;
    }
    assertThat(state.bound().podCount()).isEqualTo(1);
  }

  @Test
  void gpushare72NothingIsLeftOfSharesWhenANodeTurnsToWholeGpusAndBack() {
    ObservedPod whole =
        ObservedPod.pending(pod("whole", 1, GpuRequest.whole("nvidia.com/gpu", 2), 0));
    for (int turn = 0; turn < 3; turn++) {
      ObservedPod share = sharePod("share-" + turn, 10);
      state.putNode(node("n1", 16, cards(2, 16)));
      watchShows(share);
      assertThat(test.kept(share, "n1")).containsExactly("n1");
      assertThat(bind("share-" + turn, "n1")).isEqualTo(BOUND);
      watchShows(bound(share, "n1", 0));
      state.putNode(node("n1", 16, NodeGpus.counted("nvidia.com/gpu", "", 2)));
      state.removePod("share-" + turn);
      assertThat(test.filter(sharePod("late", 10), "n1").unresolvable()).containsOnlyKeys("n1");
      assertThat(state.figures().gpuRequestedMilli()).isZero();
      ObservedPod next = ObservedPod.pending(pod("w" + turn, 1, whole.pod().shape().gpu(), 0));
      watchShows(next);
      assertThat(test.kept(next, "n1")).containsExactly("n1");
      assertThat(bind("w" + turn, "n1")).isEqualTo(BOUND);
      assertThat(state.figures().gpuRequestedMilli()).isEqualTo(2000);
      state.removePod("w" + turn);
    }
  }

  @Test
  void hami1557NodePoweredOffAndOnTakesItsPendingPodsAgain() {
    state.putNode(node("n1", 16, cards(2, 16)));
    ObservedPod before = sharePod("before", 10);
    watchShows(before);
    assertThat(bind("before", "n1")).isEqualTo(BOUND);
    watchShows(bound(before, "n1", 0));
    state.putNode(node("n1", 0, NodeGpus.NONE));
    state.removeNode("n1");
    watchShows(sharePod("a", 16));
    assertThat(test.kept(sharePod("a", 16), "n1")).isEmpty();
    state.putNode(node("n1", 16, NodeGpus.NONE));
    assertThat(test.kept(sharePod("a", 16), "n1")).as("no device plugin yet").isEmpty();
    state.takeFreedNodes();
    state.putNode(node("n1", 16, cards(2, 16)));
    assertThat(state.takeFreedNodes()).containsExactly("n1");
    assertThat(test.kept(sharePod("a", 16), "n1")).containsExactly("n1");
    assertThat(bind("a", "n1")).isEqualTo(BOUND);
    assertThat(test.at("a").gpuDevices()).containsExactly(1);
  }

  @Test
  void hami1130And810And2477ABindThatNeverEndsBlocksNeitherItsNodeNorAnother() {
    int nodes = 20;
    for (int i = 0; i < nodes; i++) {
      state.putNode(node("n" + i, 1000, cards(2, 1000)));
    }
    for (int i = 0; i < 5000; i++) {
      state.putPod(sharePod("waits-" + i, 2000));
      test.filter(sharePod("waits-" + i, 2000), "n" + i % nodes);
    }
    assertThat(state.refusedPods()).hasSize(5000);
    state.putPod(sharePod("stuck", 7));
    CompletableFuture<BindOutcome> stuck = binds.bind("stuck", "n0");
    runState();
    writes.clear();
    for (int i = 0; i < 500; i++) {
      ObservedPod pod = sharePod("p" + i, 1 + i % 5);
      state.putPod(pod);
      assertThat(bind("p" + i, "n" + i % nodes)).isEqualTo(BOUND);
      state.putPod(bound(pod, "n" + i % nodes, test.at("p" + i).gpuDevices().get(0)));
    }
    assertThat(stuck).isNotDone();
    assertThat(written).hasSize(500);
  }

  @Test
  void hami2232ConcurrentFiltersAreToldDifferentRoomAndBindsNeverShareIt() {
    state.putNode(node("n1", 16, cards(2, 16)));
    watchShows(sharePod("a", 10));
    watchShows(sharePod("b", 11));
    watchShows(sharePod("c", 12));
    test.kept(sharePod("a", 10), "n1");
    test.kept(sharePod("b", 11), "n1");
    assertThat(test.kept(sharePod("c", 12), "n1")).as("soft, so offered").containsExactly("n1");
    assertThat(Objects.requireNonNull(state.heldPlacement("a")).gpuDevices())
        .doesNotContainAnyElementsOf(Objects.requireNonNull(state.heldPlacement("b")).gpuDevices());
    assertThat(bind("a", "n1")).isEqualTo(BOUND);
    assertThat(bind("b", "n1")).isEqualTo(BOUND);
    assertThat(bind("c", "n1")).isInstanceOf(BindOutcome.NotBound.class);
    assertThat(test.at("a").gpuDevices()).isNotEqualTo(test.at("b").gpuDevices());
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void kai2153SixteenHalfGpuPodsAtOnceOnEightGpusAreAllPlacedAndNoneOverPacked(long seed) {
    Random random = new Random(seed);
    state.putNode(node("n1", 64, cards(8, 16)));
    List<CompletableFuture<BindOutcome>> outcomes = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      watchShows(sharePod("p" + i, 8));
      assertThat(test.kept(sharePod("p" + i, 8), "n1")).as("pod " + i).containsExactly("n1");
    }
    for (int i = 0; i < 16; i++) {
      outcomes.add(binds.bind("p" + i, "n1"));
    }
    run();
    List<String> unassigned = new ArrayList<>(written.keySet());
    for (int assigned = 0; assigned < 16; assigned++) {
      assertThat(unassigned).as("somebody can always go on, seed " + seed).isNotEmpty();
      assertThat(unassigned.stream().map(uid -> card(uid)).distinct())
          .as("cards of one amount at a time, seed " + seed)
          .hasSize(1);
      String uid = unassigned.remove(random.nextInt(unassigned.size()));
      List<String> before = List.copyOf(written.keySet());
      watchShows(bound(sharePod(uid, 8), "n1", card(uid)));
      written.keySet().stream().filter(later -> !before.contains(later)).forEach(unassigned::add);
    }
    assertThat(outcomes).allSatisfy(outcome -> assertThat(outcome.join()).isEqualTo(BOUND));
    for (int card = 0; card < 8; card++) {
      assertThat(test.freeUnits("n1", card)).as("card " + card).isZero();
    }
    assertThat(unitsByCard().values()).containsOnly(16L);
  }

  private int card(String uid) {
    return Objects.requireNonNull(written.get(uid)).gpuDevices().get(0);
  }

  private Map<Integer, Long> unitsByCard() {
    Map<Integer, Long> units = new HashMap<>();
    written.forEach(
        (uid, placement) ->
            units.merge(card(uid), placement.pod().shape().gpu().unitsPerGpu(), Long::sum));
    return units;
  }

  @Test
  void hami2264PodWithPreferencesOfItsOwnKeepsEveryNodeItCouldGoTo() {
    String[] names = new String[50];
    for (int i = 0; i < names.length; i++) {
      names[i] = "n" + i;
      state.putNode(node(names[i], 8, cards(1, 16)));
    }
    ObservedPod prefers = sharePod("a", 4).with().prefersNodes(true).build();
    assertThat(test.kept(prefers, names)).containsExactlyInAnyOrder(names);
  }

  @Test
  void gpushare199BindUnderLoadEndsInAnOutcomeWithASentence() {
    state.putNode(node("n1", 1000, NodeGpus.NONE));
    List<CompletableFuture<BindOutcome>> outcomes = new ArrayList<>();
    BindService failing =
        new BindService(
            loop,
            (write, limit) -> new BindOutcome.InDoubt("the API server did not answer"),
            writes::add,
            Duration.ofHours(1));
    for (int i = 0; i < 500; i++) {
      watchShows(cpuPod("p" + i, 1));
      outcomes.add((i % 2 == 0 ? binds : failing).bind("p" + i, "n1"));
      outcomes.add(binds.bind("nobody-" + i, "n1"));
    }
    run();
    assertThat(outcomes)
        .allSatisfy(
            outcome ->
                assertThat(outcome.join())
                    .satisfiesAnyOf(
                        bound -> assertThat(bound).isEqualTo(BOUND),
                        not ->
                            assertThat(not)
                                .isInstanceOfSatisfying(
                                    BindOutcome.NotBound.class,
                                    reason -> assertThat(reason.reason()).isNotBlank()),
                        doubt ->
                            assertThat(doubt)
                                .isInstanceOfSatisfying(
                                    BindOutcome.InDoubt.class,
                                    reason -> assertThat(reason.reason()).isNotBlank())));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void gpushare220CardThatTheContainerGotIsTheCardOnItsPod(long seed) {
    Random random = new Random(seed);
    state.putNode(node("n1", 1000, cards(4, 16)));
    List<CompletableFuture<BindOutcome>> outcomes = new ArrayList<>();
    Set<String> asked = new LinkedHashSet<>();
    List<String> toAdmit = new ArrayList<>();
    List<String> candidates = new ArrayList<>();
    List<String> running = new ArrayList<>();
    Map<String, ObservedPod> pods = new HashMap<>();
    int given = 0;
    for (int i = 0; i < 3000; i++) {
      if (random.nextBoolean()) {
        ObservedPod pod = sharePod("p" + i, 1 + random.nextInt(6));
        pods.put("p" + i, pod);
        watchShows(pod);
        if (!test.kept(pod, "n1").isEmpty()) {
          asked.add("p" + i);
          outcomes.add(binds.bind("p" + i, "n1"));
          run();
        }
      } else if (!toAdmit.isEmpty()) {
        String admitted = toAdmit.remove(random.nextInt(toAdmit.size()));
        List<String> matching =
            candidates.stream().filter(uid -> units(uid) == units(admitted)).toList();
        String taken = matching.get(random.nextInt(matching.size()));
        assertThat(card(taken)).as("seed " + seed + ", step " + i).isEqualTo(card(admitted));
        given++;
        candidates.remove(taken);
        running.add(taken);
        watchShows(bound(Objects.requireNonNull(pods.get(taken)), "n1", card(taken)));
      } else if (!running.isEmpty()) {
        String ended = running.remove(random.nextInt(running.size()));
        loop.run(later -> later.removePod(ended));
        run();
      }
      for (String uid : List.copyOf(asked)) {
        if (written.containsKey(uid)) {
          asked.remove(uid);
          toAdmit.add(uid);
          candidates.add(uid);
        }
      }
    }
    assertThat(given).isGreaterThan(500);
    assertThat(outcomes.stream().filter(CompletableFuture::isDone)).hasSizeGreaterThan(500);
  }

  private long units(String uid) {
    return Objects.requireNonNull(written.get(uid)).pod().shape().gpu().unitsPerGpu();
  }
}
