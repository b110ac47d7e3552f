package io.stowage.extender.observe;

import static io.stowage.extender.observe.Observed.MODEL;
import static io.stowage.extender.observe.Observed.node;
import static io.stowage.extender.observe.Observed.onDevice;
import static io.stowage.extender.observe.Observed.pod;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.stowage.extender.audit.ClusterObjects;
import io.stowage.extender.explain.Missing;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Small clusters whose figures are computed by hand. */
class ClusterObserverTest {
  private static final String SHARED = "aliyun.com/gpu-mem=20,aliyun.com/gpu-count=2";
  private static final String POOL = "cloud.google.com/gke-nodepool";

  private static long stranded(Observation observation, LostCause cause) {
    return observation.gpu().strandedMilliByCause().getOrDefault(cause, -1L);
  }

  private static WaitingPod.NoRoom noRoom(Observation observation, String name) {
    return observation.waiting().stream()
        .filter(pod -> pod.name().equals(name))
        .map(pod -> (WaitingPod.NoRoom) pod.outcome())
        .findFirst()
        .orElseThrow();
  }

  @Test
  void allocationPlanAndBound() {
    List<Node> nodes =
        List.of(
            node("a", "cpu=8,memory=32Gi,pods=10,nvidia.com/gpu=4", Map.of()),
            node("b", "cpu=8,memory=32Gi,pods=10,nvidia.com/gpu=4", Map.of()));
    Observation observation =
        Observed.observe(
            nodes,
            List.of(
                pod("one", "a", "cpu=2,memory=4Gi,nvidia.com/gpu=1").build(),
                pod("other", "b", "cpu=2,memory=4Gi,nvidia.com/gpu=1").build(),
                pod("small", "", "cpu=1,nvidia.com/gpu=2").build(),
                pod("large", "", "cpu=1,nvidia.com/gpu=4").build()));
    assertThat(observation.gpuAllocationPercent()).isEqualTo(25);
    assertThat(observation.cpuAllocationPercent()).isEqualTo(25);
    assertThat(observation.memoryAllocationPercent()).isEqualTo(12.5);
    // The four GPUs of the large pod are free on no node, though they are if the running ones move.
    assertThat(observation.planGpuAllocationPercent()).isEqualTo(50);
    assertThat(observation.boundGpuAllocationPercent()).isEqualTo(100);
    assertThat(noRoom(observation, "large").nodesByMissing()).containsEntry(Missing.GPU, 2);
  }

  @Test
  void everyCauseOfStrandedGpu() {
    Map<String, String> a = Map.of(MODEL, "A");
    List<Node> nodes =
        List.of(
            node("no-cpu", "cpu=1,memory=32Gi,pods=10,nvidia.com/gpu=2", a),
            node("no-memory", "cpu=8,memory=1Gi,pods=10,nvidia.com/gpu=3", a),
            node("fragment", "cpu=8,memory=32Gi,pods=10," + SHARED, a),
            node("wrong-model", "cpu=8,memory=32Gi,pods=10,nvidia.com/gpu=1", Map.of(MODEL, "B")),
            node("full", "cpu=8,memory=32Gi,pods=10,nvidia.com/gpu=1", a),
            node("no-pods", "cpu=8,memory=32Gi,pods=0,nvidia.com/gpu=5", a),
            Observed.cordoned(node("cordoned", "cpu=8,memory=32Gi,pods=10,nvidia.com/gpu=6", a)));
    Observation observation =
        Observed.observe(
            nodes,
            List.of(
                new PodBuilder(pod("whole", "full", "cpu=2,memory=2Gi,nvidia.com/gpu=1").build())
                    .editSpec()
                    .addToNodeSelector(MODEL, "A")
                    .endSpec()
                    .build(),
                onDevice(pod("share", "fragment", "cpu=1,memory=1Gi,aliyun.com/gpu-mem=7"), 0),
                onDevice(pod("twin", "fragment", "cpu=1,memory=1Gi,aliyun.com/gpu-mem=6"), 1)));
    assertThat(stranded(observation, LostCause.NO_CPU)).isEqualTo(2000);
    assertThat(stranded(observation, LostCause.NO_MEMORY)).isEqualTo(3000);
    assertThat(stranded(observation, LostCause.FRAGMENT_TOO_SMALL)).isEqualTo(300 + 400);
    assertThat(stranded(observation, LostCause.WRONG_MODEL)).isEqualTo(1000);
    assertThat(stranded(observation, LostCause.OTHER)).isEqualTo(5000);
    assertThat(stranded(observation, LostCause.CORDONED)).isEqualTo(6000);
    assertThat(observation.gpu().usableMilli()).isZero();
    assertThat(observation.gpu().allocatedMilli()).isEqualTo(1000 + 700 + 600);
  }

