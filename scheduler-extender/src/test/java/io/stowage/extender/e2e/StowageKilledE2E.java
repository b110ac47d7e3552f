package io.stowage.extender.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.PodBuilder;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/**
 * Stowage dies by SIGKILL at every step of a pod's way, and at random ones under load. {@code
 * -Dstowage.e2e.kills=200} kills it more often.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class StowageKilledE2E {
  private static final int KILLS = Integer.getInteger("stowage.e2e.kills", 20);
  private static final int PODS_PER_SECOND = 15;
  private static final int LONGEST_COUNTDOWN = 30;

  private FaultCluster cluster;

  /** Where on a pod's way Stowage dies. */
  private enum Step {
    BEFORE_FILTER_ARRIVES,
    BEFORE_FILTER_IS_ANSWERED,
    BEFORE_PRIORITIZE_ARRIVES,
    BEFORE_BIND_ARRIVES,
    BEFORE_THE_WRITE_ARRIVES,
    AFTER_THE_WRITE,
    BEFORE_BIND_IS_ANSWERED
  }

  @BeforeAll
  void start() {
    cluster = new FaultCluster("stowage-killed");
  }

  @AfterEach
  void clear() {
    cluster.clear();
  }

  @AfterAll
  void stop() {
    cluster.close();
  }

  private static PodBuilder wholeCard(String name) {
    return Pods.pod(
            name,
            Pods.STOWAGE,
            "cpu=100m,memory=128Mi,aliyun.com/gpu-mem=" + FaultCluster.UNITS_PER_CARD)
        .editSpec()
        .addToNodeSelector("kubernetes.io/hostname", "share-00")
        .endSpec();
  }

  /** Kills Stowage when a step is reached for the n-th time; tells when it has. */
  private AtomicBoolean killAt(Step step, int times) {
    AtomicBoolean killed = new AtomicBoolean();
    AtomicInteger left = new AtomicInteger(times);
    Runnable kill =
        () -> {
          cluster.served().killStowage();
          killed.set(true);
        };
    switch (step) {
      case BEFORE_FILTER_ARRIVES -> cluster.proxy().before(atLast("filter", left, kill));
      case BEFORE_FILTER_IS_ANSWERED -> cluster.proxy().after(atLast("filter", left, kill));
      case BEFORE_PRIORITIZE_ARRIVES -> cluster.proxy().before(atLast("prioritize", left, kill));
      case BEFORE_BIND_ARRIVES -> cluster.proxy().before(atLast("bind", left, kill));
      case BEFORE_BIND_IS_ANSWERED -> cluster.proxy().after(atLast("bind", left, kill));
      case BEFORE_THE_WRITE_ARRIVES -> atLastBinding(left, new Fault.BreakAfter(kill));
      case AFTER_THE_WRITE -> atLastBinding(left, new Fault.LoseAnswerAfter(kill));
    }
    return killed;
  }

  private static Consumer<String> atLast(String verb, AtomicInteger left, Runnable action) {
    return called -> {
      if (called.equals(verb) && left.decrementAndGet() == 0) {
        action.run();
      }
    };
  }

  private void atLastBinding(AtomicInteger left, Fault fault) {
    cluster
        .api()
        .faults(request -> request.isBinding() && left.decrementAndGet() == 0 ? fault : Fault.NONE);
  }

  private void awaitKilledAndRestart(AtomicBoolean killed) {
    await("Stowage to be killed").untilTrue(killed);
    cluster.proxy().before(null);
    cluster.proxy().after(null);
    cluster.api().noFaults();
    cluster.served().startStowage();
  }

  @TestFactory
  Stream<DynamicTest> killedAtAnyStepTheCardGoesToOnePodAlone() {
    return Stream.of(Step.values())
        .filter(step -> step != Step.BEFORE_PRIORITIZE_ARRIVES) // not called for a single node
        .map(
            step ->
                DynamicTest.dynamicTest(
                    step.name(),
                    () -> {
                      try {
                        killedAt(step);
                      } finally {
                        cluster.clear();
                      }
                    }));
  }

  private void killedAt(Step step) {
    AtomicBoolean killed = killAt(step, 1);
    cluster.served().create(wholeCard("first"));
    await("Stowage to be killed").untilTrue(killed);
    cluster.served().create(wholeCard("second"));
    awaitKilledAndRestart(killed);
    ClusterSnapshot end = cluster.assertNothingIsLost();
    assertThat(end.boundPods()).hasSize(1);
    assertThat(end.pendingPods()).hasSize(1);

    cluster.served().deletePod(end.boundPods().get(0).getMetadata().getName());
    assertThat(cluster.assertNothingIsLost().boundPods()).hasSize(1);
  }

  @Test
  void killedAtRandomStepsUnderLoadNothingIsLost()
      throws ExecutionException, InterruptedException, TimeoutException {
    long seed = 44;
    Random random = new Random(seed);
    List<Step> steps = List.of(Step.values());
    try (Load load = cluster.load("load", seed).deleting(20)) {
      load.start(PODS_PER_SECOND);
      for (int i = 0; i < KILLS; i++) {
        Step step = steps.get(random.nextInt(steps.size()));
        int times = 1 + random.nextInt(LONGEST_COUNTDOWN);
        awaitKilledAndRestart(killAt(step, times));
        ClusterSnapshot.take(cluster.admin()).assertNoCardOvercommitted();
      }
      load.stop();
    }
    cluster.assertNothingIsLost();
    System.out.println(KILLS + " kills");
  }
}
