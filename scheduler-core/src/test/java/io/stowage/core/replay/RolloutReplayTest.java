package io.stowage.core.replay;

import static org.assertj.core.api.Assertions.assertThat;

import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeGpus;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.cluster.Resources;
import io.stowage.core.fragmentation.TypicalPods;
import io.stowage.core.plan.Demand;
import io.stowage.core.plan.PlanRequest;
import io.stowage.core.plan.Planner;
import io.stowage.core.policy.NodeScores;
import io.stowage.core.policy.PlacementPolicy;
import io.stowage.core.policy.Policies;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.BiPredicate;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * 50 replicas of 2 GPUs are rolled out, and taken back half way, while other pods come and go and
 * 95 % of the GPUs are asked for. Each step is one round of the workload's controller and of the
 * scheduler; kube-scheduler alone is {@code least-allocated}, its default.
 */
class RolloutReplayTest {
  private static final String GPU = "nvidia.com/gpu";
  private static final int NODES = 32;
  private static final int GPUS = NODES * 8;
  private static final int REPLICAS = 50;
  private static final int SURGE = 13;
  private static final int UNAVAILABLE = 12;
  private static final int MOVES = 500;
  private static final int MOST_STEPS = 2_000;
  private static final List<Long> SEEDS = List.of(81L, 82L, 83L);
  private static final PodShape REPLICA = shape(2);
  private static final List<PodShape> OTHERS =
      List.of(shape(1), shape(1), shape(1), shape(1), shape(2), shape(2), shape(4), shape(4));

  /** Steps from a pod's placement until it is ready. */
  private static final int START_STEPS = 3;

  private static PodShape shape(int gpus) {
    return PodShape.of(Resources.of(4_000L * gpus, 8L << 30), GpuRequest.whole(GPU, gpus));
  }

  /** How pods are replaced, by Kubernetes' defaults. */
  private enum Kind {
    /** maxSurge and maxUnavailable of 25 %. */
    DEPLOYMENT,
    /** One by one: the new pod comes after the old one has gone. */
    STATEFUL_SET
  }

  /**
   * What a roll-out came to.
   *
   * @param steps until all replicas are of one version
   * @param waited replicas that found no room at first
   * @param waitedSteps steps that replicas waited, in all
   * @param allocatedGpus in the mean over the roll-out
   */
  private record Outcome(int steps, int waited, int waitedSteps, double allocatedGpus) {
    Outcome plus(Outcome other) {
      return new Outcome(
          steps + other.steps,
          waited + other.waited,
          waitedSteps + other.waitedSteps,
          allocatedGpus + other.allocatedGpus);
    }
  }

  /** A policy's cluster, on which a seed's other pods come and go. */
  private static final class Run {
    private final SplittableRandom random;
    private final Kind kind;
    private final boolean announcing;
    private final MeasuredCluster cluster;
    private final PlacementPolicy policy;
    private final NodeScores scores;
    private final Planner planner = new Planner(1);

    /** When each of the others ends, by step. */
    private final Map<Integer, List<Pod>> endsByStep = new HashMap<>();

    private final Deque<Pod> waitingOthers = new ArrayDeque<>();
    private final List<Deque<Pod>> running = List.of(new ArrayDeque<>(), new ArrayDeque<>());
    private final List<Deque<Pod>> waiting = List.of(new ArrayDeque<>(), new ArrayDeque<>());
    private final Map<String, Integer> readyAtStep = new HashMap<>();
    private final Set<String> waited = new HashSet<>();
    private int waitedSteps;
    private long allocatedGpus;
    private int askedGpus;
    private int step;
    private int names;

    Run(Kind kind, String policyName, boolean announcing, long seed) {
      this.kind = kind;
      this.random = new SplittableRandom(seed);
      this.announcing = announcing;
      Map<PodShape, Long> counts = new HashMap<>();
      OTHERS.forEach(shape -> counts.merge(shape, 1L, Long::sum));
      policy = Policies.create(policyName, TypicalPods.of(counts));
      cluster =
          new MeasuredCluster(
              IntStream.range(0, NODES)
                  .mapToObj(
                      i ->
                          Node.ready(
                              "node-%02d".formatted(i),
                              Resources.of(96_000, 512L << 30),
                              110,
                              NodeGpus.counted(GPU, "", 8)))
                  .toList());
      scores = new NodeScores(cluster.cluster(), policy, new SplittableRandom(seed), 1_000);
    }

