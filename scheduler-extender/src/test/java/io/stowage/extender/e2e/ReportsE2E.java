package io.stowage.extender.e2e;

import static io.stowage.extender.e2e.Pods.STOWAGE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * What users of other GPU schedulers have reported, tried on a real control plane whose device
 * plugins serve pods in random order.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ReportsE2E {
  private static final int UNITS_PER_CARD = 16;
  private static final String INDEX = "ALIYUN_COM_GPU_MEM_IDX";
  private static final Path SHARED =
      NodeLists.write(
          "reports-shared",
          List.of(
              NodeLists.node("eight", 8),
              NodeLists.node("four-a", 4),
              NodeLists.node("four-b", 4),
              NodeLists.node("one", 1)));
  private static final Path OFF_AND_ON =
      NodeLists.write("reports-off-and-on", List.of(NodeLists.node("off-and-on", 2)));
  private static final Path CHANGING =
      NodeLists.write("reports-changing", List.of(NodeLists.node("changing", 4)));
  private static final Path WHOLE =
      NodeLists.write(
          "reports-whole", List.of(NodeLists.node("whole", 4), NodeLists.node("plain", 0)));
  private static final String[] AS_SHARES = NodeLists.asShares(UNITS_PER_CARD);

  private ServedCluster cluster;

  @BeforeAll
  void start() {
    cluster = new ServedCluster("reports", SHARED, AS_SHARES);
    cluster.controlPlane().createNodes(OFF_AND_ON, AS_SHARES);
    cluster.controlPlane().createNodes(CHANGING, AS_SHARES);
    cluster.controlPlane().createNodes(WHOLE);
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

  private static PodBuilder on(String node, PodBuilder pod) {
    return pod.editSpec().addToNodeSelector("kubernetes.io/hostname", node).endSpec();
  }

  private void patchNodeStatus(String node, String patch) {
    cluster
        .controlPlane()
        .kubectl("patch", "node", node, "--subresource=status", "--type=merge", "-p", patch);
  }

  private static List<String> indices(ClusterSnapshot pods) {
    return pods.boundPods().stream()
        .map(pod -> pod.getMetadata().getAnnotations().get(INDEX))
        .sorted()
        .toList();
  }

  private static void assertCards(ClusterSnapshot pods, int shares) {
    pods.assertNoNodeOvercommitted();
    pods.assertNoCardOvercommitted();
    assertThat(pods.assertCardsGivenAsAnnotated()).as("shares that have started").isEqualTo(shares);
  }

  /** KAI-Scheduler #2153: a card was over-packed, or the pods went round for ever. */
  @Test
  void sixteenHalfGpuPodsAtOnceOnANodeOfEightGpusAllRun() {
    IntStream.range(0, 16)
        .parallel()
        .forEach(i -> cluster.create(on("eight", share("half-" + i, UNITS_PER_CARD / 2))));
    ClusterSnapshot pods = cluster.awaitAllRunning();
    assertCards(pods, 16);
    assertThat(pods.assertNoCardOvercommitted().get("eight")).containsOnly(0);
  }

  /** gpushare-scheduler-extender #201: after some rounds the pod stayed pending. */
  @Test
  void creatingAndDeletingTheSamePodAlwaysEndsInItRunning() {
    for (int round = 0; round < 20; round++) {
      cluster.create(on("one", share("again", UNITS_PER_CARD)));
      if (round % 2 == 0) {
        cluster.awaitRunning("again");
      }
      cluster.deletePod("again");
    }
    cluster.create(on("one", share("again", UNITS_PER_CARD)));
    cluster.awaitBound("again");
    cluster.awaitRunning("again");
    assertCards(ClusterSnapshot.take(cluster.admin()), 1);
  }

  /** HAMi #2923: devices of deleted pods stayed allocated until a restart. */
  @Test
  void theDevicesOfADeletedPodAreFreeWithoutARestart() {
    for (int i = 0; i < 4; i++) {
      cluster.create(on("four-a", share("first-" + i, UNITS_PER_CARD)));
    }
    cluster.awaitAllRunning();
    cluster.create(on("four-a", share("next", UNITS_PER_CARD)));
    cluster.awaitUnschedulable("next");
    String freed = cluster.pod("first-2").getMetadata().getAnnotations().get(INDEX);
    cluster.deletePod("first-2");
    cluster.awaitBound("next");
    assertThat(cluster.awaitRunning("next").getMetadata().getAnnotations())
        .containsEntry(INDEX, freed);
    assertCards(ClusterSnapshot.take(cluster.admin()), 4);
  }

  /** gpushare-scheduler-extender #220: the container got another card than annotated. */
  @Test
  void everyContainerGetsTheCardOfItsAnnotationThoughAmountsAreEqual() {
    long seed = 220;
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    for (String node : List.of("four-a", "four-b")) {
      cluster
          .controlPlane()
          .kubectl("annotate", "node", node, "local.stowage.io/allocate-millis=0-1500");
    }
    for (int i = 0; i < 36; i++) {
      String node = random.nextBoolean() ? "four-a" : "four-b";
      cluster.create(on(node, share("equal-" + i, random.nextBoolean() ? 2 : 4)));
    }
    ClusterSnapshot pods = cluster.awaitAllRunning();
    assertCards(pods, 36);
    System.out.println(
        "free units: "
            + pods.assertNoCardOvercommitted().entrySet().stream()
                .map(node -> node.getKey() + Arrays.toString(node.getValue()))
                .collect(Collectors.joining(", ")));
  }

  /** gpushare-scheduler-extender #72: a node changed its kind, and the old one was remembered. */
  @Test
  void aNodeThatChangesFromSharedToWholeGpusAndBackTakesWhatItHas() {
    cluster.create(on("changing", share("before", 10)));
    cluster.awaitRunning("before");
    cluster.deletePod("before");

    patchNodeStatus(
        "changing",
        changedGpus(
            "\"aliyun.com/gpu-mem\":null,\"aliyun.com/gpu-count\":null,\"nvidia.com/gpu\":\"4\""));
    for (int i = 0; i < 2; i++) {
      cluster.create(on("changing", Pods.pod("whole-" + i, STOWAGE, "cpu=1,nvidia.com/gpu=2")));
      cluster.awaitBound("whole-" + i);
    }
    cluster.create(on("changing", share("too-early", 1)));
    cluster.awaitUnschedulable("too-early");
    ClusterSnapshot whole = ClusterSnapshot.take(cluster.admin());
    whole.assertNoNodeOvercommitted();
    assertThat(whole.boundPods()).hasSize(2);
    List.of("whole-0", "whole-1", "too-early").forEach(cluster::deletePod);

    patchNodeStatus(
        "changing",
        changedGpus(
            "\"nvidia.com/gpu\":null,\"aliyun.com/gpu-mem\":\"64\",\"aliyun.com/gpu-count\":\"4\""));
    for (int i = 0; i < 4; i++) {
      cluster.create(on("changing", share("after-" + i, UNITS_PER_CARD)));
      cluster.awaitBound("after-" + i);
    }
    ClusterSnapshot shared = cluster.awaitAllRunning();
    assertCards(shared, 4);
    assertThat(indices(shared)).containsExactly("0", "1", "2", "3");
  }

  private static String changedGpus(String resources) {
    return "{\"status\":{\"capacity\":{%1$s},\"allocatable\":{%1$s}}}".formatted(resources);
  }

  /** HAMi #1557: after a node had been off and on again its pods stayed pending. */
  @Test
  void aNodeThatIsOffAndOnAgainKeepsItsPodsAndTakesNewOnes() {
    cluster.create(on("off-and-on", share("stays", 10)));
    cluster.create(on("off-and-on", share("goes", UNITS_PER_CARD)));
    cluster.awaitAllRunning();
    cluster.admin().nodes().withName("off-and-on").delete();
    cluster.create(on("off-and-on", share("waits", 6)));
    cluster.awaitUnschedulable("waits");
    cluster.controlPlane().createNodes(OFF_AND_ON, AS_SHARES);
    cluster.awaitBound("waits");
    cluster.awaitRunning("waits");
    ClusterSnapshot pods = ClusterSnapshot.take(cluster.admin());
    assertCards(pods, pods.boundPods().size());
    assertThat(pods.boundPods()).hasSize(3);
    cluster.deletePod("goes");
    cluster.create(on("off-and-on", share("comes", UNITS_PER_CARD)));
    cluster.awaitBound("comes");
    cluster.awaitRunning("comes");
    assertCards(ClusterSnapshot.take(cluster.admin()), 3);
  }

  /** HAMi #2264: the extender named one node, whatever the pod preferred. */
  @Test
  void aPodThatPrefersANodeGetsIt() {
    List<String> nodes = List.of("eight", "four-a", "four-b", "one", "changing");
    for (String node : nodes) {
      cluster.create(preferring(node, share("share-prefers-" + node, 3)));
      cluster.create(preferring(node, Pods.pod("cpu-prefers-" + node, STOWAGE, "cpu=1")));
    }
    ClusterSnapshot pods = cluster.awaitAllRunning();
    assertThat(pods.boundPods())
        .hasSize(2 * nodes.size())
        .allSatisfy(
            pod ->
                assertThat(pod.getMetadata().getName())
                    .endsWith("-prefers-" + pod.getSpec().getNodeName()));
    assertCards(pods, nodes.size());
  }

  private static PodBuilder preferring(String node, PodBuilder pod) {
    return pod.editSpec()
        .editOrNewAffinity()
        .editOrNewNodeAffinity()
        .addNewPreferredDuringSchedulingIgnoredDuringExecution()
        .withWeight(100)
        .withNewPreference()
        .addNewMatchExpression()
        .withKey("kubernetes.io/hostname")
        .withOperator("In")
        .withValues(node)
        .endMatchExpression()
        .endPreference()
        .endPreferredDuringSchedulingIgnoredDuringExecution()
        .endNodeAffinity()
        .endAffinity()
        .endSpec();
  }

  @Test
  void sharesWholeGpusMigProfilesAndOtherDevicesLiveOnOneCluster() {
    String mig = "nvidia.com/mig-1g.5gb";
    String nic = "example.com/nic";
    patchNodeStatus("plain", changedGpus("\"%s\":\"7\",\"%s\":\"2\"".formatted(mig, nic)));
    await("the node to offer its devices")
        .until(
            () ->
                cluster
                    .admin()
                    .nodes()
                    .withName("plain")
                    .get()
                    .getStatus()
                    .getAllocatable()
                    .containsKey(nic));
    for (int i = 0; i < 8; i++) {
      cluster.create(Pods.pod("mig-" + i, STOWAGE, "cpu=1,%s=1".formatted(mig)));
    }
    for (int i = 0; i < 3; i++) {
      cluster.create(Pods.pod("whole-" + i, STOWAGE, "cpu=1,nvidia.com/gpu=2"));
      cluster.create(Pods.pod("nic-" + i, STOWAGE, "cpu=1,%s=1".formatted(nic)));
      cluster.create(share("share-" + i, 5));
    }
    ClusterSnapshot pods = cluster.awaitDecided();
    assertThat(names(pods.pendingPods()))
        .hasSize(3)
        .anyMatch(name -> name.startsWith("mig-"))
        .anyMatch(name -> name.startsWith("whole-"))
        .anyMatch(name -> name.startsWith("nic-"));
    List.of("mig-", "whole-", "nic-")
        .forEach(
            kind ->
                names(pods.pendingPods()).stream()
                    .filter(name -> name.startsWith(kind))
                    .forEach(cluster::deletePod));
    assertCards(cluster.awaitAllRunning(), 3);
  }

  private static List<String> names(List<Pod> pods) {
    return pods.stream().map(pod -> pod.getMetadata().getName()).toList();
  }

  /** A device plugin that hangs blocks its node alone, and lets all start when it is back. */
  @Test
  void aStuckDevicePluginDelaysItsOwnNodeOnly() {
    cluster.controlPlane().kubectl("annotate", "node", "four-a", "local.stowage.io/allocate=never");
    cluster.create(on("four-a", share("stuck", 4)));
    cluster.awaitBound("stuck");
    cluster.create(on("four-b", share("free", 4)));
    cluster.awaitRunning("free");
    assertThat(cluster.pod("stuck").getStatus().getPhase()).isEqualTo("Pending");
    cluster.controlPlane().kubectl("annotate", "node", "four-a", "local.stowage.io/allocate-");
    cluster.awaitRunning("stuck");
    assertCards(ClusterSnapshot.take(cluster.admin()), 2);
  }
}
