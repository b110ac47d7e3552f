package io.stowage.extender.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.core.instrument.distribution.CountAtBucket;
import io.micrometer.core.instrument.distribution.HistogramSnapshot;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.stowage.core.fragmentation.StrandCause;
import io.stowage.extender.leader.Leadership;
import io.stowage.extender.state.ClusterFigures;
import io.stowage.extender.state.NodeRefusal;
import io.stowage.extender.state.WaitingFigures;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.ToDoubleFunction;

/**
 * The service's metrics, named by Prometheus' conventions. Thread-safe.
 *
 * <p>Capacity and allocation are what pods <em>request</em> of the nodes that are ready and real,
 * cordoned and tainted ones included; nothing here says what is used.
 */
public final class ServiceMetrics implements AutoCloseable {
  private static final Duration[] LATENCY_BUCKETS = {
    Duration.ofNanos(250_000),
    Duration.ofNanos(500_000),
    Duration.ofMillis(1),
    Duration.ofNanos(2_500_000),
    Duration.ofMillis(5),
    Duration.ofMillis(10),
    Duration.ofMillis(25),
    Duration.ofMillis(50),
    Duration.ofMillis(100),
    Duration.ofMillis(250),
    Duration.ofMillis(500),
    Duration.ofSeconds(1),
    Duration.ofMillis(2_500),
    Duration.ofSeconds(5),
  };

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final Counter unknownNodes;
  private final Map<String, Timer> durations = new ConcurrentHashMap<>();
  private final Map<Decision, Counter> decisions = new ConcurrentHashMap<>();
  private final Map<String, AtomicInteger> watchesUp = new ConcurrentHashMap<>();
  private final JvmGcMetrics gc = new JvmGcMetrics();
  private volatile ClusterFigures figures = ClusterFigures.NONE;
  private volatile WaitingFigures waiting = WaitingFigures.NONE;
  private volatile boolean synced;
  private final AtomicInteger connections = new AtomicInteger();
  private final AtomicLong certificateExpiresEpochSeconds = new AtomicLong();
  private volatile int foreignExtenderNodes;
  private final AtomicBoolean reachKnown = new AtomicBoolean();
  private volatile double planGpus;
  private volatile double boundGpus;

  /** A verb and what came of it. */
  private record Decision(String verb, String outcome) {}

