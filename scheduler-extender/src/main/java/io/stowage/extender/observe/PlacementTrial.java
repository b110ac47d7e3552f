package io.stowage.extender.observe;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.fit.Fit;
import io.stowage.core.replay.Placer;
import io.stowage.core.trace.Scenario;
import io.stowage.core.trace.TracePod;
import io.stowage.extender.kube.PlacementRules;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Pods that somebody would create in a cluster, placed there by Stowage's policy beside what runs.
 *
 * <p>Those tied to one node (of a DaemonSet) come first, then the others in the order in which they
 * are given; one plan is made for all of these. Equal clusters and pods have equal trials.
 *
 * @param pods what comes of each pod that was asked about, in their order
 * @param before what was free before them
 * @param after what is free after them, by the same measure
 * @param runningPods how many pods run in the cluster
 * @param waitingPods how many pods wait there already
 * @param waitingPlaced how many of these were placed first
 */
public record PlacementTrial(
    List<WaitingPod> pods,
    Room before,
    Room after,
    int runningPods,
    int waitingPods,
    int waitingPlaced) {

  /** Copies the list. */
  public PlacementTrial {
    pods = List.copyOf(pods);
  }

  /**
   * What is free in a cluster.
   *
   * @param gpu its GPU; stranded is what no pod could use of those that run, wait or are asked
   *     about
   * @param nodes the nodes with GPUs that count as capacity, by name
   */
  public record Room(GpuUse gpu, List<FreeGpus> nodes) {
    /** Copies the list. */
    public Room {
      nodes = List.copyOf(nodes);
    }
  }

  /**
   * The GPUs of a node of which nothing is taken.
   *
   * @param node the node
   * @param model their model, empty where it is not known
   * @param free how many
   * @param all how many GPUs the node has
   * @param open whether the node takes pods at all: it is not cordoned
   */
  public record FreeGpus(String node, String model, int free, int all, boolean open) {}

  /**
   * Places pods.
   *
   * @param nodes the cluster's nodes
   * @param pods the cluster's pods
   * @param asked pods that are in the cluster not yet, each with a UID of its own
   * @param waitingFirst whether the pods that wait in the cluster are placed before them, and
   *     belong to what was there before
   */
  public static PlacementTrial of(
      Collection<Node> nodes, Collection<Pod> pods, Collection<Pod> asked, boolean waitingFirst) {
    ObservedCluster observed =
        ObservedCluster.read(
            nodes, Stream.concat(pods.stream(), asked.stream()).toList(), /* teamLabel= */ null);
    Set<String> askedUids =
        asked.stream().map(pod -> pod.getMetadata().getUid()).collect(Collectors.toSet());
    Map<String, KnownPod> askedByUid = new HashMap<>();
    List<KnownPod> waiting = new ArrayList<>();
    for (KnownPod pod : observed.waiting()) {
      if (askedUids.contains(pod.pod().uid())) {
        askedByUid.put(pod.pod().uid(), pod);
      } else {
        waiting.add(pod);
      }
    }
    List<KnownPod> inOrder = new ArrayList<>();
    asked.forEach(
        pod -> inOrder.add(Objects.requireNonNull(askedByUid.get(pod.getMetadata().getUid()))));
    return new Trial(new KnownCluster(observed), inOrder, waiting).run(waitingFirst);
  }

  /** One trial under way. */
  private static final class Trial {
    private final KnownCluster known;
    private final List<KnownPod> asked;
    private final List<KnownPod> waiting;
    private final StrandedGpu stranded;

    private Trial(KnownCluster known, List<KnownPod> asked, List<KnownPod> waiting) {
      this.known = known;
      this.asked = asked;
      this.waiting = waiting;
      stranded =
          new StrandedGpu(
              shapes(Stream.concat(known.observed().running().stream(), asked.stream())),
              shapes(waiting.stream()));
    }

    private List<PodShape> shapes(Stream<KnownPod> pods) {
      return pods.filter(pod -> !pod.tied()).map(known.eligibility()::shape).distinct().toList();
    }

    private PlacementTrial run(boolean waitingFirst) {
      Cluster before = waitingFirst ? place(known.now(), waiting) : known.now();
      Cluster after =
          place(
              placeTied(before, asked.stream().filter(KnownPod::tied).toList()),
              asked.stream().filter(pod -> !pod.tied()).toList());
      return new PlacementTrial(
          known.judge(asked, after, known.types(GpuPrices.NONE)),
          room(before),
          room(after),
          known.observed().running().size(),
          waiting.size(),
          waitingFirst
              ? (int)
                  waiting.stream().filter(pod -> before.placement(pod.pod().uid()) != null).count()
              : 0);
    }

    /** Returns the cluster with those pods on it too that fit the one node that they may be on. */
    private Cluster placeTied(Cluster cluster, List<KnownPod> pods) {
      Cluster placed = KnownCluster.withDevices(cluster);
      Map<PlacementRules, Optional<NodeState>> nodeOf = new HashMap<>();
      for (KnownPod pod : pods) {
        PodShape shape = known.eligibility().shape(pod);
        nodeOf
            .computeIfAbsent(
                pod.rules(),
                rules ->
                    known.observed().nodes().stream()
                        .filter(node -> node.refusal(rules).isEmpty())
                        .findFirst()
                        .map(node -> Objects.requireNonNull(placed.node(node.name()))))
            .filter(node -> Fit.fits(shape, node))
            .ifPresent(
                node -> placed.place(new Placement(withShape(pod, shape), node.name(), List.of())));
      }
      return placed;
    }

    /** Returns the cluster with those pods on it too that fit, one after the other. */
    private Cluster place(Cluster cluster, List<KnownPod> pods) {
      if (pods.isEmpty()) {
        return cluster;
      }
      List<Placement> placements = new ArrayList<>();
      cluster.forEachNode(node -> placements.addAll(node.placements()));
      List<TracePod> queue =
          pods.stream()
              .map(
                  pod ->
                      new TracePod(
                          pod.pod().uid(),
                          known.eligibility().shape(pod),
                          pod.pod().priority(),
                          OptionalDouble.empty()))
              .toList();
      Placer placer =
          Placer.ofBurst(
              new Scenario(
                  known.observed().nodes().stream().map(known.eligibility()::marked).toList(),
                  placements,
                  queue),
              KnownCluster.POLICY,
              new SplittableRandom(KnownCluster.SEED),
              ClusterObserver.Settings.of(known.observed()).moves());
      placer.arrivedTogether(queue);
      for (int i = 0; i < queue.size(); i++) {
        placer.place(withShape(pods.get(i), queue.get(i).shape()), 0);
      }
      return KnownCluster.withDevices(placer.cluster().cluster());
    }

    private static io.stowage.core.cluster.Pod withShape(KnownPod pod, PodShape shape) {
      io.stowage.core.cluster.Pod own = pod.pod();
      return new io.stowage.core.cluster.Pod(
          own.uid(), own.namespace(), own.name(), shape, own.priority());
    }

    private Room room(Cluster cluster) {
      GpuUse gpu = GpuUse.NONE;
      List<FreeGpus> free = new ArrayList<>();
      for (KnownNode node : known.observed().nodes()) {
        NodeState state = Objects.requireNonNull(cluster.node(node.name()));
        gpu = gpu.plus(stranded.of(state));
        if (state.gpuCount() > 0 && node.node().countsAsCapacity()) {
          free.add(
              new FreeGpus(
                  node.name(),
                  node.gpuModel(),
                  (int) IntStream.range(0, state.gpuCount()).filter(state::gpuIsFree).count(),
                  state.gpuCount(),
                  !node.node().cordoned()));
        }
      }
      return new Room(gpu, free);
    }
  }
}
