package io.stowage.extender.demo;

import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.replay.ChurnArrivals;
import io.stowage.core.trace.PodClass;
import io.stowage.core.trace.Scenario;
import io.stowage.core.trace.SyntheticWorkload;
import io.stowage.core.trace.TracePod;
import io.stowage.extender.demo.ChurningCluster.Arrived;
import io.stowage.extender.demo.ChurningCluster.Listener;
import io.stowage.extender.kube.ClusterLabels;
import io.stowage.extender.kube.NodeLabels;
import io.stowage.extender.metrics.ServiceMetrics;
import io.stowage.extender.service.ServiceSettings;
import io.stowage.extender.state.StateLoop;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;

/**
 * Two equal clusters that the same pods arrive in: one filled by Stowage, asked over HTTP, one by
 * kube-scheduler's default policy.
 *
 * <p>The pods of time 0 are placed first, one after another, while the cluster's clock stands; then
 * it runs so much faster than the real one that about {@value #ARRIVALS_PER_SECOND} pods arrive a
 * second. What happens at which cluster time depends on the settings alone and not on how fast the
 * machine is. Not thread-safe.
 */
public final class Demo implements AutoCloseable {
  private static final int WORKLOAD_PODS = 20_000;
  private static final int ARRIVALS_PER_SECOND = 150;
  private static final double LONGEST_FILL_SECONDS = 10;
  private static final double FILL_PART = 0.25;
  private static final String ZONES = "abc";

  /** Who asks for what, so that there are teams to tell apart. */
  private static final Map<PodClass, String> NAMESPACES =
      Map.of(
          PodClass.CPU, "data-prep",
          PodClass.SHARE, "notebooks",
          PodClass.ONE, "serving",
          PodClass.TWO_TO_FOUR, "fine-tuning",
          PodClass.EIGHT, "training");

  /** How long what was to arrive within the duration may take beyond it. */
  private static final double MOST_LATE_SECONDS = 2;

  private final DemoSettings settings;
  private final List<TracePod> pods;
  private final ChurnArrivals arrivals;
  private final StowageScheduler stowage;
  private final ChurningCluster stowageCluster;
  private final ChurningCluster defaultCluster;
  private final OfferedLoad offered = new OfferedLoad();
  private final double clusterSecondsPerSecond;
  private final ClusterLabels labels = new ClusterLabels();
  private final long startNanos = System.nanoTime();
  private int arrived;
  private double clusterSeconds;
  private ChurnArrivals.Arrival next;

  /** Waits for the word to stop. */
  @FunctionalInterface
  public interface Pause {
    /** Returns true when the demo is told to stop, or after a time false. */
    boolean isTold(long millis) throws InterruptedException;
  }

  /** Shows how the demo goes; called on the thread that runs it. */
  public interface Display {
    /** Returns how long to wait between two calls of {@link #show}. */
    Duration interval();

    /** Shows how things stand. */
    void show(Demo demo);
  }

  /**
   * Starts the service; no pod has arrived yet.
   *
   * @throws IOException where the port cannot be listened on
   */
  public static Demo start(DemoSettings settings) throws IOException {
    return new Demo(settings, Listener.NONE, Listener.NONE);
  }

  Demo(DemoSettings settings, Listener stowageListener, Listener defaultListener)
      throws IOException {
    this.settings = settings;
    SplittableRandom random = new SplittableRandom(settings.seed());
    Scenario scenario =
        SyntheticWorkload.generate(
            settings.nodes(), WORKLOAD_PODS, SyntheticWorkload.Gpus.POOLS, settings.seed());
    pods = scenario.pods();
    List<PodShape> shapes = pods.stream().map(TracePod::shape).distinct().toList();
    DefaultScheduler defaultScheduler = new DefaultScheduler(scenario, random.split());
    arrivals =
        new ChurnArrivals(
            scenario,
            List.of(),
            settings.load(),
            defaultScheduler.cluster().gpuCapacityMilli(),
            random.split());
    next = arrivals.next();
    clusterSecondsPerSecond = wholeUnits(ARRIVALS_PER_SECOND * arrivals.meanGapSeconds());
    stowage =
        new StowageScheduler(
            scenario.nodes(), ServiceSettings.DEFAULT.onPort(settings.port()), random.split());
    stowageCluster = new ChurningCluster(stowage, shapes, stowageListener);
    defaultCluster = new ChurningCluster(defaultScheduler, shapes, defaultListener);
    label(scenario.nodes());
  }

  private void label(List<Node> nodes) {
    for (int i = 0; i < nodes.size(); i++) {
      Node node = nodes.get(i);
      String pool = node.gpus().devices().isEmpty() ? "cpu" : node.gpus().devices().get(0).model();
      labels.putNode(
          node.name(),
          new NodeLabels(pool.toLowerCase(Locale.ROOT), "zone-" + ZONES.charAt(i % 3), ""));
    }
  }

