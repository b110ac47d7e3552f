package io.stowage.extender.bind;

import static org.assertj.core.api.Assertions.assertThat;

import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeGpus;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.cluster.Resources;
import io.stowage.core.fragmentation.TypicalPods;
import io.stowage.core.policy.Policies;
import io.stowage.extender.kube.ObservedPod;
import io.stowage.extender.leader.Leadership;
import io.stowage.extender.names.AskedNodes;
import io.stowage.extender.state.BindOutcome;
import io.stowage.extender.state.ClusterState;
import io.stowage.extender.state.DescribedNodes;
import io.stowage.extender.state.HoldSettings;
import io.stowage.extender.state.StateLoop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class BindServiceTest {
  private final ExecutorService eventLoop = Executors.newSingleThreadExecutor();
  private final ExecutorService workers = Executors.newFixedThreadPool(2);
  private final AtomicInteger writes = new AtomicInteger();
  private final CountDownLatch released = new CountDownLatch(1);
  private final StateLoop loop = new StateLoop(eventLoop, state());

  private static ClusterState state() {
    ClusterState state =
        new ClusterState(
            HoldSettings.DEFAULT,
            Policies.create("best-fit", TypicalPods.of(Map.of())),
            new Random(1),
            System::nanoTime);
    state.putNode(Node.ready("n1", Resources.of(4000, 1 << 30), 10, NodeGpus.NONE));
    state.putNode(Node.ready("n2", Resources.of(4000, 1 << 30), 10, NodeGpus.NONE));
    PodShape shape = PodShape.of(Resources.of(1000, 0), GpuRequest.NONE);
    state.putPod(ObservedPod.pending(new Pod("a", "ns", "a", shape, 0)));
    return state;
  }

  @AfterEach
  void stop() {
    released.countDown();
    workers.shutdownNow();
    eventLoop.shutdownNow();
  }

  private void waitUntilReleased() {
    try {
      released.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private BindService service(Duration timeLimit) {
    Binder slow =
        (binding, limit) -> {
          writes.incrementAndGet();
          waitUntilReleased();
          return new BindOutcome.Bound();
        };
    return new BindService(loop, slow, workers, timeLimit);
  }

  @Test
  void secondRequestForTheSameNodeJoinsTheFirst() {
    BindService service = service(Duration.ofMinutes(1));
    CompletableFuture<BindOutcome> first = service.bind("a", "n1");
    CompletableFuture<BindOutcome> second = service.bind("a", "n1");
    assertThat(service.bind("a", "n2").join())
        .isEqualTo(new BindOutcome.NotBound("the pod is bound to node n1 already"));
    released.countDown();
    assertThat(first.join()).isEqualTo(new BindOutcome.Bound());
    assertThat(second.join()).isEqualTo(new BindOutcome.Bound());
    assertThat(writes).hasValue(1);
  }

  @Test
  void answerComesWithinTheTimeLimitAndTheOutcomeIsNotLost() {
    CompletableFuture<BindOutcome> outcome = service(Duration.ofMillis(50)).bind("a", "n1");
    assertThat(outcome.join()).isInstanceOf(BindOutcome.InDoubt.class);
    assertThat(loop.call(state -> state.bound().podCount()).join()).isEqualTo(1);
    released.countDown();
    Awaitility.await().until(() -> loop.call(state -> state.unconfirmedBinds().size()).join() == 1);
  }

  @Test
  void whatAsksForRoomWaitsUntilFewerBindingsAreUnderWay() {
    BindService service = service(Duration.ofMinutes(1));
    PodShape shape = PodShape.of(Resources.of(1, 0), GpuRequest.NONE);
    loop.call(
            state -> {
              state.putNode(Node.ready("large", Resources.of(4000, 1 << 30), 1_000, NodeGpus.NONE));
              for (int i = 0; i < BindService.MOST_UNDER_WAY; i++) {
                state.putPod(ObservedPod.pending(new Pod("u" + i, "ns", "u" + i, shape, 0)));
              }
              return state;
            })
        .join();
    List<CompletableFuture<BindOutcome>> outcomes = new ArrayList<>();
    for (int i = 0; i < BindService.MOST_UNDER_WAY; i++) {
      assertThat(loop.call(state -> service.roomToWrite().isDone()).join()).isTrue();
      outcomes.add(service.bind("u" + i, "large"));
    }
    Awaitility.await()
        .until(() -> loop.call(state -> state.bound().podCount()).join() == outcomes.size());
    List<CompletableFuture<Void>> rooms = new ArrayList<>();
    boolean atOnce =
        loop.call(
                state -> {
                  rooms.add(service.roomToWrite());
                  return rooms.get(0).isDone();
                })
            .join();
    assertThat(atOnce).isFalse();
    assertThat(writes.get()).as("writes before any is released").isLessThan(outcomes.size());
    released.countDown();
    rooms.get(0).join();
    outcomes.forEach(outcome -> assertThat(outcome.join()).isEqualTo(new BindOutcome.Bound()));
    assertThat(loop.call(state -> service.roomToWrite().isDone()).join()).isTrue();
  }

  @Test
  void bindingThatCouldHardlyBeWrittenInTimeAnyMoreIsRefusedAndNotBegun() {
    List<Runnable> queued = new ArrayList<>();
    Duration timeLimit = Duration.ofSeconds(1);
    BindService service =
        new BindService(
            loop,
            (binding, limit) -> {
              writes.incrementAndGet();
              return new BindOutcome.Bound();
            },
            queued::add,
            timeLimit);
    long start = System.nanoTime();
    CompletableFuture<BindOutcome> outcome = service.bind("a", "n1");
    loop.call(state -> state).join();
    Awaitility.await()
        .pollInterval(Duration.ofMillis(5))
        .until(() -> System.nanoTime() - start > timeLimit.multipliedBy(9).dividedBy(10).toNanos());
    queued.forEach(Runnable::run);
    assertThat(outcome.join()).isNotInstanceOf(BindOutcome.Bound.class);
    assertThat(writes).hasValue(0);
    Awaitility.await().until(() -> loop.call(state -> state.bound().podCount()).join() == 0);
  }

  @Test
  void bindingThatWaitedTooLongForAWorkerIsNotWritten() {
    workers.execute(this::waitUntilReleased);
    workers.execute(this::waitUntilReleased);
    BindService service = service(Duration.ofMillis(50));
    assertThat(service.bind("a", "n1").join()).isInstanceOf(BindOutcome.InDoubt.class);
    released.countDown();
    Awaitility.await().until(() -> loop.call(state -> state.bound().podCount()).join() == 0);
    assertThat(writes).hasValue(0);
  }

  @Test
  void bindOfAStandbyIsRefusedAndDecidesNothing() {
    Binder binder = (binding, limit) -> new BindOutcome.Bound();
    BindService service =
        new BindService(loop, binder, workers, Duration.ofMillis(200), new Leadership());
    assertThat(service.bind("a", "n1").join())
        .isEqualTo(
            new BindOutcome.NotBound("this Stowage is not the active one: it has just started"));
    Awaitility.await().until(() -> loop.call(state -> state.bound().podCount()).join() == 0);
  }

  @Test
  void binderIsToldTheEpoch() {
    AtomicLong epoch = new AtomicLong(-1);
    Binder binder =
        (binding, limit) -> {
          epoch.set(binding.epoch());
          return new BindOutcome.Bound();
        };
    BindService service =
        new BindService(loop, binder, workers, Duration.ofMinutes(1), Leadership.by(7));
    assertThat(service.bind("a", "n1").join()).isEqualTo(new BindOutcome.Bound());
    assertThat(epoch).hasValue(7);
  }

  @Test
  void binderThatFailsIsInDoubtNotLost() {
    Binder broken =
        (binding, limit) -> {
          throw new IllegalStateException("broken");
        };
    BindService service = new BindService(loop, broken, workers, Duration.ofMinutes(1));
    assertThat(service.bind("a", "n1").join())
        .isEqualTo(
            new BindOutcome.InDoubt("the binding failed: java.lang.IllegalStateException: broken"));
    Awaitility.await().until(() -> loop.call(state -> state.unconfirmedBinds().size()).join() == 1);
  }

  /** Two cards of which the first has room for one pod of this amount, which is not assigned. */
  private void putSharesOfOneAmount() {
    loop.run(
        state -> {
          state.putNode(
              Node.ready(
                  "gpus",
                  Resources.of(64_000, 1 << 30),
                  10,
                  NodeGpus.shared("aliyun.com/gpu-mem", "T4", 2, 16)));
          state.putPod(ObservedPod.bound(share("before"), "gpus", List.of(0)));
          state.putPod(ObservedPod.pending(share("b")));
        });
  }

  private static Pod share(String uid) {
    return new Pod(
        uid,
        "ns",
        uid,
        PodShape.of(Resources.of(1, 0), GpuRequest.share("aliyun.com/gpu-mem", 10)),
        0);
  }

  private void waitUntilAsked() {
    loop.call(state -> true).join();
  }

  @Test
  void bindWaitsForTheDevicePluginAndIsWrittenOnceItHasAssignedThePodBefore() {
    putSharesOfOneAmount();
    CompletableFuture<BindOutcome> outcome = service(Duration.ofMinutes(1)).bind("b", "gpus");
    waitUntilAsked();
    released.countDown();
    assertThat(outcome).isNotDone();
    assertThat(writes).hasValue(0);
    loop.run(
        state ->
            state.putPod(
                ObservedPod.bound(share("before"), "gpus", List.of(0))
                    .with()
                    .deviceAssigned(true)
                    .build()));
    assertThat(outcome.join()).isEqualTo(new BindOutcome.Bound());
    assertThat(writes).hasValue(1);
  }

  @Test
  void bindThatWaitsInVainEndsInTimeWithASentenceAndLeavesNothing() {
    putSharesOfOneAmount();
    BindOutcome outcome = service(Duration.ofMillis(400)).bind("b", "gpus").join();
    assertThat(outcome)
        .isInstanceOfSatisfying(
            BindOutcome.NotBound.class,
            notBound -> assertThat(notBound.reason()).contains("device plugin"));
    assertThat(loop.call(state -> state.figures().unconfirmedBinds()).join()).isZero();
    assertThat(loop.call(state -> state.figures().pendingPods()).join()).isEqualTo(2);
    assertThat(writes).hasValue(0);
  }

  @Test
  void bindThatWaitsEndsAtOnceWhenItsPodIsDeleted() {
    putSharesOfOneAmount();
    loop.run(
        state ->
            state.filter(
                ObservedPod.pending(share("b")),
                AskedNodes.of(state.nodeNames(), List.of("gpus")),
                DescribedNodes.NONE));
    CompletableFuture<BindOutcome> outcome = service(Duration.ofHours(1)).bind("b", "gpus");
    waitUntilAsked();
    loop.run(state -> state.removePod("b"));
    assertThat(outcome.join()).isInstanceOf(BindOutcome.NotBound.class);
  }

  @Test
  void bindThatWaitsEndsWhenItsPodIsToGoElsewhereAndTheSameRequestJoinsIt() {
    putSharesOfOneAmount();
    BindService service = service(Duration.ofHours(1));
    CompletableFuture<BindOutcome> first = service.bind("b", "gpus");
    CompletableFuture<BindOutcome> again = service.bind("b", "gpus");
    released.countDown();
    CompletableFuture<BindOutcome> elsewhere = service.bind("b", "unheard-of");
    assertThat(elsewhere.join()).isInstanceOf(BindOutcome.NotBound.class);
    assertThat(first.join()).isInstanceOf(BindOutcome.NotBound.class);
    assertThat(again.join()).isInstanceOf(BindOutcome.NotBound.class);
  }
}
