package io.stowage.core.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The cluster as its documentation says it, kept as a list of placements and a map of nodes;
 * everything else is summed up from scratch at each look.
 */
final class ReferenceCluster {
  private final Map<String, Node> nodes = new LinkedHashMap<>();
  private final Map<String, Placement> placements = new LinkedHashMap<>();

  void putNode(Node node) {
    nodes.put(node.name(), node);
  }

  void removeNode(String name) {
    nodes.remove(name);
  }

  void place(Placement placement) {
    placements.remove(placement.pod().uid());
    placements.put(placement.pod().uid(), placement);
  }

  @Nullable Placement remove(String uid) {
    return placements.remove(uid);
  }

  List<String> uids() {
    return List.copyOf(placements.keySet());
  }

  private List<Placement> on(String node) {
    return placements.values().stream()
        .filter(placement -> placement.nodeName().equals(node))
        .toList();
  }

  /** Compares everything that the cluster tells with what follows from the placements. */
  void assertMatches(Cluster cluster) {
    Set<String> names = new HashSet<>(nodes.keySet());
    placements.values().forEach(placement -> names.add(placement.nodeName()));
    assertThat(cluster.nodeCount()).isEqualTo(names.size());
    assertThat(cluster.podCount()).isEqualTo(placements.size());
    placements.forEach((uid, placement) -> assertThat(cluster.placement(uid)).isEqualTo(placement));

    Set<Integer> slots = new HashSet<>();
    Set<Long> versions = new HashSet<>();
    List<String> visited = new ArrayList<>();
    cluster.forEachNode(
        state -> {
          visited.add(state.name());
          slots.add(state.slot());
          versions.add(state.version());
          assertThat(cluster.slot(state.slot())).isSameAs(state);
          assertThat(cluster.node(state.name())).isSameAs(state);
          assertThat(state.slot()).isLessThan(cluster.slotLimit());
          assertMatches(state);
        });
    assertThat(visited).containsExactlyInAnyOrderElementsOf(names);
    assertThat(slots).as("slots").hasSameSizeAs(names);
    assertThat(versions).as("versions").hasSameSizeAs(names);
  }

  private void assertMatches(NodeState state) {
    Node node = nodes.get(state.name());
    List<Placement> here = on(state.name());
    assertThat(state.node()).isEqualTo(node);
    assertThat(state.placements()).containsExactlyElementsOf(here);
    assertThat(state.podCount()).isEqualTo(here.size());

    long cpu = here.stream().mapToLong(p -> p.pod().shape().request().cpuMilli()).sum();
    long memory = here.stream().mapToLong(p -> p.pod().shape().request().memoryBytes()).sum();
    long disk =
        here.stream().mapToLong(p -> p.pod().shape().request().ephemeralStorageBytes()).sum();
    assertThat(state.requestedCpuMilli()).isEqualTo(cpu);
    assertThat(state.requestedMemoryBytes()).isEqualTo(memory);
    Resources has = node == null ? Resources.NONE : node.allocatable();
    assertThat(state.freeCpuMilli()).isEqualTo(Math.max(0, has.cpuMilli() - cpu));
    assertThat(state.freeMemoryBytes()).isEqualTo(Math.max(0, has.memoryBytes() - memory));
    assertThat(state.freeEphemeralStorageBytes())
        .isEqualTo(Math.max(0, has.ephemeralStorageBytes() - disk));
    assertThat(state.freePods())
        .isEqualTo(node == null ? 0 : Math.max(0, node.podCapacity() - here.size()));
    for (String resource : RandomChanges.RESOURCES) {
      assertThat(state.freeExtended(resource))
          .as("free %s", resource)
          .isEqualTo(Math.max(0, has.extended(resource) - askedAsSum(resource, node, here)));
    }
    assertGpus(state, node, here);
  }

  /** GPUs that the node does not advertise as GPUs count as a plain extended resource. */
  private static long askedAsSum(String resource, @Nullable Node node, List<Placement> here) {
    long asked = 0;
    for (Placement placement : here) {
      PodShape shape = placement.pod().shape();
      asked += shape.request().extended(resource);
      GpuRequest gpu = shape.gpu();
      if (gpu.resource().equals(resource)
          && (node == null || !node.gpus().resource().equals(resource))) {
        asked += gpu.isShare() ? gpu.unitsPerGpu() : gpu.count();
      }
    }
    return asked;
  }

  private static void assertGpus(NodeState state, @Nullable Node node, List<Placement> here) {
    NodeGpus gpus = node == null ? NodeGpus.NONE : node.gpus();
    int count = gpus.devices().size();
    assertThat(state.gpuCount()).isEqualTo(count);
    List<Placement> holders =
        here.stream()
            .filter(p -> !p.pod().shape().gpu().isNone())
            .filter(p -> p.pod().shape().gpu().resource().equals(gpus.resource()))
            .toList();
    long[] asked = new long[count];
    long healthy = gpus.devices().stream().filter(gpu -> gpu.capacityUnits() > 0).count();
    for (Placement placement : holders) {
      GpuRequest gpu = placement.pod().shape().gpu();
      int[] held = state.gpuDevices(placement.pod().uid());
      assertThat(held).as("GPUs held").doesNotHaveDuplicates();
      assertThat(held).hasSize(Math.min(gpu.count(), count));
      for (int device : held) {
        asked[device] += gpu.unitsOf(gpus.devices().get(device).capacityUnits());
      }
      if (gpus.visible()) {
        int[] known =
            placement.gpuDevices().stream()
                .mapToInt(Integer::intValue)
                .filter(device -> device >= 0 && device < count)
                .distinct()
                .limit(gpu.count())
                .toArray();
        assertThat(Arrays.copyOf(held, known.length)).as("GPUs it names").isEqualTo(known);
      }
    }
    here.stream()
        .filter(p -> !holders.contains(p))
        .forEach(p -> assertThat(state.gpuDevices(p.pod().uid())).isEmpty());

    long freeMilli = 0;
    int free = 0;
    for (int i = 0; i < count; i++) {
      long capacity = gpus.devices().get(i).capacityUnits();
      long units = Math.max(0, capacity - asked[i]);
      assertThat(state.gpuCapacityUnits(i)).isEqualTo(capacity);
      assertThat(state.gpuFreeUnits(i)).isEqualTo(units);
      assertThat(state.gpuIsFree(i)).isEqualTo(capacity > 0 && asked[i] == 0);
      freeMilli += capacity == 0 ? 0 : units * 1000 / capacity;
      free += state.gpuIsFree(i) ? 1 : 0;
    }
    assertThat(state.freeGpuMilli()).isEqualTo(freeMilli);
    assertThat(state.gpuCapacityMilli()).isEqualTo(1000 * healthy);
    if (!gpus.visible()) {
      long askedWhole =
          holders.stream()
              .map(placement -> placement.pod().shape().gpu())
              .mapToLong(gpu -> gpu.isWhole() ? gpu.count() : 0)
              .sum();
      long left = Math.max(0, healthy - askedWhole);
      if (holders.stream().allMatch(p -> p.pod().shape().gpu().isWhole())) {
        assertThat((long) free).as("counted GPUs left").isEqualTo(left);
      } else {
        assertThat((long) free).as("counted GPUs left").isLessThanOrEqualTo(left);
      }
    }
  }
}
