package io.stowage.extender.wake;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.bucket4j.Bucket;
import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeGpus;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.cluster.Resources;
import io.stowage.core.plan.Demand;
import io.stowage.core.plan.PlanRequest;
import io.stowage.extender.kube.ObservedPod;
import io.stowage.extender.names.AskedNodes;
import io.stowage.extender.state.ClusterState;
import io.stowage.extender.state.DescribedNodes;
import io.stowage.extender.state.FilterDecision;
import io.stowage.extender.state.ForwardingPolicy;
import io.stowage.extender.state.HoldSettings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A pod that fits only room kept for larger ones waits for other room, and for a time at most. */
class KeptRoomTest {
  private static final String GPU = "nvidia.com/gpu";
  private static final Duration KEEP = Duration.ofMinutes(10);
  private static final Duration ROUND = Duration.ofMillis(500);
  private static final List<String> NODES = List.of("kept", "other");

  private long nowNanos = 1;

  /** Keeps the free part of one node for pods of several GPUs. */
  private static final class Keeping extends ForwardingPolicy {
    private final List<PodShape> planned = new ArrayList<>();

    Keeping() {
      super("best-fit");
    }

    @Override
    public @Nullable PlanRequest planRequest(List<Demand> pending) {
      planned.clear();
      pending.forEach(demand -> planned.add(demand.shape()));
      return super.planRequest(pending);
    }

    @Override
    public double score(PodShape shape, NodeState node) {
      return super.score(shape, node) - (keeps(shape, node) ? 1e6 : 0);
    }

    @Override
    public boolean keeps(PodShape shape, NodeState node) {
      return node.name().equals("kept") && shape.gpu().count() < 2;
    }
  }

  private final Keeping policy = new Keeping();
  private final ClusterState state = state(KEEP);
  private final Waker waker =
      new Waker(
          Bucket.builder()
              .addLimit(limit -> limit.capacity(50).refillGreedy(20, Duration.ofSeconds(1)))
              .build());

  private ClusterState state(Duration keep) {
    HoldSettings settings =
        new HoldSettings(3, Duration.ofSeconds(30), Duration.ofMinutes(15), keep);
    return new ClusterState(settings, policy, new Random(1), () -> nowNanos);
  }

  @BeforeEach
  void fillTheOtherNode() {
    fillTheOtherNode(state);
  }

  private static void fillTheOtherNode(ClusterState state) {
    for (String name : NODES) {
      Resources allocatable = Resources.of(64_000, 1L << 40, 1L << 40, Map.of(GPU, 2L));
      state.putNode(Node.ready(name, allocatable, 110, NodeGpus.counted(GPU, "T4", 2)));
    }
    state.markSynced();
    state.putPod(ObservedPod.bound(pod("old", 2).pod(), "other", List.of()));
  }

  private static ObservedPod pod(String uid, int gpus) {
    Resources request = Resources.of(100, 1 << 20, 0, Map.of(GPU, (long) gpus));
    PodShape shape = PodShape.of(request, GpuRequest.whole(GPU, gpus));
    return ObservedPod.pending(new Pod(uid, "default", uid, shape, 0));
  }

  private FilterDecision ask(ClusterState asked, ObservedPod pod) {
    nowNanos++;
    asked.putPod(pod);
    FilterDecision decision =
        asked.filter(pod, AskedNodes.of(asked.nodeNames(), NODES), DescribedNodes.NONE);
    nowNanos++;
    return decision;
  }

  private List<String> round() {
    nowNanos += ROUND.toNanos();
    state.lapseHolds();
    return waker.round(state, nowNanos).stream().map(pod -> pod.pod().uid()).toList();
  }

  @Test
  void aSmallPodIsRefusedWithAReasonAndALargeOneIsNot() {
    FilterDecision refused = ask(state, pod("small", 1));
    assertThat(refused.kept()).isEmpty();
    assertThat(refused.failed()).isEmpty();
    assertThat(refused.unresolvable())
        .as("the other node's sums are for kube-scheduler to count")
        .containsEntry("kept", "what is free is kept for pods of more GPUs for a while")
        .containsOnlyKeys(NODES);
    assertThat(ask(state, pod("large", 2)).kept()).startsWith("kept");
  }

  @Test
  void nobodyIsRefusedUnlessSo() {
    ClusterState byDefault = state(Duration.ZERO);
    fillTheOtherNode(byDefault);
    assertThat(ask(byDefault, pod("small", 1)).kept()).startsWith("kept");
  }

  @Test
  void afterItsTimeAPodIsWokenAndMayHaveAnyRoom() {
    ObservedPod small = pod("small", 1);
    ask(state, small);
    long rounds = KEEP.dividedBy(ROUND);
    for (long i = 1; i < rounds; i++) {
      assertThat(round()).as("round %s of %s", i, rounds).isEmpty();
      if (i % 100 == 0) {
        assertThat(ask(state, small).kept()).as("asked again, the time goes on").isEmpty();
      }
    }
    List<String> woken = new ArrayList<>(round());
    woken.addAll(round());
    assertThat(woken).containsExactly("small");
    assertThat(ask(state, small).kept()).startsWith("kept");
  }

  @Test
  void otherRoomIsItsAtOnce() {
    ObservedPod small = pod("small", 1);
    ask(state, small);
    state.removePod("old");
    assertThat(round()).containsExactly("small");
    assertThat(ask(state, small).kept()).startsWith("other");
  }

  @Test
  void aPodThatComesAgainUnderItsNameWaitsAnew() {
    ask(state, pod("first", 1));
    nowNanos += KEEP.toNanos();
    state.removePod("first");
    assertThat(ask(state, pod("second", 1)).kept()).isEmpty();
  }

  @Test
  void whoHasToWaitIsNotPlannedFor() {
    ObservedPod small = pod("small", 1);
    state.putPod(small);
    assertThat(state.planRequest()).as("best-fit makes no plan").isEmpty();
    assertThat(policy.planned).containsExactly(small.pod().shape());
    ask(state, small);
    assertThat(state.planRequest()).isEmpty();
    assertThat(policy.planned).isEmpty();
    nowNanos += KEEP.toNanos();
    assertThat(state.planRequest()).isEmpty();
    assertThat(policy.planned).containsExactly(small.pod().shape());
  }
}
