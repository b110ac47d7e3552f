package io.stowage.core.plan;

import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.cluster.Resources;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The slots of the plan that no pod has taken yet, as the fast path looks at them.
 *
 * <p>Belongs to the cluster's one writer; not thread-safe.
 */
public final class OpenSlots {
  private static final OfNode NONE = new OfNode();

  private final Map<String, OfNode> byNode = new HashMap<>();

  /** The open slots of a node and what they ask for in sum. */
  private static final class OfNode {
    private final List<Slot> slots = new ArrayList<>();
    private long cpuMilli;
    private long memoryBytes;
    private long ephemeralStorageBytes;
    private final Map<String, Long> extended = new HashMap<>();

    private void count(Slot slot, int sign) {
      Resources request = slot.shape().request();
      cpuMilli += sign * request.cpuMilli();
      memoryBytes += sign * request.memoryBytes();
      ephemeralStorageBytes += sign * request.ephemeralStorageBytes();
      request.extended().forEach((name, amount) -> extended.merge(name, sign * amount, Long::sum));
    }
  }

  /** Replaces all slots by those of a plan; returns the nodes whose slots are others now. */
  public Set<String> adopt(StowagePlan next) {
    Map<String, OfNode> kept = new HashMap<>(byNode);
    Set<String> changed = new HashSet<>();
    byNode.clear();
    for (Map.Entry<String, List<Slot>> entry : next.slotsByNode().entrySet()) {
      OfNode before = kept.remove(entry.getKey());
      if (before != null && before.slots.equals(entry.getValue())) {
        byNode.put(entry.getKey(), before);
        continue;
      }
      OfNode added = new OfNode();
      for (Slot slot : entry.getValue()) {
        added.slots.add(slot);
        added.count(slot, 1);
      }
      byNode.put(entry.getKey(), added);
      changed.add(entry.getKey());
    }
    kept.forEach(
        (node, before) -> {
          if (!before.slots.isEmpty()) {
            changed.add(node);
          }
        });
    return changed;
  }

  /** Returns an open slot for a shape on a node, null where none is. */
  public @Nullable Slot slot(PodShape shape, NodeState node) {
    OfNode here = byNode.get(node.name());
    if (here == null) {
      return null;
    }
    for (Slot slot : here.slots) {
      if (slot.shape().equals(shape) && hasRoom(slot, node)) {
        return slot;
      }
    }
    return null;
  }

  /** Returns the least of the open slots on a node that are large enough for a shape. */
  public @Nullable Slot larger(PodShape shape, NodeState node) {
    OfNode here = byNode.get(node.name());
    Slot best = null;
    if (here != null) {
      for (Slot slot : here.slots) {
        if (holds(slot, shape, node)
            && (best == null
                || slot.shape().request().cpuMilli() < best.shape().request().cpuMilli())
            && hasRoom(slot, node)) {
          best = slot;
        }
      }
    }
    return best;
  }

  
  private static boolean holds(Slot slot, PodShape shape, NodeState node) {
    Resources has = slot.shape().request();
    Resources asks = shape.request();
    if (!slot.shape().gpu().equals(shape.gpu()) || !slot.shape().gpuModels().equals(shape.gpuModels())
        || asks.cpuMilli() > has.cpuMilli()
        || asks.memoryBytes() > has.memoryBytes()
        || asks.ephemeralStorageBytes() > has.ephemeralStorageBytes()
        || !asks.extended().equals(has.extended())) {
      return false;
    }
    for (int device : slot.gpuDevices()) {
      if (!shape.acceptsModel(node.gpuModel(device))) {
        return false;
      }
    }
    return true;
  }

  private static boolean hasRoom(Slot slot, NodeState node) {
    for (int device : slot.gpuDevices()) {
      if (device >= node.gpuCount() || !node.gpuHasRoom(device, slot.shape().gpu())) {
        return false;
      }
    }
    return true;
  }

  /** Returns the open slots of a node. */
  public List<Slot> slots(NodeState node) {
    return byNode.getOrDefault(node.name(), NONE).slots;
  }

