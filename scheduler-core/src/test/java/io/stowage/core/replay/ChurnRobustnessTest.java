package io.stowage.core.replay;

import static org.assertj.core.api.Assertions.assertThat;

import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.replay.ChurnArrivals.Arrival;
import io.stowage.core.trace.Scenario;
import io.stowage.core.trace.Traces;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What the plan costs in a busy cluster where the past tells little of what comes: every tenth node
 * of the public trace, its pods in an order that misleads a forecast, at times that keep the load
 * even.
 */
class ChurnRobustnessTest {
  private static final double ALLOWED_POINTS = 0.2;

  private static final long SEED = 42;
  private static final ChurnReplay.Settings SETTINGS = new ChurnReplay.Settings(0.9, 0, 20_000, 0);

  private final Scenario scenario = everyTenthNode(Traces.scenario("default"));
  private final Map<PodShape, Long> milli = scenario.gpuMilliByShape();

  private static Scenario everyTenthNode(Scenario whole) {
    List<Node> nodes =
        IntStream.range(0, whole.nodes().size())
            .filter(i -> i % 10 == 0)
            .mapToObj(whole.nodes()::get)
            .toList();
    return new Scenario(nodes, List.of(), whole.pods());
  }

  private PodShape shape(Arrival arrival) {
    return scenario.pods().get(arrival.pod()).shape();
  }

  private long milli(Arrival arrival) {
    return milli.getOrDefault(shape(arrival), 0L);
  }

  private List<Arrival> reordered(MisleadingOrder misleading, List<Arrival> arrivals) {
    List<Arrival> prefilled = arrivals.stream().filter(arrival -> arrival.seconds() == 0).toList();
    List<Arrival> later = arrivals.subList(prefilled.size(), arrivals.size());
    List<Arrival> ordered =
        misleading.of(later, this::shape, shape -> milli.getOrDefault(shape, 0L));
    List<Arrival> all = new ArrayList<>(prefilled);
    all.addAll(spread(ordered, later.get(later.size() - 1).seconds()));
    return all;
  }

  /** Gives arrivals new times up to a last one, each later than the one before by its load. */
  private List<Arrival> spread(List<Arrival> arrivals, double lastSeconds) {
    double whole = arrivals.stream().mapToDouble(this::load).sum();
    double before = 0;
    List<Arrival> spread = new ArrayList<>();
    for (Arrival arrival : arrivals) {
      before += load(arrival);
      spread.add(new Arrival(arrival.pod(), lastSeconds * before / whole, arrival.runSeconds()));
    }
    return spread;
  }

  /** A pod without GPU counts as a tenth of one, or all of them would come at once. */
  private double load(Arrival arrival) {
    return Math.max(100, milli(arrival)) * arrival.runSeconds();
  }

  private ChurnReplay.Result run(String policy, MisleadingOrder misleading) {
    return ChurnReplay.run(
        scenario,
        List.of(),
        SETTINGS,
        policy,
        SEED,
        arrivals -> reordered(misleading, arrivals),
        Progress.NONE);
  }

  @ParameterizedTest
  @EnumSource(MisleadingOrder.class)
  void aWrongForecastCostsLittle(MisleadingOrder misleading) {
    ChurnReplay.Result fgd = run("fgd", misleading);
    ChurnReplay.Result stowage = run("stowage", misleading);
    System.out.printf(
        "%s: offered %.2f; fgd %.2f, mean waits %s; stowage %.2f, mean waits %s%n",
        misleading,
        fgd.gpuOfferedPercent(),
        fgd.gpuAllocationPercent(),
        meanWaits(fgd),
        stowage.gpuAllocationPercent(),
        meanWaits(stowage));
    assertThat(stowage.gpuAllocationPercent())
        .isGreaterThanOrEqualTo(fgd.gpuAllocationPercent() - ALLOWED_POINTS);
  }

  private static String meanWaits(ChurnReplay.Result result) {
    return result.waitingByClass().entrySet().stream()
        .map(entry -> "%s %.0f s".formatted(entry.getKey(), entry.getValue().meanSeconds()))
        .collect(Collectors.joining(", "));
  }
}
