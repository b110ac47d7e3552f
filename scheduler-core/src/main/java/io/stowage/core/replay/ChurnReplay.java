package io.stowage.core.replay;

import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.fit.Fit;
import io.stowage.core.trace.PodClass;
import io.stowage.core.trace.Scenario;
import io.stowage.core.trace.TracePod;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * The churn protocol: pods arrive, wait where they must, run and end, so that the offered GPU load
 * is a given part of the cluster's capacity.
 *
 * <p>Pods come as {@link ChurnArrivals} draws them. A pod that fits nowhere waits; at every end of
 * a pod those waiting are tried by priority, then arrival. A pod that fits only room that the
 * policy keeps for others may have to wait as well, for a given time. Figures are taken from the
 * warm-up's last arrival to the window's last.
 */
public final class ChurnReplay {
  private static final int STRANDED_SAMPLES = 100;
  private static final double SECONDS_PER_HOUR = 3600;

  private final double keepSeconds;
  private final Placer placer;
  private final List<PodShape> shapes;

  /** Shapes that no node could hold if it were empty. */
  private final Set<PodShape> unplaceable;

  private final List<TracePod> pods;
  private final Map<PodShape, Long> gpuMilli;

  /** Which pod arrives when and for how long it runs; prefilled pods arrive at time 0. */
  private final int[] podOfArrival;

  private final double[] arrivalSeconds;
  private final double[] runSeconds;
  private final int prefilled;

  /** The first arrival of the window. */
  private final int windowFrom;

  private final double windowStartSeconds;
  private final double windowEndSeconds;

  private final PriorityQueue<Departure> departures = new PriorityQueue<>();
  private final WaitingQueue queue = new WaitingQueue();

  /** Pods that may take any room at a time to come, in the order of that time. */
  private final Deque<WaitingQueue.Queued> keptOut = new ArrayDeque<>();

  private final WaitingByClass waiting = new WaitingByClass();
  private final NavigableMap<Integer, CountTree> placedByPriority = new TreeMap<>();
  private int maxOvertaken;

  private double nowSeconds;
  private double gpuPercentSeconds;
  private double cpuPercentSeconds;
  private final Map<String, Double> strandedSums = new LinkedHashMap<>();
  private int strandedSamples;

  /**
   * How to run the protocol.
   *
   * @param load offered GPU load as a part of capacity, above 0, at most 10
   * @param warmUpArrivals arrivals before the window, at least 0
   * @param windowArrivals arrivals in the window, at least 1
   * @param keepSeconds how long a pod waits at most before it may have room that is kept for
   *     others, at least 0
   */
  public record Settings(double load, int warmUpArrivals, int windowArrivals, double keepSeconds) {
    /** Throws IllegalArgumentException for a value out of range. */
    public Settings {
      if (!(load > 0 && load <= 10)) {
        throw new IllegalArgumentException("load must be above 0 and at most 10, was " + load);
      }
      if (warmUpArrivals < 0 || windowArrivals < 1) {
        throw new IllegalArgumentException(
            "warm-up must be at least 0 and window at least 1 arrivals, were "
                + warmUpArrivals
                + " and "
                + windowArrivals);
      }
      if (!(keepSeconds >= 0 && keepSeconds < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException("keepSeconds must be at least 0, was " + keepSeconds);
      }
    }
  }

  /**
   * What a churn came to, averaged over the time of the window.
   *
   * @param policy the policy's name
   * @param seed the seed
   * @param arrivals how many pods arrived, prefilled ones left out
   * @param placed how many of them were placed by the end
   * @param gpuAllocationPercent allocated GPU of capacity
   * @param gpuOfferedPercent GPU that would be allocated if no pod ever had to wait, of capacity
   * @param cpuAllocationPercent allocated CPU of capacity
   * @param waitingByClass waiting times by the class's key
   * @param strandedGpuByCause stranded GPU in percent of capacity by the cause's key
   * @param maxOvertaken how often at most one pod was overtaken by later ones of no higher priority
   * @param unplaceable how many pods of the window no node could hold even if it were empty; they
   *     count in no other figure of waiting
   */
  public record Result(
      String policy,
      long seed,
      int arrivals,
      int placed,
      double gpuAllocationPercent,
      double gpuOfferedPercent,
      double cpuAllocationPercent,
      Map<String, WaitingTimes> waitingByClass,
      Map<String, Double> strandedGpuByCause,
      int maxOvertaken,
      int unplaceable) {

    /** Copies the maps, keeping their order. */
    public Result {
      waitingByClass = Collections.unmodifiableMap(new LinkedHashMap<>(waitingByClass));
      strandedGpuByCause = Collections.unmodifiableMap(new LinkedHashMap<>(strandedGpuByCause));
    }
  }

