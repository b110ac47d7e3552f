package io.stowage.core.fragmentation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.GpuDevice;
import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeGpus;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.cluster.Resources;
import io.stowage.core.fit.Fit;
import io.stowage.core.fragmentation.TypicalPods.TypicalPod;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FragmentationTest {
  private static final String GPU = "gpu";
  private static final List<String> MODELS = List.of("T4", "P100", "A100");

  /**
   * The published definition, pod by pod: all free GPU where the pod asks for no GPU or cannot run
   * there by CPU, model or number of GPUs with enough free; else what is free on those GPUs alone
   * that have less than it asks of one. The mean over typical pods by frequency.
   */
  private static double literalMilli(TypicalPods typical, NodeState node) {
    double mean = 0;
    for (TypicalPod pod : typical.pods()) {
      double all = 0;
      double tooSmall = 0;
      int enough = 0;
      for (int i = 0; i < node.gpuCount(); i++) {
        long capacity = node.gpuCapacityUnits(i);
        double freeMilli = capacity == 0 ? 0 : node.gpuFreeUnits(i) * 1000.0 / capacity;
        all += freeMilli;
        if (capacity > 0 && node.gpuFreeUnits(i) >= pod.gpu().unitsOf(capacity)) {
          enough++;
        } else {
          tooSmall += freeMilli;
        }
      }
      boolean runs =
          !pod.gpu().isNone()
              && node.hasGpuResource(pod.gpu().resource())
              && pod.cpuMilli() <= node.freeCpuMilli()
              && (pod.gpuModels().isEmpty()
                  || (node.gpuCount() > 0 && pod.gpuModels().contains(node.gpuModel(0))))
              && enough >= pod.gpu().count();
      mean += pod.frequency() * (runs ? tooSmall : all);
    }
    return mean;
  }

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {21, 22, 23, 24, 25})
  void aNodesFragmentationIsThePublishedMean(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    for (int round = 0; round < 40; round++) {
      TypicalPods typical = TypicalPods.of(workload(random));
      Fragmentation fragmentation = new Fragmentation(typical);
      for (int i = 0; i < 10; i++) {
        Cluster cluster = new Cluster();
        NodeState node = cluster.putNode(node(random));
        for (int pod = random.nextInt(12); pod > 0; pod--) {
          placeSomewhere(cluster, node, shape(random), random);
        }
        assertThat(fragmentation.milli(node)).isCloseTo(literalMilli(typical, node), within(1e-6));

        PodShape next = shape(random);
        if (Fit.fits(next, node)) {
          int[] devices = devicesFor(next, node, random);
          double after = fragmentation.milliAfter(node, next, devices);
          place(cluster, next, devices);
          assertThat(after)
              .as("foreseen fragmentation")
              .isCloseTo(literalMilli(typical, node), within(1e-6));
        }
      }
    }
  }

  @Test
  void aNodeWithManyMoreGpusThanUsualIsMeasuredToo() {
    TypicalPods typical =
        TypicalPods.of(Map.of(PodShape.of(Resources.of(100, 0), GpuRequest.share(GPU, 500)), 1L));
    Cluster cluster = new Cluster();
    NodeState node =
        cluster.putNode(
            Node.ready("n", Resources.of(1000, 0), 9, NodeGpus.shared(GPU, "T4", 2000, 1000)));
    PodShape share = PodShape.of(Resources.of(100, 0), GpuRequest.share(GPU, 600));
    assertThat(new Fragmentation(typical).milliAfter(node, share, new int[] {1999}))
        .isCloseTo(400, within(1e-6));
  }

  @Test
  void anEmptyWorkloadFindsNothingFragmented() {
    Cluster cluster = new Cluster();
    NodeState node =
        cluster.putNode(
            Node.ready("n", Resources.of(1000, 0), 9, NodeGpus.shared(GPU, "T4", 2, 1000)));
    assertThat(literalMilli(TypicalPods.of(Map.of()), node)).isZero();
    assertThat(new Fragmentation(TypicalPods.of(Map.of())).milli(node)).isZero();
  }

  private static Map<PodShape, Long> workload(SplittableRandom random) {
    Map<PodShape, Long> count = new HashMap<>();
    for (int i = 1 + random.nextInt(12); i > 0; i--) {
      count.put(shape(random), 1L + random.nextInt(100));
    }
    return count;
  }

  private static PodShape shape(SplittableRandom random) {
    GpuRequest gpu =
        switch (random.nextInt(6)) {
          case 0 -> GpuRequest.NONE;
          case 1, 2 -> GpuRequest.whole(GPU, 1 << random.nextInt(4));
          case 3 -> GpuRequest.share("another gpu", 5);
          default -> GpuRequest.share(GPU, 1 + random.nextInt(32));
        };
    TreeSet<String> models = new TreeSet<>();
    while (!gpu.isNone() && random.nextInt(3) == 0) {
      models.add(MODELS.get(random.nextInt(MODELS.size())));
    }
    return new PodShape(Resources.of(1000L * random.nextInt(16), 0), gpu, models);
  }

  private static Node node(SplittableRandom random) {
    String model = MODELS.get(random.nextInt(MODELS.size()));
    List<GpuDevice> devices = new ArrayList<>();
    for (int i = random.nextInt(9); i > 0; i--) {
      devices.add(
          new GpuDevice(devices.size(), model, List.of(0L, 16L, 24L, 32L).get(random.nextInt(4))));
    }
    return Node.ready(
        "n", Resources.of(1000L * random.nextInt(64), 0), 110, new NodeGpus(GPU, true, devices));
  }

  private static void placeSomewhere(
      Cluster cluster, NodeState node, PodShape shape, SplittableRandom random) {
    if (Fit.fits(shape, node)) {
      place(cluster, shape, devicesFor(shape, node, random));
    }
  }

  private static void place(Cluster cluster, PodShape shape, int[] devices) {
    String uid = "u" + cluster.podCount();
    cluster.place(
        new Placement(new Pod(uid, "", "", shape, 0), "n", IntStream.of(devices).boxed().toList()));
  }

  private static int[] devicesFor(PodShape shape, NodeState node, SplittableRandom random) {
    if (shape.gpu().isNone()) {
      return new int[0];
    }
    int[] fitting =
        IntStream.range(0, node.gpuCount()).filter(i -> Fit.gpuFits(shape, node, i)).toArray();
    int skipped = random.nextInt(fitting.length - shape.gpu().count() + 1);
    return IntStream.of(fitting).skip(skipped).limit(shape.gpu().count()).toArray();
  }
}
