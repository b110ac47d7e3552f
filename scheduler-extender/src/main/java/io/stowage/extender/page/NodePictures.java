package io.stowage.extender.page;

import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.fragmentation.Stranded;
import io.stowage.core.plan.Slot;
import io.stowage.extender.kube.ClusterLabels;
import io.stowage.extender.page.NodePicture.Gpu;
import io.stowage.extender.page.NodePicture.OnNode;
import io.stowage.extender.page.NodePicture.PlannedSlot;
import io.stowage.extender.page.NodePicture.Standing;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Draws nodes of any cluster of the model, live or read from a snapshot. */
final class NodePictures {
  private static final long WHOLE_GPU_MILLI = 1000;

  private NodePictures() {}

  /**
   * Returns a node's picture.
   *
   * @param workload the shapes by which free GPU is called stranded; with none, nothing is
   */
  static NodePicture of(
      NodeState state, List<Slot> slots, Collection<PodShape> workload, ClusterLabels labels) {
    Node node = state.node();
    List<Gpu> gpus = new ArrayList<>(state.gpuCount());
    boolean judged = node != null && node.countsAsCapacity() && !workload.isEmpty();
    for (int i = 0; i < state.gpuCount(); i++) {
      long freeMilli = state.gpuFreeMilli(i);
      gpus.add(
          new Gpu(
              state.gpuModel(i),
              state.gpuCapacityUnits(i) > 0,
              freeMilli,
              judged && freeMilli > 0 ? Stranded.causeOf(state, i, workload) : null));
    }
    List<OnNode> pods = new ArrayList<>(state.podCount());
    for (Placement placement : state.placements()) {
      pods.add(onNode(placement.pod(), state, labels));
    }
    return new NodePicture(
        state.name(),
        labels.node(state.name()),
        standing(node),
        node == null ? 0 : node.allocatable().cpuMilli(),
        state.freeCpuMilli(),
        node == null ? 0 : node.allocatable().memoryBytes(),
        state.freeMemoryBytes(),
        state.gpusVisible(),
        gpus,
        pods,
        planned(slots, state));
  }

  private static Standing standing(@Nullable Node node) {
    if (node == null) {
      return Standing.UNKNOWN;
    } else if (node.virtual()) {
      return Standing.VIRTUAL;
    } else if (!node.ready()) {
      return Standing.NOT_READY;
    } else if (node.cordoned()) {
      return Standing.CORDONED;
    }
    return node.tainted() ? Standing.TAINTED : Standing.READY;
  }

  private static OnNode onNode(Pod pod, NodeState state, ClusterLabels labels) {
    List<Integer> gpus = IntStream.of(state.gpuDevices(pod.uid())).boxed().toList();
    return new OnNode(
        pod.namespace(),
        pod.name(),
        labels.owner(pod.uid()),
        pod.priority(),
        pod.shape().request().cpuMilli(),
        pod.shape().request().memoryBytes(),
        gpus,
        gpuMilli(pod.shape().gpu(), state, gpus));
  }

  /** Where devices are not visible, a slot is shown on free GPUs, one after another. */
  private static List<PlannedSlot> planned(List<Slot> slots, NodeState state) {
    List<PlannedSlot> planned = new ArrayList<>(slots.size());
    Iterator<Integer> free =
        IntStream.range(0, state.gpuCount()).filter(state::gpuIsFree).boxed().iterator();
    for (Slot slot : slots) {
      List<Integer> gpus = new ArrayList<>();
      if (state.gpusVisible()) {
        slot.gpuDevices().stream().filter(gpu -> gpu < state.gpuCount()).forEach(gpus::add);
      } else {
        for (int i = 0; i < slot.shape().gpu().count() && free.hasNext(); i++) {
          gpus.add(free.next());
        }
      }
      planned.add(
          new PlannedSlot(
              gpus,
              gpuMilli(slot.shape().gpu(), state, gpus),
              slot.shape().request().cpuMilli(),
              slot.pending()));
    }
    return planned;
  }

  private static long gpuMilli(GpuRequest gpu, NodeState state, List<Integer> gpus) {
    if (gpus.isEmpty()) {
      return 0;
    }
    long capacityUnits = state.gpuCapacityUnits(gpus.get(0));
    return gpu.isShare() && capacityUnits > 0
        ? Math.min(WHOLE_GPU_MILLI, gpu.unitsPerGpu() * WHOLE_GPU_MILLI / capacityUnits)
        : WHOLE_GPU_MILLI;
  }
}