  private record Departure(double seconds, int arrival) implements Comparable<Departure> {
    @Override
    public int compareTo(Departure other) {
      int byTime = Double.compare(seconds, other.seconds);
      return byTime != 0 ? byTime : Integer.compare(arrival, other.arrival);
    }
  }

  /**
   * Runs one churn.
   *
   * @param runTimes pods to take run times from where the scenario's own have none
   * @param progress told the part done, from 0 to 1
   * @throws IllegalArgumentException where the cluster has no GPU, the workload asks for none, or
   *     there are no run times
   */
  public static Result run(
      Scenario scenario,
      List<TracePod> runTimes,
      Settings settings,
      String policyName,
      long seed,
      Progress progress) {
    return run(scenario, runTimes, settings, policyName, seed, UnaryOperator.identity(), progress);
  }

  /**
   * Runs one churn with its arrivals changed.
   *
   * @param changed returns the arrivals that are to come, as many and in the order of their times,
   *     for those drawn; the prefilled ones come first
   */
  static Result run(
      Scenario scenario,
      List<TracePod> runTimes,
      Settings settings,
      String policyName,
      long seed,
      UnaryOperator<List<ChurnArrivals.Arrival>> changed,
      Progress progress) {
    SplittableRandom random = new SplittableRandom(seed);
    SplittableRandom arrivalStream = random.split();
    Placer placer = new Placer(scenario, policyName, random.split(), Planning.Budget.CHURNING);
    ChurnArrivals arrivals =
        new ChurnArrivals(
            scenario, runTimes, settings.load, placer.cluster().gpuCapacityMilli(), arrivalStream);
    int total = arrivals.prefilled() + settings.warmUpArrivals + settings.windowArrivals;
    List<ChurnArrivals.Arrival> drawn =
        changed.apply(Stream.generate(arrivals::next).limit(total).toList());
    return new ChurnReplay(
            scenario,
            placer,
            drawn,
            arrivals.prefilled(),
            settings.warmUpArrivals,
            drawn.get(total - 1).seconds(),
            settings.keepSeconds)
        .run(policyName, seed, progress);
  }

  /**
   * Runs arrivals that are given.
   *
   * @param arrivals in the order of their times; those at time 0 are there from the start
   * @param endSeconds the end of the window, which starts at time 0
   * @param keepSeconds as of {@link Settings}
   * @throws IllegalArgumentException where no pod arrives after time 0
   */
  static Result runGiven(
      Scenario scenario,
      List<ChurnArrivals.Arrival> arrivals,
      double endSeconds,
      double keepSeconds,
      String policyName,
      long seed,
      Progress progress) {
    int prefilled = (int) arrivals.stream().filter(arrival -> arrival.seconds() == 0).count();
    if (prefilled == arrivals.size()) {
      throw new IllegalArgumentException("no pod arrives after the start");
    }
    Placer placer =
        new Placer(scenario, policyName, new SplittableRandom(seed), Planning.Budget.CHURNING);
    return new ChurnReplay(scenario, placer, arrivals, prefilled, 0, endSeconds, keepSeconds)
        .run(policyName, seed, progress);
  }

  private ChurnReplay(
      Scenario scenario,
      Placer placer,
      List<ChurnArrivals.Arrival> arrivals,
      int prefilled,
      int warmUpArrivals,
      double endSeconds,
      double keepSeconds) {
    this.placer = placer;
    this.keepSeconds = keepSeconds;
    this.prefilled = prefilled;
    this.windowFrom = prefilled + warmUpArrivals;
    this.pods = scenario.pods();
    this.gpuMilli = scenario.gpuMilliByShape();
    this.shapes = pods.stream().map(TracePod::shape).distinct().toList();
    this.unplaceable = unplaceable(scenario, shapes);
    int total = arrivals.size();
    podOfArrival = new int[total];
    arrivalSeconds = new double[total];
    runSeconds = new double[total];
    for (int i = 0; i < total; i++) {
      ChurnArrivals.Arrival arrival = arrivals.get(i);
      podOfArrival[i] = arrival.pod();
      arrivalSeconds[i] = arrival.seconds();
      runSeconds[i] = arrival.runSeconds();
    }
    windowStartSeconds = windowFrom == 0 ? 0 : arrivalSeconds[windowFrom - 1];
    windowEndSeconds = endSeconds;
  }

