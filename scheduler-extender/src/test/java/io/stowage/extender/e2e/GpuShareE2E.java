package io.stowage.extender.e2e;

import static io.stowage.extender.e2e.Pods.STOWAGE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Pods that share GPUs by the gpushare protocol, through a real kube-scheduler. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class GpuShareE2E {
  private static final int UNITS_PER_CARD = 16;
  private static final String INDEX = "ALIYUN_COM_GPU_MEM_IDX";
  private static final String FRAGMENTED =
      "enough GPU in total, but no single GPU with enough free";

  private ServedCluster cluster;

  @BeforeAll
  void start() {
    List<String> nodes = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      nodes.add(NodeLists.node("share-%02d".formatted(i), i < 2 ? 1 : i < 12 ? 2 : 4));
    }
    cluster =
        new ServedCluster(
            "gpu-share", NodeLists.write("gpu-share", nodes), NodeLists.asShares(UNITS_PER_CARD));
  }

  @AfterEach
  void clear() {
    cluster.clear();
  }

  @AfterAll
  void stop() {
    cluster.close();
  }

  private static PodBuilder share(String name, int units) {
    return Pods.pod(name, STOWAGE, "cpu=100m,memory=128Mi,aliyun.com/gpu-mem=" + units);
  }

  private static PodBuilder shareOn(String node, String name, int units) {
    return share(name, units)
        .editSpec()
        .addToNodeSelector("kubernetes.io/hostname", node)
        .endSpec();
  }

  private static int units(Pod pod) {
    var units = ClusterSnapshot.requests(pod).get("aliyun.com/gpu-mem");
    return units == null ? 0 : units.intValueExact();
  }

  /** Creates pods of which some find no room; returns them when all are decided. */
  private ClusterSnapshot createMixedPods(String prefix, int count, Random random) {
    int[] sizes = {1, 2, 3, 5, 6, 8, 11, 16};
    for (int i = 0; i < count; i++) {
      String name = "%s-%03d".formatted(prefix, i);
      cluster.create(
          random.nextInt(5) == 0
              ? Pods.pod(name, STOWAGE, "cpu=500m,memory=1Gi")
              : share(name, sizes[random.nextInt(sizes.length)]));
    }
    return cluster.awaitDecided();
  }

  private static void assertAnnotated(ClusterSnapshot pods) {
    Map<String, Set<String>> assumeTimes = new HashMap<>();
    for (Pod pod : pods.boundPods()) {
      Map<String, String> annotations = pod.getMetadata().getAnnotations();
      if (units(pod) == 0) {
        assertThat(annotations == null ? Map.of() : annotations).doesNotContainKey(INDEX);
        continue;
      }
      assertThat(annotations)
          .as(pod.getMetadata().getName())
          .containsEntry("ALIYUN_COM_GPU_MEM_DEV", String.valueOf(UNITS_PER_CARD))
          .containsEntry("ALIYUN_COM_GPU_MEM_POD", String.valueOf(units(pod)))
          .containsKey("ALIYUN_COM_GPU_MEM_ASSIGNED")
          .containsKey(INDEX);
      String assumeTime = annotations.get("ALIYUN_COM_GPU_MEM_ASSUME_TIME");
      assertThat(assumeTime).as(pod.getMetadata().getName()).matches("[1-9][0-9]{18}");
      assertThat(
              assumeTimes
                  .computeIfAbsent(pod.getSpec().getNodeName(), node -> new HashSet<>())
                  .add(assumeTime))
          .as("assume time of %s is its own", pod.getMetadata().getName())
          .isTrue();
    }
  }

  private static void assertPendingFitNoCard(ClusterSnapshot pods) {
    int largestFree =
        (int)
            pods.assertNoCardOvercommitted().values().stream()
                .flatMapToLong(Arrays::stream)
                .max()
                .orElseThrow();
    assertThat(pods.pendingPods())
        .isNotEmpty()
        .allSatisfy(pod -> assertThat(units(pod)).isGreaterThan(largestFree));
  }

  @Test
  void everyShareGetsACardThatHoldsIt() {
    long seed = 42;
    System.out.println("seed " + seed);
    ClusterSnapshot pods = createMixedPods("mixed", 300, new Random(seed));
    pods.assertNoNodeOvercommitted();
    assertAnnotated(pods);
    assertPendingFitNoCard(pods);
    System.out.printf(
        "gpu-mem requested of %d pods: %.1f %%%n",
        pods.boundPods().size(), pods.allocationPercent("aliyun.com/gpu-mem"));
  }

  @Test
  void restartRebuildsTheCardsFromAnnotations() {
    long seed = 43;
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    createMixedPods("before", 100, random);
    cluster.killStowage();
    cluster.create(share("meanwhile", 1));
    cluster.startStowage();
    // Before the others: they fill every card, and kube-scheduler retries this one in its own time.
    assertThat(cluster.awaitBound("meanwhile").getMetadata().getAnnotations()).containsKey(INDEX);
    ClusterSnapshot pods = createMixedPods("after", 200, random);
    pods.assertNoNodeOvercommitted();
    assertAnnotated(pods);
    assertPendingFitNoCard(pods);
  }

  @Test
  void shareThatFitsNoSingleCardWaitsUntilOneHasRoom() {
    cluster.create(shareOn("share-02", "first", 10));
    cluster.create(shareOn("share-02", "second", 10));
    String firstCard = cluster.awaitBound("first").getMetadata().getAnnotations().get(INDEX);
    cluster.awaitBound("second");
    cluster.create(shareOn("share-02", "third", 8));
    assertThat(cluster.awaitUnschedulable("third"))
        .startsWith("0/20 nodes are available:")
        .contains("1 " + FRAGMENTED)
        .doesNotContain("extender");
    System.out.println(cluster.controlPlane().kubectl("describe", "pod", "third"));
    assertThat(cluster.schedulerErrors("third")).isEmpty();

    cluster.endPod("first");
    assertThat(cluster.awaitBound("third").getMetadata().getAnnotations())
        .containsEntry(INDEX, firstCard);
    ClusterSnapshot.take(cluster.admin()).assertNoCardOvercommitted();
  }

  @Test
  void gpuMemoryInTwoContainersIsRefusedWithItsReason() {
    cluster.create(
        share("two-containers", 2)
            .editSpec()
            .addNewContainer()
            .withName("second")
            .withImage("none")
            .withNewResources()
            .withLimits(Pods.quantities("aliyun.com/gpu-mem=2"))
            .endResources()
            .endContainer()
            .endSpec());
    assertThat(cluster.awaitUnschedulable("two-containers"))
        .contains("20 aliyun.com/gpu-mem in more than one container");
    assertThat(cluster.schedulerErrors("two-containers")).isEmpty();
  }

  @Test
  void podDeletedBetweenFilterAndBindLeavesNothingBehind() {
    AtomicBoolean deleted = new AtomicBoolean();
    cluster
        .proxy()
        .before(
            verb -> {
              if (verb.equals("bind") && deleted.compareAndSet(false, true)) {
                cluster.deletePod("deleted");
              }
            });
    cluster.create(shareOn("share-00", "deleted", UNITS_PER_CARD));
    await("the pod to be deleted").untilTrue(deleted);
    cluster.create(shareOn("share-00", "next", UNITS_PER_CARD));
    cluster.awaitBound("next");
    cluster.proxy().before(null);
    await("nothing to be in doubt").until(() -> cluster.metric("stowage_unconfirmed_binds") == 0);
    assertThat(cluster.metric("stowage_bound_pods")).isEqualTo(1);
  }

  @Test
  void fragmentedCardsEndInNoPreemptionError() {
    cluster.admin().resource(Pods.preempting("share-high", 1000)).create();
    cluster.create(shareOn("share-03", "low-1", 10));
    cluster.create(shareOn("share-03", "low-2", 10));
    cluster.awaitBound("low-1");
    cluster.awaitBound("low-2");
    cluster.create(
        shareOn("share-03", "high", 8).editSpec().withPriorityClassName("share-high").endSpec());
    assertThat(cluster.awaitUnschedulable("high")).contains("1 " + FRAGMENTED);
    assertThat(cluster.schedulerErrors("high")).isEmpty();
    ClusterSnapshot.take(cluster.admin()).assertNoCardOvercommitted();
  }
}
