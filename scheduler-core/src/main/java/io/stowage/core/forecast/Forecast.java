package io.stowage.core.forecast;

import io.stowage.core.cluster.PodShape;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Learns from the pods seen which shapes arrive, how often, and how long they run; recent pods
 * weigh more.
 *
 * <p>Weights fall by a factor of e over {@value #MEMORY_ARRIVALS} arrivals. They are kept the other
 * way round: each arrival weighs a little more than the one before, so that an event touches one
 * shape. Source: forward decay (Cormode, Shkapenyuk, Srivastava, Xu, "Forward Decay", ICDE 2009).
 *
 * <p>Pods that are there from the start, those that arrive at the time of the very first event
 * among them, tell nothing of rates: they stand in for the mix until as many have arrived.
 *
 * <p>A short memory is kept beside the long one. Where both differ by more than chance explains,
 * and still do two short memories later, the mix has changed and the long one is forgotten. A row
 * of equal pods counts as one in this comparison, so that a set of replicas is not taken for a
 * change.
 *
 * <p>Memory is bounded: beyond a number of shapes the rarest of those that do not run are
 * forgotten. Draws no clock; time must not run backwards. Not thread-safe.
 */
public final class Forecast {
  /** How many arrivals the weights take to fall by a factor of e. */
  public static final int MEMORY_ARRIVALS = 300_000;

  private static final int SHORT_MEMORY_ARRIVALS = 2_500;
  private static final int DEFAULT_SHAPES = 5_000;
  private static final double RESCALED_AT = 1e100;

  private final int shapeLimit;
  private final Map<PodShape, Seen> seen = new LinkedHashMap<>();
  private final Map<RunClass, RunTimeEstimate> runTimesByClass = new HashMap<>();
  private final RunTimeEstimate runTimes = new RunTimeEstimate();

  private final Memory longMemory = new Memory(MEMORY_ARRIVALS);
  private final Memory shortMemory = new Memory(SHORT_MEMORY_ARRIVALS);
  private final MixChange mixChange = new MixChange(2 * SHORT_MEMORY_ARRIVALS);

  /** The time on which run times are counted; runs as fast as the long memory's weights grow. */
  private double runClock;

  private double startSeconds = Double.NaN;
  private double nowSeconds;
  private long arrivals;
  private long presentAtStart;
  private @Nullable PodShape last;

  /** Pods that run alike: those that ask for the same number of GPUs in the same way. */
  private record RunClass(String gpuResource, int gpus, boolean share) {
    static RunClass of(PodShape shape) {
      return new RunClass(shape.gpu().resource(), shape.gpu().count(), shape.gpu().isShare());
    }
  }

  /** All that is known of one shape, weighed as the memories' weights were at the time. */
  static final class Seen {
    double longArrivals;
    double longRows;
    double shortArrivals;
    double shortRows;
    private int presentAtStart;
    private final RunTimeEstimate runTime = new RunTimeEstimate();
    private final RunTimeEstimate classRunTime;

    private Seen(RunTimeEstimate classRunTime) {
      this.classRunTime = classRunTime;
    }
  }

  /** Creates a forecast that has seen nothing and keeps up to {@value #DEFAULT_SHAPES} shapes. */
  public Forecast() {
    this(DEFAULT_SHAPES);
  }

  /**
   * Creates a forecast that has seen nothing.
   *
   * @param shapeLimit how many shapes it keeps at most, those that run apart; at least 1
   */
  public Forecast(int shapeLimit) {
    if (shapeLimit < 1) {
      throw new IllegalArgumentException("shapeLimit must be at least 1, was " + shapeLimit);
    }
    this.shapeLimit = shapeLimit;
  }

  /** Takes note of a pod that is running when the forecast begins; its arrival was not seen. */
  public void running(PodShape shape, double atSeconds) {
    advance(atSeconds);
    addPresentAtStart(of(shape));
    started(shape, atSeconds);
  }

  /** Takes note of a pod that arrived. */
  public void arrived(PodShape shape, double atSeconds) {
    advance(atSeconds);
    Seen pod = of(shape);
    if (nowSeconds <= startSeconds) {
      addPresentAtStart(pod);
      return;
    }
    arrivals++;
    longMemory.count();
    shortMemory.count();
    pod.longArrivals += longMemory.weight();
    pod.shortArrivals += shortMemory.weight();
    if (!shape.equals(last)) {
      pod.longRows += longMemory.weight();
      pod.shortRows += shortMemory.weight();
      longMemory.countRow();
      shortMemory.countRow();
    }
    last = shape;
    rescaleIfLarge();
    if (mixChange.isSureAfter(arrivals, seen.values(), shortMemory, longMemory)) {
      forgetLongMemory();
    }
  }

  private void addPresentAtStart(Seen pod) {
    pod.presentAtStart++;
    presentAtStart++;
  }

  /** Takes note of a pod that was placed. */
  public void started(PodShape shape, double atSeconds) {
    advance(atSeconds);
    Seen pod = of(shape);
    pod.runTime.started(runClock);
    pod.classRunTime.started(runClock);
    runTimes.started(runClock);
  }

  /** Takes note of a pod that ended after it was placed. */
  public void ended(PodShape shape, double atSeconds) {
    advance(atSeconds);
    Seen pod = of(shape);
    pod.runTime.ended(runClock, longMemory.weight());
    pod.classRunTime.ended(runClock, longMemory.weight());
    runTimes.ended(runClock, longMemory.weight());
  }

  /** Returns how often the mix was found to have changed. */
  public long mixChanges() {
    return mixChange.found();
  }

  /** Returns what is expected of each shape, most frequent first. */
  public List<ShapeForecast> mix() {
    boolean startCounts = arrivals < presentAtStart;
    double total = 0;
    Map<RunTimeEstimate, Double> classArrivals = new HashMap<>();
    for (Seen pod : seen.values()) {
      total += count(pod, startCounts);
      classArrivals.merge(
          pod.classRunTime, pod.longArrivals / longMemory.weight(), (a, b) -> a + b);
    }
    List<ShapeForecast> mix = new ArrayList<>(seen.size());
    for (Map.Entry<PodShape, Seen> entry : seen.entrySet()) {
      Seen pod = entry.getValue();
      double part = total == 0 ? 0 : count(pod, startCounts) / total;
      double seenOfClass = classArrivals.getOrDefault(pod.classRunTime, 0.0);
      mix.add(forecast(entry.getKey(), pod, part, seenOfClass));
    }
    mix.sort(Comparator.comparingDouble(ShapeForecast::part).reversed());
    return mix;
  }

  /** Returns how often a shape arrived, in arrivals just now. */
  private double count(Seen pod, boolean startCounts) {
    return pod.longArrivals / longMemory.weight() + (startCounts ? pod.presentAtStart : 0);
  }

  /**
   * Forecasts one shape. Its load is rate times run time; where its class's arrivals or ends are
   * few beside the pods of the class that run, which tell the load with the error of their own
   * count, the number running takes its part.
   */
  private ShapeForecast forecast(PodShape shape, Seen pod, double part, double classArrivals) {
    double weight = longMemory.weight();
    double perSecond = longMemory.seconds() > 0 ? pod.longArrivals / longMemory.seconds() : 0;
    double allSeconds = runTimes.meanSeconds(runClock);
    if (Double.isInfinite(allSeconds)) {
      return new ShapeForecast(shape, part, perSecond, allSeconds, allSeconds, allSeconds);
    }
    double classSeconds = pod.classRunTime.meanSeconds(runClock, weight, allSeconds);
    double seconds = pod.runTime.meanSeconds(runClock, weight, classSeconds);
    double known = Math.min(classArrivals, pod.classRunTime.ends(weight));
    double trust = known == 0 ? 0 : known / (known + 2.0 * pod.classRunTime.running());
    double flow = perSecond * seconds;
    double load = trust * flow + (1 - trust) * pod.runTime.running();
    double error = Math.sqrt(Math.max(load, trust == 0 ? 0 : 2 * trust * flow * flow / known));
    return new ShapeForecast(shape, part, perSecond, seconds, load, error);
  }

  private Seen of(PodShape shape) {
    Seen pod = seen.get(shape);
    if (pod == null) {
      if (seen.size() >= shapeLimit) {
        forgetRarest();
      }
      pod =
          new Seen(
              runTimesByClass.computeIfAbsent(RunClass.of(shape), added -> new RunTimeEstimate()));
      seen.put(shape, pod);
    }
    return pod;
  }

  /** Forgets a tenth of the shapes, the rarest, and at least one; none that runs. */
  private void forgetRarest() {
    List<Map.Entry<PodShape, Seen>> idle =
        new ArrayList<>(
            seen.entrySet().stream()
                .filter(entry -> entry.getValue().runTime.running() == 0)
                .sorted(
                    Comparator.comparingDouble(
                        (Map.Entry<PodShape, Seen> entry) -> count(entry.getValue(), true)))
                .limit(1 + shapeLimit / 10)
                .toList());
    for (Map.Entry<PodShape, Seen> entry : idle) {
      presentAtStart -= entry.getValue().presentAtStart;
      seen.remove(entry.getKey());
    }
  }

  private void advance(double atSeconds) {
    if (Double.isNaN(startSeconds)) {
      startSeconds = atSeconds;
      nowSeconds = atSeconds;
    }
    double passed = Math.max(0, atSeconds - nowSeconds);
    runClock += passed * longMemory.weight();
    longMemory.pass(passed);
    shortMemory.pass(passed);
    nowSeconds += passed;
  }

  private void rescaleIfLarge() {
    if (longMemory.weight() > RESCALED_AT) {
      double divisor = longMemory.rescale();
      for (Seen pod : seen.values()) {
        pod.longArrivals /= divisor;
        pod.longRows /= divisor;
        pod.runTime.rescale(divisor);
      }
      runTimesByClass.values().forEach(runTime -> runTime.rescale(divisor));
      runTimes.rescale(divisor);
      runClock /= divisor;
    }
    if (shortMemory.weight() > RESCALED_AT) {
      double divisor = shortMemory.rescale();
      for (Seen pod : seen.values()) {
        pod.shortArrivals /= divisor;
        pod.shortRows /= divisor;
      }
    }
  }

  /** Replaces arrivals as the long memory has them by what the short one has; run times stay. */
  private void forgetLongMemory() {
    double factor = longMemory.weight() / shortMemory.weight();
    longMemory.takeOver(shortMemory, factor);
    presentAtStart = 0;
    for (Seen pod : seen.values()) {
      pod.longArrivals = pod.shortArrivals * factor;
      pod.longRows = pod.shortRows * factor;
      pod.presentAtStart = 0;
    }
  }
}
