package io.stowage.core.plan;

import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.fit.Fit;
import io.stowage.core.forecast.ShapeForecast;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.Queue;

/**
 * Decides how many nodes to keep for pods of several GPUs, and which.
 *
 * <p>Pods of a load a find room nearly always where there is room for a + {@value #SAFETY} √a of
 * them: the square-root staffing rule of queueing theory (Halfin and Whitt, "Heavy-Traffic Limits
 * for Queues with Many Exponential Servers", Operations Research 1981). That much is kept for each
 * number of GPUs, the largest first; and, for pods that few nodes can hold because of the model,
 * CPU or memory that they ask for, on those nodes.
 */
public final class Staffing {
  private static final double SAFETY = 1.5;

  private final List<NodeState> nodes = new ArrayList<>();

  private final NodeKinds kinds;

  /** The kind of each node, and how many nodes each kind has. */
  private final int[] kindOfNode;

  private final int[] nodesOfKind;
  private final Map<PodShape, BitSet> ableKindsByShape = new HashMap<>();
  private final Zones previous;
  private final Map<String, Zone> zoneByNode = new HashMap<>();

  /** The indices of the nodes that a zone has. */
  private final BitSet isKept = new BitSet();

  private record Size(String resource, int gpus) {}

  private record Load(PodShape shape, double pods) {}

  /** A node that may be kept; the best comes first. */
  private record Candidate(int index, int rank, int reach, int gpus, double free, String name)
      implements Comparable<Candidate> {
    @Override
    public int compareTo(Candidate other) {
      int order = Integer.compare(rank, other.rank);
      order = order != 0 ? order : Integer.compare(reach, other.reach);
      order = order != 0 ? order : Integer.compare(gpus, other.gpus);
      order = order != 0 ? order : Double.compare(other.free, free);
      return order != 0 ? order : name.compareTo(other.name);
    }
  }

  private Staffing(Cluster cluster, NodeKinds kinds, Zones previous) {
    this.kinds = kinds;
    this.previous = previous;
    cluster.forEachNode(
        state -> {
          Node node = state.node();
          if (node != null && node.countsAsCapacity() && !node.cordoned() && state.gpuCount() > 0) {
            nodes.add(state);
          }
        });
    kinds.forgetMoreThan(nodes.size());
    kindOfNode =
        nodes.stream()
            .mapToInt(state -> kinds.of(state, Objects.requireNonNull(state.node())))
            .toArray();
    nodesOfKind = new int[kinds.count()];
    for (int kind : kindOfNode) {
      nodesOfKind[kind]++;
    }
  }

  /**
   * Returns the zones for a forecast.
   *
   * @param kinds what is remembered of the cluster's nodes from the last time
   * @param mix what is expected, most frequent first
   * @param previous the zones until now, which change as little as possible
   */
  public static Zones zones(
      Cluster cluster, NodeKinds kinds, List<ShapeForecast> mix, Zones previous) {
    Staffing staffing = new Staffing(cluster, kinds, previous);
    Map<Size, List<Load>> loadsByClass = new HashMap<>();
    for (Load load : staffing.loads(mix)) {
      GpuRequest gpu = load.shape.gpu();
      if (gpu.isWhole() && gpu.count() > 1 && load.pods > 0) {
        loadsByClass
            .computeIfAbsent(new Size(gpu.resource(), gpu.count()), added -> new ArrayList<>())
            .add(load);
      }
    }
    loadsByClass.keySet().stream()
        .sorted(Comparator.comparing(Size::gpus).reversed().thenComparing(Size::resource))
        .forEach(key -> staffing.staff(key, loadsByClass.getOrDefault(key, List.of())));
    boolean podsEnd = mix.stream().anyMatch(shape -> Double.isFinite(shape.loadPods()));
    return new Zones(staffing.zoneByNode, podsEnd);
  }

  /**
   * Returns how many pods there must be room for so that pods of the given load seldom wait.
   *
   * @param loadPods how many run at a time, at least 0
   */
  static long staffed(double loadPods) {
    return Math.round(loadPods + SAFETY * Math.sqrt(loadPods));
  }

