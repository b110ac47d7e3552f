package io.stowage.extender.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class AnswerTimesTest {

  private static AnswerTimes times(long count, double totalMillis, long upTo1, long upTo5) {
    TreeMap<Double, Long> counts = new TreeMap<>();
    counts.put(1.0, upTo1);
    counts.put(5.0, upTo5);
    return new AnswerTimes(count, totalMillis, counts);
  }

  @Test
  void quantileIsTheLimitOfTheBucketThatReachesIt() {
    AnswerTimes since = times(300, 400, 250, 299).since(times(100, 200, 100, 100));
    assertThat(since.count()).isEqualTo(200);
    assertThat(since.meanMillis()).isEqualTo(1);
    assertThat(since.quantileMillis(0.5)).isEqualTo(1);
    assertThat(since.quantileMillis(0.75)).isEqualTo(1);
    assertThat(since.quantileMillis(0.99)).isEqualTo(5);
    assertThat(since.quantileMillis(1)).isInfinite();
  }

  @Test
  void nothingAnsweredHasNoTime() {
    assertThat(AnswerTimes.NONE.meanMillis()).isNaN();
    assertThat(AnswerTimes.NONE.quantileMillis(0.5)).isNaN();
  }

  @Test
  void metricsTellTheirBuckets() {
    try (ServiceMetrics metrics = new ServiceMetrics()) {
      assertThat(metrics.answerTimes("filter")).isEqualTo(AnswerTimes.NONE);
      for (int i = 0; i < 99; i++) {
        metrics.answered("filter", "kept", 400_000);
      }
      metrics.answered("filter", "kept", 40_000_000);
      AnswerTimes times = metrics.answerTimes("filter");
      assertThat(times.count()).isEqualTo(100);
      assertThat(times.quantileMillis(0.99)).isEqualTo(0.5);
      assertThat(times.quantileMillis(1)).isEqualTo(50);
    }
  }
}