  /**
   * Registers every gauge, and every counter that alerts go by: a counter that appears with its
   * first count has not risen for Prometheus.
   */
  public ServiceMetrics() {
    followJvm();
    countFromZero();
    unknownNodes =
        Counter.builder("stowage.unknown.nodes")
            .description("Nodes in requests that the watch did not know yet.")
            .register(registry);
    gauge("stowage.nodes", "Nodes known.", ClusterFigures::nodes);
    gauge(
        "stowage.capacity.nodes",
        "Nodes that count as capacity: ready, not virtual.",
        ClusterFigures::capacityNodes);
    gauge("stowage.bound.pods", "Pods on nodes.", ClusterFigures::boundPods);
    gauge("stowage.pending.pods", "Pods that wait for a node.", ClusterFigures::pendingPods);
    gauge("stowage.holds", "Pods that room is held for.", ClusterFigures::holds);
    gauge(
        "stowage.nominated.pods",
        "Waiting pods that carry a nomination of Stowage's, or are to.",
        ClusterFigures::nominations);
    gauge(
        "stowage.unconfirmed.binds",
        "Bindings that the watch has not shown yet.",
        ClusterFigures::unconfirmedBinds);
    gauge(
        "stowage.nodes.avoided",
        "Nodes that all pods avoid for now because they, or a GPU of theirs, refused pods.",
        ClusterFigures::avoidedNodes);
    gauge(
        "stowage.gpu.capacity.gpus",
        "GPUs of nodes that count as capacity.",
        value -> value.gpuCapacityMilli() / 1000.0);
    gauge(
        "stowage.gpu.requested.gpus",
        "GPUs that pods request of them.",
        value -> value.gpuRequestedMilli() / 1000.0);
    gauge(
        "stowage.cpu.capacity.cores",
        "CPU of nodes that count as capacity.",
        value -> value.cpuCapacityMilli() / 1000.0);
    gauge(
        "stowage.cpu.requested.cores",
        "CPU that pods request of them.",
        value -> value.cpuRequestedMilli() / 1000.0);
    gauge(
        "stowage.memory.capacity.bytes",
        "Memory of nodes that count as capacity.",
        ClusterFigures::memoryCapacityBytes);
    gauge(
        "stowage.memory.requested.bytes",
        "Memory that pods request of them.",
        ClusterFigures::memoryRequestedBytes);
    gauge(
        "stowage.gpu.fragmented.gpus",
        "Free GPUs that a typical pod of the workload seen cannot use, in the mean.",
        value -> value.fragmentedGpuMilli() / 1000.0);
    for (StrandCause cause : StrandCause.values()) {
      Gauge.builder(
              "stowage.gpu.stranded.gpus",
              () -> figures.stranded().milliByCause().getOrDefault(cause, 0L) / 1000.0)
          .description("Free GPUs that no pod of the workload seen can use now.")
          .tag("cause", cause.key())
          .register(registry);
    }
    for (WaitingFigures.Ask ask : WaitingFigures.Ask.values()) {
      waitingGauge(
          "stowage.waiting.pods",
          "Pods that wait for a node and that no scheduling gate keeps back, by what they ask of"
              + " GPUs.",
          ask,
          WaitingFigures.Waiting::pods);
      waitingGauge(
          "stowage.waiting.fitting.in.sum.pods",
          "Those of them created half a minute ago or more that would fit, each taken alone, if"
              + " all nodes were one.",
          ask,
          WaitingFigures.Waiting::fittingInSum);
      waitingGauge(
          "stowage.waiting.oldest.seconds",
          "How long ago the oldest of them was created, 0 where none waits.",
          ask,
          value -> value.oldestMillis() / 1000.0);
    }
    Gauge.builder("stowage.http.connections", connections::get)
        .description("Connections that are open, those being set up left aside.")
        .register(registry);
    Gauge.builder("stowage.foreign.extender.nodes", () -> foreignExtenderNodes)
        .description("Nodes where another extender assigns devices, so that Stowage does not.")
        .register(registry);
    Gauge.builder("stowage.synced", () -> synced ? 1 : 0)
        .description("Whether nodes and pods were listed completely.")
        .register(registry);
  }

  private void gauge(String name, String description, ToDoubleFunction<ClusterFigures> figure) {
    Gauge.builder(name, () -> figure.applyAsDouble(figures))
        .description(description)
        .register(registry);
  }

  private void waitingGauge(
      String name,
      String description,
      WaitingFigures.Ask ask,
      ToDoubleFunction<WaitingFigures.Waiting> figure) {
    Gauge.builder(name, () -> figure.applyAsDouble(waiting.asking(ask)))
        .description(description)
        .tag("gpus", ask.key())
        .register(registry);
  }

  private void followJvm() {
    new JvmMemoryMetrics().bindTo(registry);
    gc.bindTo(registry);
    new JvmThreadMetrics().bindTo(registry);
    new ProcessorMetrics().bindTo(registry);
    new UptimeMetrics().bindTo(registry);
  }

  private void countFromZero() {
    configReloads(true);
    configReloads(false);
    for (String outcome : List.of("kept", "rejected", "error")) {
      decisionCounter("filter", outcome);
    }
    for (String outcome : List.of("bound", "not_bound", "in_doubt", "error")) {
      decisionCounter("bind", outcome);
    }
    for (String outcome : List.of("written", "dropped", "failed")) {
      eventCounter(outcome);
    }
    for (String outcome : List.of("woken", "gone", "forbidden", "failed", "dropped")) {
      wakeupCounter(outcome);
    }
    for (String outcome : List.of("written", "outdated", "gone", "forbidden", "failed")) {
      nominationCounter("made", outcome);
      nominationCounter("withdrawn", outcome);
    }
    for (NodeRefusal.Kind kind : NodeRefusal.Kind.values()) {
      nodeRefusalCounter(kind.key());
    }
    for (String reason : List.of("too_many", "request_time", "idle", "handshake", "error")) {
      endedConnectionCounter(reason);
    }
  }

