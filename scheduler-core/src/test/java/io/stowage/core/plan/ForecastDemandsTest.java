package io.stowage.core.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.stowage.core.cluster.GpuDevice;
import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.cluster.Resources;
import io.stowage.core.forecast.ShapeForecast;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ForecastDemandsTest {
  private static final String GPU = "gpu";
  private static final PodShape ONE = shape(4, GpuRequest.whole(GPU, 1));
  private static final PodShape SHARE = shape(1, GpuRequest.share(GPU, 500));
  private static final PodShape TWO = shape(8, GpuRequest.whole(GPU, 2));

  private static PodShape shape(long cores, GpuRequest gpu) {
    return PodShape.of(Resources.of(1000 * cores, 1), gpu);
  }

  private static ShapeForecast forecast(PodShape shape, double part) {
    return new ShapeForecast(shape, part, 1, 100, 100 * part, 1);
  }

  private static List<NodeRoom> rooms(int nodes, long cores, int gpus, int gpusKeptFor) {
    List<NodeRoom> rooms = new ArrayList<>();
    for (int i = 0; i < nodes; i++) {
      List<GpuDevice> devices = new ArrayList<>();
      List<Long> free = new ArrayList<>();
      for (int gpu = 0; gpu < gpus; gpu++) {
        devices.add(new GpuDevice(gpu, "T4", 1000));
        free.add(1000L);
      }
      rooms.add(
          new NodeRoom(
              gpusKeptFor + "-" + i,
              Resources.of(1000 * cores, 1 << 20),
              100,
              GPU,
              devices,
              free,
              gpusKeptFor));
    }
    return rooms;
  }

  private static RoomTotals totals(int nodes, long cores, int gpus, int gpusKeptFor) {
    return RoomTotals.of(rooms(nodes, cores, gpus, gpusKeptFor));
  }

  private static Map<PodShape, Integer> counts(List<Demand> demands) {
    Map<PodShape, Integer> counts = new HashMap<>();
    demands.forEach(demand -> counts.merge(demand.shape(), demand.count(), Integer::sum));
    return counts;
  }

  @Test
  void shapesShareTheFreeGpusInProportionToTheirArrivals() {
    Map<PodShape, Integer> counts =
        counts(
            new ForecastDemands()
                .of(List.of(forecast(ONE, 0.5), forecast(SHARE, 0.5)), totals(30, 96, 8, 0)));
    assertThat(counts.get(ONE)).as("0.95 x 240 GPUs / 0.75 a pod / 2").isEqualTo(152);
    assertThat(counts.get(SHARE)).isEqualTo(152);
  }

  @Test
  void theResourceThatRunsOutFirstLimitsAll() {
    Map<PodShape, Integer> counts =
        counts(new ForecastDemands().of(List.of(forecast(ONE, 1)), totals(10, 8, 8, 0)));
    assertThat(counts.get(ONE)).as("0.95 x 80 cores / 4").isEqualTo(19);
  }

  @Test
  void nodesKeptForSeveralGpusAreFilledWithThose() {
    List<NodeRoom> rooms = new ArrayList<>(rooms(10, 96, 8, 0));
    rooms.addAll(rooms(5, 96, 8, 2));
    Map<PodShape, Integer> counts =
        counts(
            new ForecastDemands()
                .of(List.of(forecast(ONE, 0.9), forecast(TWO, 0.1)), RoomTotals.of(rooms)));
    assertThat(counts.get(ONE)).isEqualTo(76);
    assertThat(counts.get(TWO)).isEqualTo(19);
  }

  @Test
  void rareShapesGetTheirTurn() {
    ForecastDemands demands = new ForecastDemands();
    PodShape rare = shape(2, GpuRequest.whole(GPU, 1));
    int rareSum = 0;
    for (int i = 0; i < 1_000; i++) {
      rareSum +=
          counts(
                  demands.of(
                      List.of(forecast(ONE, 0.99), forecast(rare, 0.01)), totals(1, 96, 8, 0)))
              .getOrDefault(rare, 0);
    }
    assertThat(rareSum).as("7.6 pods a time, of which 0.01").isCloseTo(76, within(2));
  }

  @Test
  void nothingIsExpectedWhereNothingIsFreeOrKnown() {
    assertThat(new ForecastDemands().of(List.of(), totals(1, 96, 8, 0))).isEmpty();
    assertThat(new ForecastDemands().of(List.of(forecast(ONE, 1)), new RoomTotals())).isEmpty();
    assertThat(new ForecastDemands().of(List.of(forecast(ONE, 1)), totals(3, 96, 0, 0))).isEmpty();
  }
}
