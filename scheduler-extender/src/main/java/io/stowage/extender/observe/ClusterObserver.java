package io.stowage.extender.observe;

import io.stowage.core.bound.Effort;
import io.stowage.core.bound.GpuBound;
import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.GpuDevice;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeState;
import io.stowage.extender.explain.Amounts;
import io.stowage.extender.yaml.NearestName;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;

/**
 * Observes a cluster: from what is there and waits to what could be done about it.
 *
 * <p>Equal clusters and settings give equal observations. Allocation is never above what the plan
 * reaches, and that never above the bound: where the pods of a node do not fit it by what Stowage
 * counts (a node whose allocatable shrank, a device given out twice), they stay there in the bound
 * too.
 */
public final class ClusterObserver {
  private static final int NEAREST_NOTES = 5;

  private final KnownCluster known;
  private final ObservedCluster observed;
  private final GpuPrices prices;
  private final Settings settings;
  private final List<String> notes;

  /**
   * How much is tried.
   *
   * @param effort how long to look for the lowest bound
   * @param moves how many moves are tried for the plan, at least 0
   */
  public record Settings(Effort effort, int moves) {
    /** For clusters up to {@value #MANY_PODS} pods. */
    public static final Settings DEFAULT =
        new Settings(new Effort(300, 2_000_000_000L, 100), 50_000);

    /** For larger ones: 5,000 nodes and 50,000 pods in a minute or two. */
    public static final Settings LARGE = new Settings(new Effort(40, 2_000_000_000L, 100), 2_000);

    private static final int MANY_PODS = 20_000;

    /** Returns what is tried on a cluster of that size. */
    public static Settings of(ObservedCluster cluster) {
      return cluster.running().size() + cluster.waiting().size() > MANY_PODS ? LARGE : DEFAULT;
    }
  }

  private ClusterObserver(ObservedCluster observed, GpuPrices prices, Settings settings) {
    known = new KnownCluster(observed);
    this.observed = observed;
    this.prices = prices;
    this.settings = settings;
    notes = new ArrayList<>(observed.notes());
  }

  /** Observes a cluster; {@code observedAt} is when it was as it is here. */
  public static Observation observe(
      ObservedCluster cluster, GpuPrices prices, Settings settings, Instant observedAt) {
    return new ClusterObserver(cluster, prices, settings).observe(observedAt);
  }

  private Observation observe(Instant observedAt) {
    List<Observation.NodeUse> uses = nodeUses();
    GpuUse gpu = uses.stream().map(Observation.NodeUse::gpu).reduce(GpuUse.NONE, GpuUse::plus);
    Cluster planned = known.plan(settings.moves());
    double planPercent = gpuPercent(planned);
    GpuBound bound = bound();
    NodeTypes types = known.types(prices);
    List<WaitingPod> waiting = known.judge(observed.waiting(), planned, types);
    RoomWanted room = RoomSearch.find(known, planned, types);
    notes.add(
        "The bound ("
            + bound.relaxation().key()
            + ") ignores taints, affinity, pods per node, ephemeral storage and other resources"
            + (bound.relaxation() == GpuBound.Relaxation.PER_GPU ? ", CPU, memory and nodes" : "")
            + ": it may be too high, never too low.");
    notePrices();
    if (!waiting.stream().allMatch(WaitingPod::fits)) {
      notes.add("What would make room looks at requests, not at disruption budgets or run times.");
    }
    return new Observation(
        observedAt,
        gpu,
        percent(node -> node.allocatable().cpuMilli(), NodeState::freeCpuMilli),
        percent(node -> node.allocatable().memoryBytes(), NodeState::freeMemoryBytes),
        planPercent,
        bound.gpuAllocationPercent(),
        bound.relaxation().key(),
        observed.running().size(),
        pools(uses),
        uses,
        waiting,
        lost(uses),
        room,
        notes);
  }

  private List<Observation.NodeUse> nodeUses() {
    StrandedGpu stranded =
        new StrandedGpu(
            observed.running().stream()
                .filter(pod -> !pod.tied())
                .map(known.eligibility()::shape)
                .distinct()
                .toList(),
            observed.waiting().stream().map(known.eligibility()::shape).distinct().toList());
    List<Observation.NodeUse> uses = new ArrayList<>();
    for (KnownNode node : observed.nodes()) {
      NodeState state = Objects.requireNonNull(known.now().node(node.name()));
      uses.add(
          new Observation.NodeUse(
              node.name(),
              node.type(),
              node.node().countsAsCapacity(),
              node.node().cordoned(),
              stranded.of(state),
              state.freeCpuMilli(),
              state.freeMemoryBytes()));
    }
    return uses;
  }

  private static List<Observation.Pool> pools(List<Observation.NodeUse> uses) {
    Map<String, GpuUse> gpus = new TreeMap<>();
    Map<String, Integer> counts = new HashMap<>();
    for (Observation.NodeUse use : uses) {
      gpus.merge(use.type().pool(), use.gpu(), GpuUse::plus);
      counts.merge(use.type().pool(), use.counts() ? 1 : 0, Integer::sum);
    }
    List<Observation.Pool> pools = new ArrayList<>();
    gpus.forEach(
        (name, gpu) -> pools.add(new Observation.Pool(name, counts.getOrDefault(name, 0), gpu)));
    return pools;
  }

  private double percent(ToLongFunction<Node> capacity, ToLongFunction<NodeState> free) {
    long all = 0;
    long left = 0;
    for (KnownNode node : observed.nodes()) {
      if (node.node().countsAsCapacity()) {
        all += capacity.applyAsLong(node.node());
        left += free.applyAsLong(Objects.requireNonNull(known.now().node(node.name())));
      }
    }
    return all == 0 ? 0 : 100.0 * (all - left) / all;
  }

