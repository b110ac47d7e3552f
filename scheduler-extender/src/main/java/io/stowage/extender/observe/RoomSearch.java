package io.stowage.extender.observe;

import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.PodShape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Finds what an autoscaler could do with a cluster. */
public final class RoomSearch {
  private final KnownCluster known;
  private final Map<String, KnownPod> runningByUid = new HashMap<>();

  private RoomSearch(KnownCluster known) {
    this.known = known;
    known.observed().running().forEach(pod -> runningByUid.put(pod.pod().uid(), pod));
  }

  /**
   * Finds it for a cluster without prices; equal clusters have equal answers.
   *
   * @param moves how many moves are tried for the plan that places the waiting pods, at least 0
   */
  public static RoomWanted find(ObservedCluster cluster, int moves) {
    KnownCluster known = new KnownCluster(cluster);
    return find(known, known.plan(moves), known.types(GpuPrices.NONE));
  }

  /**
   * Finds it.
   *
   * @param planned the cluster with running and planned pods, which is changed
   */
  static RoomWanted find(KnownCluster known, Cluster planned, NodeTypes types) {
    RoomSearch search = new RoomSearch(known);
    RoomWanted toAdd = NewNodes.pack(search.wanting(planned, types), types);
    Emptying emptying = new Emptying(planned, search.runningByUid, known.eligibility());
    List<RoomWanted.NodeToEmpty> toEmpty =
        emptying.nodes().stream().map(search::nodeToEmpty).toList();
    return new RoomWanted(toAdd.nodesToAdd(), toAdd.unplaceablePods(), toEmpty, emptying.cut());
  }

  private List<NewNodes.Wanting> wanting(Cluster planned, NodeTypes types) {
    List<NewNodes.Wanting> wanting = new ArrayList<>();
    for (KnownPod pod : known.observed().waiting()) {
      if (planned.placement(pod.pod().uid()) == null) {
        PodShape marked = known.eligibility().shape(pod);
        wanting.add(new NewNodes.Wanting(pod.pod(), marked, types.firstFor(marked)));
      }
    }
    return wanting;
  }

  private RoomWanted.NodeToEmpty nodeToEmpty(String name) {
    int pods = 0;
    for (Placement placement : Objects.requireNonNull(known.now().node(name)).placements()) {
      pods += Objects.requireNonNull(runningByUid.get(placement.pod().uid())).tied() ? 0 : 1;
    }
    return new RoomWanted.NodeToEmpty(
        name, Objects.requireNonNull(known.nodes().get(name)).type(), pods);
  }
}
