package io.stowage.core.replay;

import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.cluster.Resources;
import io.stowage.core.policy.Policies;
import io.stowage.core.trace.Scenario;
import io.stowage.core.trace.SyntheticWorkload;
import io.stowage.core.trace.SyntheticWorkload.Gpus;
import io.stowage.core.trace.TracePod;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;

/** Small workloads with all that may make a difference. */
final class Workloads {
  private Workloads() {}

  /** Every policy with both ways of advertising GPUs, each with a seed of its own. */
  static Stream<Arguments> policiesGpusAndSeeds() {
    long[] seed = {60};
    return Policies.names().stream()
        .flatMap(
            policy -> Stream.of(Gpus.values()).map(gpus -> Arguments.of(policy, gpus, seed[0]++)));
  }

  /** Some nodes with a pod running, and pods of three priorities, a few without a run time. */
  static Scenario small(Gpus gpus, long seed) {
    Scenario generated = SyntheticWorkload.generate(9, 80, gpus, seed);
    SplittableRandom random = new SplittableRandom(seed);
    List<TracePod> pods = new ArrayList<>();
    for (TracePod pod : generated.pods()) {
      OptionalDouble seconds = random.nextInt(8) == 0 ? OptionalDouble.empty() : pod.runSeconds();
      pods.add(new TracePod(pod.name(), pod.shape(), random.nextInt(3), seconds));
    }
    PodShape running = PodShape.of(Resources.of(2_000, 1 << 30), GpuRequest.NONE);
    return new Scenario(
        generated.nodes(),
        List.of(
            new Placement(
                new Pod("running", "", "running", running, 0),
                generated.nodes().get(0).name(),
                List.of())),
        pods);
  }
}
