package io.stowage.core.replay;

import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.trace.PodClass;
import io.stowage.core.trace.Scenario;
import io.stowage.core.trace.TracePod;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * The inflation protocol: the workload's pods arrive one at a time in random order, then more drawn
 * with replacement, until arrivals have asked for 130 % of the cluster's GPUs; none ever leaves,
 * and one that fits nowhere is dropped.
 *
 * <p>Nodes get names in random order, so that a policy whose ties go to the first name gains
 * nothing from how a trace happens to be sorted.
 *
 * <p>Source: "Beware of Fragmentation" (USENIX ATC 2023), section 6, and its simulator, which puts
 * a random number before each node's name (syncClusterResourceList in simulator.go).
 */
public final class InflationReplay {
  private static final double LOAD = 1.3;
  private static final double NEVER = -1;

  private InflationReplay() {}

  /**
   * What an inflation came to.
   *
   * @param policy the policy's name
   * @param seed the seed
   * @param arrivals how many pods arrived
   * @param placed how many were placed
   * @param gpuAllocationPercentAt100 allocated GPU of capacity when arrivals had asked for 100 %
   * @param gpuAllocationPercentAt130 the same at the end
   * @param cpuAllocationPercent allocated CPU of capacity at the end
   * @param failedByClass how many pods were dropped, by the class's key
   * @param strandedGpuByCause stranded GPU in percent of capacity at the end, by the cause's key
   */
  public record Result(
      String policy,
      long seed,
      int arrivals,
      int placed,
      double gpuAllocationPercentAt100,
      double gpuAllocationPercentAt130,
      double cpuAllocationPercent,
      Map<String, Integer> failedByClass,
      Map<String, Double> strandedGpuByCause) {

    /** Copies the maps, keeping their order. */
    public Result {
      failedByClass = Collections.unmodifiableMap(new LinkedHashMap<>(failedByClass));
      strandedGpuByCause = Collections.unmodifiableMap(new LinkedHashMap<>(strandedGpuByCause));
    }
  }

  /**
   * Runs one inflation.
   *
   * @param progress told the part done, from 0 to 1
   * @throws IllegalArgumentException where the cluster has no GPU or the workload asks for none
   */
  public static Result run(Scenario scenario, String policyName, long seed, Progress progress) {
    return run(scenario, arrivals(scenario, seed), policyName, seed, progress);
  }

  /** Runs one inflation with given arrivals. */
  static Result run(
      Scenario scenario, List<TracePod> arrivals, String policyName, long seed, Progress progress) {
    SplittableRandom random = new SplittableRandom(seed);
    random.split(); // the stream of arrivals
    SplittableRandom tieStream = random.split();
    Placer placer = new Placer(withNamesShuffled(scenario, random), policyName, tieStream);
    long capacityMilli = placer.cluster().gpuCapacityMilli();
    Map<PodShape, Long> gpuMilli = scenario.gpuMilliByShape();

    Map<String, Integer> failed = PodClass.noneByKey();
    long askedMilli = 0;
    int placed = 0;
    int points = 0;
    double at100 = NEVER;
    for (int i = 0; i < arrivals.size(); i++) {
      TracePod arrival = arrivals.get(i);
      placer.arrived(arrival.shape(), i);
      Pod pod = new Pod("pod-" + i, "replay", arrival.name(), arrival.shape(), arrival.priority());
      if (placer.place(pod, i)) {
        placed++;
      } else {
        failed.merge(PodClass.of(arrival.shape()).key(), 1, Integer::sum);
      }
      askedMilli += gpuMilli.getOrDefault(arrival.shape(), 0L);
      if (at100 == NEVER && askedMilli >= capacityMilli) {
        at100 = placer.cluster().gpuAllocationPercent();
      }
      while (points < Progress.POINTS
          && Math.round((points + 1) * LOAD * capacityMilli / Progress.POINTS) <= askedMilli) {
        points++;
        progress.reached(
            new Progress.Point(
                100 * LOAD * points / Progress.POINTS,
                placer.cluster().gpuAllocationPercent(),
                placer.cluster().cpuAllocationPercent(),
                0));
      }
      progress.update((double) i / arrivals.size());
    }
    return new Result(
        policyName,
        seed,
        arrivals.size(),
        placed,
        at100,
        placer.cluster().gpuAllocationPercent(),
        placer.cluster().cpuAllocationPercent(),
        failed,
        placer.cluster().strandedPercentByCause(gpuMilli.keySet()));
  }

  private static Scenario withNamesShuffled(Scenario scenario, SplittableRandom random) {
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < scenario.nodes().size(); i++) {
      order.add(i);
    }
    shuffle(order, random);
    Map<String, String> names = new HashMap<>();
    List<Node> nodes = new ArrayList<>();
    for (Node node : scenario.nodes()) {
      String name = "%08d-%s".formatted(order.get(nodes.size()), node.name());
      names.put(node.name(), name);
      nodes.add(node.withName(name));
    }
    List<Placement> running =
        scenario.running().stream()
            .map(
                placement ->
                    new Placement(
                        placement.pod(),
                        names.getOrDefault(placement.nodeName(), placement.nodeName()),
                        placement.gpuDevices()))
            .toList();
    return new Scenario(nodes, running, scenario.pods());
  }

  private static void shuffle(List<?> list, SplittableRandom random) {
    for (int i = list.size() - 1; i > 0; i--) {
      Collections.swap(list, i, random.nextInt(i + 1));
    }
  }

  /**
   * Returns the pods that arrive with a seed, in order; every policy's run sees these.
   *
   * @throws IllegalArgumentException where the cluster has no GPU or the workload asks for none
   */
  public static List<TracePod> arrivals(Scenario scenario, long seed) {
    long capacityMilli = 0;
    for (Node node : scenario.nodes()) {
      if (node.countsAsCapacity()) {
        capacityMilli += new Cluster().putNode(node).gpuCapacityMilli();
      }
    }
    return arrivals(
        scenario, scenario.gpuMilliByShape(), new SplittableRandom(seed).split(), capacityMilli);
  }

  private static List<TracePod> arrivals(
      Scenario scenario,
      Map<PodShape, Long> gpuMilli,
      SplittableRandom random,
      long capacityMilli) {
    List<TracePod> arrivals = new ArrayList<>(scenario.pods());
    shuffle(arrivals, random);
    long limitMilli = Math.round(LOAD * capacityMilli);
    long askedMilli = 0;
    for (TracePod pod : arrivals) {
      askedMilli += gpuMilli.getOrDefault(pod.shape(), 0L);
    }
    if (capacityMilli == 0 || askedMilli == 0) {
      throw new IllegalArgumentException(
          "inflation needs GPUs: the cluster has "
              + capacityMilli
              + " milli-GPU, the pods ask for "
              + askedMilli);
    }
    while (askedMilli > limitMilli) {
      int dropped = arrivals.size() - 1;
      askedMilli -= gpuMilli.getOrDefault(arrivals.remove(dropped).shape(), 0L);
    }
    while (askedMilli < limitMilli) {
      TracePod drawn = scenario.pods().get(random.nextInt(scenario.pods().size()));
      arrivals.add(drawn);
      askedMilli += gpuMilli.getOrDefault(drawn.shape(), 0L);
    }
    return arrivals;
  }
}
