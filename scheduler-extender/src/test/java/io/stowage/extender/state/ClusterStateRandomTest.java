package io.stowage.extender.state;

import static org.assertj.core.api.Assertions.assertThat;

import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeGpus;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Placement;
import io.stowage.core.fragmentation.TypicalPods;
import io.stowage.core.policy.Policies;
import io.stowage.extender.kube.ObservedPod;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random events and requests in any order against a simple model of the API server: what it has is
 * what the state must have, and no card is ever given out beyond what it has.
 */
class ClusterStateRandomTest {
  private static final int STEPS = 6_000;
  private static final int NODES = 6;
  private static final String[] OUTCOMES = {"bound", "bound", "bound", "not", "doubt", "lost"};

  private long nowNanos = 1;

  static List<Long> seeds() {
    List<Long> seeds = new ArrayList<>(List.of(1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L));
    seeds.add(new Random().nextLong());
    return seeds;
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void stateIsWhatTheApiServerHas(long seed) {
    Random random = new Random(seed);
    String policy = List.of("best-fit", "stowage", "random").get(random.nextInt(3));
    ClusterState state =
        new ClusterState(
            HoldSettings.DEFAULT,
            Policies.create(policy, TypicalPods.of(Map.of())),
            random,
            () -> nowNanos);
    Map<String, Node> nodes = new TreeMap<>();
    Map<String, ObservedPod> truth = new LinkedHashMap<>();
    Map<String, Placement> writing = new LinkedHashMap<>();
    Map<String, Runnable> undelivered = new LinkedHashMap<>();
    int made = 0;
    for (int step = 0; step < STEPS; step++) {
      nowNanos += random.nextInt(2_000) * 1_000_000L;
      switch (random.nextInt(16)) {
        case 0 -> {
          String name = "n" + random.nextInt(NODES);
          Node node = Pods.node(name, 4 + random.nextInt(12), gpus(name));
          nodes.put(name, node);
          state.putNode(node);
        }
        case 1 -> {
          if (random.nextInt(10) == 0) {
            String name = "n" + random.nextInt(NODES);
            nodes.remove(name);
            state.removeNode(name);
          }
        }
        case 2, 3, 4 -> {
          ObservedPod pod = newPod("p" + made++, random);
          truth.put(pod.pod().uid(), pod);
          deliver(state, truth, undelivered, pod.pod().uid(), random);
        }
        case 5, 6, 7, 8 ->
            pick(truth, random, false)
                .ifPresent(
                    pod -> {
                      List<String> asked = new ArrayList<>(nodes.keySet());
                      asked.add("ghost");
                      Collections.shuffle(asked, random);
                      FilterDecision decision = state.filter(pod, asked, DescribedNodes.NONE);
                      assertThat(asked).containsAll(decision.kept());
                      assertThat(decision.kept().size()).isLessThanOrEqualTo(3);
                      if (decision.kept().isEmpty()) {
                        assertThat(decision.failed().size() + decision.unresolvable().size())
                            .isEqualTo(asked.size());
                      }
                      assertThat(state.prioritize(pod, asked, DescribedNodes.NONE))
                          .doesNotHaveDuplicates()
                          .isSubsetOf(asked);
                    });
        case 9, 10, 11 ->
            pick(truth, random, false)
                .ifPresent(
                    pod -> {
                      String uid = pod.pod().uid();
                      Placement held = state.heldPlacement(uid);
                      String node =
                          held != null && random.nextInt(4) > 0
                              ? held.nodeName()
                              : "n" + random.nextInt(NODES);
                      if (!writing.containsKey(uid)
                          && state.startBind(uid, node) instanceof BindDecision.Write write) {
                        writing.put(uid, write.placement());
                      }
                    });
        case 12 -> {
          if (!writing.isEmpty()) {
            String uid = new ArrayList<>(writing.keySet()).get(random.nextInt(writing.size()));
            answer(state, truth, undelivered, uid, writing, random);
          }
        }
        case 13, 14 -> {
          if (!undelivered.isEmpty()) {
            List<String> keys = new ArrayList<>(undelivered.keySet());
            Objects.requireNonNull(undelivered.remove(keys.get(random.nextInt(keys.size())))).run();
          }
        }
        default ->
            pick(truth, random, random.nextBoolean())
                .ifPresent(
                    pod -> {
                      String uid = pod.pod().uid();
                      truth.remove(uid);
                      deliver(state, truth, undelivered, uid, random);
                    });
      }
      assertNoCardIsOverCommitted(state.bound(), "seed " + seed + ", step " + step);
    }
    writing.keySet().stream()
        .toList()
        .forEach(uid -> answer(state, truth, undelivered, uid, writing, random));
    undelivered.values().forEach(Runnable::run);
    state
        .unconfirmedBinds()
        .forEach(binding -> state.confirm(binding, truth.get(binding.placement().pod().uid())));
    nowNanos += HoldSettings.DEFAULT.claimHold().toNanos();
    assertThat(state.figures().holds()).as("holds left, seed " + seed).isZero();
    assertThat(state.figures().unconfirmedBinds()).as("unconfirmed, seed " + seed).isZero();
    assertThat(describe(state.bound())).as("seed " + seed).isEqualTo(describe(fresh(nodes, truth)));
  }

  private static NodeGpus gpus(String name) {
    int kind = name.charAt(1) - '0';
    return kind % 3 == 0 ? NodeGpus.counted("nvidia.com/gpu", "", 4) : Pods.cards(1 + kind % 4, 16);
  }

  private static ObservedPod newPod(String uid, Random random) {
    GpuRequest gpu =
        switch (random.nextInt(4)) {
          case 0 -> GpuRequest.NONE;
          case 1 -> GpuRequest.whole("nvidia.com/gpu", 1 + random.nextInt(2));
          default -> GpuRequest.share(Pods.SHARED, 1 + random.nextInt(16));
        };
    return ObservedPod.pending(Pods.pod(uid, 1 + random.nextInt(3), gpu, random.nextInt(3)));
  }

  private static Optional<ObservedPod> pick(
      Map<String, ObservedPod> truth, Random random, boolean boundOnes) {
    List<ObservedPod> candidates =
        truth.values().stream().filter(pod -> boundOnes == pod.isBound()).toList();
    return candidates.isEmpty()
        ? Optional.empty()
        : Optional.of(candidates.get(random.nextInt(candidates.size())));
  }

  /** The watch shows the newest state of a pod now or later; it never goes back in time. */
  private static void deliver(
      ClusterState state,
      Map<String, ObservedPod> truth,
      Map<String, Runnable> undelivered,
      String uid,
      Random random) {
    ObservedPod now = truth.get(uid);
    Runnable event = now == null ? () -> state.removePod(uid) : () -> state.putPod(now);
    undelivered.remove(uid);
    if (random.nextInt(3) == 0) {
      undelivered.put(uid, event);
    } else {
      event.run();
    }
  }

  /** The API server accepts, refuses or keeps silent; a pod that is gone cannot be bound. */
  private static void answer(
      ClusterState state,
      Map<String, ObservedPod> truth,
      Map<String, Runnable> undelivered,
      String uid,
      Map<String, Placement> writing,
      Random random) {
    Placement placement = Objects.requireNonNull(writing.remove(uid));
    ObservedPod now = truth.get(uid);
    if (now == null) {
      state.completeBind(uid, new BindOutcome.NotBound("the pod is gone"));
      return;
    }
    if (now.isBound()) {
      state.completeBind(uid, new BindOutcome.Bound());
      return;
    }
    String outcome = OUTCOMES[random.nextInt(OUTCOMES.length)];
    if (outcome.equals("bound") || outcome.equals("lost")) {
      truth.put(
          uid, ObservedPod.bound(placement.pod(), placement.nodeName(), placement.gpuDevices()));
      if (random.nextBoolean()) {
        deliver(state, truth, undelivered, uid, random);
      } else {
        ObservedPod bound = Objects.requireNonNull(truth.get(uid));
        undelivered.put(uid, () -> state.putPod(bound));
      }
    }
    state.completeBind(
        uid,
        switch (outcome) {
          case "bound" -> new BindOutcome.Bound();
          case "not" -> new BindOutcome.NotBound("refused");
          default -> new BindOutcome.InDoubt("no answer");
        });
  }

  private static void assertNoCardIsOverCommitted(Cluster cluster, String when) {
    cluster.forEachNode(
        node -> {
          if (node.node() == null || !node.gpusVisible()) {
            return;
          }
          long[] given = new long[node.gpuCount()];
          for (Placement placement : node.placements()) {
            if (placement.pod().shape().gpu().isShare()) {
              assertThat(placement.gpuDevices()).as(when).hasSize(1);
              given[placement.gpuDevices().get(0)] += placement.pod().shape().gpu().unitsPerGpu();
            }
          }
          for (int device = 0; device < given.length; device++) {
            assertThat(given[device])
                .as("card %d of %s, %s", device, node.name(), when)
                .isLessThanOrEqualTo(node.gpuCapacityUnits(device));
          }
        });
  }

  private static Cluster fresh(Map<String, Node> nodes, Map<String, ObservedPod> truth) {
    Cluster cluster = new Cluster();
    truth
        .values()
        .forEach(
            pod -> {
              if (pod.isBound()) {
                cluster.place(new Placement(pod.pod(), pod.nodeName(), pod.gpuDevices()));
              }
            });
    nodes.values().forEach(cluster::putNode);
    return cluster;
  }

  private static Map<String, String> describe(Cluster cluster) {
    Map<String, String> byNode = new HashMap<>();
    cluster.forEachNode(node -> byNode.put(node.name(), describe(node)));
    return byNode;
  }

  private static String describe(NodeState node) {
    StringBuilder text = new StringBuilder(node.toString());
    if (node.gpusVisible()) {
      for (int i = 0; i < node.gpuCount(); i++) {
        text.append(' ').append(node.gpuFreeUnits(i));
      }
    }
    node.placements().stream()
        .map(placement -> placement.pod().uid() + placement.gpuDevices())
        .sorted()
        .forEach(pod -> text.append(' ').append(pod));
    return text.toString();
  }
}