  /** Tells whether a shape fits what no slot holds; that it fits the node is known. */
  public boolean fitsUnheld(PodShape shape, NodeState node) {
    OfNode here = byNode.get(node.name());
    if (here == null || here.slots.isEmpty()) {
      return true;
    }
    Resources request = shape.request();
    if (lacks(request.cpuMilli(), node.freeCpuMilli() - here.cpuMilli)
        || lacks(request.memoryBytes(), node.freeMemoryBytes() - here.memoryBytes)
        || lacks(
            request.ephemeralStorageBytes(),
            node.freeEphemeralStorageBytes() - here.ephemeralStorageBytes)
        || node.freePods() <= here.slots.size()) {
      return false;
    }
    for (Map.Entry<String, Long> entry : request.extended().entrySet()) {
      if (lacks(
          entry.getValue(),
          node.freeExtended(entry.getKey()) - here.extended.getOrDefault(entry.getKey(), 0L))) {
        return false;
      }
    }
    GpuRequest gpu = shape.gpu();
    int found = 0;
    for (int device = 0; device < node.gpuCount() && found < gpu.count(); device++) {
      found += unheldGpuFits(shape, node, device) ? 1 : 0;
    }
    return found >= gpu.count() || !node.hasGpuResource(gpu.resource());
  }

  private static boolean lacks(long asked, long free) {
    return asked > 0 && asked > free;
  }

  /** Tells whether a GPU has room for the shape's part on one GPU that no slot holds. */
  public boolean unheldGpuFits(PodShape shape, NodeState node, int device) {
    if (!shape.acceptsModel(node.gpuModel(device))
        || !node.gpuHasRoom(device, shape.gpu())) {
      return false;
    }
    OfNode here = byNode.get(node.name());
    if (here == null) {
      return true;
    }
    long capacity = node.gpuCapacityUnits(device);
    long held = 0;
    for (Slot slot : here.slots) {
      if (slot.gpuDevices().contains(device)) {
        held += slot.shape().gpu().unitsOf(capacity);
      }
    }
    return shape.gpu().isWhole()
        ? held == 0
        : node.gpuFreeUnits(device) - held >= shape.gpu().unitsPerGpu();
  }

  /** Returns the first GPUs for whole ones that no slot holds; the shape fits unheld. */
  public int[] unheldGpus(PodShape shape, NodeState node) {
    int[] found = new int[shape.gpu().count()];
    int count = 0;
    for (int device = 0; count < found.length; device++) {
      if (unheldGpuFits(shape, node, device)) {
        found[count++] = device;
      }
    }
    return found;
  }

  /** Tells whether a node has open slots. */
  public boolean hasAny(NodeState node) {
    OfNode here = byNode.get(node.name());
    return here != null && !here.slots.isEmpty();
  }

  /** Takes note of a pod that was placed, which may take a slot; returns whether it could. */
  public boolean placed(PodShape shape, NodeState node, int[] gpuDevices) {
    OfNode here = byNode.get(node.name());
    if (here == null || here.slots.isEmpty()) {
      return false;
    }
    Slot taken = null;
    for (Slot slot : here.slots) {
      if (slot.shape().equals(shape) && (taken == null || isOn(slot, gpuDevices))) {
        taken = slot;
      }
    }
    if (taken == null) {
      taken = larger(shape, node, gpuDevices);
    }
    if (taken != null) {
      here.slots.remove(taken);
      here.count(taken, -1);
    }
    return taken != null;
  }

  private @Nullable Slot larger(PodShape shape, NodeState node, int[] gpuDevices) {
    Slot best = null;
    for (Slot slot : slots(node)) {
      if (holds(slot, shape, node)
          && isOn(slot, gpuDevices)
          && (best == null
              || slot.shape().request().cpuMilli() < best.shape().request().cpuMilli())) {
        best = slot;
      }
    }
    return best;
  }

  private static boolean isOn(Slot slot, int[] gpuDevices) {
    if (slot.gpuDevices().size() != gpuDevices.length) {
      return false;
    }
    for (int device : gpuDevices) {
      if (!slot.gpuDevices().contains(device)) {
        return false;
      }
    }
    return true;
  }

  /** Returns the slots that are open, as a plan. */
  public StowagePlan open() {
    Map<String, List<Slot>> slots = new HashMap<>();
    byNode.forEach(
        (node, here) -> {
          if (!here.slots.isEmpty()) {
            slots.put(node, here.slots);
          }
        });
    return new StowagePlan(slots);
  }
}