  /** Tells from now on whether this replica is the active one. */
  public void follow(Leadership leadership) {
    Gauge.builder("stowage.leader.active", () -> leadership.isActive() ? 1 : 0)
        .description("Whether this is the active replica.")
        .register(registry);
    Gauge.builder("stowage.leader.epoch", leadership::epoch)
        .description("The epoch by which this replica is active, -1 where it is not.")
        .register(registry);
    FunctionCounter.builder("stowage.fence.refusals", leadership, Leadership::refusals)
        .description("Bindings of this replica that the fence refused.")
        .register(registry);
  }

  /** Returns the metrics of a planner; there are none before. */
  public PlanMetrics planning() {
    return new PlanMetrics(registry);
  }

  /** Returns the metrics of what would make room; there are none before. */
  public RoomMetrics room() {
    return new RoomMetrics(registry);
  }

  /** Counts a request: how long its answer took, in nanoseconds, and what came of it. */
  public void answered(String verb, String outcome, long nanos) {
    durations.computeIfAbsent(verb, this::duration).record(nanos, TimeUnit.NANOSECONDS);
    decisionCounter(verb, outcome).increment();
  }

  /** Returns how long the answers to a verb took since the start. */
  public AnswerTimes answerTimes(String verb) {
    Timer timer = durations.get(verb);
    if (timer == null) {
      return AnswerTimes.NONE;
    }
    HistogramSnapshot snapshot = timer.takeSnapshot();
    SortedMap<Double, Long> upTo = new TreeMap<>();
    for (CountAtBucket bucket : snapshot.histogramCounts()) {
      upTo.put(bucket.bucket(TimeUnit.MILLISECONDS), (long) bucket.count());
    }
    return new AnswerTimes(snapshot.count(), snapshot.total(TimeUnit.MILLISECONDS), upTo);
  }

  private Timer duration(String verb) {
    return Timer.builder("stowage.request.duration")
        .description("Time from a request's complete body to its answer.")
        .tag("verb", verb)
        .serviceLevelObjectives(LATENCY_BUCKETS)
        .register(registry);
  }

  private Counter decisionCounter(String verb, String outcome) {
    return decisions.computeIfAbsent(new Decision(verb, outcome), this::register);
  }

  private Counter register(Decision decision) {
    return Counter.builder("stowage.decisions")
        .description("Answers to kube-scheduler by what came of them.")
        .tag("verb", decision.verb)
        .tag("outcome", decision.outcome)
        .register(registry);
  }

  /** Counts nodes of a request that the watch did not know. */
  public void unknownNodes(int count) {
    unknownNodes.increment(count);
  }

  /** Counts an object of the given kind that the watch showed and that cannot be understood. */
  public void unreadableObject(String kind) {
    unreadableObjectCounter(kind).increment();
  }

  private Counter unreadableObjectCounter(String kind) {
    return Counter.builder("stowage.unreadable.objects")
        .description("Objects that could not be understood and were left as they were.")
        .tag("kind", kind)
        .register(registry);
  }

  /** Sets whether objects of the given kind are being watched now. */
  public void watchUp(String kind, boolean up) {
    watchesUp.computeIfAbsent(kind, this::watchGauge).set(up ? 1 : 0);
  }

  private AtomicInteger watchGauge(String kind) {
    replacedWatchCounter(kind);
    unreadableObjectCounter(kind);
    AtomicInteger up = new AtomicInteger();
    Gauge.builder("stowage.watch.up", up::get)
        .description("Whether objects of this kind are being watched now.")
        .tag("kind", kind)
        .register(registry);
    return up;
  }

  /** Counts a watch of the given kind that gave no sign of life and was replaced. */
  public void watchReplaced(String kind) {
    replacedWatchCounter(kind).increment();
  }

  private Counter replacedWatchCounter(String kind) {
    return Counter.builder("stowage.watch.replaced")
        .description("Watches that gave no sign of life and were replaced.")
        .tag("kind", kind)
        .register(registry);
  }

  /** Counts an Event by what became of it: written, dropped, postponed or failed. */
  public void event(String outcome) {
    eventCounter(outcome).increment();
  }

  private Counter eventCounter(String outcome) {
    return Counter.builder("stowage.events")
        .description("Kubernetes Events by what became of them.")
        .tag("outcome", outcome)
        .register(registry);
  }

