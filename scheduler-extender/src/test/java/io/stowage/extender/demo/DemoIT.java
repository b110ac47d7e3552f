package io.stowage.extender.demo;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.Pod;
import io.stowage.core.replay.WaitingTimes;
import io.stowage.core.trace.PodClass;
import io.stowage.core.trace.SyntheticWorkload;
import io.stowage.extender.demo.ChurningCluster.Arrived;
import io.stowage.extender.demo.ChurningCluster.Listener;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The demo over real HTTP, its figures recomputed from what happened. */
class DemoIT {
  private static final long SEED = 42;
  private static final int NODES = 30;
  private static final int ARRIVALS = 2_000;

  /** What happened in one cluster, added up anew without the cluster model. */
  private static final class Ledger implements Listener {
    private final Map<String, Node> nodes;
    private final Map<String, Arrived> arrivals = new LinkedHashMap<>();
    private final Map<String, Placement> running = new LinkedHashMap<>();
    private final Map<String, Double> placedAt = new HashMap<>();
    private double gpuSeconds;
    private double allocatedGpus;
    private double lastSeconds;

    Ledger(List<Node> nodes) {
      this.nodes = nodes.stream().collect(Collectors.toMap(Node::name, node -> node));
    }

    @Override
    public void arrived(Arrived arrived) {
      arrivals.put(arrived.pod().uid(), arrived);
    }

    @Override
    public void placed(Placement placement, double seconds) {
      passTime(seconds);
      allocatedGpus += gpus(placement);
      assertThat(running.put(placement.pod().uid(), placement)).isNull();
      assertThat(placedAt.put(placement.pod().uid(), seconds)).isNull();
      requireWithinCapacity(node(placement));
    }

    @Override
    public void ended(Placement placement, double seconds) {
      passTime(seconds);
      allocatedGpus -= gpus(placement);
      assertThat(running.remove(placement.pod().uid())).isEqualTo(placement);
      Arrived arrived = requireNonNull(arrivals.get(placement.pod().uid()));
      double placedSeconds = requireNonNull(placedAt.get(placement.pod().uid()));
      assertThat(seconds).isEqualTo(placedSeconds + arrived.runSeconds(), within(1e-6));
    }

    void passTime(double seconds) {
      assertThat(seconds).isGreaterThanOrEqualTo(lastSeconds);
      gpuSeconds += (seconds - lastSeconds) * allocatedGpus;
      lastSeconds = seconds;
    }

    private Node node(Placement placement) {
      return requireNonNull(nodes.get(placement.nodeName()));
    }

    private double gpus(Placement placement) {
      GpuRequest gpu = placement.pod().shape().gpu();
      return gpu.isShare()
          ? (double) gpu.unitsPerGpu() / node(placement).gpus().devices().get(0).capacityUnits()
          : gpu.count();
    }

    private void requireWithinCapacity(Node node) {
      long cpuMilli = 0;
      long memoryBytes = 0;
      int pods = 0;
      int wholeGpus = 0;
      long[] units = new long[node.gpus().devices().size()];
      for (Placement placement : running.values()) {
        if (!placement.nodeName().equals(node.name())) {
          continue;
        }
        Pod pod = placement.pod();
        cpuMilli += pod.shape().request().cpuMilli();
        memoryBytes += pod.shape().request().memoryBytes();
        pods++;
        GpuRequest gpu = pod.shape().gpu();
        if (!gpu.isNone()) {
          assertThat(node.gpus().resource()).isEqualTo(gpu.resource());
        }
        if (gpu.isShare()) {
          assertThat(placement.gpuDevices()).hasSize(1);
          units[placement.gpuDevices().get(0)] += gpu.unitsPerGpu();
        } else {
          wholeGpus += gpu.count();
        }
      }
      assertThat(cpuMilli).isLessThanOrEqualTo(node.allocatable().cpuMilli());
      assertThat(memoryBytes).isLessThanOrEqualTo(node.allocatable().memoryBytes());
      assertThat(pods).isLessThanOrEqualTo(node.podCapacity());
      assertThat(wholeGpus).isLessThanOrEqualTo(node.gpus().devices().size());
      for (int i = 0; i < units.length; i++) {
        assertThat(units[i]).isLessThanOrEqualTo(node.gpus().devices().get(i).capacityUnits());
      }
    }

    double meanGpuPercent() {
      int gpus = nodes.values().stream().mapToInt(node -> node.gpus().devices().size()).sum();
      return 100 * gpuSeconds / lastSeconds / gpus;
    }

    double meanWaitSeconds(PodClass podClass) {
      return arrivals.values().stream()
          .filter(arrived -> arrived.seconds() > 0)
          .filter(arrived -> PodClass.of(arrived.pod().shape()) == podClass)
          .mapToDouble(
              arrived ->
                  placedAt.getOrDefault(arrived.pod().uid(), lastSeconds) - arrived.seconds())
          .average()
          .orElse(0);
    }
  }

