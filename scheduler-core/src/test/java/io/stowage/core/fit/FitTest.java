package io.stowage.core.fit;

import static org.assertj.core.api.Assertions.assertThat;

import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.GpuDevice;
import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeGpus;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.cluster.RandomChanges;
import io.stowage.core.cluster.Resources;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class FitTest {
  private static final String WHOLE = "nvidia.com/gpu";
  private static final String SHARED = "aliyun.com/gpu-mem";
  private static final String FPGA = "example.com/fpga";
  private static final Resources NODE =
      Resources.of(8_000, 32L << 30, 100L << 30, Map.of(FPGA, 2L));

  /** A shape on a node with some pods, and all that is short, as a user reads it. */
  static Stream<Arguments> shapesAndShortages() {
    PodShape anything = PodShape.of(Resources.NONE, GpuRequest.NONE);
    NodeGpus two16 = NodeGpus.shared(SHARED, "T4", 2, 16);
    NodeGpus unequal =
        new NodeGpus(
            SHARED, true, List.of(new GpuDevice(0, "T4", 16), new GpuDevice(1, "A100", 80)));
    return Stream.of(
        of("nothing asked of a node with room", anything, node(NodeGpus.NONE)),
        of("all of the CPU", cpu(8_000), node(NodeGpus.NONE)),
        of(
            "a milli-core too much",
            cpu(8_001),
            node(NodeGpus.NONE),
            "cpu: asked 8001, free 8000 milli-cores"),
        of(
            "memory and disk",
            PodShape.of(Resources.of(0, 33L << 30, 101L << 30, Map.of()), GpuRequest.NONE),
            node(NodeGpus.NONE),
            "memory: asked 35433480192, free 34359738368 bytes",
            "ephemeral-storage: asked 108447924224, free 107374182400 bytes"),
        of(
            "extended resources, one of them unknown to the node",
            PodShape.of(
                Resources.of(0, 0, 0, Map.of(FPGA, 3L, "example.com/nic", 1L)), GpuRequest.NONE),
            node(NodeGpus.NONE),
            "example.com/fpga: asked 3, free 2 units",
            "example.com/nic: asked 1, free 0 units"),
        of(
            "what is not asked is not looked at",
            PodShape.of(Resources.of(0, 1), GpuRequest.NONE),
            node(NodeGpus.NONE, placed(cpu(9_000)))),
        of(
            "an extended resource of which none is asked",
            PodShape.of(Resources.of(0, 0, 0, Map.of("example.com/nic", 0L)), GpuRequest.NONE),
            node(NodeGpus.NONE)),
        of("a node full of pods", anything, full(), "pods: asked 1, free 0 pods"),
        of(
            "15 on a GPU with 16 of 31 taken",
            share(15),
            node(NodeGpus.shared(SHARED, "T4", 1, 31), placed(share(16), 0))),
        of(
            "16 on a GPU with 16 of 31 taken",
            share(16),
            node(NodeGpus.shared(SHARED, "T4", 1, 31), placed(share(16), 0)),
            "aliyun.com/gpu-mem: asked 16, free in total 15 units"),
        of(
            "a share with enough in total on no single GPU",
            share(9),
            node(two16, placed(share(8), 0), placed(share(10), 1)),
            "aliyun.com/gpu-mem: asked 9 on each of 1, enough free in total but only 0 single GPUs"
                + " with that, the largest with 8 units"),
        of(
            "a share with too little in total",
            share(15),
            node(two16, placed(share(8), 0), placed(share(10), 1)),
            "aliyun.com/gpu-mem: asked 15, free in total 14 units"),
        of("a share that only the larger card holds", share(40), node(unequal)),
        of(
            "a share that fits neither card",
            share(81),
            node(unequal),
            "aliyun.com/gpu-mem: asked 81 on each of 1, enough free in total but only 0 single"
                + " GPUs with that, the largest with 80 units"),
        of(
            "a share that its models' cards cannot hold",
            ofModels(share(40), "T4"),
            node(unequal),
            "aliyun.com/gpu-mem: asked 40, free in total 16 units"),
        of(
            "no card of the model",
            ofModels(share(1), "P100", "V100"),
            node(unequal),
            "gpu model: asked P100 or V100, found A100, T4"),
        of("one model of two", ofModels(share(1), "A100", "P100"), node(unequal)),
        of("both unequal cards whole", whole(SHARED, 2), node(unequal)),
        of(
            "both whole where a tenth is taken",
            whole(SHARED, 2),
            node(unequal, placed(share(8), 1)),
            "aliyun.com/gpu-mem: asked 2000, free in total 1900 milli-GPU"),
        of(
            "one whole where all are used a little",
            whole(SHARED, 1),
            node(two16, placed(share(1), 0), placed(share(1), 1)),
            "aliyun.com/gpu-mem: asked 1000 on each of 1, enough free in total but only 0 single"
                + " GPUs with that, the largest with 937 milli-GPU"),
        of(
            "a sick card",
            whole(SHARED, 1),
            node(new NodeGpus(SHARED, true, List.of(new GpuDevice(0, "T4", 0)))),
            "aliyun.com/gpu-mem: asked 1000, free in total 0 milli-GPU"),
        of(
            "no card listed for a while",
            ofModels(share(1), "T4"),
            node(new NodeGpus(SHARED, true, List.of())),
            "aliyun.com/gpu-mem: asked 1, free in total 0 units"),
        of(
            "counted GPUs",
            whole(WHOLE, 3),
            node(NodeGpus.counted(WHOLE, "T4", 4), placed(whole(WHOLE, 2))),
            "nvidia.com/gpu: asked 3, free in total 2 GPUs"),
        of(
            "as many counted GPUs as are left",
            whole(WHOLE, 2),
            node(NodeGpus.counted(WHOLE, "T4", 4), placed(whole(WHOLE, 2)))),
        of(
            "GPUs of a kind that the node does not advertise",
            whole(WHOLE, 1),
            node(two16),
            "nvidia.com/gpu: asked 1, free 0 units"),
        of(
            "all reasons at once",
            PodShape.of(Resources.of(9_000, 33L << 30), GpuRequest.whole(WHOLE, 1)),
            full(),
            "cpu: asked 9000, free 8000 milli-cores",
            "memory: asked 35433480192, free 34359738368 bytes",
            "pods: asked 1, free 0 pods",
            "nvidia.com/gpu: asked 1, free 0 units"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("shapesAndShortages")
  void everyShortageIsNamedWithItsFigures(PodShape shape, NodeState node, List<String> expected) {
    assertThat(Fit.shortages(shape, node)).extracting(Shortage::describe).isEqualTo(expected);
    assertThat(Fit.fits(shape, node)).isEqualTo(expected.isEmpty());
  }

  @Test
  void onANodeOfWhichOnlyPodsAreKnownNothingFits() {
    Cluster cluster = new Cluster();
    PodShape shape = PodShape.of(Resources.NONE, GpuRequest.NONE);
    cluster.place(new Placement(new Pod("u", "", "", shape, 0), "n", List.of()));
    NodeState node = Objects.requireNonNull(cluster.node("n"));

    assertThat(Fit.fits(shape, node)).isFalse();
    assertThat(Fit.shortages(shape, node)).containsExactly(new Shortage.UnknownNode());
    assertThat(new Shortage.UnknownNode().describe()).isEqualTo("node not known yet");
  }

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {11, 12, 13, 14})
  void aShapeFitsExactlyWhereNothingIsShort(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    RandomChanges changes = new RandomChanges(random);
    Cluster cluster = new Cluster();
    int fitting = 0;
    int checked = 0;
    for (int step = 0; step < 2_000; step++) {
      if (random.nextInt(3) == 0) {
        cluster.putNode(changes.node(changes.nodeName()));
      } else if (random.nextInt(2) == 0) {
        cluster.place(changes.placement());
      } else {
        cluster.remove(changes.uid());
      }
      PodShape shape = changes.shape();
      List<NodeState> nodes = new ArrayList<>();
      cluster.forEachNode(nodes::add);
      for (NodeState node : nodes) {
        List<Shortage> shortages = Fit.shortages(shape, node);
        assertThat(Fit.fits(shape, node)).as("%s", shortages).isEqualTo(shortages.isEmpty());
        fitting += shortages.isEmpty() ? 1 : 0;
        checked++;
      }
    }
    assertThat(fitting).as("of %s cases some fit", checked).isBetween(checked / 100, checked / 2);
  }

  private record Held(PodShape shape, List<Integer> devices) {}

  private static Held placed(PodShape shape, Integer... devices) {
    return new Held(shape, List.of(devices));
  }

  private static Arguments of(String what, PodShape shape, NodeState node, String... shortages) {
    return Arguments.of(Named.of(what, shape), node, List.of(shortages));
  }

  private static NodeState node(NodeGpus gpus, Held... held) {
    return node(110, gpus, held);
  }

  private static NodeState full() {
    return node(1, NodeGpus.NONE, placed(PodShape.of(Resources.NONE, GpuRequest.NONE)));
  }

  private static NodeState node(int podCapacity, NodeGpus gpus, Held... held) {
    Cluster cluster = new Cluster();
    NodeState state = cluster.putNode(Node.ready("n", NODE, podCapacity, gpus));
    for (Held pod : held) {
      String uid = "u" + cluster.podCount();
      cluster.place(new Placement(new Pod(uid, "", "", pod.shape, 0), "n", pod.devices));
    }
    return state;
  }

  private static PodShape cpu(long milli) {
    return PodShape.of(Resources.of(milli, 0), GpuRequest.NONE);
  }

  private static PodShape share(long units) {
    return PodShape.of(Resources.NONE, GpuRequest.share(SHARED, units));
  }

  private static PodShape whole(String resource, int count) {
    return PodShape.of(Resources.NONE, GpuRequest.whole(resource, count));
  }

  private static PodShape ofModels(PodShape shape, String... models) {
    return new PodShape(shape.request(), shape.gpu(), new TreeSet<>(List.of(models)));
  }
}
