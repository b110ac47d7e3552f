package io.stowage.extender.state;

import static org.assertj.core.api.Assertions.assertThat;

import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeGpus;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.cluster.Resources;
import io.stowage.core.fragmentation.TypicalPods;
import io.stowage.core.policy.PlacementPolicy;
import io.stowage.core.policy.Policies;
import io.stowage.extender.kube.ObservedPod;
import io.stowage.extender.names.AskedNodes;
import io.stowage.extender.state.NodeRanking.Outcome;
import io.stowage.extender.state.NodeRanking.Ranked;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The shortlist is the head of the whole ranking, with the same reasons, whatever happened. */
class ShortlistTest {
  private static final int NODES = 80;
  private static final int STEPS = 3_000;
  private static final int LIMIT = 3;

  private Random random = new Random();
  private long nowNanos = 1;
  private int created;

  static List<Long> seeds() {
    return List.of(1L, 2L, 3L, 4L, new Random().nextLong());
  }

  private Node randomNode(int number) {
    NodeGpus gpus =
        switch (number % 4) {
          case 0 -> NodeGpus.NONE;
          case 1 -> NodeGpus.counted("nvidia.com/gpu", random.nextBoolean() ? "A" : "B", 4);
          case 2 -> NodeGpus.shared("aliyun.com/gpu-mem", "T4", 1 + number % 3, 16);
          default -> NodeGpus.shared("gpu", "T4", 4, 1000);
        };
    return Node.ready(
        "node-" + number, Resources.of(4_000L * (1 + random.nextInt(4)), 64L << 30), 8, gpus);
  }

  private PodShape randomShape() {
    Resources request = Resources.of(1_000L * random.nextInt(6), 1L << 30);
    return switch (random.nextInt(5)) {
      case 0 -> PodShape.of(request, GpuRequest.whole("nvidia.com/gpu", 1 + random.nextInt(4)));
      case 1 ->
          PodShape.of(request, GpuRequest.share("aliyun.com/gpu-mem", 4L * random.nextInt(1, 5)));
      case 2 -> PodShape.of(request, GpuRequest.share("gpu", 100L * random.nextInt(1, 10)));
      case 3 -> PodShape.of(request, GpuRequest.whole("gpu", 1 + random.nextInt(4)));
      default -> PodShape.of(request, GpuRequest.NONE);
    };
  }

  private Pod randomPod() {
    String uid = "pod-" + created++;
    return new Pod(uid, "default", uid, randomShape(), random.nextInt(2));
  }

  private String anyName() {
    return "node-" + random.nextInt(NODES + 2);
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void shortlistIsTheHeadOfTheRanking(long seed) {
    random = new Random(seed);
    BoundPods pods = new BoundPods();
    FreedNodes freed = new FreedNodes(pods.hard());
    KnownNodes known = new KnownNodes(pods, freed);
    Holds holds = new Holds(pods.steering(), freed);
    Refusals refusals = new Refusals();
    ForeignExtenders foreign = new ForeignExtenders(Duration.ofHours(1), () -> nowNanos);
    DeviceRules rules =
        new DeviceRules(
            pods.unassigned(), holds.shares(), foreign, Duration.ofSeconds(1), () -> nowNanos);
    PlacementPolicy policy =
        Policies.create(
            List.of("best-fit", "stowage", "fgd").get((int) Math.floorMod(seed, 3L)),
            TypicalPods.of(Map.of(randomShape(), 1L)));
    NodeRanking ranking =
        new NodeRanking(pods, known, rules, policy, random, refusals, () -> nowNanos);
    List<String> placed = new ArrayList<>();
    int ofManyNodes = 0;
    for (int step = 0; step < STEPS; step++) {
      nowNanos += random.nextInt(200) * 1_000_000L;
      switch (random.nextInt(12)) {
        case 0, 1 -> known.put(randomNode(random.nextInt(NODES)));
        case 2 -> {
          if (random.nextInt(4) == 0) {
            String name = anyName();
            known.remove(name);
            refusals.removeNode(name);
          }
        }
        case 3 -> known.putUnhealthy(anyName(), Set.of(random.nextInt(3)));
        case 4 -> {
          ObservedPod refused = ObservedPod.bound(randomPod(), anyName(), List.of(0));
          refusals.refused(refused, "UnexpectedAdmissionError", nowNanos);
        }
        case 5 ->
            foreign.look(
                ObservedPod.bound(randomPod(), anyName(), List.of(0))
                    .with()
                    .assumeEpochNanos(nowNanos)
                    .build());
        case 6, 7, 8 -> place(pods, holds, placed);
        case 9 -> {
          if (!placed.isEmpty()) {
            String uid = placed.remove(random.nextInt(placed.size()));
            pods.remove(uid);
            holds.remove(uid);
          }
        }
        default -> {
          PodShape shape = randomShape();
          List<String> names = names();
          Set<String> failedBefore = new HashSet<>();
          if (random.nextInt(3) == 0) {
            failedBefore.add(anyName());
          }
          DescribedNodes described =
              random.nextInt(8) == 0
                  ? name -> name.equals("node-" + NODES) ? randomNodeOf(name) : null
                  : DescribedNodes.NONE;
          AskedNodes asked = AskedNodes.of(known.names(), names);
          Outcome whole = ranking.rank(shape, names, failedBefore, described);
          Outcome some = ranking.shortlist(shape, asked, failedBefore, described, LIMIT);
          String when = "seed " + seed + ", step " + step + ", " + shape;
          assertThat(head(some)).as(when).isEqualTo(head(whole));
          assertThat(some.failed()).as(when).isEqualTo(whole.failed());
          assertThat(some.unresolvable()).as(when).isEqualTo(whole.unresolvable());
          assertThat(some.unknown()).as(when).isEqualTo(whole.unknown());
          ofManyNodes += some.ranked().size() < whole.ranked().size() ? 1 : 0;
        }
      }
    }
    assertThat(ofManyNodes).as("times that the ranking was cut short, seed %d", seed).isPositive();
  }

  private static Node randomNodeOf(String name) {
    return Node.ready(name, Resources.of(8_000, 64L << 30), 8, NodeGpus.NONE);
  }

  private List<String> names() {
    List<String> names = new ArrayList<>();
    int part = 1 + random.nextInt(10);
    for (int i = 0; i < NODES + 2; i++) {
      if (random.nextInt(10) < part) {
        names.add("node-" + i);
      }
    }
    Collections.shuffle(names, random);
    if (random.nextInt(10) == 0 && !names.isEmpty()) {
      names.add(names.get(0));
    }
    return names;
  }

  private static List<Ranked> head(Outcome outcome) {
    return outcome.best(LIMIT);
  }

  private void place(BoundPods pods, Holds holds, List<String> placed) {
    Pod pod = randomPod();
    List<Integer> devices = pod.shape().gpu().isShare() ? List.of(random.nextInt(2)) : List.of();
    Placement placement = new Placement(pod, anyName(), devices);
    if (random.nextBoolean()) {
      pods.place(placement, nowNanos);
    } else {
      holds.put(new Hold(placement, Long.MAX_VALUE, Set.of()));
    }
    placed.add(pod.uid());
  }
}