  private double gpuPercent(Cluster cluster) {
    long capacityMilli = 0;
    long freeMilli = 0;
    for (KnownNode node : observed.nodes()) {
      if (node.node().countsAsCapacity()) {
        NodeState state = Objects.requireNonNull(cluster.node(node.name()));
        capacityMilli += state.gpuCapacityMilli();
        freeMilli += state.freeGpuMilli();
      }
    }
    return capacityMilli == 0 ? 0 : 100.0 * (capacityMilli - freeMilli) / capacityMilli;
  }

  /** Bounds what running and waiting pods can hold, placed anew but for nodes given out twice. */
  private GpuBound bound() {
    BoundQuestion question =
        BoundQuestion.of(
            observed.nodes().stream().map(KnownNode::node).toList(),
            known.now(),
            known.placements(),
            observed.waiting().stream().map(pod -> pod.pod().shape()).toList());
    SortedSet<String> overcommitted = question.overcommitted();
    if (!overcommitted.isEmpty()) {
      notes.add(
          "The pods of "
              + Amounts.count(overcommitted.size(), "node")
              + " do not fit there by what Stowage counts (first: "
              + overcommitted.first()
              + "); the bound leaves them where they are.");
    }
    return question.answer(settings.effort());
  }

  private Lost lost(List<Observation.NodeUse> uses) {
    Map<LostCause, Lost.PerDay> byCause = new EnumMap<>(LostCause.class);
    for (LostCause cause : LostCause.values()) {
      byCause.put(cause, Lost.PerDay.NONE);
    }
    Lost.PerDay usable = Lost.PerDay.NONE;
    long unpricedMilli = 0;
    for (Observation.NodeUse use : uses) {
      OptionalDouble price =
          prices.perGpuHour(Objects.requireNonNull(known.nodes().get(use.name())));
      unpricedMilli += price.isPresent() ? 0 : use.gpu().capacityMilli();
      use.gpu()
          .strandedMilliByCause()
          .forEach(
              (cause, milli) ->
                  byCause.merge(cause, Lost.PerDay.of(milli, price.orElse(0)), Lost.PerDay::plus));
      usable = usable.plus(Lost.PerDay.of(use.gpu().usableMilli(), price.orElse(0)));
    }
    return new Lost(prices.currency(), unpricedMilli, byCause, usable, teams());
  }

  private List<Lost.Team> teams() {
    Map<String, Lost.Team> teams = new TreeMap<>();
    for (KnownPod pod : observed.running()) {
      KnownNode node = known.nodes().get(pod.observed().nodeName());
      if (node != null && node.node().countsAsCapacity()) {
        long milli =
            HeldGpu.milli(Objects.requireNonNull(known.now().node(node.name())), pod.pod());
        double price = prices.perGpuHour(node).orElse(0);
        add(teams, new Lost.Team(pod.team(), milli, 0, Lost.PerDay.of(milli, price)));
      }
    }
    Map<String, Long> largestUnits = new HashMap<>();
    for (KnownNode node : observed.nodes()) {
      for (GpuDevice device : node.node().gpus().devices()) {
        largestUnits.merge(node.node().gpus().resource(), device.capacityUnits(), Math::max);
      }
    }
    for (KnownPod pod : observed.waiting()) {
      long milli =
          pod.pod()
              .shape()
              .gpu()
              .totalMilli(largestUnits.getOrDefault(pod.pod().shape().gpu().resource(), 0L));
      add(teams, new Lost.Team(pod.team(), 0, milli, Lost.PerDay.NONE));
    }
    return teams.values().stream()
        .filter(team -> team.requestedGpuMilli() + team.waitingGpuMilli() > 0)
        .sorted(
            Comparator.comparingLong((Lost.Team team) -> -team.requestedGpuMilli())
                .thenComparingLong(team -> -team.waitingGpuMilli())
                .thenComparing(Lost.Team::name))
        .toList();
  }

  private static void add(Map<String, Lost.Team> teams, Lost.Team part) {
    teams.merge(
        part.name(),
        part,
        (known, other) ->
            new Lost.Team(
                known.name(),
                known.requestedGpuMilli() + other.requestedGpuMilli(),
                known.waitingGpuMilli() + other.waitingGpuMilli(),
                known.requested().plus(other.requested())));
  }

  private void notePrices() {
    if (prices.isEmpty()) {
      return;
    }
    long unpriced =
        observed.nodes().stream()
            .filter(node -> node.node().countsAsCapacity())
            .filter(node -> !node.node().gpus().devices().isEmpty())
            .filter(node -> prices.perGpuHour(node).isEmpty())
            .count();
    if (unpriced > 0) {
      notes.add(Amounts.count(unpriced, "GPU node") + " without a price: left out of the money.");
    }
    noteUnknown(
        "instance type",
        prices.nodeHour().keySet(),
        known.nodes().values().stream().map(KnownNode::instanceType).collect(Collectors.toSet()));
    noteUnknown(
        "GPU model",
        prices.gpuHour().keySet(),
        known.nodes().values().stream().map(KnownNode::gpuModel).collect(Collectors.toSet()));
  }

  private void noteUnknown(String what, Collection<String> priced, Set<String> there) {
    there.remove("");
    priced.stream()
        .filter(name -> !there.contains(name))
        .sorted()
        .limit(NEAREST_NOTES)
        .forEach(
            name ->
                notes.add(
                    "The prices name %s '%s', which no node has%s."
                        .formatted(
                            what,
                            name,
                            there.isEmpty()
                                ? ""
                                : "; the nearest is '"
                                    + NearestName.of(name, there).orElseThrow()
                                    + "'")));
  }
}