  @Test
  void largeShapeIsBlockedWhereNobodyElseWaits() {
    List<Node> nodes =
        List.of(node("a", "cpu=8,memory=32Gi,pods=10,nvidia.com/gpu=4", Map.of(POOL, "p")));
    Pod running = pod("small", "a", "cpu=1,nvidia.com/gpu=1").build();
    Pod large = pod("large", "", "cpu=1,nvidia.com/gpu=4").build();
    Pod tooLarge = pod("too-large", "", "cpu=1,nvidia.com/gpu=8").build();
    Pod two = pod("two", "", "cpu=1,nvidia.com/gpu=2").build();
    assertThat(
            stranded(
                Observed.observe(nodes, List.of(running, large)), LostCause.LARGE_SHAPE_BLOCKED))
        .isEqualTo(3000);
    assertThat(Observed.observe(nodes, List.of(running, tooLarge)).gpu().usableMilli())
        .as("no such node could ever hold it")
        .isEqualTo(3000);
    assertThat(Observed.observe(nodes, List.of(running, large, two)).gpu().usableMilli())
        .as("another pod would take them")
        .isEqualTo(3000);
    assertThat(Observed.observe(nodes, List.of(running)).gpu().usableMilli())
        .as("nobody waits")
        .isEqualTo(3000);
  }

  @Test
  void poolsAreNamedByProviderElseModelElseType() {
    Observation observation =
        Observed.observe(
            List.of(
                node("gke", "cpu=1,pods=1", Map.of(POOL, "gke-pool", MODEL, "A")),
                node("eks", "cpu=1,pods=1", Map.of("eks.amazonaws.com/nodegroup", "group")),
                node("karpenter", "cpu=1,pods=1", Map.of("karpenter.sh/nodepool", "np")),
                node("aks", "cpu=1,pods=1", Map.of("kubernetes.azure.com/agentpool", "agents")),
                node("model", "cpu=1,pods=1,nvidia.com/gpu=2", Map.of(MODEL, "A")),
                node("type", "cpu=1,pods=1", Map.of("node.kubernetes.io/instance-type", "t")),
                node("nothing", "cpu=1,pods=1", Map.of())),
            List.of());
    assertThat(observation.pools())
        .extracting(Observation.Pool::name)
        .containsExactly("A", "agents", "gke-pool", "group", "no GPU", "np", "t");
  }

  @Test
  void fewestPodsOfNoHigherPriorityWouldEnd() {
    List<Node> nodes =
        List.of(
            node("a", "cpu=8,memory=32Gi,pods=10,nvidia.com/gpu=4", Map.of()),
            node("b", "cpu=8,memory=32Gi,pods=10,nvidia.com/gpu=4", Map.of()),
            node("c", "cpu=8,memory=32Gi,pods=10,nvidia.com/gpu=4", Map.of()));
    List<Pod> pods =
        Stream.of(
                Stream.of(1, 2, 3, 4).map(i -> pod("a" + i, "a", "nvidia.com/gpu=1").build()),
                Stream.of(1, 2).map(i -> pod("b" + i, "b", "nvidia.com/gpu=2").build()),
                Stream.of(Observed.withPriority(pod("c1", "c", "nvidia.com/gpu=4"), 10)),
                Stream.of(
                    Observed.withPriority(pod("low", "", "cpu=1,nvidia.com/gpu=4"), 5),
                    Observed.withPriority(pod("high", "", "cpu=1,nvidia.com/gpu=4"), 10),
                    Observed.withPriority(pod("lowest", "", "cpu=1,nvidia.com/gpu=4"), -1)))
            .flatMap(stream -> stream)
            .toList();
    Observation observation = Observed.observe(nodes, pods);
    assertThat(noRoom(observation, "low").ending())
        .contains(new WaitingPod.Ending("b", List.of("default/b1", "default/b2"), true));
    assertThat(noRoom(observation, "high").ending())
        .contains(new WaitingPod.Ending("c", List.of("default/c1"), true));
    assertThat(noRoom(observation, "lowest").ending()).isEmpty();
  }

