package io.stowage.extender.room;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.cluster.Resources;
import io.stowage.extender.audit.ClusterObjects;
import io.stowage.extender.kube.GpuResources;
import io.stowage.extender.kube.InvalidObjectException;
import io.stowage.extender.kube.NodeReader;
import io.stowage.extender.kube.ObservedPod;
import io.stowage.extender.kube.PodReader;
import io.stowage.extender.observe.RoomReport;
import io.stowage.extender.observe.RoomWanted;
import io.stowage.extender.observe.WaitingPod.NodeTypeName;
import io.stowage.extender.page.PageCluster;
import io.stowage.extender.state.ClusterState;
import java.lang.management.ManagementFactory;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RoomWatchTest {
  private static final NodeTypeName TYPE = new NodeTypeName("g2", "train");

  /** The resource of whole GPUs in synthetic clusters. */
  private static final String GPU = "nvidia.com/gpu";

  private final PageCluster cluster = new PageCluster();
  private final AtomicLong nowSeconds = new AtomicLong();
  private final AtomicLong secondsALook = new AtomicLong();
  private final RoomWatch watch =
      new RoomWatch(
          cluster.loop(),
          cluster.labels(),
          cluster.metrics().room(),
          () -> Instant.ofEpochSecond(nowSeconds.get()),
          () -> TimeUnit.SECONDS.toNanos(nowSeconds.getAndAdd(secondsALook.get())));

  @AfterEach
  void stop() {
    watch.close();
    cluster.close();
  }

  /** A node of two GPUs. */
  private void node(String name, Map<String, String> more) throws InvalidObjectException {
    Node node =
        new NodeBuilder(ClusterObjects.node(name, "cpu=8,memory=16Gi,pods=10,nvidia.com/gpu=2"))
            .editMetadata()
            .addToLabels("node.kubernetes.io/instance-type", TYPE.type())
            .addToLabels("cloud.google.com/gke-nodepool", TYPE.pool())
            .addToLabels(more)
            .endMetadata()
            .build();
    cluster.labels().putNode(node);
    io.stowage.core.cluster.Node read = new NodeReader(GpuResources.DEFAULT).read(node);
    cluster.tell(state -> state.putNode(read));
  }

  private static PodBuilder pod(String name, String node, int gpus) {
    return ClusterObjects.pod(name, node, "cpu=1,nvidia.com/gpu=" + gpus)
        .editMetadata()
        .addNewOwnerReference()
        .withKind("ReplicaSet")
        .withName("set")
        .withUid("set")
        .withController(true)
        .endOwnerReference()
        .endMetadata();
  }

  private void put(Pod pod) throws InvalidObjectException {
    cluster.labels().putPod(pod);
    ObservedPod read = new PodReader(GpuResources.DEFAULT).read(pod);
    cluster.tell(state -> state.putPod(read));
  }

  /** Two half full nodes, and a pod that asks for a whole one. */
  private void fill() throws InvalidObjectException {
    node("a", Map.of());
    node("b", Map.of());
    put(pod("on-a", "a", 1).build());
    put(pod("on-b", "b", 1).build());
    put(pod("large", "", 2).build());
    cluster.tell(ClusterState::markSynced);
  }

  private RoomWanted found() {
    return watch.latest().map(RoomReport::roomWanted).orElseThrow();
  }

  @Test
  void wantsANodeForThePodThatFitsNowhereAndEmptiesTheNodeWhosePodsFitElsewhere()
      throws InvalidObjectException {
    fill();
    put(pod("too-large", "", 3).build());
    watch.round(true);
    assertThat(found())
        .isEqualTo(
            new RoomWanted(
                List.of(new RoomWanted.NodesToAdd(TYPE, 1, 1)),
                1,
                List.of(new RoomWanted.NodeToEmpty("a", TYPE, 1)),
                false));
    assertThat(cluster.metrics().scrape())
        .containsPattern("stowage_room_wanted_nodes\\{pool=\"train\",type=\"g2\"} 1(\\.0)?\\n")
        .containsPattern("stowage_room_unplaceable_pods 1(\\.0)?\\n")
        .containsPattern("stowage_nodes_emptiable 1(\\.0)?\\n");
  }

  @Test
  void runningPodKeepsItsRulesWhereItWouldMove() throws InvalidObjectException {
    node("a", Map.of("disk", "fast"));
    node("b", Map.of());
    put(pod("on-a", "a", 1).editSpec().addToNodeSelector("disk", "fast").endSpec().build());
    put(pod("on-b", "b", 1).build());
    cluster.tell(ClusterState::markSynced);
    watch.round(true);
    assertThat(found().nodesToEmpty())
        .as("a comes first, but its pod may not be on b")
        .containsExactly(new RoomWanted.NodeToEmpty("b", TYPE, 1));
    assertThat(cluster.metrics().scrape())
        .as("a kind of which none is wanted is there with 0")
        .containsPattern("stowage_room_wanted_nodes\\{pool=\"train\",type=\"g2\"} 0(\\.0)?\\n");
  }

  @Test
  void podThatIsGatedWantsNoNode() throws InvalidObjectException {
    fill();
    put(
        pod("large", "", 2)
            .editMetadata()
            .withResourceVersion("2")
            .endMetadata()
            .editSpec()
            .addNewSchedulingGate("later")
            .endSpec()
            .build());
    watch.round(true);
    assertThat(found().nodesToAdd()).isEmpty();
  }

  @Test
  void onlyTheActiveReplicaThatKnowsAllTells() throws InvalidObjectException {
    node("a", Map.of());
    watch.round(true);
    assertThat(watch.latest()).as("nodes and pods are not listed yet").isEmpty();
    cluster.tell(ClusterState::markSynced);
    watch.round(true);
    assertThat(watch.latest()).isPresent();
    watch.round(false);
    assertThat(watch.latest()).isEmpty();
    assertThat(cluster.metrics().scrape()).doesNotContain("stowage_room", "emptiable");
    watch.round(true);
    assertThat(found().nodesToEmpty()).hasSize(1);
  }

  @Test
  void restsNineTimesAsLongAsALookTook() throws InvalidObjectException {
    fill();
    secondsALook.set(2);
    watch.round(true);
    secondsALook.set(0);
    assertThat(found().nodesToAdd()).hasSize(1);
    cluster.tell(state -> state.removePod("uid-large"));
    nowSeconds.set(19);
    watch.round(true);
    assertThat(found().nodesToAdd()).as("from 2 s to 20 s it rests").hasSize(1);
    nowSeconds.set(20);
    watch.round(true);
    assertThat(found().nodesToAdd()).isEmpty();
  }

  @Test
  void whileNothingChangesWhatWasFoundStands() throws InvalidObjectException {
    fill();
    watch.round(true);
    RoomWanted first = found();
    nowSeconds.set(60);
    watch.round(true);
    assertThat(found()).isSameAs(first);
    assertThat(watch.latest().orElseThrow().observedAt()).isEqualTo(Instant.ofEpochSecond(60));
    nowSeconds.set(RoomWatch.STANDS.toSeconds());
    watch.round(true);
    assertThat(found()).isEqualTo(first).isNotSameAs(first);
  }

  @Test
  void fiveThousandNodesAreLookedAtByThisThreadAlone() {
    int pods = cluster.fill(5_000, 40_000);
    PodShape large = PodShape.of(Resources.of(4_000, 1L << 30), GpuRequest.whole(GPU, 8));
    cluster.tell(
        state -> {
          for (int i = 0; i < 2_000; i++) {
            state.putPod(
                ObservedPod.pending(
                    new io.stowage.core.cluster.Pod("w" + i, "team", "w" + i, large, 0)));
          }
        });
    cluster.takeWork();
    long before = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    watch.round(true);
    long cpuNanos = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - before;
    PageCluster.Work work = cluster.takeWork();
    RoomWanted room = found();
    System.out.printf(
        "5,000 nodes, %,d pods, 2,000 that wait: what would make room takes %.1f s of processor"
            + " time, and of the event loop %.1f ms in %d tasks, the longest %.1f ms; %s kinds"
            + " wanted, %d unplaceable%n",
        pods,
        cpuNanos / 1e9,
        work.busyMillis(),
        work.tasks(),
        work.longestMillis(),
        room.nodesToAdd(),
        room.unplaceablePods());
    assertThat(room.unplaceablePods() + room.nodesToAdd().stream().mapToInt(n -> n.pods()).sum())
        .as("pods that have no room")
        .isPositive();
    assertThat(work.tasks()).as("20 of 250 nodes each, one for what waits").isEqualTo(21);
  }
}