  private static Set<PodShape> unplaceable(Scenario scenario, List<PodShape> shapes) {
    Cluster empty = new Cluster();
    scenario.nodes().forEach(empty::putNode);
    Set<PodShape> unplaceable = new HashSet<>(shapes);
    empty.forEachNode(node -> unplaceable.removeIf(shape -> Fit.fits(shape, node)));
    return unplaceable;
  }

  private Result run(String policyName, long seed, Progress progress) {
    int windowArrivals = podOfArrival.length - windowFrom;
    int strandedEvery = Math.max(1, windowArrivals / STRANDED_SAMPLES);
    int pointEvery = Math.max(1, windowArrivals / Progress.POINTS);
    int placed = 0;
    for (int arrival = 0; arrival < podOfArrival.length; arrival++) {
      placed += departUntil(arrivalSeconds[arrival]);
      advance(arrivalSeconds[arrival]);
      TracePod pod = pods.get(podOfArrival[arrival]);
      placer.arrived(pod.shape(), nowSeconds);
      boolean waits = keepSeconds > 0 && !placer.hasRoomNotKept(pod.shape());
      if (!waits && placer.place(podOf(arrival), nowSeconds)) {
        placed += started(arrival);
      } else {
        WaitingQueue.Queued queued = new WaitingQueue.Queued(arrival, pod.priority(), pod.shape());
        queue.add(queued);
        if (keepSeconds > 0) {
          keptOut.add(queued);
        }
      }
      if (arrival >= windowFrom && (arrival - windowFrom) % strandedEvery == 0) {
        sampleStranded();
      }
      if (arrival >= windowFrom && (arrival - windowFrom) % pointEvery == 0) {
        progress.reached(
            new Progress.Point(
                (nowSeconds - windowStartSeconds) / SECONDS_PER_HOUR,
                placer.cluster().gpuAllocationPercent(),
                placer.cluster().cpuAllocationPercent(),
                queue.size()));
      }
      progress.update((double) arrival / podOfArrival.length);
    }
    if (nowSeconds < windowEndSeconds) {
      placed += departUntil(windowEndSeconds);
      advance(windowEndSeconds);
    }
    int unplaceableArrivals = 0;
    for (int arrival = windowFrom; arrival < podOfArrival.length; arrival++) {
      unplaceableArrivals += unplaceable.contains(pods.get(podOfArrival[arrival]).shape()) ? 1 : 0;
    }
    queue.forEach(
        pod -> {
          if (!unplaceable.contains(pod.shape())) {
            overtaken(pod);
            if (pod.arrival() >= windowFrom) {
              waiting.stillWaiting(
                  PodClass.of(pod.shape()), nowSeconds - arrivalSeconds[pod.arrival()]);
            }
          }
        });
    double windowSeconds = windowEndSeconds - windowStartSeconds;
    strandedSums.replaceAll((cause, sum) -> sum / strandedSamples);
    return new Result(
        policyName,
        seed,
        podOfArrival.length - prefilled,
        placed,
        gpuPercentSeconds / windowSeconds,
        offeredPercent(),
        cpuPercentSeconds / windowSeconds,
        waiting.figures(),
        strandedSums,
        maxOvertaken,
        unplaceableArrivals);
  }

  private Pod podOf(int arrival) {
    TracePod pod = pods.get(podOfArrival[arrival]);
    return new Pod(uid(arrival), "replay", pod.name(), pod.shape(), pod.priority());
  }

  private static String uid(int arrival) {
    return "pod-" + arrival;
  }

