package io.stowage.core.policy;

import io.stowage.core.cluster.ChangeLog;
import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Numbering;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.fit.Fit;
import io.stowage.core.forecast.Forecast;
import io.stowage.core.forecast.ShapeForecast;
import io.stowage.core.fragmentation.Fragmentation;
import io.stowage.core.fragmentation.TypicalPods;
import io.stowage.core.plan.Demand;
import io.stowage.core.plan.ForecastDemands;
import io.stowage.core.plan.NodeKinds;
import io.stowage.core.plan.NodeRoom;
import io.stowage.core.plan.NodeRooms;
import io.stowage.core.plan.NodeSlots;
import io.stowage.core.plan.OpenSlots;
import io.stowage.core.plan.PlanRequest;
import io.stowage.core.plan.Slot;
import io.stowage.core.plan.Staffing;
import io.stowage.core.plan.StowagePlan;
import io.stowage.core.plan.Zone;
import io.stowage.core.plan.Zones;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Stowage's own policy: a pod takes a slot of the plan, else room that no slot holds, with nodes
 * that are kept for pods of several GPUs in the order of {@link Zones#order}; among equals the
 * fragmentation gradient without rounding decides, with two terms that keep a node's GPUs and CPU
 * in balance.
 *
 * <p>From the decrease of fragmentation in milli-GPU it takes {@value #PER_FREE_GPU} for each GPU
 * left free on the node, so that nodes in use fill up first, and {@value #PER_IMBALANCE_PERCENT}
 * for each percentage point by which the pod moves the node's free shares of GPU and of CPU apart,
 * so that neither strands the other. What a node lacks in balance already counts neither way, or
 * pods that use little CPU would each begin a node of their own. A share goes to the GPU with the
 * best score, the fullest among equals; ties among nodes go to the first name.
 *
 * <p>Mix and loads are learnt from the pods seen. The mix is taken anew whenever the number of pods
 * has grown by a quarter, at first after each one, and when the forecast finds that it has changed,
 * so that few evaluations are lost; zones every {@value #STAFF_EVENTS} arrivals and placements.
 */
final class StowagePolicy implements PlacementPolicy {
  private static final double PER_FREE_GPU = 20;
  private static final double PER_IMBALANCE_PERCENT = 5;

  /** What a step in the order of zones costs: more than scores differ. */
  private static final double PER_ORDER = 1e5;

  /** What comes before all unheld room: a slot of the shape, then a larger one. */
  private static final double SLOT = -2;

  private static final double LARGER_SLOT = -1;

  /** What held room costs in the order: more than a zone of the pod's own class. */
  private static final int HELD = 10_000;

  private static final int STAFF_EVENTS = 1_000;

  private final Forecast forecast = new Forecast();
  private Cluster cluster = new Cluster();
  private NodeKinds nodeKinds = new NodeKinds();
  private Zones zones = Zones.NONE;
  private final OpenSlots slots = new OpenSlots();
  private final ForecastDemands demands = new ForecastDemands();
  private NodeRooms rooms = new NodeRooms(cluster);

  /** What the forecast demands were last made of, and what they were. */
  private List<NodeRoom> demandRooms = List.of();

  private long demandsAtPods = -1;
  private List<Demand> forecastDemands = List.of();

  /** What was reserved since the request for the plan that is awaited; it does not know of it. */
  private final List<Reservation> reservedMeanwhile = new ArrayList<>();

  private boolean planAwaited;
  private long events;
  private long nextZonesAtEvents = 1;

  private final Numbering<Zone> zoneNumbers = new Numbering<>();

  /** The nodes whose zone or slots changed. */
  private final ChangeLog changes = new ChangeLog();

  private long seenPods;
  private long nextEpochAtPods = 1;
  private long mixChanges;
  private long epoch;
  private Fragmentation fragmentation = new Fragmentation(TypicalPods.of(Map.of()));

  /** An array of each length, for choices of so many GPUs. */
  private int[][] choices = {};

  private record Reservation(PodShape shape, NodeState node, List<Integer> gpuDevices) {}

  @Override
  public String name() {
    return "stowage";
  }

  @Override
  public void attach(Cluster attached) {
    cluster = attached;
    rooms = new NodeRooms(attached);
    nodeKinds = new NodeKinds();
    nextZonesAtEvents = events + 1;
  }

  @Override
  public void arrived(PodShape shape, double nowSeconds) {
    forecast.arrived(shape, nowSeconds);
    seenPods++;
    if (seenPods >= nextEpochAtPods || mixChanges != forecast.mixChanges()) {
      learnMix();
    }
    staffWhenDue();
  }

  @Override
  public void reserved(PodShape shape, NodeState node, int[] gpuDevices) {
    if (planAwaited) {
      reservedMeanwhile.add(
          new Reservation(shape, node, IntStream.of(gpuDevices).boxed().toList()));
    }
    take(shape, node, gpuDevices);
  }

  private void take(PodShape shape, NodeState node, int[] gpuDevices) {
    if (slots.placed(shape, node, gpuDevices)) {
      changed(node.name());
    }
  }

  @Override
  public void started(PodShape shape, double nowSeconds) {
    forecast.started(shape, nowSeconds);
    staffWhenDue();
  }

  @Override
  public void ended(PodShape shape, double nowSeconds) {
    forecast.ended(shape, nowSeconds);
  }

  private void learnMix() {
    Map<PodShape, Long> parts = new LinkedHashMap<>();
    for (ShapeForecast shape : forecast.mix()) {
      parts.put(shape.shape(), Math.round(shape.part() * Forecast.MEMORY_ARRIVALS * 1_000));
    }
    fragmentation = new Fragmentation(TypicalPods.of(parts));
    epoch++;
    mixChanges = forecast.mixChanges();
    nextEpochAtPods = seenPods + 1 + Math.min(seenPods, Forecast.MEMORY_ARRIVALS) / 4;
  }

  private void staffWhenDue() {
    events++;
    if (events < nextZonesAtEvents) {
      return;
    }
    nextZonesAtEvents = events + Math.min(STAFF_EVENTS, 1 + events / 4);
    Zones planned = Staffing.zones(cluster, nodeKinds, forecast.mix(), zones);
    Set<String> differences = zones.differences(planned);
    zones = planned;
    differences.forEach(this::changed);
  }

  private void changed(String nodeName) {
    NodeState node = cluster.node(nodeName);
    if (node != null) {
      changes.append(node.slot());
    }
  }

  @Override
  public PlanRequest planRequest(List<Demand> pendingOrAnnounced) {
    List<NodeRoom> now = rooms.of(zones);
    if (demandsAtPods != seenPods || !now.equals(demandRooms)) {
      forecastDemands = demands.of(forecast.mix(), rooms.totals());
      demandRooms = now;
      demandsAtPods = seenPods;
    }
    List<Demand> all = new ArrayList<>(pendingOrAnnounced);
    all.addAll(forecastDemands);
    planAwaited = true;
    reservedMeanwhile.clear();
    return new PlanRequest(now, all, slots.open());
  }

  @Override
  public void adopt(StowagePlan plan) {
    slots.adopt(plan).forEach(this::changed);
    reservedMeanwhile.forEach(taken -> take(taken.shape, taken.node, array(taken.gpuDevices)));
    reservedMeanwhile.clear();
    planAwaited = false;
  }

  @Override
  public boolean hasSlot(PodShape shape, NodeState node) {
    NodeSlots here = slots.on(node);
    Slot slot = here == null ? null : here.slot(shape, node);
    return slot != null && slot.shape().equals(shape);
  }

  @Override
  public List<Slot> slots(NodeState node) {
    NodeSlots here = slots.on(node);
    return here == null ? List.of() : here.slots();
  }

  @Override
  public long likeness(NodeState node) {
    Zone zone = zones.zone(node.name());
    return ((long) slots.likeness(node) << 32) + (zone == null ? 0 : zoneNumbers.of(zone));
  }

  @Override
  public ChangeLog changes() {
    return changes;
  }

  @Override
  public long epoch() {
    return epoch;
  }

  @Override
  public double score(PodShape shape, NodeState node) {
    NodeSlots here = slots.on(node);
    Slot slot = here == null ? null : here.slot(shape, node);
    boolean unheld = slot == null && (here == null || here.fitsUnheld(shape, node));
    return myopicScore(shape, node, choose(shape, node, here, slot, unheld))
        - PER_ORDER * order(shape, node, slot, unheld);
  }

  @Override
  public Map<String, Double> scoreTerms(PodShape shape, NodeState node) {
    NodeSlots here = slots.on(node);
    Slot slot = here == null ? null : here.slot(shape, node);
    boolean unheld = slot == null && (here == null || here.fitsUnheld(shape, node));
    int[] devices = choose(shape, node, here, slot, unheld);
    Map<String, Double> terms = new LinkedHashMap<>();
    terms.put("order", -PER_ORDER * order(shape, node, slot, unheld));
    terms.put("fragmentation", fragmentationTerm(shape, node, devices));
    terms.put("freeGpus", isBalanced(node) ? -freeGpusTerm(node, devices) : 0);
    terms.put("balance", isBalanced(node) ? -balanceTerm(shape, node, devices) : 0);
    return terms;
  }

  /**
   * Returns the place of a node in the order in which a pod of the shape uses nodes.
   *
   * @param slot the slot that the pod should take there, null where there is none
   * @param unheld whether there is room that no slot holds
   */
  private double order(PodShape shape, NodeState node, @Nullable Slot slot, boolean unheld) {
    if (slot == null) {
      return zones.order(shape, node) + (unheld ? 0 : HELD);
    }
    if (slot.shape().equals(shape)) {
      return SLOT;
    }
    double cpuMilli = slot.shape().request().cpuMilli();
    return cpuMilli == 0 ? LARGER_SLOT : LARGER_SLOT + (1 - shape.request().cpuMilli() / cpuMilli);
  }

  @Override
  public boolean keeps(PodShape shape, NodeState node) {
    return zones.keeps(shape, node);
  }

  private double myopicScore(PodShape shape, NodeState node, int[] devices) {
    double score = fragmentationTerm(shape, node, devices);
    return isBalanced(node)
        ? score - freeGpusTerm(node, devices) - balanceTerm(shape, node, devices)
        : score;
  }

  private double fragmentationTerm(PodShape shape, NodeState node, int[] devices) {
    return fragmentation.milli(node) - fragmentation.milliAfter(node, shape, devices);
  }

  /** Tells whether a node has both GPUs and CPU, which can be in balance. */
  private static boolean isBalanced(NodeState node) {
    Node spec = node.node();
    return spec != null && node.gpuCapacityMilli() != 0 && spec.allocatable().cpuMilli() != 0;
  }

  private static double freeGpusTerm(NodeState node, int[] devices) {
    int freeGpus = 0;
    for (int i = 0; i < node.gpuCount(); i++) {
      freeGpus += node.gpuIsFree(i) ? 1 : 0;
    }
    for (int device : devices) {
      freeGpus -= node.gpuIsFree(device) ? 1 : 0;
    }
    return PER_FREE_GPU * freeGpus;
  }

  private static double balanceTerm(PodShape shape, NodeState node, int[] devices) {
    long capacityMilli = node.gpuCapacityMilli();
    double cpuMilli = Objects.requireNonNull(node.node()).allocatable().cpuMilli();
    double gpuFree = (double) node.freeGpuMilli() / capacityMilli;
    double cpuFree = node.freeCpuMilli() / cpuMilli;
    double gpuTaken = GpuChoice.milli(shape, node, devices) / capacityMilli;
    double cpuTaken = shape.request().cpuMilli() / cpuMilli;
    double moreImbalance =
        Math.abs(gpuFree - gpuTaken - (cpuFree - cpuTaken)) - Math.abs(gpuFree - cpuFree);
    return PER_IMBALANCE_PERCENT * 100 * moreImbalance;
  }

  @Override
  public int[] gpuDevices(PodShape shape, NodeState node) {
    NodeSlots here = slots.on(node);
    Slot slot = here == null ? null : here.slot(shape, node);
    boolean unheld = slot == null && (here == null || here.fitsUnheld(shape, node));
    return choose(shape, node, here, slot, unheld).clone();
  }

  /** Returns the GPUs for a pod in an array that the next choice uses again. */
  private int[] choose(
      PodShape shape,
      NodeState node,
      @Nullable NodeSlots here,
      @Nullable Slot slot,
      boolean unheld) {
    if (!GpuChoice.hasDevices(shape, node)) {
      return choice(0);
    }
    boolean visible = node.gpusVisible();
    if (visible && slot != null) {
      int[] chosen = choice(slot.gpuDevices().size());
      for (int i = 0; i < chosen.length; i++) {
        chosen[i] = slot.gpuDevices().get(i);
      }
      return chosen;
    }
    NodeSlots besides = visible && unheld ? here : null;
    return shape.gpu().isWhole() ? firstGpus(shape, node, besides) : bestGpu(shape, node, besides);
  }

  private int[] choice(int gpus) {
    for (int length = choices.length; length <= gpus; length++) {
      choices = Arrays.copyOf(choices, length + 1);
      choices[length] = new int[length];
    }
    return choices[gpus];
  }

  /** Tells whether a GPU has room, beside the given slots where there are any. */
  private static boolean takes(
      PodShape shape, NodeState node, int device, @Nullable NodeSlots besides) {
    return besides == null
        ? Fit.gpuFits(shape, node, device)
        : besides.isUnheld(shape, node, device);
  }

  private int[] firstGpus(PodShape shape, NodeState node, @Nullable NodeSlots besides) {
    int[] chosen = choice(shape.gpu().count());
    int found = 0;
    for (int i = 0; found < chosen.length; i++) {
      if (takes(shape, node, i, besides)) {
        chosen[found++] = i;
      }
    }
    return chosen;
  }

  private static int[] array(List<Integer> devices) {
    return devices.stream().mapToInt(Integer::intValue).toArray();
  }

  private int[] bestGpu(PodShape shape, NodeState node, @Nullable NodeSlots besides) {
    int[] chosen = choice(1);
    int best = -1;
    double least = Double.POSITIVE_INFINITY;
    for (int i = 0; i < node.gpuCount(); i++) {
      if (takes(shape, node, i, besides) && !isLikeEarlier(shape, node, i, besides)) {
        chosen[0] = i;
        double after = fragmentation.milliAfter(node, shape, chosen);
        if (after < least || (after == least && node.gpuFreeMilli(i) < node.gpuFreeMilli(best))) {
          best = i;
          least = after;
        }
      }
    }
    chosen[0] = best;
    return chosen;
  }

  /** Tells whether an earlier GPU that may be taken is like this one, and so scores the same. */
  private static boolean isLikeEarlier(
      PodShape shape, NodeState node, int device, @Nullable NodeSlots besides) {
    for (int i = 0; i < device; i++) {
      if (GpuChoice.areAlike(node, i, device) && takes(shape, node, i, besides)) {
        return true;
      }
    }
    return false;
  }

  @Override
  public TieBreak tieBreak() {
    return TieBreak.FIRST_BY_NAME;
  }
}
