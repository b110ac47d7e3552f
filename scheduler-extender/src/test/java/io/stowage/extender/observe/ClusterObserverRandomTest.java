package io.stowage.extender.observe;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.fit.Fit;
import io.stowage.extender.kube.ClusterLabels;
import io.stowage.extender.kube.GpuResources;
import io.stowage.extender.kube.InvalidObjectException;
import io.stowage.extender.kube.NodeReader;
import io.stowage.extender.kube.ObservedPod;
import io.stowage.extender.kube.PodReader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** On small random clusters, what an observation says holds against trying everything. */
class ClusterObserverRandomTest {
  private static final int CASES = 250;
  private static final double ROUNDING = 1e-6;
  private static final String TAINT = "dedicated";

  /** A cluster in which every pod on a node fits there, unless one was put there past its room. */
  private record Case(List<Node> nodes, List<Pod> pods, boolean overcommitted) {}

  /**
   * Draws a case.
   *
   * @param crowded whether small pods fill the nodes and large ones wait
   */
  private static Case random(long seed, boolean crowded) {
    SplittableRandom random = new SplittableRandom(seed);
    List<Node> nodes = new ArrayList<>();
    int count = 1 + random.nextInt(2);
    for (int i = 0; i < count; i++) {
      String sums = "cpu=%d,memory=%dGi,pods=5,".formatted(3 + random.nextInt(4), 8);
      String gpus =
          random.nextBoolean()
              ? "nvidia.com/gpu=" + (1 + random.nextInt(3))
              : "aliyun.com/gpu-mem=20,aliyun.com/gpu-count=2";
      Node node =
          Observed.node(
              "n" + i, sums + gpus, Map.of(Observed.MODEL, random.nextBoolean() ? "A" : "B"));
      int kind = random.nextInt(8);
      nodes.add(
          kind == 0 ? Observed.cordoned(node) : kind == 1 ? Observed.tainted(node, TAINT) : node);
    }
    Cluster cluster = new Cluster();
    ObservedCluster.read(nodes, List.of(), null)
        .nodes()
        .forEach(node -> cluster.putNode(node.node()));
    List<Pod> pods = new ArrayList<>();
    boolean overcommitted = false;
    int podCount = (crowded ? 9 : 4) + random.nextInt(4);
    for (int i = 0; i < podCount; i++) {
      boolean waits = crowded ? i >= podCount - 2 : random.nextInt(3) == 0;
      String limits = limits(random, crowded ? (waits ? 2 : 0) : 1);
      String target = waits ? "" : "n" + random.nextInt(count);
      boolean anyway = !crowded && random.nextInt(15) == 0;
      PodBuilder builder =
          new PodBuilder(
              Observed.withPriority(Observed.pod("p" + i, target, limits), random.nextInt(3)));
      if (random.nextInt(6) == 0) {
        builder.editSpec().addToNodeSelector(Observed.MODEL, "A").endSpec();
      }
      if (random.nextInt(3) == 0) {
        builder
            .editSpec()
            .addNewToleration()
            .withKey(TAINT)
            .withOperator("Exists")
            .endToleration()
            .endSpec();
      }
      Pod pod = builder.build();
      if (!target.isEmpty()) {
        KnownPod known = ObservedCluster.read(nodes, List.of(pod), null).running().get(0);
        NodeState node = Objects.requireNonNull(cluster.node(target));
        PodShape shape = known.pod().shape();
        if (!Fit.fits(shape, node) && !anyway) {
          continue;
        }
        overcommitted |= !Fit.fits(shape, node);
        int device = 0;
        while (shape.gpu().isShare()
            && device < node.gpuCount() - 1
            && !Fit.gpuFits(shape, node, device)) {
          device++;
        }
        pod = shape.gpu().isShare() ? Observed.onDevice(new PodBuilder(pod), device) : pod;
        cluster.place(new Placement(known.pod(), target, List.of(device)));
      }
      pods.add(pod);
    }
    return new Case(nodes, pods, overcommitted);
  }