  /** Lets pods end up to a time and waiting ones follow; returns how many of these count. */
  private int departUntil(double seconds) {
    int placed = 0;
    for (Departure next = departures.peek();
        next != null && next.seconds <= seconds;
        next = departures.peek()) {
      placed += letInUntil(next.seconds);
      departures.poll();
      advance(next.seconds);
      NodeState freed = placer.remove(podOf(next.arrival), nowSeconds);
      for (WaitingQueue.Queued pod = queue.poll(queued -> follows(queued, freed));
          pod != null;
          pod = queue.poll(queued -> follows(queued, freed))) {
        overtaken(pod);
        if (isKeptOut(pod)) {
          placer.place(podOf(pod.arrival()), nowSeconds);
        } else {
          placer.placeOn(podOf(pod.arrival()), freed, nowSeconds);
        }
        placed += started(pod.arrival());
      }
    }
    return placed + letInUntil(seconds);
  }

  /**
   * Tells whether a pod that waits can be placed now that a node has more room. One that may have
   * any room fits nowhere else; for others zones may have changed elsewhere.
   */
  private boolean follows(WaitingQueue.Queued pod, NodeState freed) {
    return isKeptOut(pod) ? placer.hasRoomNotKept(pod.shape()) : Fit.fits(pod.shape(), freed);
  }

  private boolean isKeptOut(WaitingQueue.Queued pod) {
    return nowSeconds < keptOutUntil(pod);
  }

  private double keptOutUntil(WaitingQueue.Queued pod) {
    return arrivalSeconds[pod.arrival()] + keepSeconds;
  }

  /** Lets pods that have waited long enough by a time take any room; returns how many count. */
  private int letInUntil(double seconds) {
    int placed = 0;
    while (!keptOut.isEmpty() && keptOutUntil(keptOut.element()) <= seconds) {
      WaitingQueue.Queued pod = keptOut.remove();
      if (queue.remove(pod)) {
        advance(Math.max(nowSeconds, keptOutUntil(pod)));
        if (placer.place(podOf(pod.arrival()), nowSeconds)) {
          overtaken(pod);
          placed += started(pod.arrival());
        } else {
          queue.add(pod);
        }
      }
    }
    return placed;
  }

  /** Notes that a pod was placed now; returns 1 where it counts as an arrival. */
  private int started(int arrival) {
    departures.add(new Departure(nowSeconds + runSeconds[arrival], arrival));
    placedByPriority
        .computeIfAbsent(
            pods.get(podOfArrival[arrival]).priority(),
            priority -> new CountTree(podOfArrival.length))
        .add(arrival, 1);
    if (arrival >= windowFrom) {
      waiting.placed(
          PodClass.of(pods.get(podOfArrival[arrival]).shape()),
          nowSeconds - arrivalSeconds[arrival]);
    }
    return arrival >= prefilled ? 1 : 0;
  }

  /** Notes how many later pods of no higher priority were placed before this one. */
  private void overtaken(WaitingQueue.Queued pod) {
    int overtaken = 0;
    for (CountTree placed : placedByPriority.headMap(pod.priority(), true).values()) {
      overtaken += placed.countAfter(pod.arrival());
    }
    maxOvertaken = Math.max(maxOvertaken, overtaken);
  }

  /** Moves the clock and adds what was allocated meanwhile within the window. */
  private void advance(double seconds) {
    double from = Math.max(nowSeconds, windowStartSeconds);
    double to = Math.min(seconds, windowEndSeconds);
    if (to > from) {
      gpuPercentSeconds += (to - from) * placer.cluster().gpuAllocationPercent();
      cpuPercentSeconds += (to - from) * placer.cluster().cpuAllocationPercent();
    }
    nowSeconds = seconds;
  }

  private void sampleStranded() {
    placer
        .cluster()
        .strandedPercentByCause(shapes)
        .forEach((cause, percent) -> strandedSums.merge(cause, percent, Double::sum));
    strandedSamples++;
  }

  /** Returns the GPU that arrivals would hold in the window if none had to wait. */
  private double offeredPercent() {
    double milliSeconds = 0;
    for (int i = 0; i < podOfArrival.length; i++) {
      double from = Math.max(arrivalSeconds[i], windowStartSeconds);
      double to = Math.min(arrivalSeconds[i] + runSeconds[i], windowEndSeconds);
      milliSeconds +=
          Math.max(0, to - from) * gpuMilli.getOrDefault(pods.get(podOfArrival[i]).shape(), 0L);
    }
    return 100
        * milliSeconds
        / placer.cluster().gpuCapacityMilli()
        / (windowEndSeconds - windowStartSeconds);
  }
}
