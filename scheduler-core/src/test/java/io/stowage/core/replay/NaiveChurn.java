package io.stowage.core.replay;

import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.trace.PodClass;
import io.stowage.core.trace.Scenario;
import io.stowage.core.trace.TracePod;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;

/**
 * The churn protocol event by event: at each end of a pod the whole queue is tried on the whole
 * cluster, and every figure is summed up over everything there was.
 */
final class NaiveChurn {
  private final Scenario scenario;
  private final ChurnReplay.Settings settings;
  private final NaiveCluster cluster;
  private final Map<PodShape, Long> milli;
  private final List<Arrival> arrivals = new ArrayList<>();
  private final List<Arrival> waiting = new ArrayList<>();
  private final List<Arrival> running = new ArrayList<>();
  private final int prefilled;
  private double now;
  private double gpuArea;
  private double cpuArea;
  private int maxOvertaken;
  private final Map<String, Double> stranded = new LinkedHashMap<>();

  /** One pod and what became of it; times are negative until known. */
  private static final class Arrival {
    private final int index;
    private final TracePod pod;
    private final double seconds;
    private final double runSeconds;
    private double placedSeconds = -1;

    private Arrival(int index, TracePod pod, double seconds, double runSeconds) {
      this.index = index;
      this.pod = pod;
      this.seconds = seconds;
      this.runSeconds = runSeconds;
    }

    private Pod asPod() {
      return new Pod("u" + index, "", pod.name(), pod.shape(), pod.priority());
    }

    private double endSeconds() {
      return placedSeconds + runSeconds;
    }
  }

  NaiveChurn(
      Scenario scenario,
      List<TracePod> runTimes,
      ChurnReplay.Settings settings,
      String policy,
      long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    SplittableRandom draws = random.split();
    this.scenario = scenario;
    this.settings = settings;
    this.cluster = new NaiveCluster(scenario, policy, random.split(), Planning.Budget.CHURNING);
    this.milli = scenario.gpuMilliByShape();
    this.prefilled = drawArrivals(new RunTimes(scenario.pods(), runTimes), draws);
  }

  private int drawArrivals(RunTimes times, SplittableRandom draws) {
    List<TracePod> pods = scenario.pods();
    double all = 0;
    double load = 0;
    for (int i = 0; i < pods.size(); i++) {
      all += times.mean(i);
      load += milliOf(pods.get(i)) * times.mean(i);
    }
    List<Integer> prefill = new ArrayList<>();
    double asked = 0;
    while (asked < Math.min(1, settings.load()) * cluster.gpuCapacityMilli()) {
      double point = draws.nextDouble() * all;
      int drawn = 0;
      for (double passed = times.mean(0); passed < point; passed += times.mean(drawn)) {
        drawn++;
      }
      prefill.add(drawn);
      asked += milliOf(pods.get(drawn));
    }
    for (int drawn : prefill) {
      double seconds = times.drawByLength(drawn, draws) * draws.nextDouble();
      arrivals.add(new Arrival(arrivals.size(), pods.get(drawn), 0, seconds));
    }
    double gap = load / pods.size() / (settings.load() * cluster.gpuCapacityMilli());
    double seconds = 0;
    for (int i = settings.warmUpArrivals() + settings.windowArrivals(); i > 0; i--) {
      seconds -= Math.log(1 - draws.nextDouble()) * gap;
      int drawn = draws.nextInt(pods.size());
      double runs = times.draw(drawn, draws);
      arrivals.add(new Arrival(arrivals.size(), pods.get(drawn), seconds, runs));
    }
    return prefill.size();
  }

  private long milliOf(TracePod pod) {
    return milli.getOrDefault(pod.shape(), 0L);
  }

  ChurnReplay.Result run(String policy, long seed) {
    int sampleEvery = Math.max(1, settings.windowArrivals() / 100);
    int samples = 0;
    for (Arrival arrival : arrivals) {
      endPodsUntil(arrival.seconds);
      moveTo(arrival.seconds);
      cluster.seen(arrival.pod.shape(), now);
      if (cluster.tryAgain(arrival.asPod(), settings.keepSeconds() > 0, now)) {
        start(arrival);
      } else {
        waiting.add(arrival);
      }
      int inWindow = arrival.index - windowFrom();
      if (inWindow >= 0 && inWindow % sampleEvery == 0) {
        cluster
            .strandedPercent(scenario)
            .forEach((cause, percent) -> stranded.merge(cause, percent, Double::sum));
        samples++;
      }
    }
    waiting.stream()
        .filter(arrival -> cluster.couldHold(arrival.pod.shape()))
        .forEach(this::noteOvertaken);
    int sampled = samples;
    stranded.replaceAll((cause, sum) -> sum / sampled);
    double length = windowEnd() - windowStart();
    return new ChurnReplay.Result(
        policy,
        seed,
        arrivals.size() - prefilled,
        (int)
            arrivals.stream()
                .filter(arrival -> arrival.index >= prefilled && arrival.placedSeconds >= 0)
                .count(),
        gpuArea / length,
        offered(),
        cpuArea / length,
        waitingTimes(),
        stranded,
        maxOvertaken,
        (int)
            arrivals.stream()
                .filter(arrival -> arrival.index >= windowFrom())
                .filter(arrival -> !cluster.couldHold(arrival.pod.shape()))
                .count());
  }