  /** Draws what a pod asks for: small for 0, large for 2. */
  private static String limits(SplittableRandom random, int size) {
    int gpus = Math.max(1, size + random.nextInt(2));
    int units = 1 + size * 5 + random.nextInt(5);
    return "cpu=%d,memory=%dGi,".formatted(random.nextInt(size + 1), random.nextInt(size + 1))
        + switch (random.nextInt(5)) {
          case 0, 1 -> "nvidia.com/gpu=" + gpus;
          case 2 -> "ephemeral-storage=0";
          default -> "aliyun.com/gpu-mem=" + units;
        };
  }

  @Test
  void allocationPlanBestPackingAndBoundAreInThatOrder() {
    int planHelps = 0;
    int boundIsHigher = 0;
    int overcommitted = 0;
    for (long seed = 0; seed < CASES; seed++) {
      Case random = random(seed, false);
      Observation observation = Observed.observe(random.nodes, random.pods);
      String as = "seed " + seed;
      double allocation = observation.gpuAllocationPercent();
      double plan = observation.planGpuAllocationPercent();
      double bound = observation.boundGpuAllocationPercent();
      assertThat(plan).as(as).isGreaterThanOrEqualTo(allocation - ROUNDING);
      assertThat(bound).as(as).isGreaterThanOrEqualTo(plan - ROUNDING);
      if (!random.overcommitted) {
        double best = new BestPacking(random).percent();
        assertThat(best).as(as).isBetween(plan - ROUNDING, bound + ROUNDING);
      }
      planHelps += plan > allocation ? 1 : 0;
      boundIsHigher += bound > plan ? 1 : 0;
      overcommitted += random.overcommitted ? 1 : 0;
    }
    System.out.printf(
        "seeds 0 to %d: plan above allocation in %d, bound above plan in %d, given out twice in"
            + " %d%n",
        CASES - 1, planHelps, boundIsHigher, overcommitted);
    assertThat(List.of(planHelps, boundIsHigher, overcommitted)).allMatch(cases -> cases > 10);
  }

  @Test
  void partsOfGpuAddUpByNodePoolAndCluster() {
    for (long seed = 0; seed < CASES; seed++) {
      Case random = random(seed, false);
      Observation observation = Observed.observe(random.nodes, random.pods);
      GpuUse pools =
          observation.pools().stream().map(Observation.Pool::gpu).reduce(GpuUse.NONE, GpuUse::plus);
      assertThat(pools).as("seed %d", seed).isEqualTo(observation.gpu());
      for (Observation.NodeUse node : observation.nodes()) {
        GpuUse gpu = node.gpu();
        assertThat(gpu.usableMilli()).as("seed %d: %s", seed, node).isBetween(0L, gpu.freeMilli());
        assertThat(gpu.allocatedMilli() + gpu.usableMilli() + gpu.strandedMilli())
            .as("seed %d: %s", seed, node)
            .isEqualTo(gpu.capacityMilli());
      }
    }
  }

  @Test
  void clusterThatIsFollowedWantsTheSameRoomAsItsSnapshot() throws InvalidObjectException {
    int wanting = 0;
    int emptiable = 0;
    for (long seed = 0; seed < CASES; seed++) {
      Case random = random(seed, seed % 2 == 0);
      ObservedCluster snapshot = ObservedCluster.read(random.nodes, random.pods, null);
      RoomWanted expected = RoomSearch.find(snapshot, 0);
      assertThat(RoomSearch.find(followed(random), 0)).as("seed %d", seed).isEqualTo(expected);
      wanting += expected.nodesToAdd().isEmpty() ? 0 : 1;
      emptiable += expected.nodesToEmpty().isEmpty() ? 0 : 1;
    }
    assertThat(List.of(wanting, emptiable)).allMatch(cases -> cases > 10);
  }

