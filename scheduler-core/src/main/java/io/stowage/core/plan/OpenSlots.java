package io.stowage.core.plan;

import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.cluster.Resources;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The slots of the plan that no pod has taken yet, as the fast path looks at them.
 *
 * <p>The cluster moves on while a plan is made and after: a slot whose room somebody else has taken
 * is passed over until the next plan. Belongs to the cluster's one writer; not thread-safe.
 */
public final class OpenSlots {
  private final Map<String, OfNode> byNode = new HashMap<>();

  /** The open slots of a node, never none, and what they ask for in sum. */
  private static final class OfNode {
    /** Immutable, so that a picture of all slots copies none. */
    private List<Slot> slots;

    private long cpuMilli;
    private long memoryBytes;
    private long ephemeralStorageBytes;
    private final Map<String, Long> extended = new HashMap<>();

    private OfNode(List<Slot> slots) {
      this.slots = List.copyOf(slots);
      slots.forEach(slot -> count(slot, 1));
    }

    private void remove(Slot slot) {
      List<Slot> rest = new ArrayList<>(slots);
      rest.remove(slot);
      slots = List.copyOf(rest);
      count(slot, -1);
    }

    private void count(Slot slot, int sign) {
      Resources request = slot.shape().request();
      cpuMilli += sign * request.cpuMilli();
      memoryBytes += sign * request.memoryBytes();
      ephemeralStorageBytes += sign * request.ephemeralStorageBytes();
      request.extended().forEach((name, amount) -> extended.merge(name, sign * amount, Long::sum));
    }

    /** Returns the units of a GPU that slots hold. */
    private long heldUnits(int device, long capacityUnits) {
      long held = 0;
      for (Slot slot : slots) {
        if (slot.gpuDevices().contains(device)) {
          held += slot.shape().gpu().unitsOf(capacityUnits);
        }
      }
      return held;
    }

    private int heldGpus() {
      int held = 0;
      for (Slot slot : slots) {
        held += slot.gpuDevices().size();
      }
      return held;
    }
  }

  /** Replaces all slots by those of a plan; returns the nodes whose slots are others now. */
  public Set<String> adopt(StowagePlan plan) {
    Set<String> changed = new HashSet<>(byNode.keySet());
    plan.slotsByNode()
        .forEach(
            (node, slots) -> {
              OfNode before = byNode.get(node);
              if (before != null && before.slots.equals(slots)) {
                changed.remove(node);
              } else {
                byNode.put(node, new OfNode(slots));
                changed.add(node);
              }
            });
    byNode.keySet().retainAll(plan.slotsByNode().keySet());
    return changed;
  }

  /** Returns the slots that are open. */
  public StowagePlan open() {
    Map<String, List<Slot>> slots = new HashMap<>();
    byNode.forEach((node, here) -> slots.put(node, here.slots));
    return new StowagePlan(slots);
  }

  /** Tells whether a node has open slots. */
  public boolean hasAny(NodeState node) {
    return byNode.containsKey(node.name());
  }

  /**
   * Returns the open slot that a pod of a shape should take on a node: one of its shape, else the
   * one that it wastes least of among those of larger shapes that ask for the same of GPUs; null
   * where none is.
   */
  public @Nullable Slot slot(PodShape shape, NodeState node) {
    OfNode here = byNode.get(node.name());
    Slot best = null;
    if (here != null) {
      for (Slot slot : here.slots) {
        boolean exact = slot.shape().equals(shape);
        if ((exact || isLarger(slot.shape(), shape))
            && (exact || best == null || cpuMilli(slot) < cpuMilli(best))
            && hasGpus(slot, node)) {
          if (exact) {
            return slot;
          }
          best = slot;
        }
      }
    }
    return best;
  }

  private static long cpuMilli(Slot slot) {
    return slot.shape().request().cpuMilli();
  }

  private static boolean isLarger(PodShape large, PodShape small) {
    Resources has = large.request();
    Resources asks = small.request();
    return asks.cpuMilli() <= has.cpuMilli()
        && asks.memoryBytes() <= has.memoryBytes()
        && asks.ephemeralStorageBytes() <= has.ephemeralStorageBytes()
        && asks.extended().equals(has.extended())
        && large.gpu().equals(small.gpu())
        && large.gpuModels().equals(small.gpuModels());
  }

