package io.stowage.extender.observe;

import io.stowage.core.bound.Effort;
import io.stowage.core.bound.GpuBound;
import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.fit.Fit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * The question what no packer could pass with the pods of a cluster, the running ones placed anew.
 * Where the pods of a node do not fit it by what Stowage counts (its allocatable shrank, a device
 * was given out twice), they stay there. Immutable; equal clusters ask the same.
 *
 * @param nodes the nodes
 * @param staying pods that stay where they are
 * @param anew how many pods there are of each shape that may be placed anywhere
 * @param overcommitted the names of the nodes whose pods stay
 */
public record BoundQuestion(
    List<Node> nodes,
    List<Placement> staying,
    Map<PodShape, Long> anew,
    SortedSet<String> overcommitted) {

  /** Copies the collections. */
  public BoundQuestion {
    nodes = List.copyOf(nodes);
    staying = List.copyOf(staying);
    anew = Collections.unmodifiableMap(new LinkedHashMap<>(anew));
    overcommitted = Collections.unmodifiableSortedSet(new TreeSet<>(overcommitted));
  }

  /**
   * Asks it.
   *
   * @param now the cluster, with the pods on it by the GPUs that they hold
   * @param running where pods are
   * @param waiting the shapes of the pods that wait
   */
  public static BoundQuestion of(
      Collection<Node> nodes,
      Cluster now,
      Collection<Placement> running,
      Collection<PodShape> waiting) {
    SortedSet<String> overcommitted = new TreeSet<>();
    for (Node node : nodes) {
      if (node.countsAsCapacity()
          && !holdsItsPods(node, Objects.requireNonNull(now.node(node.name())))) {
        overcommitted.add(node.name());
      }
    }
    List<Placement> staying = new ArrayList<>();
    Map<PodShape, Long> anew = new LinkedHashMap<>();
    for (Placement placement : running) {
      if (overcommitted.contains(placement.nodeName())) {
        staying.add(placement);
      } else {
        anew.merge(placement.pod().shape(), 1L, Long::sum);
      }
    }
    waiting.forEach(shape -> anew.merge(shape, 1L, Long::sum));
    return new BoundQuestion(List.copyOf(nodes), staying, anew, overcommitted);
  }

  /** Tells whether the pods of a node fit it one after the other, on the GPUs that they hold. */
  private static boolean holdsItsPods(Node node, NodeState state) {
    Cluster alone = new Cluster();
    NodeState empty = alone.putNode(node);
    for (Placement placement : state.placements()) {
      PodShape shape = placement.pod().shape();
      int[] devices = state.gpuDevices(placement.pod().uid());
      boolean gpusFit =
          !state.hasGpuResource(shape.gpu().resource())
              || (devices.length == shape.gpu().count()
                  && Arrays.stream(devices).allMatch(device -> Fit.gpuFits(shape, empty, device)));
      if (!gpusFit || !Fit.fits(shape, empty)) {
        return false;
      }
      alone.place(
          new Placement(placement.pod(), node.name(), Arrays.stream(devices).boxed().toList()));
    }
    return true;
  }

  /** Answers it; equal questions and efforts have equal answers. */
  public GpuBound answer(Effort effort) {
    return GpuBound.of(nodes, staying, anew, effort);
  }
}
