package io.stowage.extender.wake;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.bucket4j.Bucket;
import io.github.bucket4j.TimeMeter;
import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeGpus;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.cluster.Resources;
import io.stowage.core.fragmentation.TypicalPods;
import io.stowage.core.policy.Policies;
import io.stowage.extender.kube.ObservedPod;
import io.stowage.extender.names.AskedNodes;
import io.stowage.extender.state.ClusterState;
import io.stowage.extender.state.DescribedNodes;
import io.stowage.extender.state.HoldSettings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Waiting pods are woken for the room that appears, and for no more. */
class WakerTest {
  private static final String SHARED = "aliyun.com/gpu-mem";
  private static final int CARD = 16;
  private static final int BURST = 50;
  private static final Duration ROUND = Duration.ofMillis(500);

  private long nowNanos = 1;
  private final ClusterState state =
      new ClusterState(
          HoldSettings.DEFAULT,
          Policies.create("best-fit", TypicalPods.of(Map.of())),
          new Random(1),
          () -> nowNanos);
  private final Waker waker =
      new Waker(
          Bucket.builder()
              .addLimit(limit -> limit.capacity(BURST).refillGreedy(20, Duration.ofSeconds(1)))
              .withCustomTimePrecision(
                  new TimeMeter() {
                    @Override
                    public long currentTimeNanos() {
                      return nowNanos;
                    }

                    @Override
                    public boolean isWallClockBased() {
                      return false;
                    }
                  })
              .build());

  private static ObservedPod share(String uid, int units, int priority) {
    PodShape shape = PodShape.of(Resources.of(100, 1 << 20), GpuRequest.share(SHARED, units));
    return ObservedPod.pending(new Pod(uid, "default", uid, shape, priority));
  }

  private static ObservedPod share(String uid, int units) {
    return share(uid, units, 0);
  }

  private void putNode(String name, int gpus) {
    state.putNode(
        Node.ready(
            name,
            Resources.of(64_000, 256L << 30),
            256,
            NodeGpus.shared(SHARED, "T4", gpus, CARD)));
  }

  private void bind(ObservedPod pod, String node, int card) {
    state.putPod(
        ObservedPod.bound(pod.pod(), node, List.of(card)).with().deviceAssigned(true).build());
  }

  /** Has the state refuse a pod; a nanosecond passes. */
  private void refuse(ObservedPod pod, String... nodes) {
    nowNanos++;
    state.putPod(pod);
    assertThat(
            state
                .filter(pod, AskedNodes.of(state.nodeNames(), List.of(nodes)), DescribedNodes.NONE)
                .kept())
        .isEmpty();
    nowNanos++;
  }

  private List<String> round() {
    nowNanos += ROUND.toNanos();
    state.lapseHolds();
    return waker.round(state, nowNanos).stream().map(pod -> pod.pod().uid()).toList();
  }

  private List<String> rounds(Duration time) {
    List<String> woken = new ArrayList<>();
    for (long rounds = time.dividedBy(ROUND); rounds > 0; rounds--) {
      woken.addAll(round());
    }
    return woken;
  }

  private void fullNode(String name) {
    putNode(name, 1);
    bind(share("runs-" + name, CARD), name, 0);
    round();
  }

  @Test
  void podIsWokenWhenAnotherEnds() {
    fullNode("n1");
    refuse(share("waits", CARD), "n1");
    assertThat(rounds(Duration.ofMinutes(1))).isEmpty();
    state.removePod("runs-n1");
    assertThat(round()).containsExactly("waits");
  }

  @Test
  void podIsWokenWhenADeviceIsHealthyAgain() {
    putNode("n1", 1);
    state.putUnhealthyGpus("n1", Set.of(0));
    refuse(share("waits", CARD), "n1");
    assertThat(rounds(Duration.ofMinutes(1))).isEmpty();
    state.putUnhealthyGpus("n1", Set.of());
    assertThat(round()).containsExactly("waits");
  }

  @Test
  void podIsWokenWhenANodeIsBack() {
    fullNode("n1");
    refuse(share("waits", CARD), "n1");
    putNode("n2", 1);
    assertThat(round()).containsExactly("waits");
  }

