package io.stowage.extender.planning;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeGpus;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.cluster.Resources;
import io.stowage.core.fragmentation.TypicalPods;
import io.stowage.core.plan.Demand;
import io.stowage.core.plan.PlanRequest;
import io.stowage.core.policy.PlacementPolicy;
import io.stowage.core.policy.Policies;
import io.stowage.extender.kube.ObservedPod;
import io.stowage.extender.metrics.ServiceMetrics;
import io.stowage.extender.names.AskedNodes;
import io.stowage.extender.state.ClusterState;
import io.stowage.extender.state.DescribedNodes;
import io.stowage.extender.state.ForwardingPolicy;
import io.stowage.extender.state.HoldSettings;
import io.stowage.extender.state.StateLoop;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The planner beside a state that changes. */
class PlanningThreadTest {
  private static final PlanningSettings SETTINGS =
      new PlanningSettings(true, 200, Duration.ofMillis(1));
  private static final String GPU = "nvidia.com/gpu";

  private final ExecutorService eventLoop = Executors.newSingleThreadExecutor();
  private final ServiceMetrics metrics = new ServiceMetrics();
  private @Nullable PlanningThread planning;

  @AfterEach
  void stop() {
    if (planning != null) {
      planning.close();
      assertThat(planning.isAlive()).isFalse();
    }
    eventLoop.shutdownNow();
    metrics.close();
  }

  /** Fails so many times before it plans as Stowage's own does. */
  private static final class Failing extends ForwardingPolicy {
    private int failures;

    private Failing(int failures) {
      super("stowage");
      this.failures = failures;
    }

    @Override
    public @Nullable PlanRequest planRequest(List<Demand> pending) {
      if (failures-- > 0) {
        throw new IllegalStateException("nothing can be planned yet");
      }
      return super.planRequest(pending);
    }
  }

  private StateLoop start(PlacementPolicy policy, PlanningSettings settings) {
    ClusterState state =
        new ClusterState(HoldSettings.DEFAULT, policy, new Random(1), System::nanoTime);
    StateLoop loop = new StateLoop(eventLoop, state);
    planning = PlanningThread.start(loop, metrics, settings);
    return loop;
  }

  private static PlacementPolicy policy(String name) {
    return Policies.create(name, TypicalPods.of(Map.of()));
  }

  private static ObservedPod pod(String uid, int gpus) {
    PodShape shape = PodShape.of(Resources.of(1_000L * gpus, 1 << 20), GpuRequest.whole(GPU, gpus));
    return ObservedPod.pending(new Pod(uid, "default", uid, shape, 0));
  }

  private static void fill(ClusterState state) {
    for (int i = 0; i < 3; i++) {
      state.putNode(
          Node.ready("n" + i, Resources.of(64_000, 64L << 30), 110, NodeGpus.counted(GPU, "", 8)));
    }
    state.putPod(pod("a", 8));
    state.putPod(pod("b", 4));
    state.markSynced();
  }

  private double metric(String name) {
    return metrics
        .scrape()
        .lines()
        .filter(line -> line.startsWith(name + " "))
        .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
        .sum();
  }

  private double plans() {
    return metric("stowage_plans_total");
  }

  private double pendingSlots() {
    return metric("stowage_plan_slots{for=\"pending\"}");
  }

  private PlanningThread planning() {
    PlanningThread started = planning;
    if (started == null) {
      throw new IllegalStateException("nothing was started");
    }
    return started;
  }

  private void awaitRest() {
    await().until(() -> plans() > 0 && planning().isResting());
  }

  @Test
  void pendingPodsGetSlotsAndThenThePlannerRestsUntilSomethingChanges() {
    StateLoop loop = start(policy("stowage"), SETTINGS);
    loop.run(PlanningThreadTest::fill);
    awaitRest();
    assertThat(pendingSlots()).isEqualTo(2);
    assertThat(metric("stowage_plan_age_seconds")).isZero();
    double plansAtRest = plans();
    for (int i = 0; i < 100; i++) {
      loop.call(ClusterState::figures).join();
    }
    assertThat(planning().isResting()).as("nothing has changed").isTrue();
    assertThat(plans()).isEqualTo(plansAtRest);
    loop.run(state -> state.putPod(pod("c", 8)));
    await().until(() -> pendingSlots() == 3);
    awaitRest();
    loop.run(
        state ->
            state.filter(
                pod("c", 8),
                AskedNodes.of(state.nodeNames(), List.of("n0", "n1", "n2")),
                DescribedNodes.NONE));
    await().until(() -> pendingSlots() == 2);
  }

  @Test
  void nothingIsPlannedBeforeTheStateIsSynced() {
    StateLoop loop = start(policy("stowage"), SETTINGS);
    for (int i = 0; i < 100; i++) {
      String uid = "p" + i;
      loop.call(
              state -> {
                state.putPod(pod(uid, 1));
                return uid;
              })
          .join();
    }
    assertThat(plans()).isZero();
    loop.run(PlanningThreadTest::fill);
    await().until(() -> plans() > 0);
  }

  @Test
  void aRoundThatFailsIsCountedAndTheNextOneFollows() {
    StateLoop loop = start(new Failing(2), SETTINGS);
    loop.run(PlanningThreadTest::fill);
    await().until(() -> pendingSlots() == 2);
    assertThat(metric("stowage_plan_failures_total")).isEqualTo(2);
  }

  @Test
  void pausesGrowWithEachFailureUpToAMinute() {
    Duration interval = Duration.ofMillis(200);
    assertThat(PlanningThread.pause(interval, 1)).isEqualTo(Duration.ofMillis(400));
    assertThat(PlanningThread.pause(interval, 2)).isEqualTo(Duration.ofMillis(800));
    assertThat(PlanningThread.pause(interval, 9)).isEqualTo(Duration.ofMinutes(1));
    assertThat(PlanningThread.pause(interval, Integer.MAX_VALUE)).isEqualTo(Duration.ofMinutes(1));
  }

  @Test
  void thereIsNoThreadForAPolicyThatDoesNotPlanOrWhereItIsTurnedOff() {
    StateLoop loop = start(policy("best-fit"), SETTINGS);
    loop.run(PlanningThreadTest::fill);
    await().until(() -> !planning().isAlive());
    assertThat(plans()).isZero();
    try (ServiceMetrics others = new ServiceMetrics();
        PlanningThread off = PlanningThread.start(loop, others, PlanningSettings.OFF)) {
      assertThat(off.isAlive()).isFalse();
    }
  }

  @Test
  void closingEndsARoundUnderWay() {
    StateLoop loop =
        start(policy("stowage"), new PlanningSettings(true, 10_000_000, SETTINGS.minInterval()));
    loop.run(
        state -> {
          fill(state);
          for (int i = 0; i < 200; i++) {
            state.putPod(pod("p" + i, 1 + i % 3));
          }
        });
    await().until(() -> metric("stowage_plan_age_seconds") > 0);
    planning().close();
    assertThat(planning().isAlive()).isFalse();
  }
}