  @Test
  void nodeToAddIsTheCheapestThatCouldHoldThePod() {
    List<Node> nodes =
        List.of(
            node(
                "big",
                "cpu=32,memory=64Gi,pods=10,nvidia.com/gpu=8",
                Map.of("node.kubernetes.io/instance-type", "big")),
            node(
                "small",
                "cpu=4,memory=8Gi,pods=10,nvidia.com/gpu=1",
                Map.of("node.kubernetes.io/instance-type", "small")));
    List<Pod> pods =
        List.of(
            pod("b", "big", "cpu=32,nvidia.com/gpu=8").build(),
            pod("s", "small", "cpu=4,nvidia.com/gpu=1").build(),
            pod("one", "", "cpu=2,nvidia.com/gpu=1").build(),
            pod("two", "", "cpu=2,nvidia.com/gpu=2").build(),
            pod("three", "", "cpu=2,nvidia.com/gpu=3").build(),
            pod("nine", "", "cpu=2,nvidia.com/gpu=9").build());
    Observation observation = Observed.observe(nodes, pods);
    assertThat(noRoom(observation, "one").newNode().orElseThrow().type()).isEqualTo("small");
    assertThat(noRoom(observation, "two").newNode().orElseThrow().type()).isEqualTo("big");
    assertThat(noRoom(observation, "nine").newNode()).isEmpty();
    assertThat(
            observation.waiting().stream()
                .filter(pod -> pod.name().equals("nine"))
                .findFirst()
                .orElseThrow()
                .sentence())
        .endsWith(
            "no node type of this cluster could hold it, nor would the end of other pods help");
    // Largest first: three and two open a big node, and one fits there too.
    assertThat(observation.roomWanted().nodesToAdd())
        .containsExactly(
            new RoomWanted.NodesToAdd(noRoom(observation, "two").newNode().orElseThrow(), 1, 3));
    assertThat(observation.roomWanted().unplaceablePods()).isEqualTo(1);

    Observation priced =
        Observed.observe(
            nodes, pods, new GpuPrices("EUR", Map.of("big", 1.0, "small", 2.0), Map.of()));
    assertThat(noRoom(priced, "one").newNode().orElseThrow().type()).isEqualTo("big");
  }

  @Test
  void newNodesHoldTheirDaemonPodsFirst() {
    List<Node> nodes = List.of(node("a", "cpu=4,memory=8Gi,pods=10", Map.of()));
    Pod daemon =
        pod("daemon", "a", "cpu=1")
            .editMetadata()
            .editFirstOwnerReference()
            .withKind("DaemonSet")
            .endOwnerReference()
            .endMetadata()
            .build();
    Observation observation =
        Observed.observe(nodes, List.of(daemon, pod("whole-node", "", "cpu=4").build()));
    assertThat(noRoom(observation, "whole-node").newNode()).isEmpty();
    assertThat(noRoom(observation, "whole-node").ending()).isEmpty();
  }

  @Test
  void emptyableNodesHaveAllTheirPodsFitElsewhere() {
    List<Node> nodes =
        Stream.of("a", "b", "c", "d")
            .map(name -> node(name, "cpu=4,memory=8Gi,pods=10", Map.of()))
            .toList();
    Observation observation =
        Observed.observe(
            nodes,
            List.of(
                pod("a1", "a", "cpu=1").build(),
                pod("b1", "b", "cpu=3").build(),
                ClusterObjects.pod("c1", "c", "cpu=500m").build()));
    // d is empty, a's pod fits b; c's has no controller that would make it anew, b's fits c then.
    assertThat(observation.roomWanted().nodesToEmpty())
        .extracting(RoomWanted.NodeToEmpty::node)
        .containsExactly("d", "a");
  }

