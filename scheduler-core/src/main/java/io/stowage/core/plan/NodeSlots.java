package io.stowage.core.plan;

import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Numbering;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.cluster.Resources;
import io.stowage.core.fit.Fit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The open slots of one node, never none, and what they ask for in sum. Not thread-safe. */
public final class NodeSlots {
  private final List<Slot> slots;
  private final int[][] gpuDevices;
  private int heldGpus;
  private long cpuMilli;
  private long memoryBytes;
  private long ephemeralStorageBytes;
  private final Map<String, Long> extended = new HashMap<>();

  /** Zero where nobody asked for it yet. */
  private int likeness;

  /** A slot wherever it is. */
  record Content(PodShape shape, List<Integer> gpuDevices) {}

  NodeSlots(List<Slot> slots) {
    this.slots = List.copyOf(slots);
    gpuDevices = new int[slots.size()][];
    for (int i = 0; i < gpuDevices.length; i++) {
      Slot slot = slots.get(i);
      gpuDevices[i] = slot.gpuDevices().stream().mapToInt(Integer::intValue).toArray();
      heldGpus += gpuDevices[i].length;
      Resources request = slot.shape().request();
      cpuMilli += request.cpuMilli();
      memoryBytes += request.memoryBytes();
      ephemeralStorageBytes += request.ephemeralStorageBytes();
      request.extended().forEach((name, amount) -> extended.merge(name, amount, Long::sum));
    }
  }

  /** Returns the slots. */
  public List<Slot> slots() {
    return slots;
  }

  /** Returns a number that nodes share where their slots are the same, the same each time. */
  int likeness(Numbering<List<Content>> numbers) {
    if (likeness == 0) {
      likeness =
          numbers.of(
              slots.stream().map(slot -> new Content(slot.shape(), slot.gpuDevices())).toList());
    }
    return likeness;
  }

  /**
   * Returns the open slot that a pod of a shape should take: one of its shape, else the one that it
   * wastes least of among those of larger shapes that ask for the same of GPUs; null where none is.
   *
   * @param node the node that the slots are on
   */
  public @Nullable Slot slot(PodShape shape, NodeState node) {
    Slot best = null;
    for (int i = 0; i < slots.size(); i++) {
      Slot slot = slots.get(i);
      boolean exact = slot.shape().equals(shape);
      if ((exact || isLarger(slot.shape(), shape))
          && (exact || best == null || cpuMilli(slot) < cpuMilli(best))
          && hasGpus(i, node)) {
        if (exact) {
          return slot;
        }
        best = slot;
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
  private boolean hasGpus(int slot, NodeState node) {
    if (!node.gpusVisible()) {
      return true;
    }
    GpuRequest gpu = slots.get(slot).shape().gpu();
    for (int device : gpuDevices[slot]) {
      if (device >= node.gpuCount() || !node.gpuHasRoom(device, gpu)) {
        return false;
      }
    }
    return true;
  }

  /**
   * Tells whether a shape fits what no slot holds.
   *
   * @param node the node that the slots are on, which the shape fits
   */
  public boolean fitsUnheld(PodShape shape, NodeState node) {
    return sumsFit(shape.request(), node) && gpusFit(shape, node);
  }

  private boolean sumsFit(Resources request, NodeState node) {
    if (lacks(request.cpuMilli(), node.freeCpuMilli() - cpuMilli)
        || lacks(request.memoryBytes(), node.freeMemoryBytes() - memoryBytes)
        || lacks(
            request.ephemeralStorageBytes(),
            node.freeEphemeralStorageBytes() - ephemeralStorageBytes)
        || node.freePods() <= slots.size()) {
      return false;
    }
    return request.extended().isEmpty() || extendedFit(request, node);
  }

  private boolean extendedFit(Resources request, NodeState node) {
    for (Map.Entry<String, Long> entry : request.extended().entrySet()) {
      if (lacks(
          entry.getValue(),
          node.freeExtended(entry.getKey()) - extended.getOrDefault(entry.getKey(), 0L))) {
        return false;
      }
    }
    return true;
  }

  private static boolean lacks(long asked, long free) {
    return asked > 0 && asked > free;
  }

  private boolean gpusFit(PodShape shape, NodeState node) {
    GpuRequest gpu = shape.gpu();
    if (!node.hasGpuResource(gpu.resource())) {
      return true;
    }
    boolean visible = node.gpusVisible();
    int found = visible ? 0 : -heldGpus;
    for (int device = 0; device < node.gpuCount() && found < gpu.count(); device++) {
      found += (visible ? isUnheld(shape, node, device) : node.gpuIsFree(device)) ? 1 : 0;
    }
    return found >= gpu.count();
  }

  /** Tells whether a GPU has room for the shape's part on one GPU that no slot holds. */
  public boolean isUnheld(PodShape shape, NodeState node, int device) {
    if (!Fit.gpuFits(shape, node, device)) {
      return false;
    }
    long held = heldUnits(device, node.gpuCapacityUnits(device));
    return shape.gpu().isWhole()
        ? held == 0
        : node.gpuFreeUnits(device) - held >= shape.gpu().unitsPerGpu();
  }

  private long heldUnits(int device, long capacityUnits) {
    long held = 0;
    for (int i = 0; i < gpuDevices.length; i++) {
      if (contains(gpuDevices[i], device)) {
        held += slots.get(i).shape().gpu().unitsOf(capacityUnits);
      }
    }
    return held;
  }

  private static boolean contains(int[] devices, int device) {
    for (int one : devices) {
      if (one == device) {
        return true;
      }
    }
    return false;
  }

  /**
   * Returns the slot that a pod takes which was placed on the node: that of its shape, or of a
   * larger one, on its GPUs; null where it takes none.
   */
  @Nullable Slot takenBy(PodShape shape, NodeState node, int[] placedDevices) {
    Slot taken = null;
    for (int i = 0; i < slots.size(); i++) {
      Slot slot = slots.get(i);
      if ((slot.shape().equals(shape) || isLarger(slot.shape(), shape))
          && (!node.gpusVisible() || isOn(gpuDevices[i], placedDevices))
          && (taken == null || cpuMilli(slot) < cpuMilli(taken))) {
        taken = slot;
      }
    }
    return taken;
  }

  private static boolean isOn(int[] devices, int[] placedDevices) {
    if (devices.length != placedDevices.length) {
      return false;
    }
    for (int placed : placedDevices) {
      if (!contains(devices, placed)) {
        return false;
      }
    }
    return true;
  }
}