  /**
   * Returns the loads, cut in proportion where they ask for more GPUs than there are. Where no pod
   * has ended yet, pods are taken to fill the cluster in proportion to their arrivals.
   */
  private List<Load> loads(List<ShapeForecast> mix) {
    Map<String, Double> capacityMilli = new HashMap<>();
    Map<String, Long> unitsPerGpu = new HashMap<>();
    for (int kind = 0; kind < nodesOfKind.length; kind++) {
      if (nodesOfKind[kind] == 0) {
        continue;
      }
      NodeState node = kinds.empty(kind);
      String resource = resource(node);
      for (int i = 0; i < node.gpuCount(); i++) {
        unitsPerGpu.merge(resource, node.gpuCapacityUnits(i), Math::max);
      }
      capacityMilli.merge(
          resource, (double) nodesOfKind[kind] * node.gpuCapacityMilli(), Double::sum);
    }
    Map<String, Double> askedMilli = new HashMap<>();
    for (ShapeForecast shape : mix) {
      GpuRequest gpu = shape.shape().gpu();
      double milli = gpu.totalMilli(unitsPerGpu.getOrDefault(gpu.resource(), 0L));
      askedMilli.merge(gpu.resource(), milli * pods(shape), Double::sum);
    }
    List<Load> loads = new ArrayList<>();
    for (ShapeForecast shape : mix) {
      String resource = shape.shape().gpu().resource();
      double asked = askedMilli.getOrDefault(resource, 0.0);
      double cut = asked == 0 ? 0 : capacityMilli.getOrDefault(resource, 0.0) / asked;
      boolean bounded = Double.isFinite(shape.loadPods());
      loads.add(new Load(shape.shape(), pods(shape) * (bounded ? Math.min(1, cut) : cut)));
    }
    return loads;
  }

  private static double pods(ShapeForecast shape) {
    return Double.isFinite(shape.loadPods()) ? shape.loadPods() : shape.part();
  }

  private static String resource(NodeState state) {
    Node node = state.node();
    return node == null ? "" : node.gpus().resource();
  }

  /** Keeps nodes for one class: for the pods that fewest nodes can hold first. */
  private void staff(Size key, List<Load> loads) {
    Map<BitSet, Double> loadByKinds = new LinkedHashMap<>();
    double pods = 0;
    double cpuMilli = 0;
    double memoryBytes = 0;
    long leastCpuMilli = Long.MAX_VALUE;
    long leastMemoryBytes = Long.MAX_VALUE;
    for (Load load : loads) {
      BitSet able = ableKinds(load.shape);
      if (!able.isEmpty()) {
        loadByKinds.merge(able, load.pods, Double::sum);
        pods += load.pods;
        cpuMilli += load.pods * load.shape.request().cpuMilli();
        memoryBytes += load.pods * load.shape.request().memoryBytes();
        leastCpuMilli = Math.min(leastCpuMilli, load.shape.request().cpuMilli());
        leastMemoryBytes = Math.min(leastMemoryBytes, load.shape.request().memoryBytes());
      }
    }
    if (pods == 0) {
      return;
    }
    int[] roomPods = new int[nodesOfKind.length];
    for (int kind = 0; kind < roomPods.length; kind++) {
      roomPods[kind] = roomPods(kinds.empty(kind), key, cpuMilli / pods, memoryBytes / pods);
    }
    List<BitSet> narrowFirst =
        loadByKinds.keySet().stream().sorted(Comparator.comparingInt(this::reach)).toList();
    int widestReach = reach(narrowFirst.get(narrowFirst.size() - 1));
    int[] keptOfKind = new int[nodesOfKind.length];
    int[] leastReach = leastReach(narrowFirst);
    for (BitSet able : narrowFirst) {
      double load = 0;
      for (Map.Entry<BitSet, Double> other : loadByKinds.entrySet()) {
        load += isWithin(other.getKey(), able) ? other.getValue() : 0;
      }
      long missing = staffed(load);
      for (int kind = 0; kind < keptOfKind.length; kind++) {
        missing -= able.get(kind) ? (long) keptOfKind[kind] * roomPods[kind] : 0;
      }
      Queue<Candidate> candidates =
          missing > 0 ? candidates(able, key, leastReach) : new PriorityQueue<>();
      while (missing > 0 && !candidates.isEmpty()) {
        Candidate best = candidates.remove();
        int kind = kindOfNode[best.index];
        zoneByNode.put(
            best.name,
            new Zone(
                key.gpus, best.reach, best.reach == widestReach, leastCpuMilli, leastMemoryBytes));
        isKept.set(best.index);
        keptOfKind[kind]++;
        missing -= roomPods[kind];
      }
    }
  }