    private Pod pod(PodShape shape) {
      policy.arrived(shape, step);
      String name = "pod-" + names++;
      return new Pod(name, "default", name, shape, 0);
    }

    private boolean place(Pod pod) {
      NodeState node = scores.best(pod.shape());
      if (node == null) {
        return false;
      }
      int[] devices = policy.gpuDevices(pod.shape(), node);
      cluster.place(new Placement(pod, node.name(), Arrays.stream(devices).boxed().toList()));
      policy.reserved(pod.shape(), node, devices);
      policy.started(pod.shape(), step);
      return true;
    }

    private void remove(Pod pod) {
      cluster.remove(pod.uid());
      policy.ended(pod.shape(), step);
    }

    /** Others end, and as many GPUs as ended are asked for by new ones. */
    private void others() {
      for (Pod pod : endsByStep.getOrDefault(step, List.of())) {
        remove(pod);
        askedGpus -= pod.shape().gpu().count();
      }
      while (askedGpus < 0.95 * GPUS - 2 * REPLICAS) {
        PodShape shape = OTHERS.get(random.nextInt(OTHERS.size()));
        askedGpus += shape.gpu().count();
        waitingOthers.add(pod(shape));
      }
    }

    private void scheduleOthers() {
      List<Pod> left = new ArrayList<>();
      for (Pod pod : waitingOthers) {
        int ends = step + 1 + random.nextInt(40);
        if (place(pod)) {
          endsByStep.computeIfAbsent(ends, added -> new ArrayList<>()).add(pod);
        } else {
          left.add(pod);
        }
      }
      waitingOthers.clear();
      waitingOthers.addAll(left);
    }

    private void scheduleReplicas(int version) {
      List<Pod> left = new ArrayList<>();
      for (Pod pod : waiting.get(version)) {
        if (place(pod)) {
          running.get(version).add(pod);
          readyAtStep.put(pod.uid(), step + START_STEPS);
        } else {
          left.add(pod);
          waited.add(pod.uid());
          waitedSteps++;
        }
      }
      waiting.get(version).clear();
      waiting.get(version).addAll(left);
    }

    private void plan(int version) {
      List<Demand> demands = new ArrayList<>();
      waitingOthers.forEach(pod -> demands.add(Demand.pending(pod.shape(), 1, 0)));
      if (!waiting.get(version).isEmpty()) {
        demands.add(Demand.pending(REPLICA, waiting.get(version).size(), 0));
      }
      int old = running.get(1 - version).size();
      if (announcing && old > 0) {
        demands.add(Demand.announced(REPLICA, old));
      }
      PlanRequest request = policy.planRequest(demands);
      if (request != null) {
        policy.adopt(planner.plan(request, MOVES));
      }
    }

    private boolean isReady(Pod pod) {
      return readyAtStep.getOrDefault(pod.uid(), Integer.MAX_VALUE) <= step;
    }

    private int ready(int version) {
      return (int) running.get(version).stream().filter(this::isReady).count();
    }

    /** One round of the controller on the way to a version. */
    private void control(int version) {
      waiting.get(1 - version).clear();
      switch (kind) {
        case DEPLOYMENT -> controlDeployment(version);
        case STATEFUL_SET -> controlStatefulSet(version);
      }
    }

    private void controlDeployment(int version) {
      Deque<Pod> old = running.get(1 - version);
      int ready = ready(0) + ready(1);
      while (!old.isEmpty() && ready > REPLICAS - UNAVAILABLE) {
        ready -= isReady(old.element()) ? 1 : 0;
        remove(old.remove());
      }
      int fresh = running.get(version).size() + waiting.get(version).size();
      while (fresh < REPLICAS && old.size() + fresh < REPLICAS + SURGE) {
        waiting.get(version).add(pod(REPLICA));
        fresh++;
      }
    }