  /** Returns a case as a watch would have it. */
  private static ObservedCluster followed(Case random) throws InvalidObjectException {
    ClusterLabels labels = new ClusterLabels();
    List<io.stowage.core.cluster.Node> nodes = new ArrayList<>();
    for (Node node : random.nodes) {
      labels.putNode(node);
      nodes.add(new NodeReader(GpuResources.DEFAULT).read(node));
    }
    List<Placement> bound = new ArrayList<>();
    List<ObservedPod> waiting = new ArrayList<>();
    for (Pod pod : random.pods) {
      labels.putPod(pod);
      ObservedPod read = new PodReader(GpuResources.DEFAULT).read(pod);
      if (read.isBound()) {
        bound.add(new Placement(read.pod(), read.nodeName(), read.gpuDevices()));
      } else {
        waiting.add(read);
      }
    }
    return ObservedCluster.of(nodes, bound, waiting, labels);
  }

  @Test
  void waitingPodsFitWhereItSaysAndTheFewestPodsMakeRoom() {
    int fitting = 0;
    int endings = 0;
    int several = 0;
    for (long seed = 0; seed < CASES; seed++) {
      Case random = random(seed, seed % 4 > 0);
      if (random.overcommitted) {
        continue;
      }
      Observation observation = Observed.observe(random.nodes, random.pods);
      Trial trial = new Trial(random, observation);
      for (WaitingPod pod : observation.waiting()) {
        String as = "seed %d: %s".formatted(seed, pod);
        if (pod.outcome() instanceof WaitingPod.NoRoom noRoom) {
          assertThat(noRoom.nodesByMissing().values().stream().mapToInt(nodes -> nodes).sum())
              .as(as)
              .isEqualTo(random.nodes.size());
          int fewest = trial.fewestToEnd(pod);
          assertThat(noRoom.ending().map(ending -> ending.pods().size()).orElse(0))
              .as(as)
              .isEqualTo(fewest);
          noRoom
              .ending()
              .ifPresent(
                  ending -> {
                    assertThat(ending.fewest()).as(as).isTrue();
                    assertThat(trial.fitsWithout(pod, ending.node(), ending.pods()))
                        .as(as)
                        .isTrue();
                  });
          assertThat(trial.fitsNow(pod)).as(as).isFalse();
          endings += noRoom.ending().isPresent() ? 1 : 0;
          several += fewest > 1 ? 1 : 0;
        } else {
          fitting++;
        }
      }
    }
    System.out.printf(
        "seeds 0 to %d: %d pods would fit, %d by the end of others, %d of several%n",
        CASES - 1, fitting, endings, several);
    assertThat(List.of(fitting, endings, several)).allMatch(cases -> cases > 5);
  }

  /** The cluster with the pods that the plan places, and trials on it by other means. */
  private static final class Trial {
    private final ObservedCluster observed;
    private final Cluster cluster = new Cluster();

    Trial(Case random, Observation observation) {
      observed = ObservedCluster.read(random.nodes, random.pods, null);
      observed.nodes().forEach(node -> cluster.putNode(node.node()));
      observed.running().forEach(pod -> cluster.place(ObservedCluster.placement(pod)));
      for (WaitingPod pod : observation.waiting()) {
        if (pod.outcome() instanceof WaitingPod.Fits fits) {
          KnownPod known = known(pod);
          NodeState node = Objects.requireNonNull(cluster.node(fits.node()));
          assertThat(node(fits.node()).refusal(known.rules())).as("%s", pod).isEmpty();
          assertThat(Fit.fits(pod.shape(), node)).as("%s on %s", pod, node).isTrue();
          assertThat(fits.gpuDevices())
              .as("%s on %s", pod, node)
              .allMatch(device -> Fit.gpuFits(pod.shape(), node, device));
          cluster.place(new Placement(known.pod(), fits.node(), fits.gpuDevices()));
        }
      }
    }

    private KnownPod known(WaitingPod pod) {
      return observed.waiting().stream()
          .filter(known -> known.name().equals(pod.fullName()))
          .findFirst()
          .orElseThrow();
    }

    private KnownNode node(String name) {
      return observed.nodes().stream()
          .filter(node -> node.name().equals(name))
          .findFirst()
          .orElseThrow();
    }

    boolean fitsNow(WaitingPod pod) {
      return observed.nodes().stream()
          .anyMatch(
              node ->
                  node.refusal(known(pod).rules()).isEmpty()
                      && Fit.fits(pod.shape(), Objects.requireNonNull(cluster.node(node.name()))));
    }