  private void endPodsUntil(double seconds) {
    while (true) {
      Arrival next =
          running.stream()
              .min(Comparator.comparingDouble(Arrival::endSeconds).thenComparing(a -> a.index))
              .filter(arrival -> arrival.endSeconds() <= seconds)
              .orElse(null);
      letIn(next == null ? seconds : next.endSeconds());
      if (next == null) {
        return;
      }
      moveTo(next.endSeconds());
      running.remove(next);
      cluster.end(next.asPod(), now);
      waiting.sort(
          Comparator.comparing((Arrival arrival) -> -arrival.pod.priority())
              .thenComparing(arrival -> arrival.index));
      boolean placed = true;
      while (placed) { // a pod placed may take a kept node's last room, which opens the rest of it
        placed = List.copyOf(waiting).stream().anyMatch(this::tryAgain);
      }
    }
  }

  /** Has pods that have waited for as long as room is kept look at all room, until a time. */
  private void letIn(double seconds) {
    double from = now;
    for (Arrival arrival : List.copyOf(waiting)) {
      double until = arrival.seconds + settings.keepSeconds();
      if (settings.keepSeconds() > 0 && until > from && until <= seconds) {
        moveTo(until);
        tryAgain(arrival);
      }
    }
  }

  private boolean tryAgain(Arrival arrival) {
    boolean mayWait = now < arrival.seconds + settings.keepSeconds();
    if (!cluster.tryAgain(arrival.asPod(), mayWait, now)) {
      return false;
    }
    waiting.remove(arrival);
    noteOvertaken(arrival);
    start(arrival);
    return true;
  }

  private void start(Arrival arrival) {
    arrival.placedSeconds = now;
    running.add(arrival);
  }

  private void noteOvertaken(Arrival waited) {
    long overtaken =
        arrivals.stream()
            .filter(other -> other.index > waited.index && other.placedSeconds >= 0)
            .filter(other -> other.pod.priority() <= waited.pod.priority())
            .count();
    maxOvertaken = Math.max(maxOvertaken, (int) overtaken);
  }

  private void moveTo(double seconds) {
    double part = Math.min(seconds, windowEnd()) - Math.max(now, windowStart());
    if (part > 0) {
      gpuArea += part * cluster.gpuPercent();
      cpuArea += part * cluster.cpuPercent();
    }
    now = seconds;
  }

  private int windowFrom() {
    return prefilled + settings.warmUpArrivals();
  }

  private double windowStart() {
    return windowFrom() == 0 ? 0 : arrivals.get(windowFrom() - 1).seconds;
  }

  private double windowEnd() {
    return arrivals.get(arrivals.size() - 1).seconds;
  }

  private double offered() {
    double area = 0;
    for (Arrival arrival : arrivals) {
      double from = Math.max(arrival.seconds, windowStart());
      double to = Math.min(arrival.seconds + arrival.runSeconds, windowEnd());
      area += Math.max(0, to - from) * milliOf(arrival.pod);
    }
    return 100 * area / cluster.gpuCapacityMilli() / (windowEnd() - windowStart());
  }

  private Map<String, WaitingTimes> waitingTimes() {
    Map<String, WaitingTimes> times = new TreeMap<>();
    for (PodClass podClass : PodClass.values()) {
      List<Arrival> ofClass =
          arrivals.stream()
              .filter(arrival -> arrival.index >= windowFrom())
              .filter(arrival -> PodClass.of(arrival.pod.shape()) == podClass)
              .filter(arrival -> cluster.couldHold(arrival.pod.shape()))
              .toList();
      double[] waited =
          ofClass.stream()
              .mapToDouble(a -> (a.placedSeconds < 0 ? windowEnd() : a.placedSeconds) - a.seconds)
              .sorted()
              .toArray();
      times.put(
          podClass.key(),
          new WaitingTimes(
              waited.length,
              Arrays.stream(waited).average().orElse(0),
              quantile(waited, 50),
              quantile(waited, 95),
              quantile(waited, 99),
              (int) ofClass.stream().filter(a -> a.placedSeconds < 0).count()));
    }
    return times;
  }

  /** The value that so many percent of the values lie below. */
  private static double quantile(double[] sorted, int percent) {
    return sorted.length == 0 ? 0 : sorted[percent * sorted.length / 100];
  }
}