  /** Counts connections opened or, below 0, closed. */
  public void connections(int change) {
    connections.addAndGet(change);
  }

  /** Counts a connection that the service has ended for a reason. */
  public void connectionEnded(String reason) {
    endedConnectionCounter(reason).increment();
  }

  private Counter endedConnectionCounter(String reason) {
    return Counter.builder("stowage.http.connections.ended")
        .description("Connections that the service has ended, by why.")
        .tag("reason", reason)
        .register(registry);
  }

  /** Counts a waiting pod that was to be woken: woken, gone, forbidden, failed or dropped. */
  public void wakeup(String outcome) {
    wakeupCounter(outcome).increment();
  }

  private Counter wakeupCounter(String outcome) {
    return Counter.builder("stowage.wakeups")
        .description("Waiting pods that were to be woken, by what became of it.")
        .tag("outcome", outcome)
        .register(registry);
  }

  /** Counts a change of a nomination, made or withdrawn, by what became of it. */
  public void nomination(String change, String outcome) {
    nominationCounter(change, outcome).increment();
  }

  private Counter nominationCounter(String change, String outcome) {
    return Counter.builder("stowage.nominations")
        .description("Nominations of nodes for waiting pods, made and withdrawn.")
        .tag("change", change)
        .tag("outcome", outcome)
        .register(registry);
  }

  /** Counts a pod that a node refused, by the kind of refusal. */
  public void nodeRefusal(String reason) {
    nodeRefusalCounter(reason).increment();
  }

  private Counter nodeRefusalCounter(String reason) {
    return Counter.builder("stowage.node.refusals")
        .description("Pods that a node refused after they were bound, or did not bind.")
        .tag("reason", reason)
        .register(registry);
  }

  /** Tells when the certificate in use ends; from the first call on there are TLS metrics. */
  public void certificateExpires(long epochSeconds) {
    if (certificateExpiresEpochSeconds.getAndSet(epochSeconds) == 0) {
      Gauge.builder(
              "stowage.tls.certificate.expiry.timestamp.seconds",
              certificateExpiresEpochSeconds::get)
          .description("When the certificate in use ends, in seconds since 1970.")
          .register(registry);
      tlsReloadFailures();
    }
  }

  /** Counts a new configuration that was read or refused. */
  public void configReload(boolean taken) {
    configReloads(taken).increment();
  }

  private Counter configReloads(boolean taken) {
    return Counter.builder("stowage.config.reloads")
        .description("New configurations that were taken, and that were refused.")
        .tag("outcome", taken ? "taken" : "refused")
        .register(registry);
  }

  /** Counts a new certificate that was refused. */
  public void tlsReloadFailed() {
    tlsReloadFailures().increment();
  }

  private Counter tlsReloadFailures() {
    return Counter.builder("stowage.tls.reload.failures")
        .description("New certificates that were refused, the one before having stayed.")
        .register(registry);
  }

  /**
   * Sets what a plan would reach and nobody could pass, in GPUs; from the first call on it is
   * shown.
   */
  public void reach(double planGpus, double boundGpus) {
    this.planGpus = planGpus;
    this.boundGpus = boundGpus;
    if (!reachKnown.getAndSet(true)) {
      Gauge.builder("stowage.gpu.plan.gpus", () -> this.planGpus)
          .description("GPUs that pods would request were the waiting ones placed by the plan.")
          .register(registry);
      Gauge.builder("stowage.gpu.bound.gpus", () -> this.boundGpus)
          .description("GPUs that pods could request at most, those that run and wait placed anew.")
          .register(registry);
    }
  }

  /** Sets on how many nodes another extender is at work. */
  public void foreignExtenderNodes(int count) {
    foreignExtenderNodes = count;
  }

  /** Sets what the gauges tell. */
  public void update(ClusterFigures figures, WaitingFigures waiting, boolean synced) {
    this.figures = figures;
    this.waiting = waiting;
    this.synced = synced;
  }

  /** Returns all metrics in Prometheus' text format. */
  public String scrape() {
    return registry.scrape();
  }

  @Override
  public void close() {
    gc.close();
    registry.close();
  }
}
