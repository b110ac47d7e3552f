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
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class OpenSlotsTest {
  private static final String GPU = "gpu";
  private static final PodShape WHOLE = shape(4, GpuRequest.whole(GPU, 1));
  private static final PodShape TWO = shape(4, GpuRequest.whole(GPU, 2));
  private static final PodShape SHARE = shape(2, GpuRequest.share(GPU, 300));
  private static final PodShape SMALL_SHARE = shape(1, GpuRequest.share(GPU, 300));
  private static final PodShape CPU = shape(3, GpuRequest.NONE);

  private final Cluster cluster = new Cluster();
  private final OpenSlots slots = new OpenSlots();

  private static PodShape shape(long cores, GpuRequest gpu) {
    return PodShape.of(Resources.of(1000 * cores, 1000), gpu);
  }

  private NodeState node(String name, boolean visible, int gpus) {
    NodeGpus cards =
        visible ? NodeGpus.shared(GPU, "T4", gpus, 1000) : NodeGpus.counted(GPU, "T4", gpus);
    return cluster.putNode(Node.ready(name, Resources.of(16_000, 1 << 20), 10, cards));
  }

  private static Slot slot(PodShape shape, String node, Integer... devices) {
    return new Slot(shape, node, List.of(devices), false);
  }

  private void adopt(Slot... planned) {
    slots.adopt(new StowagePlan(Map.of("node", List.of(planned))));
  }

  private void place(NodeState node, PodShape shape, Integer... devices) {
    String uid = "pod-" + cluster.podCount();
    cluster.place(new Placement(new Pod(uid, "", uid, shape, 0), node.name(), List.of(devices)));
  }

  private NodeSlots on(NodeState node) {
    return Objects.requireNonNull(slots.on(node));
  }

  @Test
  void aSlotIsForItsShapeAndForSmallerPodsThatAskForTheSameOfGpus() {
    NodeState node = node("node", true, 2);
    Slot slot = slot(SHARE, "node", 1);
    adopt(slot);
    assertThat(on(node).slot(SHARE, node)).isEqualTo(slot);
    assertThat(on(node).slot(SMALL_SHARE, node)).isEqualTo(slot);
    assertThat(on(node).slot(shape(3, SHARE.gpu()), node)).isNull();
    assertThat(on(node).slot(WHOLE, node)).isNull();
    Slot exact = slot(SMALL_SHARE, "node", 0);
    adopt(slot, exact);
    assertThat(on(node).slot(SMALL_SHARE, node)).isEqualTo(exact);
    assertThat(on(node).slot(SHARE, node)).isEqualTo(slot);
  }

  @Test
  void roomThatASlotHoldsIsNotUnheld() {
    NodeState node = node("node", true, 2);
    adopt(slot(SHARE, "node", 1), slot(WHOLE, "node", 0));
    assertThat(on(node).fitsUnheld(WHOLE, node)).isFalse();
    assertThat(on(node).fitsUnheld(SHARE, node)).isTrue();
    assertThat(on(node).isUnheld(SHARE, node, 0)).isFalse();
    assertThat(on(node).isUnheld(SHARE, node, 1)).isTrue();
    assertThat(on(node).fitsUnheld(shape(11, GpuRequest.NONE), node)).isFalse();
    assertThat(on(node).fitsUnheld(shape(10, GpuRequest.NONE), node)).isTrue();
  }

  @Test
  void onANodeThatHidesItsDevicesGpusAreCounted() {
    NodeState node = node("node", false, 4);
    adopt(slot(TWO, "node", 2, 3));
    place(node, TWO);
    assertThat(on(node).slot(TWO, node)).isNotNull();
    assertThat(on(node).fitsUnheld(WHOLE, node)).isFalse();
    assertThat(slots.placed(TWO, node, new int[] {0, 1})).isTrue();
    assertThat(slots.on(node)).isNull();
  }

  @Test
  void aPlacedPodTakesTheLeastSlotThatHoldsItOnItsGpus() {
    NodeState node = node("node", true, 2);
    Slot large = slot(SHARE, "node", 1);
    Slot exact = slot(SMALL_SHARE, "node", 1);
    Slot elsewhere = slot(SMALL_SHARE, "node", 0);
    adopt(elsewhere, large, exact);
    assertThat(slots.placed(SMALL_SHARE, node, new int[] {1})).isTrue();
    assertThat(slots.open().slots("node")).containsExactly(elsewhere, large);
    assertThat(slots.placed(SMALL_SHARE, node, new int[] {1})).isTrue();
    assertThat(slots.open().slots("node")).containsExactly(elsewhere);
    assertThat(slots.placed(SMALL_SHARE, node, new int[] {1})).isFalse();
    assertThat(slots.placed(CPU, node, new int[0])).isFalse();
  }

  @Test
  void aSlotWhoseGpuIsTakenIsPassedOver() {
    NodeState node = node("node", true, 2);
    adopt(slot(WHOLE, "node", 1));
    place(node, SHARE, 1);
    assertThat(on(node).slot(WHOLE, node)).isNull();
    assertThat(on(node).fitsUnheld(WHOLE, node)).isTrue();
  }

  @Test
  void adoptionTellsWhichNodesHaveOtherSlots() {
    node("node", true, 2);
    Map<String, List<Slot>> first =
        Map.of("a", List.of(slot(CPU, "a")), "b", List.of(slot(CPU, "b")));
    assertThat(slots.adopt(new StowagePlan(first))).containsExactlyInAnyOrder("a", "b");
    assertThat(slots.adopt(new StowagePlan(first))).isEmpty();
    Map<String, List<Slot>> second =
        Map.of("b", List.of(slot(CPU, "b")), "c", List.of(slot(CPU, "c")));
    assertThat(slots.adopt(new StowagePlan(second))).containsExactlyInAnyOrder("a", "c");
    assertThat(slots.open()).isEqualTo(new StowagePlan(second));
  }
}