  /** Tells whether a slot's GPUs are still free; on a node that hides its devices any will do. */
  private static boolean hasGpus(Slot slot, NodeState node) {
    if (!node.gpusVisible()) {
      return true;
    }
    for (int device : slot.gpuDevices()) {
      if (device >= node.gpuCount() || !node.gpuHasRoom(device, slot.shape().gpu())) {
        return false;
      }
    }
    return true;
  }

  /** Tells whether a shape fits what no slot holds; that it fits the node is known. */
  public boolean fitsUnheld(PodShape shape, NodeState node) {
    OfNode here = byNode.get(node.name());
    return here == null || (sumsFit(shape.request(), here, node) && gpusFit(shape, here, node));
  }

  private static boolean sumsFit(Resources request, OfNode here, NodeState node) {
    if (lacks(request.cpuMilli(), node.freeCpuMilli() - here.cpuMilli)
        || lacks(request.memoryBytes(), node.freeMemoryBytes() - here.memoryBytes)
        || lacks(
            request.ephemeralStorageBytes(),
            node.freeEphemeralStorageBytes() - here.ephemeralStorageBytes)
        || node.freePods() <= here.slots.size()) {
      return false;
    }
    return request.extended().isEmpty() || extendedFit(request, here, node);
  }

  private static boolean extendedFit(Resources request, OfNode here, NodeState node) {
    for (Map.Entry<String, Long> entry : request.extended().entrySet()) {
      if (lacks(
          entry.getValue(),
          node.freeExtended(entry.getKey()) - here.extended.getOrDefault(entry.getKey(), 0L))) {
        return false;
      }
    }
    return true;
  }

  private static boolean lacks(long asked, long free) {
    return asked > 0 && asked > free;
  }

  private static boolean gpusFit(PodShape shape, OfNode here, NodeState node) {
    GpuRequest gpu = shape.gpu();
    if (!node.hasGpuResource(gpu.resource())) {
      return true;
    }
    int found = node.gpusVisible() ? 0 : -here.heldGpus();
    for (int device = 0; device < node.gpuCount() && found < gpu.count(); device++) {
      found +=
          (node.gpusVisible() ? isUnheld(shape, here, node, device) : node.gpuIsFree(device))
              ? 1
              : 0;
    }
    return found >= gpu.count();
  }

  /** Tells whether a GPU has room for the shape's part on one GPU that no slot holds. */
  public boolean isUnheld(PodShape shape, NodeState node, int device) {
    OfNode here = byNode.get(node.name());
    return here == null
        ? node.gpuHasRoom(device, shape.gpu()) && shape.acceptsModel(node.gpuModel(device))
        : isUnheld(shape, here, node, device);
  }

  private static boolean isUnheld(PodShape shape, OfNode here, NodeState node, int device) {
    if (!node.gpuHasRoom(device, shape.gpu()) || !shape.acceptsModel(node.gpuModel(device))) {
      return false;
    }
    long held = here.heldUnits(device, node.gpuCapacityUnits(device));
    return shape.gpu().isWhole()
        ? held == 0
        : node.gpuFreeUnits(device) - held >= shape.gpu().unitsPerGpu();
  }

  /**
   * Takes note of a pod that was placed, which takes the slot of its shape, or of a larger one, on
   * its GPUs; returns whether it took any.
   */
  public boolean placed(PodShape shape, NodeState node, int[] gpuDevices) {
    OfNode here = byNode.get(node.name());
    if (here == null) {
      return false;
    }
    Slot taken = null;
    for (Slot slot : here.slots) {
      if ((slot.shape().equals(shape) || isLarger(slot.shape(), shape))
          && (!node.gpusVisible() || isOn(slot, gpuDevices))
          && (taken == null || cpuMilli(slot) < cpuMilli(taken))) {
        taken = slot;
      }
    }
    if (taken == null) {
      return false;
    }
    here.remove(taken);
    if (here.slots.isEmpty()) {
      byNode.remove(node.name());
    }
    return true;
  }

  private static boolean isOn(Slot slot, int[] gpuDevices) {
    return slot.gpuDevices().size() == gpuDevices.length
        && Arrays.stream(gpuDevices).allMatch(slot.gpuDevices()::contains);
  }
}
