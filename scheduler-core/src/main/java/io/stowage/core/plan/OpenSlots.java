package io.stowage.core.plan;

import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Numbering;
import io.stowage.core.cluster.PodShape;
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
 * <p>The cluster moves on while a plan is made and after: a slot whose room somebody else has taken
 * is passed over until the next plan. Belongs to the cluster's one writer; not thread-safe.
 */
public final class OpenSlots {
  private final Map<String, NodeSlots> byNode = new HashMap<>();
  private final Numbering<List<NodeSlots.Content>> numbers = new Numbering<>();

  /** The slots as a plan, null where they have changed since it was made. */
  private @Nullable StowagePlan open = StowagePlan.EMPTY;

  /** Replaces all slots by those of a plan; returns the nodes whose slots are others now. */
  public Set<String> adopt(StowagePlan plan) {
    Set<String> changed = new HashSet<>(byNode.keySet());
    plan.slotsByNode()
        .forEach(
            (node, slots) -> {
              NodeSlots before = byNode.get(node);
              if (before != null && before.slots().equals(slots)) {
                changed.remove(node);
              } else {
                put(node, slots);
                changed.add(node);
              }
            });
    byNode.keySet().retainAll(plan.slotsByNode().keySet());
    open = plan;
    return changed;
  }

  private void put(String nodeName, List<Slot> slots) {
    byNode.put(nodeName, new NodeSlots(slots));
  }

  /** Returns the slots that are open. */
  public StowagePlan open() {
    if (open == null) {
      Map<String, List<Slot>> slots = new HashMap<>();
      byNode.forEach((node, here) -> slots.put(node, here.slots()));
      open = new StowagePlan(slots);
    }
    return open;
  }

  /** Returns the open slots of a node, null where it has none. */
  public @Nullable NodeSlots on(NodeState node) {
    return byNode.get(node.name());
  }

  /** Returns a number that nodes share where they have the same slots; 0 for those without. */
  public int likeness(NodeState node) {
    NodeSlots here = on(node);
    return here == null ? 0 : here.likeness(numbers);
  }

  /**
   * Takes note of a pod that was placed, which takes the slot of its shape, or of a larger one, on
   * its GPUs; returns whether it took any.
   */
  public boolean placed(PodShape shape, NodeState node, int[] gpuDevices) {
    NodeSlots here = on(node);
    Slot taken = here == null ? null : here.takenBy(shape, node, gpuDevices);
    if (here == null || taken == null) {
      return false;
    }
    open = null;
    List<Slot> rest = new ArrayList<>(here.slots());
    rest.remove(taken);
    if (rest.isEmpty()) {
      byNode.remove(node.name());
    } else {
      put(node.name(), rest);
    }
    return true;
  }
}