  @Test
  void whatIsLostCostsWhatItsNodesCost() {
    List<Node> nodes =
        List.of(
            node(
                "typed",
                "cpu=1,memory=8Gi,pods=10,nvidia.com/gpu=2",
                Map.of("node.kubernetes.io/instance-type", "t")),
            node("modelled", "cpu=1,memory=8Gi,pods=10,nvidia.com/gpu=2", Map.of(MODEL, "A")),
            node("unpriced", "cpu=1,memory=8Gi,pods=10,nvidia.com/gpu=2", Map.of(MODEL, "B")));
    List<Pod> pods =
        Stream.of("typed", "modelled", "unpriced")
            .map(name -> pod(name, name, "cpu=1,nvidia.com/gpu=1").build())
            .toList();
    Lost lost =
        Observed.observe(
                nodes, pods, new GpuPrices("EUR", Map.of("t", 4.0), Map.of("A", 3.0, "C", 1.0)))
            .lost();
    Lost.PerDay noCpu = lost.byCause().getOrDefault(LostCause.NO_CPU, Lost.PerDay.NONE);
    assertThat(noCpu.gpuHours()).isEqualTo(72, within(1e-9));
    assertThat(noCpu.money()).isEqualTo(24 * (2 + 3), within(1e-9));
    assertThat(lost.total()).isEqualTo(noCpu);
    assertThat(lost.unpricedGpuMilli()).isEqualTo(2000);
    assertThat(lost.teams())
        .singleElement()
        .satisfies(
            team -> {
              assertThat(team.name()).isEqualTo("default");
              assertThat(team.requestedGpuMilli()).isEqualTo(3000);
              assertThat(team.requested().money()).isEqualTo(120, within(1e-9));
            });
  }

  @Test
  void notesSayWhatIsNotKnown() {
    Observation observation =
        Observed.observe(
            List.of(node("a", "cpu=8,memory=8Gi,pods=10," + SHARED, Map.of(MODEL, "V100"))),
            List.of(
                pod("no-device", "a", "cpu=1,aliyun.com/gpu-mem=3").build(),
                pod("elsewhere", "gone", "cpu=1").build(),
                new PodBuilder(pod("gated", "", "cpu=1").build())
                    .editSpec()
                    .addNewSchedulingGate("wait")
                    .endSpec()
                    .build(),
                new PodBuilder(pod("no-uid", "", "cpu=1").build())
                    .editMetadata()
                    .withUid(null)
                    .endMetadata()
                    .build()),
            new GpuPrices("EUR", Map.of(), Map.of("V10", 1.0)));
    assertThat(observation.waiting()).isEmpty();
    assertThat(String.join("\n", observation.notes()))
        .contains("what they use is not known")
        .contains("1 running pod with a share of a GPU and no device written on it")
        .contains("1 pod on nodes that are not listed")
        .contains("1 gated pod")
        .contains("pod no-uid (metadata.uid")
        .contains("The bound (" + observation.boundRelaxation() + ") ignores taints")
        .contains("The prices name GPU model 'V10', which no node has; the nearest is 'V100'");
  }

  @Test
  void podsOfNodesGivenOutTwiceStayInTheBound() {
    Observation observation =
        Observed.observe(
            List.of(node("a", "cpu=1,memory=8Gi,pods=10,nvidia.com/gpu=1", Map.of())),
            List.of(pod("p", "a", "cpu=2,nvidia.com/gpu=1").build()));
    assertThat(observation.gpuAllocationPercent()).isEqualTo(100);
    assertThat(observation.boundGpuAllocationPercent()).isEqualTo(100);
    assertThat(String.join("\n", observation.notes())).contains("The pods of 1 node do not fit");
  }
}