  /** Rounds seconds to whole minutes, or to whole seconds below one minute. */
  private static double wholeUnits(double seconds) {
    return seconds >= 60 ? 60 * Math.rint(seconds / 60) : Math.max(1, Math.rint(seconds));
  }

  /** Returns the port that the service listens on. */
  public int port() {
    return stowage.port();
  }

  /** Returns the way to the service's state. */
  public StateLoop loop() {
    return stowage.loop();
  }

  /** Returns the service's metrics. */
  public ServiceMetrics metrics() {
    return stowage.metrics();
  }

  /** Returns where nodes belong: zones by turns, a pool for each GPU model. */
  public ClusterLabels labels() {
    return labels;
  }

  /** Tells whether the pods of time 0 have arrived. */
  public boolean isFilled() {
    return arrived >= arrivals.prefilled();
  }

  /** Returns the settings. */
  DemoSettings settings() {
    return settings;
  }

  /** Returns how many seconds pass in the clusters in one second. */
  double clusterSecondsPerSecond() {
    return clusterSecondsPerSecond;
  }

  /**
   * Runs until its duration is over or it is told to stop. A machine that fills the cluster slower
   * than it should gets the time for it.
   *
   * @throws IOException where the service cannot be reached
   */
  public void run(Display display, Pause pause) throws IOException, InterruptedException {
    long clockNanos = System.nanoTime();
    double endSeconds =
        settings.isEndless() ? Double.POSITIVE_INFINITY : settings.duration().toNanos() / 1e9;
    double nextShowSeconds = 0;
    while (true) {
      double seconds = (System.nanoTime() - clockNanos) / 1e9;
      double dueSeconds = dueSeconds();
      if (arrived < arrivals.prefilled() && seconds > dueSeconds) {
        clockNanos += Math.round((seconds - dueSeconds) * 1e9);
        seconds = dueSeconds;
      }
      if (seconds >= nextShowSeconds) {
        display.show(this);
        nextShowSeconds = seconds + display.interval().toNanos() / 1e9;
      }
      if (dueSeconds >= endSeconds && seconds >= endSeconds) {
        advanceTo((endSeconds - fillSeconds()) * clusterSecondsPerSecond);
        return;
      }
      if (seconds >= endSeconds + MOST_LATE_SECONDS) {
        return;
      }
      if (dueSeconds < endSeconds && dueSeconds <= seconds) {
        arriveNext();
        if (pause.isTold(0)) {
          return;
        }
      } else {
        double untilSeconds = Math.min(Math.min(dueSeconds, endSeconds), nextShowSeconds);
        if (pause.isTold((long) Math.ceil((untilSeconds - seconds) * 1000))) {
          return;
        }
      }
    }
  }

  /** Returns when the next pod is to arrive, in seconds after the start. */
  private double dueSeconds() {
    return arrived < arrivals.prefilled()
        ? fillSeconds() * arrived / arrivals.prefilled()
        : fillSeconds() + next.seconds() / clusterSecondsPerSecond;
  }

  private double fillSeconds() {
    return settings.isEndless()
        ? LONGEST_FILL_SECONDS
        : Math.min(LONGEST_FILL_SECONDS, FILL_PART * settings.duration().toNanos() / 1e9);
  }

  /** Lets the next pod arrive in both clusters. */
  void arriveNext() throws IOException, InterruptedException {
    TracePod drawn = pods.get(next.pod());
    String name = "pod-" + arrived;
    String namespace = Objects.requireNonNull(NAMESPACES.get(PodClass.of(drawn.shape())));
    Pod pod = new Pod(name, namespace, name, drawn.shape(), drawn.priority());
    Arrived arrival = new Arrived(arrived, pod, next.seconds(), next.runSeconds());
    clusterSeconds = next.seconds();
    offered.arrive(next.seconds(), next.runSeconds(), arrivals.gpuMilliOf(next.pod()));
    stowageCluster.arrive(arrival);
    defaultCluster.arrive(arrival);
    arrived++;
    next = arrivals.next();
  }

  private void advanceTo(double seconds) throws IOException, InterruptedException {
    clusterSeconds = seconds;
    offered.advanceTo(seconds);
    stowageCluster.advanceTo(seconds);
    defaultCluster.advanceTo(seconds);
  }

  /** Returns how things stand; looks at every node. */
  DemoFigures figures() {
    long capacityMilli = stowage.cluster().gpuCapacityMilli();
    return new DemoFigures(
        (System.nanoTime() - startNanos) / 1e9,
        clusterSeconds,
        arrived,
        arrivals.prefilled(),
        capacityMilli / 1000,
        100 * offered.meanMilli() / capacityMilli,
        stowageCluster.figures(),
        defaultCluster.figures(),
        stowage.calls().filterLatency(),
        stowage.calls().totalSeconds(),
        stowage.failedDecisions());
  }

  /** Returns the service and what it was asked. */
  StowageScheduler stowage() {
    return stowage;
  }

  /** Stops the service. */
  @Override
  public void close() {
    stowage.close();
  }
}