  /** Returns how many nodes some kinds have together. */
  private int reach(BitSet some) {
    return some.stream().map(kind -> nodesOfKind[kind]).sum();
  }

  /** Returns for each kind how many nodes the narrowest of the sets that it belongs to has. */
  private int[] leastReach(List<BitSet> narrowFirst) {
    int[] reach = new int[nodesOfKind.length];
    for (int kind = 0; kind < reach.length; kind++) {
      for (BitSet able : narrowFirst) {
        if (able.get(kind)) {
          reach[kind] = reach(able);
          break;
        }
      }
    }
    return reach;
  }

  /** Returns the kinds whose nodes could hold a pod of the shape if they were empty. */
  private BitSet ableKinds(PodShape shape) {
    return ableKindsByShape.computeIfAbsent(
        shape,
        added -> {
          BitSet able = new BitSet(nodesOfKind.length);
          for (int kind = 0; kind < nodesOfKind.length; kind++) {
            NodeState node = kinds.empty(kind);
            if (nodesOfKind[kind] > 0
                && node.hasGpuResource(shape.gpu().resource())
                && Fit.fits(shape, node)) {
              able.set(kind);
            }
          }
          return able;
        });
  }

  private static boolean isWithin(BitSet part, BitSet whole) {
    BitSet outside = (BitSet) part.clone();
    outside.andNot(whole);
    return outside.isEmpty();
  }

  /** Returns how many pods of the class, asking for so much on average, a node has room for. */
  private static int roomPods(NodeState node, Size key, double cpuMilli, double memoryBytes) {
    double room = (double) freeGpus(node) / key.gpus;
    room = cpuMilli > 0 ? Math.min(room, node.freeCpuMilli() / cpuMilli) : room;
    room = memoryBytes > 0 ? Math.min(room, node.freeMemoryBytes() / memoryBytes) : room;
    return Math.max(1, (int) room);
  }

  /**
   * Returns the nodes that no zone has yet: those that run such pods first, then those that pods
   * which fewer nodes can hold need too, so that what is spare serves all; those of the zone until
   * now, those with room at once, and last those that run pods of the class which could have gone
   * elsewhere. Among these the scarcest, those with fewest GPUs, and the emptiest.
   */
  private Queue<Candidate> candidates(BitSet able, Size key, int[] leastReach) {
    int ableReach = reach(able);
    List<Candidate> candidates = new ArrayList<>();
    for (int i = 0; i < kindOfNode.length; i++) {
      if (able.get(kindOfNode[i]) && !isKept.get(i)) {
        NodeState node = nodes.get(i);
        int reach = leastReach[kindOfNode[i]];
        candidates.add(
            new Candidate(
                i,
                rank(node, key, able, reach < ableReach),
                reach,
                node.gpuCount(),
                (double) node.freeGpuMilli() / Math.max(1, node.gpuCapacityMilli()),
                node.name()));
      }
    }
    return new PriorityQueue<>(candidates);
  }

  /**
   * Returns the preference for a node, best first from 0.
   *
   * @param scarce whether the node also serves pods of the class that fewer nodes can hold
   */
  private int rank(NodeState node, Size key, BitSet able, boolean scarce) {
    boolean kept = previous.gpusKeptFor(node.name()) == key.gpus;
    PodShape running = node.firstOfGpus(key.gpus);
    if (running != null) {
      return !isWithin(ableKinds(running), able) ? 7 : kept ? 0 : 1;
    }
    if (scarce) {
      return kept ? 2 : 3;
    }
    return kept ? 4 : freeGpus(node) >= key.gpus ? 5 : 6;
  }

  /** Returns how many GPUs of a node are wholly free. */
  static int freeGpus(NodeState node) {
    int free = 0;
    for (int i = 0; i < node.gpuCount(); i++) {
      free += node.gpuIsFree(i) ? 1 : 0;
    }
    return free;
  }
}
