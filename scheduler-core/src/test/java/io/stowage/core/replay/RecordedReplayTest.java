package io.stowage.core.replay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeGpus;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.cluster.Resources;
import io.stowage.core.trace.TracePod;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

/** Two nodes of two GPUs: what was decided, and what a policy makes of the same pods. */
class RecordedReplayTest {
  private static final String GPU = "nvidia.com/gpu";
  private static final List<Node> NODES = List.of(node("n1"), node("n2"));
  private static final double FOREVER = -1;

  private static Node node(String name) {
    return Node.ready(name, Resources.of(8_000, 1 << 30), 110, NodeGpus.counted(GPU, "T4", 2));
  }

  private static RecordedPod waiting(String name, int gpus, double arrival) {
    return new RecordedPod(tracePod(name, gpus, FOREVER), arrival, Optional.empty());
  }

  private static RecordedPod placed(
      String name, int gpus, double arrival, String node, double at, double runSeconds) {
    TracePod pod = tracePod(name, gpus, runSeconds);
    return new RecordedPod(
        pod,
        arrival,
        Optional.of(
            new RecordedPod.Decided(
                new Placement(new Pod(name, "default", name, pod.shape(), 0), node, List.of()),
                at)));
  }

  private static TracePod tracePod(String name, int gpus, double runSeconds) {
    return new TracePod(
        name,
        PodShape.of(Resources.of(1_000, 1 << 20), GpuRequest.whole(GPU, gpus)),
        0,
        runSeconds == FOREVER ? OptionalDouble.empty() : OptionalDouble.of(runSeconds));
  }

  /** Two pods of one GPU were put on different nodes, so that one of two GPUs had to wait. */
  private static RecordedWorkload spread() {
    return new RecordedWorkload(
        NODES,
        List.of(
            placed("there", 1, 0, "n1", 0, FOREVER),
            placed("b", 1, 10, "n2", 10, 50),
            placed("c", 2, 20, "n2", 60, FOREVER),
            waiting("d", 2, 30)),
        100);
  }

  private static WaitingTimes waits(Map<String, WaitingTimes> byClass, String podClass) {
    return Objects.requireNonNull(byClass.get(podClass));
  }

  @Test
  void theDecisionsAreAddedUpOverTheTimeOfTheLog() {
    RecordedReplay.AsDecided decided = RecordedReplay.asDecided(spread(), Progress.NONE);
    assertThat(decided.arrivals()).isEqualTo(3);
    assertThat(decided.placed()).isEqualTo(2);
    // 1 of 4 GPUs for 10 s, 2 for 50 s, 3 for 40 s
    assertThat(decided.gpuAllocationPercent())
        .isCloseTo((10 * 25 + 50 * 50 + 40 * 75) / 100.0, within(1e-9));
    assertThat(waits(decided.waitingByClass(), "one").meanSeconds()).isZero();
    WaitingTimes several = waits(decided.waitingByClass(), "twoToFour");
    assertThat(several.meanSeconds()).isEqualTo((40 + 70) / 2.0);
    assertThat(several.stillWaiting()).isEqualTo(1);
  }

  @Test
  void aPolicyPlacesTheSamePodsAtTheSameTimesItsOwnWay() {
    ChurnReplay.Result packed = RecordedReplay.run(spread(), 0, "best-fit", 1, Progress.NONE);
    // b goes beside the first, so that c does not wait; it never ends, and d gets no room
    assertThat(packed.arrivals()).isEqualTo(3);
    assertThat(packed.placed()).isEqualTo(2);
    assertThat(waits(packed.waitingByClass(), "twoToFour").stillWaiting()).isEqualTo(1);
    assertThat(waits(packed.waitingByClass(), "twoToFour").meanSeconds()).isEqualTo((0 + 70) / 2.0);
    // 1 of 4 for 10 s, 2 for 10 s, 4 for 40 s, 3 for 40 s
    assertThat(packed.gpuAllocationPercent())
        .isCloseTo((10 * 25 + 10 * 50 + 40 * 100 + 40 * 75) / 100.0, within(1e-9));
    // without waits: 1 for 10 s, 2 for 10 s, 4 for 10 s, 6 for 30 s, 5 for 40 s
    assertThat(packed.gpuOfferedPercent())
        .isCloseTo((10 * 25 + 10 * 50 + 10 * 100 + 30 * 150 + 40 * 125) / 100.0, within(1e-9));
  }

  @Test
  void aPodThatEndsAtOnceIsNoTrouble() {
    RecordedWorkload workload =
        new RecordedWorkload(NODES, List.of(placed("a", 1, 5, "n1", 5, 0)), 10);
    assertThat(RecordedReplay.asDecided(workload, Progress.NONE).gpuAllocationPercent()).isZero();
    assertThat(RecordedReplay.run(workload, 0, "fgd", 1, Progress.NONE).gpuAllocationPercent())
        .isZero();
  }

  @Test
  void aLogWithoutArrivalsIsRefused() {
    RecordedWorkload workload =
        new RecordedWorkload(NODES, List.of(placed("a", 1, 0, "n1", 0, 5)), 10);
    assertThatThrownBy(() -> RecordedReplay.run(workload, 0, "fgd", 1, Progress.NONE))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("no pod arrives after the start");
    assertThatThrownBy(() -> placed("late", 1, 5, "n1", 4, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("before it arrived");
  }
}
