package io.stowage.extender.notice;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.github.bucket4j.Bucket;
import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeGpus;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.cluster.Resources;
import io.stowage.core.fragmentation.TypicalPods;
import io.stowage.core.policy.Policies;
import io.stowage.extender.kube.ClusterLabels;
import io.stowage.extender.kube.ObservedPod;
import io.stowage.extender.metrics.ServiceMetrics;
import io.stowage.extender.state.ClusterState;
import io.stowage.extender.state.HoldSettings;
import io.stowage.extender.state.StateLoop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is told of waiting pods, on a real state. */
class PodNoticesTest {
  private static final String SHARED = "aliyun.com/gpu-mem";
  private static final long GIB = 1L << 30;

  private final ClusterState state =
      new ClusterState(
          HoldSettings.DEFAULT,
          Policies.create("stowage", TypicalPods.of(Map.of())),
          new Random(1),
          () -> 1);
  private final ServiceMetrics metrics = new ServiceMetrics();
  private final ClusterLabels labels = new ClusterLabels();
  private final List<String> told = new ArrayList<>();
  private PodNotices notices;
  private long nowNanos;

  @BeforeEach
  void start() {
    notices = notices(100);
    state.putNode(node("n1", 2));
    state.putNode(node("n2", 2));
    state.putNode(node("plain", 0));
    state.putPod(ObservedPod.bound(share("a", 1, 12), "n1", List.of(0)));
    state.putPod(ObservedPod.bound(share("b", 1, 12), "n1", List.of(1)));
    state.putPod(ObservedPod.bound(share("c", 62, 1), "n2", List.of(0)));
    state.markSynced();
  }

  @AfterEach
  void stop() {
    metrics.close();
  }

  private PodNotices notices(long budget) {
    return new PodNotices(
        new StateLoop(Runnable::run, state),
        metrics,
        labels,
        Set.of("stowage"),
        (subject, reason, message) ->
            told.add(
                subject.kind() + " " + subject.namespace() + "/" + subject.name() + ": " + message),
        Bucket.builder()
            .addLimit(limit -> limit.capacity(budget).refillGreedy(1, Duration.ofDays(1)))
            .build());
  }

  private static Node node(String name, int gpus) {
    return Node.ready(
        name,
        Resources.of(64_000, 256 * GIB),
        110,
        gpus == 0 ? NodeGpus.NONE : NodeGpus.shared(SHARED, "T4", gpus, 16));
  }

  private static Pod share(String name, long cores, long sixteenths) {
    return new Pod(
        "uid-" + name,
        "team",
        name,
        PodShape.of(Resources.of(cores * 1000, GIB), GpuRequest.share(SHARED, sixteenths)),
        0);
  }

  private static ObservedPod.Builder waits(Pod pod) {
    return ObservedPod.pending(pod).with().schedulerName("stowage");
  }

  private void pass(Duration time) {
    nowNanos += time.toNanos();
    notices.round(nowNanos);
  }

  @Test
  void podThatWaitsIsToldOfInOneSentence() {
    state.putPod(waits(share("half", 3, 8)).build());
    pass(Duration.ZERO);
    assertThat(told).as("it may be bound at once").isEmpty();
    pass(PodNotices.PATIENCE);
    assertThat(told)
        .containsExactly(
            "Pod team/half: needs 1 GPU with 8 of 16 free: 1 node has no such GPU; 1 has enough in"
                + " total but no single GPU; 1 lacks CPU (need 3 cores)");
  }

  @Test
  void otherNumbersAreNoNewsButOtherReasonsAreAfterFiveMinutes() {
    state.putPod(waits(share("half", 3, 8)).build());
    pass(Duration.ZERO);
    pass(PodNotices.PATIENCE);
    assertThat(told).hasSize(1);
    state.putNode(node("plain-2", 0));
    pass(PodNotices.WRITE_PAUSE);
    pass(PodNotices.WRITE_PAUSE);
    assertThat(told).as("two nodes without GPUs instead of one").hasSize(1);
    state.removeNode("n2");
    pass(Duration.ofMinutes(1));
    assertThat(told)
        .hasSize(2)
        .last()
        .asString()
        .endsWith("2 nodes have no such GPU; 1 has enough in total but no single GPU");
    state.removeNode("plain");
    state.removeNode("plain-2");
    pass(Duration.ofMinutes(4));
    assertThat(told).as("not twice in five minutes").hasSize(2);
    pass(Duration.ofMinutes(1));
    assertThat(told).hasSize(3);
    pass(PodNotices.REPEAT);
    assertThat(told).as("Events expire").hasSize(4);
  }

  @Test
  void rulesOfPlacementCountThoughStowageIsNeverAsked() {
    labels.putNode(
        new NodeBuilder()
            .withNewMetadata()
            .withName("plain")
            .addToLabels("disk", "hdd")
            .endMetadata()
            .build());
    labels.putPod(
        new PodBuilder()
            .withNewMetadata()
            .withName("picky")
            .withUid("uid-picky")
            .endMetadata()
            .withNewSpec()
            .addToNodeSelector("disk", "ssd")
            .endSpec()
            .build());
    Pod picky =
        new Pod(
            "uid-picky",
            "team",
            "picky",
            PodShape.of(Resources.of(32_000, GIB), GpuRequest.NONE),
            0);
    state.removeNode("n1");
    state.removeNode("n2");
    state.putPod(waits(picky).build());
    pass(Duration.ZERO);
    pass(PodNotices.PATIENCE);
    assertThat(told)
        .containsExactly(
            "Pod team/picky: needs 32 cores, 1 GiB: 1 node is not selected by its node selector or"
                + " affinity");
  }

  @Test
  void podThatFitsIsToldOfLater() {
    state.putPod(waits(share("small", 1, 1)).build());
    pass(Duration.ZERO);
    pass(PodNotices.PATIENCE);
    assertThat(told).isEmpty();
    pass(PodNotices.ASKING_PATIENCE);
    assertThat(told)
        .containsExactly(
            "Pod team/small: needs 1 GPU with 1 of 16 free: 2 nodes have room, but kube-scheduler"
                + " has not asked for it yet, or rules of its own say no");
  }

  @Test
  void gatedAndForeignPodsAndThoseThatAreGoneAreNotToldOf() {
    state.putPod(waits(share("gated", 3, 8)).gated(true).build());
    state.putPod(waits(share("foreign", 3, 8)).schedulerName("default-scheduler").build());
    state.putPod(waits(share("gone", 3, 8)).build());
    pass(Duration.ZERO);
    state.removePod("uid-gone");
    pass(PodNotices.ASKING_PATIENCE);
    assertThat(told).isEmpty();
  }

  @Test
  void whatExceedsTheBudgetWaitsAndIsCounted() {
    notices = notices(2);
    for (int i = 0; i < 5; i++) {
      state.putPod(waits(share("half-" + i, 3, 8)).build());
    }
    pass(Duration.ZERO);
    pass(PodNotices.PATIENCE);
    assertThat(told).hasSize(2);
    assertThat(metrics.scrape().lines().filter(line -> line.contains("postponed")))
        .singleElement()
        .asString()
        .endsWith(" 3.0");
  }
}
