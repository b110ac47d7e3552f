package io.stowage.extender.e2e;

import static io.stowage.extender.e2e.Pods.STOWAGE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * Two pairs of kube-scheduler and Stowage, each on a host name of its own, with kube-scheduler's
 * own lease times: 15 s, 10 s, 2 s.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TakeoverE2E {

  private ControlPlane controlPlane;
  private SchedulerPair first;
  private SchedulerPair second;

  @BeforeAll
  void start() {
    controlPlane =
        ControlPlane.start(
            "takeover",
            NodeLists.write(
                "takeover",
                List.of(
                    NodeLists.node("one", 4), NodeLists.node("two", 4), NodeLists.node("six", 2))),
            NodeLists.asShares(16));
    first = startPair("pair-a");
    await("the first pair to be active").until(first.stowage()::isActive);
    second = startPair("pair-b");
    second.stowage().awaitReady();
  }

  @AfterAll
  void stop() {
    second.close();
    controlPlane.close();
  }

  private SchedulerPair startPair(String host) {
    return SchedulerPair.start(controlPlane, host, ControlPlane.jar());
  }

  private void create(String prefix, int count) {
    for (int i = 0; i < count; i++) {
      controlPlane
          .admin()
          .pods()
          .resource(
              Pods.pod(
                      prefix + "-" + i,
                      STOWAGE,
                      "cpu=100m,memory=128Mi,aliyun.com/gpu-mem=" + (1 + i % 4))
                  .build())
          .create();
    }
  }

  private ClusterSnapshot awaitAllBound() {
    await("all pods to be bound")
        .pollInterval(Duration.ofMillis(200))
        .until(() -> ClusterSnapshot.take(controlPlane.admin()).pendingPods().isEmpty());
    return ClusterSnapshot.take(controlPlane.admin());
  }

  private static Set<Long> epochs(ClusterSnapshot pods, String prefix) {
    Set<Long> epochs = new TreeSet<>();
    for (Pod pod : pods.boundPods()) {
      if (pod.getMetadata().getName().startsWith(prefix)) {
        epochs.add(Long.parseLong(pod.getMetadata().getAnnotations().get("stowage.io/epoch")));
      }
    }
    return epochs;
  }

  @Test
  void standbyTakesOverFromAKilledPair() {
    create("before", 20);
    ClusterSnapshot before = awaitAllBound();
    before.assertNoCardOvercommitted();
    assertThat(second.stowage().isActive()).isFalse();
    assertThat(second.stowage().client().get("/leaderz").body())
        .startsWith("standby: Lease kube-system/stowage is held by pair-a_");

    create("during", 10);
    long killed = System.nanoTime();
    first.kill();
    create("after", 10);
    await("the standby to take over")
        .pollInterval(Duration.ofMillis(50))
        .until(second.stowage()::isActive);
    System.out.printf("killed to active: %.1f s%n", (System.nanoTime() - killed) / 1e9);
    create("later", 5);
    ClusterSnapshot after = awaitAllBound();
    System.out.printf("killed to all bound: %.1f s%n", (System.nanoTime() - killed) / 1e9);

    FinalCheck.assertNothingIsLost(
        controlPlane, second.stowage(), List.of(first.stowage(), second.stowage()));
    assertThat(epochs(after, "before")).containsExactly(1L);
    assertThat(epochs(after, "later")).containsExactly(2L);
    assertThat(Set.of(1L, 2L)).containsAll(epochs(after, "during"));
    assertThat(second.stowage().metric("stowage_fence_refusals_total")).isZero();
  }
}