  @Test
  void oneFreedGpuAmongThousandsOfWaitingPodsWakesOne() {
    fullNode("n1");
    List<ObservedPod> waiting = new ArrayList<>();
    for (int i = 0; i < 2000; i++) {
      ObservedPod pod = share("waits-" + i, CARD, i == 1234 ? 1 : 0);
      waiting.add(pod);
      refuse(pod, "n1");
    }
    state.removePod("runs-n1");
    assertThat(round()).as("highest priority first").containsExactly("waits-1234");
    bind(waiting.get(1234), "n1", 0);
    assertThat(rounds(Duration.ofMinutes(10))).isEmpty();
  }

  @Test
  void roomIsCountedDown() {
    putNode("n1", 2);
    bind(share("runs-0", CARD), "n1", 0);
    bind(share("runs-1", CARD), "n1", 1);
    round();
    for (int i = 0; i < 10; i++) {
      refuse(share("waits-" + i, 8), "n1");
    }
    state.removePod("runs-1");
    assertThat(round()).as("two halves fit one card").containsExactly("waits-0", "waits-1");
  }

  @Test
  void longestWaitingGoesFirst() {
    fullNode("n1");
    refuse(share("a", CARD).with().creationEpochMillis(2000).build(), "n1");
    refuse(share("b", CARD).with().creationEpochMillis(1000).build(), "n1");
    state.removePod("runs-n1");
    assertThat(round()).containsExactly("b");
  }

  @Test
  void roomThatTheWokenPodDoesNotTakeGoesToTheNextAndWakesEndSoon() {
    fullNode("n1");
    for (int i = 1000; i < 3000; i++) {
      refuse(share("waits-" + i, CARD), "n1");
    }
    state.removePod("runs-n1");
    assertThat(round()).containsExactly("waits-1000");
    assertThat(round()).isEmpty();
    assertThat(round()).as("after a second").containsExactly("waits-1001");
    assertThat(rounds(Duration.ofHours(1)))
        .as("kube-scheduler asks about none of them")
        .hasSizeLessThan(6);
  }

  @Test
  void podThatWasAskedAboutAgainAndRefusedIsNotWokenForTheSameRoom() {
    fullNode("n1");
    ObservedPod pod = share("waits", CARD);
    refuse(pod, "n1");
    state.removePod("runs-n1");
    assertThat(round()).containsExactly("waits");
    bind(share("faster", CARD), "n1", 0);
    refuse(pod, "n1");
    assertThat(rounds(Duration.ofMinutes(5))).isEmpty();
    state.removePod("faster");
    assertThat(round()).as("new room, no back-off").containsExactly("waits");
  }

  @Test
  void gatedPodsAndPodsThatDoNotFitAreLeftAlone() {
    fullNode("n1");
    refuse(share("gated", CARD).with().gated(true).build(), "n1");
    refuse(share("large", CARD + 1), "n1");
    state.removePod("runs-n1");
    assertThat(rounds(Duration.ofMinutes(5))).isEmpty();
  }

  @Test
  void manyWakesAreSpreadOverTime() {
    putNode("n1", 200);
    for (int i = 0; i < 200; i++) {
      bind(share("runs-" + i, CARD), "n1", i);
    }
    round();
    for (int i = 0; i < 200; i++) {
      refuse(share("waits-" + i, CARD), "n1");
    }
    for (int i = 0; i < 200; i++) {
      state.removePod("runs-" + i);
    }
    assertThat(round()).hasSize(BURST);
    assertThat(round()).hasSize(10);
    for (int i = 0; i < 200; i++) {
      state.removePod("waits-" + i);
    }
    assertThat(rounds(Duration.ofMinutes(5))).isEmpty();
  }

  @Test
  void thousandsOfFreedNodesAndWaitingPodsAreDealtOutInOneRound() {
    for (int i = 0; i < 1000; i++) {
      putNode("n" + i, 1);
      bind(share("runs-" + i, CARD), "n" + i, 0);
    }
    round();
    for (int i = 0; i < 5000; i++) {
      refuse(share("waits-" + i, CARD), "n0");
    }
    for (int i = 0; i < 1000; i++) {
      state.removePod("runs-" + i);
    }
    assertThat(round()).hasSize(BURST);
  }
}
