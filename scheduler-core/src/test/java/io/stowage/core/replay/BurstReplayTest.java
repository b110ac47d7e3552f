package io.stowage.core.replay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.stowage.core.cluster.Pod;
import io.stowage.core.fragmentation.TypicalPods;
import io.stowage.core.policy.PlacementPolicy;
import io.stowage.core.policy.Policies;
import io.stowage.core.trace.PodClass;
import io.stowage.core.trace.Scenario;
import io.stowage.core.trace.SyntheticWorkload;
import io.stowage.core.trace.SyntheticWorkload.Gpus;
import io.stowage.core.trace.TracePod;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class BurstReplayTest {

  @ParameterizedTest(name = "{0}, {1}, seed {2}")
  @MethodSource("io.stowage.core.replay.Workloads#policiesGpusAndSeeds")
  void theResultIsThatOfANaiveReplay(String policy, Gpus gpus, long seed) {
    Scenario scenario = Workloads.small(gpus, seed);
    NaiveCluster cluster =
        new NaiveCluster(scenario, policy, new SplittableRandom(seed), Planning.Budget.BURST);
    List<TracePod> queue = new ArrayList<>();
    for (int priority = 2; priority >= 0; priority--) {
      for (TracePod pod : scenario.pods()) {
        if (pod.priority() == priority) {
          queue.add(pod);
        }
      }
    }
    cluster.seenTogether(queue);
    Map<String, Integer> failed = PodClass.noneByKey();
    int placed = 0;
    for (TracePod pod : queue) {
      String uid = "u" + (placed + failed.values().stream().mapToInt(Integer::intValue).sum());
      if (cluster.tryAgain(new Pod(uid, "", pod.name(), pod.shape(), pod.priority()), false, 0)) {
        placed++;
      } else {
        failed.merge(PodClass.of(pod.shape()).key(), 1, Integer::sum);
      }
    }

    long[] nanos = {1_000_000_000L};
    BurstReplay.Result result =
        BurstReplay.run(
            scenario, policy, false, seed, () -> nanos[0] += 250_000_000L, Progress.NONE);
    assertThat(result.arrivals()).isEqualTo(80);
    assertThat(result.placed()).isEqualTo(placed);
    assertThat(result.failedByClass()).isEqualTo(failed);
    assertThat(result.gpuAllocationPercent()).isCloseTo(cluster.gpuPercent(), within(1e-9));
    assertThat(result.cpuAllocationPercent()).isCloseTo(cluster.cpuPercent(), within(1e-9));
    assertThat(result.strandedGpuByCause()).isEqualTo(cluster.strandedPercent(scenario));
    assertThat(result.decideSeconds()).isEqualTo(0.25);
  }

  static List<String> policiesWithoutChance() {
    return Policies.names().stream()
        .filter(
            name ->
                Policies.create(name, TypicalPods.of(Map.of())).tieBreak()
                    == PlacementPolicy.TieBreak.FIRST_BY_NAME)
        .toList();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("policiesWithoutChance")
  void theSeedDecidesTiesAlone(String policy) {
    Scenario scenario = Workloads.small(Gpus.MIXED, 9);
    BurstReplay.Result one = BurstReplay.run(scenario, policy, false, 1, () -> 0, Progress.NONE);
    BurstReplay.Result two = BurstReplay.run(scenario, policy, false, 2, () -> 0, Progress.NONE);
    assertThat(two).usingRecursiveComparison().ignoringFields("seed").isEqualTo(one);
  }

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {31, 32, 33})
  void withFreeOrderThePlanFillsTheClusterAtLeastAsFar(long seed) {
    Scenario scenario = SyntheticWorkload.generate(12, 400, Gpus.MIXED, seed);
    BurstReplay.Result queued =
        BurstReplay.run(scenario, "stowage", false, seed, () -> 0, Progress.NONE);
    BurstReplay.Result free =
        BurstReplay.run(scenario, "stowage", true, seed, () -> 0, Progress.NONE);
    System.out.printf(
        "seed %d: %.2f %% in queue order, %.2f %% in free order%n",
        seed, queued.gpuAllocationPercent(), free.gpuAllocationPercent());
    assertThat(free.gpuAllocationPercent())
        .isGreaterThanOrEqualTo(queued.gpuAllocationPercent() - 0.5);
    assertThat(free.placed() + free.failedByClass().values().stream().mapToInt(i -> i).sum())
        .isEqualTo(400);
  }
}