  @Test
  void nothingIsOverCommittedAndFiguresAreWhatHappened() throws Exception {
    DemoSettings settings = new DemoSettings(NODES, 1.0, Duration.ZERO, 0, SEED);
    List<Node> nodes =
        SyntheticWorkload.generate(NODES, 1, SyntheticWorkload.Gpus.POOLS, SEED).nodes();
    Ledger stowage = new Ledger(nodes);
    Ledger byDefault = new Ledger(nodes);
    try (Demo demo = new Demo(settings, stowage, byDefault)) {
      for (int i = 0; i < ARRIVALS; i++) {
        demo.arriveNext();
      }
      DemoFigures figures = demo.figures();
      stowage.passTime(figures.clusterSeconds());
      byDefault.passTime(figures.clusterSeconds());

      assertThat(figures.arrived()).isEqualTo(ARRIVALS);
      assertThat(figures.failedDecisions()).isZero();
      assertThat(figures.filterLatency().count()).isGreaterThanOrEqualTo(stowage.placedAt.size());
      assertThat(byDefault.arrivals).isEqualTo(stowage.arrivals);
      requireSame(figures.stowage(), stowage);
      requireSame(figures.byDefault(), byDefault);
      assertThat(figures.stowage().waiting()).isPositive();

      Map<String, Placement> said =
          demo.stowage()
              .ask(
                  state ->
                      stowage.arrivals.keySet().stream()
                          .map(uid -> state.bound().placement(uid))
                          .filter(placement -> placement != null)
                          .collect(Collectors.toMap(placement -> placement.pod().uid(), p -> p)));
      assertThat(said).isEqualTo(stowage.running);
    }
  }

  private static void requireSame(ChurnFigures figures, Ledger ledger) {
    assertThat(figures.placed()).isEqualTo(ledger.placedAt.size());
    assertThat(figures.running()).isEqualTo(ledger.running.size());
    assertThat(figures.waiting()).isEqualTo(ledger.arrivals.size() - ledger.placedAt.size());
    assertThat(figures.meanGpuAllocationPercent()).isEqualTo(ledger.meanGpuPercent(), within(0.05));
    for (PodClass podClass : PodClass.values()) {
      WaitingTimes waits = requireNonNull(figures.waitingByClass().get(podClass.key()));
      assertThat(waits.meanSeconds()).isEqualTo(ledger.meanWaitSeconds(podClass), within(1e-6));
    }
  }

  @Test
  void sameSeedGivesTheSameRun() throws IOException, InterruptedException {
    DemoSettings settings = new DemoSettings(10, 0.95, Duration.ZERO, 0, 7);
    List<ChurnFigures> runs = new ArrayList<>();
    for (int run = 0; run < 2; run++) {
      try (Demo demo = Demo.start(settings)) {
        for (int i = 0; i < 300; i++) {
          demo.arriveNext();
        }
        runs.add(demo.figures().stowage());
      }
    }
    assertThat(runs.get(1)).isEqualTo(runs.get(0));
  }

  @Test
  void runEndsByItselfAndSaysWhatItMeasured() throws IOException, InterruptedException {
    StringWriter text = new StringWriter();
    DemoDisplay display = new DemoDisplay(new PrintWriter(text), false, 0);
    DemoSettings settings = new DemoSettings(10, 0.95, Duration.ofSeconds(3), 0, SEED);
    DemoFigures figures;
    try (Demo demo = Demo.start(settings)) {
      display.begin(demo, "http://localhost:8090/");
      demo.run(display, DemoIT::pause);
      display.end(demo);
      figures = demo.figures();
    }
    assertThat(figures.isFilling()).isFalse();
    assertThat(text.toString())
        .contains("first pod placed")
        .containsPattern(
            "GPU allocated +%.2f %% +%.2f %%"
                .formatted(
                    figures.stowage().meanGpuAllocationPercent(),
                    figures.byDefault().meanGpuAllocationPercent()));
    assertThat(text.toString().lines()).allSatisfy(line -> assertThat(line).hasSizeLessThan(120));
  }

  @Test
  void runEndsWhenTold() throws IOException, InterruptedException {
    DemoSettings settings = new DemoSettings(10, 0.95, Duration.ZERO, 0, SEED);
    StringWriter text = new StringWriter();
    DemoDisplay display = new DemoDisplay(new PrintWriter(text), true, 0);
    try (Demo demo = Demo.start(settings)) {
      demo.run(display, millis -> pause(millis) || demo.figures().arrived() > 20);
      display.end(demo);
      assertThat(demo.figures().arrived()).isEqualTo(21);
    }
    assertThat(text.toString()).contains("filling the cluster").contains("Stopped while");
  }

  private static boolean pause(long millis) throws InterruptedException {
    return new CountDownLatch(1).await(millis, TimeUnit.MILLISECONDS);
  }
}