    private void controlStatefulSet(int version) {
      Deque<Pod> old = running.get(1 - version);
      int there = old.size() + running.get(version).size() + waiting.get(version).size();
      if (there < REPLICAS) {
        int missing = version == 0 && old.isEmpty() ? REPLICAS - there : 1;
        for (int i = 0; i < missing; i++) {
          waiting.get(version).add(pod(REPLICA));
        }
      } else if (!old.isEmpty() && ready(0) + ready(1) == REPLICAS) {
        remove(old.remove());
      }
    }

    private void step(int version) {
      step++;
      others();
      control(version);
      plan(version);
      if (random.nextBoolean()) { // who is before whom in the queue
        scheduleOthers();
        scheduleReplicas(version);
      } else {
        scheduleReplicas(version);
        scheduleOthers();
      }
      allocatedGpus += Math.round(cluster.gpuAllocationPercent() / 100 * GPUS);
      assertThat(cluster.gpuAllocationPercent()).isLessThanOrEqualTo(100);
    }

    private boolean isDone(int version) {
      return ready(version) == REPLICAS && running.get(1 - version).isEmpty();
    }

    private Outcome to(int version, BiPredicate<Run, Integer> until) {
      int start = step;
      waited.clear();
      waitedSteps = 0;
      allocatedGpus = 0;
      while (!until.test(this, version) && step < start + MOST_STEPS) {
        step(version);
      }
      int steps = step - start;
      return new Outcome(steps, waited.size(), waitedSteps, (double) allocatedGpus / steps);
    }
  }

  private static Outcome rolledOut(Kind kind, String policy, boolean announcing) {
    Outcome sum = new Outcome(0, 0, 0, 0);
    for (long seed : SEEDS) {
      Run run = new Run(kind, policy, announcing, seed);
      run.to(0, (now, version) -> now.isDone(version) && now.step >= 60);
      Outcome out = run.to(1, Run::isDone);
      Outcome half = run.to(0, (now, version) -> now.running.get(version).size() >= REPLICAS / 3);
      Outcome back = run.to(1, Run::isDone);
      assertThat(List.of(out.steps(), half.steps(), back.steps()))
          .as("%s, seed %d", policy, seed)
          .allSatisfy(steps -> assertThat(steps).isLessThan(MOST_STEPS));
      sum = sum.plus(out).plus(half).plus(back);
    }
    return sum;
  }

  private static String line(String name, Outcome sum) {
    double runs = 3.0 * SEEDS.size();
    return String.format(
        Locale.ROOT,
        "%-28s %6.1f %7.1f %13.1f %10.1f %%%n",
        name,
        sum.steps() / runs,
        sum.waited() / runs,
        sum.waitedSteps() / runs,
        100 * sum.allocatedGpus() / runs / GPUS);
  }

  @ParameterizedTest
  @EnumSource
  void aRollOutWaitsNoLongerThanWithKubeSchedulerAlone(Kind kind) {
    Outcome least = rolledOut(kind, "least-allocated", false);
    Outcome most = rolledOut(kind, "most-allocated", false);
    Outcome unforeseen = rolledOut(kind, "stowage", false);
    Outcome foreseen = rolledOut(kind, "stowage", true);
    System.out.printf(
        "%s, seeds %s%n%-28s %6s %7s %13s %12s%n%s%s%s%s",
        kind,
        SEEDS,
        "a change of version, mean",
        "steps",
        "waited",
        "steps waited",
        "allocated",
        line("least-allocated", least),
        line("most-allocated", most),
        line("stowage, not foreseen", unforeseen),
        line("stowage", foreseen));
    assertThat(foreseen.waitedSteps()).isLessThanOrEqualTo(least.waitedSteps());
    assertThat(foreseen.steps()).isLessThanOrEqualTo(least.steps());
    assertThat(foreseen.allocatedGpus()).isGreaterThanOrEqualTo(least.allocatedGpus());
  }
}
