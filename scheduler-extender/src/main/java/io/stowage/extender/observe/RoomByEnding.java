package io.stowage.extender.observe;

import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.fit.Fit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Finds the fewest pods of one node whose end would make room for another pod.
 *
 * <p>Sets of pods are tried by size, the smallest first, on every node for which no bound says that
 * it needs more than the best set known; up to {@value #MAX_TRIALS} sets a search, beyond which
 * what a greedy removal found stands. Among sets of one size the node whose name comes first, and
 * there the pods of lowest priority, are taken. Not thread-safe: tries on the cluster it was given.
 */
final class RoomByEnding {
  private static final int MAX_TRIALS = 20_000;

  private final Cluster cluster;
  private final Set<String> mayEnd;
  private int trials;

  /**
   * Creates it.
   *
   * @param cluster the cluster to try on, whose placements name the GPUs that pods hold; it is as
   *     it was after each search
   * @param mayEnd the UIDs of the pods that may be considered
   */
  RoomByEnding(Cluster cluster, Set<String> mayEnd) {
    this.cluster = cluster;
    this.mayEnd = mayEnd;
  }

  /** A node where the end of pods may make room. */
  private record Site(NodeState node, List<Placement> candidates, int atLeast) {}

  /** By node: the pods that may end, those of lowest priority first. */
  private final Map<NodeState, List<Placement>> candidatesOf = new HashMap<>();

  /** Returns the fewest pods of no higher priority, empty where no end on one node would do. */
  Optional<WaitingPod.Ending> find(PodShape shape, int priority) {
    trials = 0;
    List<Site> sites = new ArrayList<>();
    cluster.forEachNode(
        node -> {
          Site site = site(node, shape, priority);
          if (site != null) {
            sites.add(site);
          }
        });
    sites.sort(Comparator.comparingInt(Site::atLeast).thenComparing(site -> site.node().name()));
    List<Site> possible = new ArrayList<>();
    List<Placement> best = List.of();
    boolean fewest = true;
    for (Site site : sites) {
      if (site.atLeast() <= limit(site, best)
          && fitsWithout(site.node(), site.candidates(), shape)) {
        possible.add(site);
        List<Placement> greedy = greedy(site, shape);
        best = isBetter(greedy, best) ? greedy : best;
      }
    }
    for (Site site : possible) {
      int limit = limit(site, best);
      for (int size = site.atLeast(); size <= limit && trials < MAX_TRIALS; size++) {
        List<Placement> found = firstOfSize(site, shape, size);
        if (!found.isEmpty()) {
          best = isBetter(found, best) ? found : best;
          break;
        }
      }
      if (trials >= MAX_TRIALS) {
        fewest = false;
        break;
      }
    }
    if (best.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        new WaitingPod.Ending(
            best.get(0).nodeName(),
            best.stream().map(placement -> nameOf(placement)).sorted().toList(),
            fewest));
  }

  private static String nameOf(Placement placement) {
    return placement.pod().namespace() + "/" + placement.pod().name();
  }

  /** Returns how many pods a set of a node may have at most to be better than the best. */
  private static int limit(Site site, List<Placement> best) {
    if (best.isEmpty()) {
      return site.candidates().size();
    }
    boolean comesFirst = site.node().name().compareTo(best.get(0).nodeName()) <= 0;
    return comesFirst ? best.size() : best.size() - 1;
  }

  private static boolean isBetter(List<Placement> found, List<Placement> best) {
    return best.isEmpty()
        || found.size() < best.size()
        || (found.size() == best.size()
            && found.get(0).nodeName().compareTo(best.get(0).nodeName()) <= 0);
  }

  private @Nullable Site site(NodeState node, PodShape shape, int priority) {
    Node spec = node.node();
    if (spec == null || node.podCount() == 0 || !couldHold(shape, node, spec)) {
      return null;
    }
    List<Placement> all = candidatesOf.computeIfAbsent(node, this::candidates);
    int count = 0;
    while (count < all.size() && all.get(count).pod().priority() <= priority) {
      count++;
    }
    List<Placement> candidates = all.subList(0, count);
    int atLeast = atLeast(node, spec, shape, candidates);
    return atLeast <= count ? new Site(node, candidates, atLeast) : null;
  }

  private List<Placement> candidates(NodeState node) {
    return node.placements().stream()
        .filter(placement -> mayEnd.contains(placement.pod().uid()))
        .sorted(
            Comparator.<Placement>comparingInt(placement -> placement.pod().priority())
                .thenComparing(placement -> placement.pod().namespace())
                .thenComparing(placement -> placement.pod().name()))
        .toList();
  }

  /** Tells whether a node has enough of what a shape asks for, pods on it left aside. */
  private static boolean couldHold(PodShape shape, NodeState node, Node spec) {
    GpuRequest gpu = shape.gpu();
    if (shape.request().cpuMilli() > spec.allocatable().cpuMilli()
        || shape.request().memoryBytes() > spec.allocatable().memoryBytes()) {
      return false;
    }
    for (String name : shape.request().extended().keySet()) {
      if (spec.allocatable().extended(name) == 0) {
        return false;
      }
    }
    int enough = 0;
    if (!gpu.isNone() && node.hasGpuResource(gpu.resource())) {
      for (int i = 0; i < node.gpuCount(); i++) {
        long capacity = node.gpuCapacityUnits(i);
        enough +=
            capacity > 0
                    && gpu.unitsOf(capacity) <= capacity
                    && shape.acceptsModel(node.gpuModel(i))
                ? 1
                : 0;
      }
      return enough >= gpu.count();
    }
    return true;
  }

  /** Returns how many pods must end at least, by CPU, memory and number of GPUs by themselves. */
  private static int atLeast(
      NodeState node, Node spec, PodShape shape, List<Placement> candidates) {
    int cpu =
        needed(
            shape.request().cpuMilli(),
            spec.allocatable().cpuMilli() - node.requestedCpuMilli(),
            candidates,
            placement -> placement.pod().shape().request().cpuMilli());
    int memory =
        needed(
            shape.request().memoryBytes(),
            spec.allocatable().memoryBytes() - node.requestedMemoryBytes(),
            candidates,
            placement -> placement.pod().shape().request().memoryBytes());
    int gpus = 0;
    if (shape.gpu().isWhole() && node.hasGpuResource(shape.gpu().resource())) {
      long free = 0;
      for (int i = 0; i < node.gpuCount(); i++) {
        free += node.gpuIsFree(i) ? 1 : 0;
      }
      gpus =
          needed(
              shape.gpu().count(),
              free,
              candidates,
              placement -> placement.pod().shape().gpu().count());
    }
    return Math.max(1, Math.max(gpus, Math.max(cpu, memory)));
  }

  /** Returns how many of the largest amounts fill a gap; more than there are where all do not. */
  private static int needed(
      long asked, long free, List<Placement> candidates, ToLongFunction<Placement> amount) {
    if (asked <= 0 || asked <= free) {
      return 0;
    }
    long[] amounts = candidates.stream().mapToLong(amount).sorted().toArray();
    long sum = free;
    int taken = 0;
    while (taken < amounts.length && sum < asked) {
      sum += amounts[amounts.length - ++taken];
    }
    return sum < asked ? amounts.length + 1 : taken;
  }

  private boolean fitsWithout(NodeState node, List<Placement> ended, PodShape shape) {
    ended.forEach(placement -> cluster.remove(placement.pod().uid()));
    boolean fits = Fit.fits(shape, node);
    ended.forEach(cluster::place);
    return fits;
  }

  /** Ends all, and keeps one after the other of those that the room can do without. */
  private List<Placement> greedy(Site site, PodShape shape) {
    List<Placement> ended = new ArrayList<>(site.candidates());
    List<Placement> byGpu =
        site.candidates().stream()
            .sorted(
                Comparator.comparingLong(placement -> HeldGpu.milli(site.node(), placement.pod())))
            .toList();
    for (Placement placement : byGpu) {
      ended.remove(placement);
      if (ended.isEmpty() || !fitsWithout(site.node(), ended, shape)) {
        ended.add(placement);
      }
    }
    return ended;
  }

  /** Returns the first set of a size that makes room, empty where none does. */
  private List<Placement> firstOfSize(Site site, PodShape shape, int size) {
    int[] chosen = new int[size];
    for (int i = 0; i < size; i++) {
      chosen[i] = i;
    }
    List<Placement> candidates = site.candidates();
    while (trials < MAX_TRIALS) {
      List<Placement> ended = new ArrayList<>(size);
      for (int index : chosen) {
        ended.add(candidates.get(index));
      }
      trials++;
      if (fitsWithout(site.node(), ended, shape)) {
        return ended;
      }
      int last = size - 1;
      while (last >= 0 && chosen[last] == candidates.size() - size + last) {
        last--;
      }
      if (last < 0) {
        return List.of();
      }
      chosen[last]++;
      for (int i = last + 1; i < size; i++) {
        chosen[i] = chosen[i - 1] + 1;
      }
    }
    return List.of();
  }
}
