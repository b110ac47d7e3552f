package io.stowage.core.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeGpus;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.cluster.Resources;
import io.stowage.core.fit.Fit;
import io.stowage.core.trace.Scenario;
import io.stowage.core.trace.SyntheticWorkload;
import io.stowage.core.trace.TracePod;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PlanByPartsTest {
  private static final int MOVES = 2_000;

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 50, 99, 100})
  void slotsFitTheirNodesAndAreNoMoreThanAskedFor(int partNodes) {
    for (long drawn = 0; drawn < 5; drawn++) {
      long seed = drawn;
      Cluster cluster = cluster(seed);
      PlanRequest request = request(cluster, seed);
      StowagePlan plan = new Planner(seed, partNodes).plan(request, MOVES);
      assertThat(plan.size()).as("slots, seed %d", seed).isPositive();
      assertFits(cluster, plan);
      Map<PodShape, Integer> asked = new HashMap<>();
      request
          .demands()
          .forEach(demand -> asked.merge(demand.shape(), demand.count(), Integer::sum));
      slotsByShape(plan)
          .forEach(
              (shape, slots) ->
                  assertThat(slots)
                      .as("slots of %s, seed %d", shape, seed)
                      .isLessThanOrEqualTo(asked.get(shape)));
    }
  }

  @Test
  void equalSeedsAndRequestsGiveEqualPlans() {
    PlanRequest request = request(cluster(1), 1);
    StowagePlan plan = new Planner(5, 20).plan(request, MOVES);
    Planner used = new Planner(5, 20);
    used.plan(request(cluster(2), 2), MOVES);
    assertThat(used.plan(request, MOVES)).isEqualTo(plan);
  }

  @Test
  void noSlotIsLostWhereNothingChanged() {
    for (long drawn = 0; drawn < 5; drawn++) {
      long seed = drawn;
      PlanRequest first = request(cluster(seed), seed);
      StowagePlan plan = new Planner(seed, 13).plan(first, MOVES);
      PlanRequest again = new PlanRequest(first.rooms(), first.demands(), plan);
      StowagePlan repeated = new Planner(seed, 29).plan(again, 0);
      assertThat(places(repeated)).as("seed %d", seed).containsAll(places(plan));
    }
  }

  @Test
  void aPodFindsTheOnlyPartWithRoomForIt() {
    PodShape shape = PodShape.of(Resources.of(1_000, 0), GpuRequest.whole("gpu", 2));
    List<NodeRoom> rooms =
        IntStream.range(0, 12)
            .mapToObj(i -> room(new Cluster(), node("n" + i, i == 11 ? 2 : 1)))
            .toList();
    StowagePlan plan =
        new Planner(1, 3)
            .plan(
                new PlanRequest(rooms, List.of(Demand.pending(shape, 3, 0)), StowagePlan.EMPTY),
                MOVES);
    assertThat(plan.slotsByNode()).containsOnlyKeys("n11");
  }

  @Test
  void pendingPodsAreNotLostToRounding() {
    PodShape whole = PodShape.of(Resources.of(1_000, 0), GpuRequest.whole("gpu", 1));
    PodShape half = PodShape.of(Resources.of(1_000, 0), GpuRequest.share("gpu", 500));
    List<NodeRoom> rooms =
        IntStream.range(0, 10).mapToObj(i -> room(new Cluster(), node("n" + i, 1))).toList();
    List<Demand> demands =
        List.of(
            Demand.pending(whole, 3, 100), Demand.pending(half, 14, 0), Demand.forecast(half, 9));
    StowagePlan plan =
        new Planner(1, 2).plan(new PlanRequest(rooms, demands, StowagePlan.EMPTY), MOVES);
    long pending =
        plan.slotsByNode().values().stream().flatMap(List::stream).filter(Slot::pending).count();
    assertThat(pending).as("3 whole and 14 halves fill 10 GPUs").isEqualTo(17);
    assertThat(plan.size()).isEqualTo(17);
  }

  /** Returns all slots, without whether they are for pods that wait. */
  private static List<Slot> places(StowagePlan plan) {
    return plan.slotsByNode().values().stream()
        .flatMap(List::stream)
        .map(slot -> new Slot(slot.shape(), slot.nodeName(), slot.gpuDevices(), false))
        .toList();
  }

  private static Map<PodShape, Integer> slotsByShape(StowagePlan plan) {
    Map<PodShape, Integer> slots = new HashMap<>();
    plan.slotsByNode().values().stream()
        .flatMap(List::stream)
        .forEach(slot -> slots.merge(slot.shape(), 1, Integer::sum));
    return slots;
  }

  private static void assertFits(Cluster cluster, StowagePlan plan) {
    int pods = 0;
    for (List<Slot> slots : plan.slotsByNode().values()) {
      for (Slot slot : slots) {
        NodeState node = Objects.requireNonNull(cluster.node(slot.nodeName()));
        assertThat(Fit.fits(slot.shape(), node)).as("%s fits", slot).isTrue();
        assertThat(slot.gpuDevices())
            .hasSize(slot.shape().gpu().count())
            .allMatch(device -> Fit.gpuFits(slot.shape(), node, device));
        Pod pod = new Pod("slot-" + pods++, "default", "slot", slot.shape(), 0);
        cluster.place(new Placement(pod, node.name(), slot.gpuDevices()));
      }
    }
  }

  /** Returns 100 nodes, a third full at random. */
  private static Cluster cluster(long seed) {
    Scenario scenario = SyntheticWorkload.generate(100, 300, SyntheticWorkload.Gpus.MIXED, seed);
    Cluster cluster = new Cluster();
    scenario.nodes().forEach(cluster::putNode);
    SplittableRandom random = new SplittableRandom(seed);
    for (TracePod pod : scenario.pods()) {
      NodeState node = cluster.slot(random.nextInt(cluster.slotLimit()));
      if (node != null && Fit.fits(pod.shape(), node)) {
        Pod placed = new Pod(pod.name(), "default", pod.name(), pod.shape(), 0);
        int[] devices =
            IntStream.range(0, node.gpuCount())
                .filter(device -> Fit.gpuFits(pod.shape(), node, device))
                .limit(pod.shape().gpu().count())
                .toArray();
        cluster.place(new Placement(placed, node.name(), Arrays.stream(devices).boxed().toList()));
      }
    }
    return cluster;
  }

  /** Asks for more than there is room for; every fifth node is kept for pods of 8 GPUs. */
  private static PlanRequest request(Cluster cluster, long seed) {
    List<NodeRoom> rooms = new ArrayList<>();
    cluster.forEachNode(
        state ->
            rooms.add(
                NodeRoom.of(
                    Objects.requireNonNull(state.node()), state, rooms.size() % 5 == 0 ? 8 : 0)));
    Map<PodShape, Integer> counts = new LinkedHashMap<>();
    SyntheticWorkload.generate(1, 1_000, SyntheticWorkload.Gpus.MIXED, seed + 1)
        .pods()
        .forEach(pod -> counts.merge(pod.shape(), 1, Integer::sum));
    List<Demand> demands = new ArrayList<>();
    counts.forEach(
        (shape, count) -> {
          demands.add(Demand.pending(shape, 1 + count / 10, count % 3));
          demands.add(Demand.forecast(shape, count));
        });
    return new PlanRequest(rooms, demands, StowagePlan.EMPTY);
  }

  private static Node node(String name, int gpus) {
    return Node.ready(
        name, Resources.of(32_000, 1L << 30), 110, NodeGpus.shared("gpu", "A100", gpus, 1000));
  }

  private static NodeRoom room(Cluster cluster, Node node) {
    return NodeRoom.of(node, cluster.putNode(node), 0);
  }
}
