package io.stowage.core.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ClusterTest {

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void anyOrderOfChangesLeavesWhatASumFromScratchGives(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    RandomChanges changes = new RandomChanges(random);
    Cluster cluster = new Cluster();
    ReferenceCluster reference = new ReferenceCluster();
    for (int step = 0; step < 3_000; step++) {
      Map<String, Long> before = versions(cluster);
      Set<String> touched = new HashSet<>();
      switch (random.nextInt(8)) {
        case 0, 1 -> {
          Node node = changes.node(changes.nodeName());
          cluster.putNode(node);
          reference.putNode(node);
          touched.add(node.name());
        }
        case 2 -> {
          String name = changes.nodeName();
          cluster.removeNode(name);
          reference.removeNode(name);
          touched.add(name);
        }
        case 3, 4 -> {
          List<String> placed = reference.uids();
          String uid =
              placed.isEmpty() || random.nextInt(10) == 0
                  ? changes.uid()
                  : placed.get(random.nextInt(placed.size()));
          Placement removed = cluster.remove(uid);
          assertThat(removed).isEqualTo(reference.remove(uid));
          if (removed != null) {
            touched.add(removed.nodeName());
          }
        }
        default -> {
          Placement placement = changes.placement();
          Placement replaced = cluster.placement(placement.pod().uid());
          cluster.place(placement);
          reference.place(placement);
          touched.add(placement.nodeName());
          if (replaced != null) {
            touched.add(replaced.nodeName());
          }
        }
      }
      reference.assertMatches(cluster);
      assertThat(changed(before, versions(cluster))).isEqualTo(existing(touched, before, cluster));
    }
  }

  private static Map<String, Long> versions(Cluster cluster) {
    Map<String, Long> versions = new HashMap<>();
    cluster.forEachNode(node -> versions.put(node.name(), node.version()));
    return versions;
  }

  private static Set<String> changed(Map<String, Long> before, Map<String, Long> after) {
    Set<String> changed = new HashSet<>(before.keySet());
    changed.addAll(after.keySet());
    changed.removeIf(name -> before.containsKey(name) && before.get(name).equals(after.get(name)));
    return changed;
  }

  private static Set<String> existing(
      Set<String> touched, Map<String, Long> before, Cluster cluster) {
    Set<String> existing = new HashSet<>(touched);
    existing.removeIf(name -> !before.containsKey(name) && cluster.node(name) == null);
    return existing;
  }

  @Test
  void aVersionIsNeverUsedTwiceThoughSlotsAre() {
    Cluster cluster = new Cluster();
    NodeState first = cluster.putNode(node("a", NodeGpus.NONE));
    long version = first.version();
    cluster.removeNode("a");
    NodeState second = cluster.putNode(node("b", NodeGpus.NONE));

    assertThat(second.slot()).isEqualTo(first.slot());
    assertThat(second.version()).isGreaterThan(version);
    assertThat(cluster.slotLimit()).isEqualTo(1);
  }

  @Test
  void aPodOnANodeThatIsNotKnownYetIsCountedOnceTheNodeIs() {
    Cluster cluster = new Cluster();
    cluster.place(placement("u", GpuRequest.whole("gpu", 3), "n"));
    NodeState state = Objects.requireNonNull(cluster.node("n"));
    assertThat(state.freeCpuMilli()).isZero();
    assertThat(state.freePods()).isZero();

    cluster.putNode(node("n", NodeGpus.counted("gpu", "T4", 8)));
    assertThat(freeGpus(state)).isEqualTo(5);

    cluster.removeNode("n");
    assertThat(cluster.nodeCount()).as("its pod keeps it on record").isEqualTo(1);
    cluster.remove("u");
    assertThat(cluster.nodeCount()).isZero();
  }

  @Test
  void countedGpusAreNotOfferedAgainAfterAllocatableFellAndRose() {
    Cluster cluster = new Cluster();
    NodeState state = cluster.putNode(node("n", NodeGpus.counted("gpu", "T4", 8)));
    for (int i = 0; i < 6; i++) {
      cluster.place(placement("u" + i, GpuRequest.whole("gpu", 1), "n"));
    }
    cluster.putNode(node("n", NodeGpus.counted("gpu", "T4", 2)));
    assertThat(freeGpus(state)).isZero();
    cluster.remove("u0");
    cluster.remove("u5");
    assertThat(freeGpus(state)).as("4 asked of 2").isZero();
    cluster.putNode(node("n", NodeGpus.NONE));
    cluster.putNode(node("n", NodeGpus.counted("gpu", "T4", 8)));
    assertThat(freeGpus(state)).as("4 asked of 8").isEqualTo(4);
  }

  @Test
  void onACountedNodeTheDevicesThatAPlacementNamesDoNotMatter() {
    Cluster cluster = new Cluster();
    NodeState state = cluster.putNode(node("n", NodeGpus.counted("gpu", "T4", 4)));
    cluster.place(placement("u1", GpuRequest.whole("gpu", 1), "n", 0));
    cluster.place(placement("u2", GpuRequest.whole("gpu", 1), "n", 0));
    cluster.place(placement("u3", GpuRequest.whole("gpu", 1), "n", 7));
    assertThat(freeGpus(state)).isEqualTo(1);
  }

  @Test
  void aShareOfAnUnknownDeviceThatFitsNoneIsCountedOnTheEmptiest() {
    Cluster cluster = new Cluster();
    NodeState state = cluster.putNode(node("n", NodeGpus.shared("gpu", "T4", 2, 16)));
    cluster.place(placement("u1", GpuRequest.share("gpu", 12), "n", 0));
    cluster.place(placement("u2", GpuRequest.share("gpu", 10), "n", 1));
    cluster.place(placement("u3", GpuRequest.share("gpu", 8), "n"));
    assertThat(state.gpuFreeUnits(0)).isEqualTo(4);
    assertThat(state.gpuFreeUnits(1)).isZero();

    cluster.remove("u1");
    assertThat(state.gpuFreeUnits(0)).as("it fits the first now").isEqualTo(8);
    assertThat(state.gpuFreeUnits(1)).isEqualTo(6);
  }

  @Test
  void aGuessGivesWayToAPodThatNamesItsDevice() {
    Cluster cluster = new Cluster();
    NodeState state = cluster.putNode(node("n", NodeGpus.shared("gpu", "T4", 2, 16)));
    cluster.place(placement("u1", GpuRequest.whole("gpu", 1), "n"));
    assertThat(state.gpuDevices("u1")).containsExactly(0);

    cluster.place(placement("u2", GpuRequest.whole("gpu", 1), "n", 0));
    assertThat(state.gpuDevices("u1")).containsExactly(1);
    assertThat(freeGpus(state)).isZero();

    cluster.remove("u2");
    assertThat(freeGpus(state)).isEqualTo(1);
  }

  @Test
  void devicesNamedTwiceOrNotThereCountAsUnknown() {
    Cluster cluster = new Cluster();
    NodeState state = cluster.putNode(node("n", NodeGpus.shared("gpu", "T4", 4, 16)));
    cluster.place(placement("u", GpuRequest.whole("gpu", 3), "n", 2, 2, 9));
    assertThat(state.gpuDevices("u")).containsExactly(2, 0, 1);
    assertThat(freeGpus(state)).isEqualTo(1);
  }

  @Test
  void aPodKeepsItsNamedDeviceWhileTheNodeForgetsAndFindsItsGpus() {
    Cluster cluster = new Cluster();
    NodeState state = cluster.putNode(node("n", NodeGpus.shared("gpu", "T4", 4, 16)));
    cluster.place(placement("u", GpuRequest.share("gpu", 6), "n", 3));
    cluster.putNode(node("n", NodeGpus.NONE));
    assertThat(state.gpuDevices("u")).isEmpty();
    cluster.putNode(node("n", NodeGpus.shared("gpu", "T4", 4, 16)));
    assertThat(state.gpuDevices("u")).containsExactly(3);
    assertThat(state.gpuFreeUnits(3)).isEqualTo(10);
  }

  @Test
  void aNodeThatTurnsFromWholeGpusToSharesAndBackCountsBothKindsOfPods() {
    Cluster cluster = new Cluster();
    NodeState state = cluster.putNode(node("n", NodeGpus.counted("nvidia.com/gpu", "T4", 4)));
    cluster.place(placement("whole", GpuRequest.whole("nvidia.com/gpu", 3), "n"));

    cluster.putNode(node("n", NodeGpus.shared("aliyun.com/gpu-mem", "T4", 4, 16)));
    cluster.place(placement("share", GpuRequest.share("aliyun.com/gpu-mem", 10), "n", 2));
    assertThat(state.gpuFreeUnits(2)).isEqualTo(6);
    assertThat(freeGpus(state)).isEqualTo(3);

    cluster.putNode(node("n", NodeGpus.counted("nvidia.com/gpu", "T4", 4)));
    assertThat(freeGpus(state)).isEqualTo(1);
  }

  @Test
  void aLargeClusterIsHeldAndAPodTouchesOneNode() {
    int nodes = 65_000;
    int pods = 500_000;
    long before = usedMebibytes();
    Cluster cluster = new Cluster();
    NodeGpus gpus = NodeGpus.shared("gpu", "T4", 8, 1000);
    for (int i = 0; i < nodes; i++) {
      cluster.putNode(node("node-" + i, gpus));
    }
    PodShape shape = PodShape.of(Resources.of(100, 1 << 20), GpuRequest.share("gpu", 500));
    for (int i = 0; i < pods; i++) {
      String name = "pod-" + i;
      Pod pod = new Pod("uid-" + i, "ml", name, shape, 0);
      cluster.place(new Placement(pod, "node-" + i % nodes, List.of(i / nodes)));
    }
    System.out.printf(
        "%,d nodes with %,d pods take %,d MiB%n", nodes, pods, usedMebibytes() - before);
    assertThat(cluster.nodeCount()).isEqualTo(nodes);
    assertThat(cluster.podCount()).isEqualTo(pods);

    Map<String, Long> versions = versions(cluster);
    cluster.place(placement("another", GpuRequest.share("gpu", 100), "node-42", 7));
    assertThat(changed(versions, versions(cluster))).containsExactly("node-42");

    for (int i = 0; i < nodes; i++) {
      cluster.removeNode("node-" + i);
      cluster.putNode(node("renewed-" + i, gpus));
    }
    assertThat(cluster.nodeCount()).as("pods keep their nodes on record").isEqualTo(2 * nodes);
    for (int i = 0; i < pods; i++) {
      cluster.remove("uid-" + i);
    }
    for (int i = 0; i < nodes - 1; i++) {
      cluster.putNode(node("again-" + i, gpus));
    }
    assertThat(cluster.slotLimit()).as("slots are used again").isEqualTo(2 * nodes);
  }

  private static long usedMebibytes() {
    Runtime runtime = Runtime.getRuntime();
    System.gc();
    return (runtime.totalMemory() - runtime.freeMemory()) >> 20;
  }

  private static Node node(String name, NodeGpus gpus) {
    return Node.ready(name, Resources.of(64_000, 256L << 30), 110, gpus);
  }

  private static Placement placement(String uid, GpuRequest gpu, String node, Integer... devices) {
    PodShape shape = PodShape.of(Resources.of(1000, 1 << 20), gpu);
    return new Placement(new Pod(uid, "ml", uid, shape, 0), node, List.of(devices));
  }

  private static int freeGpus(NodeState state) {
    int free = 0;
    for (int i = 0; i < state.gpuCount(); i++) {
      free += state.gpuIsFree(i) ? 1 : 0;
    }
    return free;
  }
}
