package io.stowage.extender.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** What becomes of pods while Stowage does not answer, by the extender's setting ignorable. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class StowageDownE2E {
  private static final String WHOLE = "cpu=1,memory=1Gi,nvidia.com/gpu=1";
  private static final String SHARE = "cpu=1,memory=1Gi,aliyun.com/gpu-mem=4";
  private static final String CPU = "cpu=1,memory=1Gi";

  private ServedCluster cluster;

  @BeforeAll
  void start() {
    cluster =
        new ServedCluster("down", NodeLists.write("down", List.of(NodeLists.node("whole-0", 4))));
    cluster
        .controlPlane()
        .createNodes(
            NodeLists.write("down-share", List.of(NodeLists.node("share-0", 2))),
            NodeLists.asShares(16));
  }

  @AfterEach
  void clear() {
    cluster.clear();
  }

  @AfterAll
  void stop() {
    cluster.close();
  }

  private void restartScheduler(boolean ignorable) {
    String config =
        cluster
            .controlPlane()
            .schedulerConfig("stowage", cluster.proxy().url())
            .replaceAll("ignorable: (true|false)", "ignorable: " + ignorable);
    assertThat(config).contains("ignorable: " + ignorable);
    cluster.restartScheduler(config);
  }

  private void create(String prefix, String limits, int count) {
    for (int i = 0; i < count; i++) {
      cluster.create(Pods.pod(prefix + "-" + i, Pods.STOWAGE, limits));
    }
  }

  @Test
  void podsWaitForStowageAndCanBeDeletedMeanwhile() {
    restartScheduler(false);
    cluster.killStowage();
    create("waits", WHOLE, 2);
    create("share-waits", SHARE, 2);
    create("cpu-waits", CPU, 1);
    for (String name : List.of("waits-0", "share-waits-0", "cpu-waits-0")) {
      await("kube-scheduler to have tried " + name)
          .until(() -> !cluster.schedulerErrors(name).isEmpty());
    }
    assertThat(ClusterSnapshot.take(cluster.admin()).boundPods()).isEmpty();
    cluster.deletePod("waits-1");

    cluster.startStowage();
    ClusterSnapshot end =
        FinalCheck.assertNothingIsLost(
            cluster.controlPlane(), cluster.stowage(), List.of(cluster.stowage()));
    assertThat(end.boundPods()).hasSize(4);
    assertThat(end.pendingPods()).isEmpty();
  }

  @Test
  void whereIgnorablePodsArePlacedWithoutStowageWhichTakesThemInAfterwards() {
    restartScheduler(true);
    cluster.killStowage();
    create("falls-back", WHOLE, 3);
    create("cpu-falls-back", CPU, 2);
    create("share-falls-back", SHARE, 1);
    await("kube-scheduler to place them by itself")
        .until(() -> ClusterSnapshot.take(cluster.admin()).pendingPods().isEmpty());
    assertThat(cluster.pod("share-falls-back-0").getMetadata().getAnnotations())
        .as("nobody has chosen its device")
        .doesNotContainKey("ALIYUN_COM_GPU_MEM_IDX");

    cluster.startStowage();
    create("later", WHOLE, 2);
    create("later-share", "cpu=1,memory=1Gi,aliyun.com/gpu-mem=16", 2);
    for (String waiting : List.of("later", "later-share")) {
      await("one of two to be placed beside what is there: " + waiting)
          .untilAsserted(
              () ->
                  assertThat(List.of(cluster.pod(waiting + "-0"), cluster.pod(waiting + "-1")))
                      .satisfiesOnlyOnce(pod -> assertThat(ClusterSnapshot.isBound(pod)).isTrue())
                      .satisfiesOnlyOnce(pod -> assertThat(Pods.whyPending(pod)).isPresent()));
    }
    ClusterSnapshot.take(cluster.admin()).assertNoNodeOvercommitted();
    cluster.deletePod("share-falls-back-0");
    FinalCheck.assertNothingIsLost(
        cluster.controlPlane(), cluster.stowage(), List.of(cluster.stowage()));
  }
}