    boolean fitsWithout(WaitingPod pod, String node, List<String> names) {
      List<Placement> ended =
          Objects.requireNonNull(cluster.node(node)).placements().stream()
              .filter(
                  placement ->
                      names.contains(placement.pod().namespace() + "/" + placement.pod().name()))
              .toList();
      assertThat(ended).hasSameSizeAs(names);
      assertThat(ended).allMatch(placement -> placement.pod().priority() <= pod.priority());
      return fitsWithout(pod.shape(), node, ended);
    }

    private boolean fitsWithout(PodShape shape, String node, List<Placement> ended) {
      ended.forEach(placement -> cluster.remove(placement.pod().uid()));
      boolean fits = Fit.fits(shape, Objects.requireNonNull(cluster.node(node)));
      ended.forEach(cluster::place);
      return fits;
    }

    /** Returns the size of the smallest set that makes room, 0 where none does. */
    int fewestToEnd(WaitingPod pod) {
      int fewest = Integer.MAX_VALUE;
      for (KnownNode node : observed.nodes()) {
        if (node.refusal(known(pod).rules()).isPresent()) {
          continue;
        }
        List<Placement> running =
            Objects.requireNonNull(cluster.node(node.name())).placements().stream()
                .filter(
                    placement ->
                        placement.pod().priority() <= pod.priority()
                            && observed.running().stream()
                                .anyMatch(known -> known.pod().equals(placement.pod())))
                .toList();
        for (int set = 1; set < 1 << running.size(); set++) {
          List<Placement> ended = new ArrayList<>();
          for (int i = 0; i < running.size(); i++) {
            if ((set >> i & 1) == 1) {
              ended.add(running.get(i));
            }
          }
          if (ended.size() < fewest && fitsWithout(pod.shape(), node.name(), ended)) {
            fewest = ended.size();
          }
        }
      }
      return fewest == Integer.MAX_VALUE ? 0 : fewest;
    }
  }

  /** The most GPU that all pods can hold, any left out, placed in every possible way. */
  private static final class BestPacking {
    private final Cluster cluster = new Cluster();
    private final List<NodeState> nodes = new ArrayList<>();
    private final List<io.stowage.core.cluster.Pod> pods = new ArrayList<>();
    private long capacityMilli;
    private long bestFreeMilli = Long.MAX_VALUE;

    BestPacking(Case random) {
      ObservedCluster observed = ObservedCluster.read(random.nodes, random.pods, null);
      for (KnownNode node : observed.nodes()) {
        NodeState state = cluster.putNode(node.node());
        nodes.add(state);
        capacityMilli += state.gpuCapacityMilli();
      }
      observed.running().forEach(pod -> pods.add(pod.pod()));
      observed.waiting().forEach(pod -> pods.add(pod.pod()));
      pods.removeIf(pod -> pod.shape().gpu().isNone());
      search(0);
    }

    private void search(int index) {
      if (index == pods.size()) {
        bestFreeMilli =
            Math.min(bestFreeMilli, nodes.stream().mapToLong(NodeState::freeGpuMilli).sum());
        return;
      }
      search(index + 1);
      io.stowage.core.cluster.Pod pod = pods.get(index);
      for (NodeState node : nodes) {
        if (!Fit.fits(pod.shape(), node)) {
          continue;
        }
        int[] devices =
            pod.shape().gpu().isShare() ? new int[] {0, 1} : new int[] {Integer.MAX_VALUE};
        Arrays.stream(devices)
            .filter(
                device ->
                    device == Integer.MAX_VALUE
                        || !node.gpusVisible()
                        || Fit.gpuFits(pod.shape(), node, device))
            .forEach(
                device -> {
                  cluster.place(new Placement(pod, node.name(), List.of(device)));
                  search(index + 1);
                  cluster.remove(pod.uid());
                });
      }
    }

    double percent() {
      return capacityMilli == 0 ? 0 : 100.0 * (capacityMilli - bestFreeMilli) / capacityMilli;
    }
  }
}
