package io.stowage.extender.e2e;

import static io.stowage.extender.e2e.Pods.STOWAGE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Pods that Stowage refused are tried again when room appears, and nobody else is disturbed. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class WakeE2E {
  private static final String PATCHES = "PATCH pods";

  private ControlPlane controlPlane;
  private FaultyApi api;
  private ServedCluster cluster;

  @BeforeAll
  void start() {
    controlPlane =
        ControlPlane.start(
            "wake",
            NodeLists.write(
                "wake", List.of(NodeLists.node("wake-0", 2), NodeLists.node("wake-1", 1))),
            NodeLists.asShares(16, "--pods-per-node", "4000"));
    api = new FaultyApi(controlPlane.kubeconfig("stowage"));
    cluster = new ServedCluster(controlPlane, api.kubeconfig());
  }

  @AfterEach
  void clear() {
    api.noFaults();
    cluster.clear();
  }

  @AfterAll
  void stop() {
    cluster.close();
    api.close();
  }

  private static PodBuilder share(String node, String name, int units) {
    return Pods.pod(name, STOWAGE, "cpu=1m,memory=1Mi,aliyun.com/gpu-mem=" + units)
        .editSpec()
        .addToNodeSelector("kubernetes.io/hostname", node)
        .endSpec();
  }

  /** Leaves 6 of 16 units free on each card of wake-0, so that the sum has 12, but no card. */
  private void fillBothCards() {
    cluster.create(share("wake-0", "first", 10));
    cluster.create(share("wake-0", "second", 10));
    cluster.awaitBound("first");
    cluster.awaitBound("second");
  }

  private double rejected() {
    return cluster.metric("stowage_decisions_total{outcome=\"rejected\",verb=\"filter\"}");
  }

  /**
   * Waits until kube-scheduler has no reason of its own left to try a pod again: longer than its
   * longest back-off, 10 s, without a refusal.
   */
  private void awaitNoMoreTries() {
    AtomicReference<Double> refusals = new AtomicReference<>(rejected());
    await("kube-scheduler to leave the pod alone")
        .during(Duration.ofSeconds(12))
        .until(
            () -> {
              double now = rejected();
              return refusals.getAndSet(now) == now;
            });
  }

  @Test
  void waitingShareIsBoundWhenAPodEnds() {
    fillBothCards();
    cluster.create(share("wake-0", "waits", 12));
    cluster.awaitUnschedulable("waits");
    cluster.endPod("first");
    cluster.awaitBound("waits");
    ClusterSnapshot.take(cluster.admin()).assertNoCardOvercommitted();
  }

  @Test
  void podWithManyAttemptsBehindItIsBoundWhenAPodEnds() {
    fillBothCards();
    cluster.create(share("wake-0", "waits", 12));
    cluster.awaitUnschedulable("waits");
    for (int attempt = 0; attempt < 5; attempt++) {
      double before = rejected();
      cluster
          .controlPlane()
          .kubectl("annotate", "--overwrite", "pod", "waits", "e2e.stowage.io/attempt=" + attempt);
      await("the pod to be tried in vain").until(() -> rejected() > before);
    }
    cluster.endPod("first");
    cluster.awaitBound("waits");
  }

  /** As in gpushare #187, where such a pod waits for five minutes. */
  @Test
  void shareRefusedWhileTheWatchWasBehindIsWokenWhenItHasCaughtUp() {
    fillBothCards();
    cluster.create(share("wake-0", "waits", 12));
    cluster.awaitUnschedulable("waits");
    double before = rejected();
    long patches = api.count(PATCHES);
    api.faults(
        request ->
            request.isWatch() || request.what().startsWith("LIST ") ? Fault.BREAK : Fault.NONE);
    api.cutWatches();
    cluster.endPod("first");
    await("kube-scheduler to try the pod at once, in vain").until(() -> rejected() > before);
    awaitNoMoreTries();
    assertThat(ClusterSnapshot.isBound(cluster.pod("waits"))).isFalse();
    api.noFaults();
    cluster.awaitBound("waits");
    assertThat(api.count(PATCHES)).isGreaterThan(patches);
  }

  /** A ConfigMap is no event to kube-scheduler: nobody but Stowage can have it try again. */
  @Test
  void waitingShareIsBoundWhenADeviceIsHealthyAgain() {
    ConfigMap unhealthy =
        new ConfigMapBuilder()
            .withNewMetadata()
            .withName("unhealthy-gpu-wake-1")
            .withNamespace("kube-system")
            .endMetadata()
            .addToData("gpus", "0")
            .build();
    cluster.admin().resource(unhealthy).create();
    await("the device to be left out")
        .until(() -> cluster.metric("stowage_gpu_capacity_gpus") == 2);
    cluster.create(share("wake-1", "waits", 16));
    cluster.awaitUnschedulable("waits");
    cluster.admin().resource(unhealthy).delete();
    cluster.awaitBound("waits");
  }

  @Test
  void twoThousandWaitingPodsAndOneFreedGpuCostAHandfulOfWrites() {
    int waiting = 2000;
    fillBothCards();
    double before = rejected();
    for (int i = 0; i < waiting; i++) {
      cluster.create(share("wake-0", "waits-" + i, 12));
    }
    await("all to be refused")
        .atMost(Duration.ofMinutes(10))
        .pollInterval(Duration.ofSeconds(1))
        .until(() -> rejected() >= before + waiting);
    long patches = api.count(PATCHES);
    cluster.endPod("first");
    await("the freed GPU to be taken")
        .until(() -> cluster.metric("stowage_pending_pods") == waiting - 1);
    await("no more to be woken")
        .during(Duration.ofSeconds(20))
        .until(() -> api.count(PATCHES) - patches <= 10);
    System.out.printf(
        "wake-ups for %d waiting pods and one freed GPU: %d%n",
        waiting, api.count(PATCHES) - patches);
  }
}
