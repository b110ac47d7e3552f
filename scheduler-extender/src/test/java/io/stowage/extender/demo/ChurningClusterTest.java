package io.stowage.extender.demo;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeGpus;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.cluster.Resources;
import io.stowage.core.replay.WaitingTimes;
import io.stowage.core.trace.Scenario;
import io.stowage.core.trace.TracePod;
import io.stowage.extender.demo.ChurningCluster.Arrived;
import io.stowage.extender.demo.ChurningCluster.Listener;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ChurningClusterTest {
  private static final PodShape ONE =
      PodShape.of(Resources.of(1000, 1), GpuRequest.whole("nvidia.com/gpu", 1));
  private static final PodShape TWO =
      PodShape.of(Resources.of(1000, 1), GpuRequest.whole("nvidia.com/gpu", 2));

  private final List<String> events = new ArrayList<>();
  private final Listener listener =
      new Listener() {
        @Override
        public void placed(Placement placement, double seconds) {
          events.add("+" + placement.pod().uid() + "@" + seconds);
        }

        @Override
        public void ended(Placement placement, double seconds) {
          events.add("-" + placement.pod().uid() + "@" + seconds);
        }
      };
  private final ChurningCluster cluster = cluster();

  private ChurningCluster cluster() {
    Node node =
        Node.ready("n1", Resources.of(9000, 9), 9, NodeGpus.counted("nvidia.com/gpu", "", 2));
    TracePod pod = new TracePod("", ONE, 0, OptionalDouble.empty());
    Scenario scenario = new Scenario(List.of(node), List.of(), List.of(pod));
    return new ChurningCluster(
        new DefaultScheduler(scenario, new SplittableRandom(1)), List.of(ONE, TWO), listener);
  }

  private void arrive(int index, PodShape shape, int priority, double seconds, double runSeconds)
      throws IOException, InterruptedException {
    Pod pod = new Pod("p" + index, "demo", "p" + index, shape, priority);
    cluster.arrive(new Arrived(index, pod, seconds, runSeconds));
  }

  @Test
  void waitingPodsFollowByPriorityThenArrivalWhenRoomAppears()
      throws IOException, InterruptedException {
    arrive(0, TWO, 0, 0, 10);
    arrive(1, ONE, 0, 1, 5);
    arrive(2, TWO, 0, 2, 5);
    arrive(3, ONE, 9, 3, 4);
    arrive(4, ONE, 0, 4, 5);
    assertThat(events).containsExactly("+p0@0.0");
    cluster.advanceTo(20);
    assertThat(events)
        .containsExactly(
            "+p0@0.0",
            "-p0@10.0",
            "+p3@10.0",
            "+p1@10.0",
            "-p3@14.0",
            "+p4@14.0",
            "-p1@15.0",
            "-p4@19.0",
            "+p2@19.0");
  }

  @Test
  void averagesAreTakenOverTimeAndWaitsOverArrivalsAfterTheStart()
      throws IOException, InterruptedException {
    arrive(0, TWO, 0, 0, 10);
    arrive(1, ONE, 0, 4, 100);
    arrive(2, TWO, 0, 5, 100);
    cluster.advanceTo(20);
    ChurnFigures figures = cluster.figures();
    assertThat(figures.placed()).isEqualTo(2);
    assertThat(figures.running()).isEqualTo(1);
    assertThat(figures.waiting()).isEqualTo(1);
    assertThat(figures.gpuAllocationPercent()).isEqualTo(50);
    assertThat(figures.meanGpuAllocationPercent()).isEqualTo((10 * 100 + 10 * 50) / 20.0);
    WaitingTimes one = requireNonNull(figures.waitingByClass().get("one"));
    WaitingTimes two = requireNonNull(figures.waitingByClass().get("twoToFour"));
    assertThat(one.meanSeconds()).isEqualTo(6);
    assertThat(two.count()).isEqualTo(1);
    assertThat(two.meanSeconds()).isEqualTo(15);
    assertThat(two.stillWaiting()).isEqualTo(1);
  }
}
