package io.stowage.core.forecast;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.cluster.Resources;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ForecastTest {
  private static final PodShape ONE = whole(1_000, 1);
  private static final PodShape TWO = whole(2_000, 2);
  private static final PodShape EIGHT = whole(8_000, 8);
  private static final PodShape SHARE =
      PodShape.of(Resources.of(1_000, 0), GpuRequest.share("gpu", 500));

  private record Event(double seconds, PodShape shape, boolean end) {}

  @ParameterizedTest
  @ValueSource(longs = {201, 202, 203})
  void ratesPartsAndRunTimesAreThoseOfANaiveRecount(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<PodShape> shapes = List.of(ONE, TWO, EIGHT, SHARE);
    Forecast forecast = new Forecast();
    List<Event> arrivals = new ArrayList<>();
    List<Event> starts = new ArrayList<>();
    List<Event> ends = new ArrayList<>();
    List<PodShape> running = new ArrayList<>();
    double now = 0;
    forecast.running(SHARE, now);
    starts.add(new Event(now, SHARE, false));
    running.add(SHARE);
    for (int i = 0; i < 300; i++) {
      now += 10 * random.nextDouble();
      PodShape shape = shapes.get(random.nextInt(4) * random.nextInt(4) / 3);
      if (random.nextInt(3) > 0 || running.isEmpty()) {
        forecast.arrived(shape, now);
        arrivals.add(new Event(now, shape, false));
        if (random.nextBoolean()) {
          forecast.started(shape, now);
          starts.add(new Event(now, shape, false));
          running.add(shape);
        }
      } else {
        PodShape ended = running.remove(random.nextInt(running.size()));
        forecast.ended(ended, now);
        ends.add(new Event(now, ended, true));
      }
    }
    Recount recount = new Recount(arrivals, starts, ends, now);
    double parts = 0;
    for (ShapeForecast shape : forecast.mix()) {
      parts += shape.part();
      assertThat(shape.part()).isCloseTo(recount.part(shape.shape()), within(1e-9));
      assertThat(shape.arrivalsPerSecond())
          .isCloseTo(recount.perSecond(shape.shape()), within(1e-9));
      assertThat(shape.meanRunSeconds())
          .isCloseTo(recount.meanSeconds(shape.shape()), within(1e-5));
      assertThat(shape.loadErrorPods()).isPositive();
    }
    assertThat(parts).isCloseTo(1, within(1e-9));
    assertThat(forecast.mix())
        .extracting(ShapeForecast::part)
        .isSortedAccordingTo((a, b) -> Double.compare(b, a));
  }

  /** All from the list of events, each weighed by the arrivals that came after it. */
  private record Recount(
      List<Event> arrivals, List<Event> starts, List<Event> ends, double nowSeconds) {

    private double weightAt(double seconds) {
      long later = arrivals.stream().filter(event -> event.seconds > seconds).count();
      return Math.exp(-(double) later / Forecast.MEMORY_ARRIVALS);
    }

    private double weightedSeconds(double from) {
      double sum = 0;
      double at = from;
      for (Event event : arrivals) {
        if (event.seconds > at) {
          sum += (event.seconds - at) * weightAt(at);
          at = event.seconds;
        }
      }
      return sum + (nowSeconds - at);
    }

    private double count(List<Event> events, Set<PodShape> shapes) {
      return events.stream()
          .filter(event -> shapes.contains(event.shape))
          .mapToDouble(event -> weightAt(event.seconds))
          .sum();
    }

    double part(PodShape shape) {
      return count(arrivals, Set.of(shape)) / count(arrivals, Set.of(ONE, TWO, EIGHT, SHARE));
    }

    double perSecond(PodShape shape) {
      return count(arrivals, Set.of(shape)) / weightedSeconds(0);
    }

    private double exposure(Set<PodShape> shapes) {
      double started =
          starts.stream()
              .filter(event -> shapes.contains(event.shape))
              .mapToDouble(event -> weightedSeconds(event.seconds))
              .sum();
      double after =
          ends.stream()
              .filter(event -> shapes.contains(event.shape))
              .mapToDouble(event -> weightedSeconds(event.seconds))
              .sum();
      return started - after;
    }

    double meanSeconds(PodShape shape) {
      Set<PodShape> all = Set.of(ONE, TWO, EIGHT, SHARE);
      double ofAll = exposure(all) / count(ends, all);
      Set<PodShape> one = Set.of(shape); // each of the shapes is a class of its own
      double ofClass = (exposure(one) + 3 * ofAll) / (count(ends, one) + 3);
      return (exposure(one) + 3 * ofClass) / (count(ends, one) + 3);
    }
  }

  /** Pods come at random and run for times of a heavy tail, of which most are not seen to end. */
  @ParameterizedTest
  @ValueSource(longs = {211, 212, 213})
  void loadsAreThoseOfTheStreamWithinTheErrorStated(long seed) {
    Stream stream = new Stream(new Forecast(), seed);
    stream.run(40_000, random -> random.nextInt(50) == 0 ? EIGHT : ONE);
    for (ShapeForecast shape : stream.forecast.mix()) {
      double perSecond = shape.shape().equals(EIGHT) ? 1 / 50.0 : 49 / 50.0;
      double load = perSecond * stream.meanRunSeconds();
      assertThat(shape.arrivalsPerSecond()).isCloseTo(perSecond, within(0.15 * perSecond));
      assertThat(shape.loadPods())
          .as("load of %s, seed %s", shape, seed)
          .isCloseTo(load, within(4 * shape.loadErrorPods()));
      assertThat(shape.loadErrorPods()).isLessThan(0.25 * load);
    }
  }

  @Test
  void aRestartKnowsTheLoadFromThePodsThatRun() {
    Forecast forecast = new Forecast();
    for (int i = 0; i < 300; i++) {
      forecast.running(i < 100 ? EIGHT : ONE, 1_000);
    }
    assertThat(of(forecast, EIGHT).part()).isCloseTo(1 / 3.0, within(1e-9));
    assertThat(of(forecast, EIGHT).loadPods()).as("before any end").isInfinite();
    forecast.arrived(ONE, 1_010);
    forecast.ended(ONE, 1_020);
    assertThat(of(forecast, EIGHT).loadPods()).isEqualTo(100);
    assertThat(of(forecast, EIGHT).loadErrorPods()).isEqualTo(10);
    assertThat(of(forecast, ONE).loadPods()).isCloseTo(199, within(1.0));
    for (int i = 0; i < 300; i++) {
      forecast.arrived(SHARE, 1_030 + i);
    }
    assertThat(of(forecast, EIGHT).part()).as("what arrives counts by now").isZero();
    assertThat(of(forecast, EIGHT).loadPods()).as("but they still run").isEqualTo(100);
  }

  @Test
  void podsThatArriveAtTheVeryStartTellNothingOfRates() {
    Forecast forecast = new Forecast();
    for (int i = 0; i < 50; i++) {
      forecast.arrived(EIGHT, 0);
      forecast.started(EIGHT, 0);
    }
    forecast.arrived(ONE, 100);
    assertThat(of(forecast, EIGHT).arrivalsPerSecond()).isZero();
    assertThat(of(forecast, EIGHT).part()).isCloseTo(50 / 51.0, within(1e-4));
    assertThat(of(forecast, ONE).arrivalsPerSecond()).isCloseTo(0.01, within(1e-5));
  }

  @Test
  void aColdStartGivesAForecastFromTheFirstPodOn() {
    Forecast forecast = new Forecast();
    assertThat(forecast.mix()).isEmpty();
    forecast.arrived(ONE, 5);
    assertThat(of(forecast, ONE).part()).isEqualTo(1);
    assertThat(of(forecast, ONE).meanRunSeconds()).isInfinite();
    forecast.started(ONE, 6);
    forecast.arrived(TWO, 7);
    forecast.ended(ONE, 16);
    assertThat(of(forecast, ONE).meanRunSeconds()).isCloseTo(10, within(1e-3));
    assertThat(of(forecast, TWO).meanRunSeconds())
        .as("of a class of which nothing is known: that of all pods")
        .isCloseTo(10, within(1e-3));
    assertThat(forecast.mix())
        .allSatisfy(shape -> assertThat(shape.loadPods()).isFinite().isNotNegative());
  }

  @ParameterizedTest
  @ValueSource(longs = {221, 222, 223})
  void aChangedMixIsLearntSoon(long seed) {
    Stream stream = new Stream(new Forecast(), seed);
    stream.run(60_000, random -> random.nextInt(20) == 0 ? EIGHT : ONE);
    assertThat(stream.forecast.mixChanges()).as("no change, seed %s", seed).isZero();
    stream.run(10_000, random -> random.nextInt(5) == 0 ? EIGHT : TWO);
    assertThat(stream.forecast.mixChanges()).isPositive();
    assertThat(of(stream.forecast, EIGHT).part()).isCloseTo(0.2, within(0.05));
    assertThat(of(stream.forecast, TWO).part()).isCloseTo(0.8, within(0.1));
  }

  @Test
  void aBurstOfReplicasIsNotTakenForAChange() {
    Stream stream = new Stream(new Forecast(), 231);
    stream.run(30_000, random -> random.nextInt(10) == 0 ? EIGHT : ONE);
    stream.run(5_000, random -> TWO);
    assertThat(stream.forecast.mixChanges()).isZero();
    assertThat(of(stream.forecast, TWO).part()).isLessThan(0.2);
    stream.run(100_000, random -> random.nextInt(10) == 0 ? EIGHT : ONE);
    assertThat(stream.forecast.mixChanges()).isZero();
    assertThat(of(stream.forecast, EIGHT).part()).isCloseTo(0.1, within(0.01));
  }

  @Test
  void aBurstMixedIntoTheStreamIsForgottenAgain() {
    Stream stream = new Stream(new Forecast(), 232);
    stream.run(30_000, random -> random.nextInt(10) == 0 ? EIGHT : ONE);
    stream.run(
        12_000, random -> random.nextBoolean() ? TWO : random.nextInt(10) == 0 ? EIGHT : ONE);
    stream.run(30_000, random -> random.nextInt(10) == 0 ? EIGHT : ONE);
    assertThat(of(stream.forecast, TWO).part()).isLessThan(0.02);
    assertThat(of(stream.forecast, EIGHT).part()).isCloseTo(0.1, within(0.02));
  }

  @Test
  void theRarestShapesAreForgottenButNoneThatRuns() {
    Forecast forecast = new Forecast(100);
    for (int i = 0; i < 50; i++) {
      forecast.arrived(whole(500_000 + i, 4), i);
      forecast.started(whole(500_000 + i, 4), i);
    }
    for (int i = 0; i < 10_000; i++) {
      forecast.arrived(i % 2 == 0 ? ONE : whole(i, 1), 50 + i);
    }
    List<ShapeForecast> mix = forecast.mix();
    assertThat(mix).hasSizeLessThanOrEqualTo(100);
    assertThat(mix.get(0).shape()).isEqualTo(ONE);
    assertThat(mix.stream().mapToDouble(ShapeForecast::part).sum()).isCloseTo(1, within(1e-9));
    Set<PodShape> kept = new HashSet<>();
    mix.forEach(shape -> kept.add(shape.shape()));
    for (int i = 0; i < 50; i++) {
      assertThat(kept).contains(whole(500_000 + i, 4));
    }
    assertThatThrownBy(() -> new Forecast(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("shapeLimit must be at least 1, was 0");
  }

  @Test
  void shapesDifferByModelsAndByEveryResource() {
    Forecast forecast = new Forecast();
    forecast.arrived(ONE, 0);
    forecast.arrived(new PodShape(ONE.request(), ONE.gpu(), new TreeSet<>(List.of("T4"))), 1);
    forecast.arrived(PodShape.of(Resources.of(1_000, 1), ONE.gpu()), 2);
    assertThat(forecast.mix()).hasSize(3);
  }

  @Test
  void millionsOfArrivalsChangeNothingInTheFigures() {
    Forecast forecast = new Forecast();
    for (int i = 0; i < 2_500_000; i++) {
      forecast.arrived(i % 4 == 0 ? TWO : ONE, i * 0.5);
      forecast.started(i % 4 == 0 ? TWO : ONE, i * 0.5);
      if (i >= 8) {
        forecast.ended(i % 4 == 0 ? TWO : ONE, i * 0.5);
      }
    }
    assertThat(of(forecast, TWO).arrivalsPerSecond()).isCloseTo(0.5, within(1e-3));
    assertThat(of(forecast, TWO).meanRunSeconds()).isCloseTo(4, within(1e-3));
    assertThat(of(forecast, TWO).loadPods()).isCloseTo(2, within(1e-2));
    assertThat(of(forecast, ONE).loadPods()).isCloseTo(6, within(1e-2));
  }

  private static ShapeForecast of(Forecast forecast, PodShape shape) {
    return forecast.mix().stream()
        .filter(candidate -> candidate.shape().equals(shape))
        .findFirst()
        .orElseThrow();
  }

  private static PodShape whole(long cpuMilli, int gpus) {
    return PodShape.of(Resources.of(cpuMilli, 0), GpuRequest.whole("gpu", gpus));
  }

  /** Pods that arrive at random, one a second on average, and find room at once. */
  private static final class Stream {
    private final Forecast forecast;
    private final SplittableRandom random;
    private final PriorityQueue<Event> ends =
        new PriorityQueue<>((a, b) -> Double.compare(a.seconds, b.seconds));
    private double now;

    Stream(Forecast forecast, long seed) {
      this.forecast = forecast;
      this.random = new SplittableRandom(seed);
    }

    /** The mean of a log-normal time with a median of 300 s. */
    double meanRunSeconds() {
      return 300 * Math.exp(1.5 * 1.5 / 2);
    }

    void run(int arrivals, java.util.function.Function<SplittableRandom, PodShape> shapes) {
      for (int i = 0; i < arrivals; i++) {
        now -= Math.log(1 - random.nextDouble());
        for (Event end = ends.peek(); end != null && end.seconds <= now; end = ends.peek()) {
          ends.poll();
          forecast.ended(end.shape, end.seconds);
        }
        PodShape shape = shapes.apply(random);
        forecast.arrived(shape, now);
        forecast.started(shape, now);
        double seconds = 300 * Math.exp(1.5 * random.nextGaussian());
        ends.add(new Event(now + seconds, shape, true));
      }
    }
  }
}
