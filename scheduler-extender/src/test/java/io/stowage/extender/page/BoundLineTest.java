package io.stowage.extender.page;

import static org.assertj.core.api.Assertions.assertThat;

import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.Pod;
import io.stowage.extender.observe.BoundQuestion;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class BoundLineTest {
  /** A GPU of four, and for each of them a milli-GPU, since 16 units do not divide 1000. */
  private static final BoundLine.Shown ONE_OF_FOUR = new BoundLine.Shown(25.1, "");

  private final Queue<Runnable> tasks = new ArrayDeque<>();
  private final AtomicLong nanos = new AtomicLong();

  /** How long it takes from one look at the clock to the next. */
  private final AtomicLong nanosALook = new AtomicLong();

  private final BoundLine line = new BoundLine(tasks::add, () -> nanos.getAndAdd(nanosALook.get()));
  private int asked;

  /** Four GPUs and so many pods of one that wait. */
  private Supplier<BoundQuestion> waiting(int pods) {
    return () -> {
      asked++;
      Node node = PageCluster.node("n1", 4);
      Cluster cluster = new Cluster();
      cluster.putNode(node);
      Pod pod = PageCluster.whole("pod", 1, 1);
      return BoundQuestion.of(
          List.of(node), cluster, List.of(), Collections.nCopies(pods, pod.shape()));
    };
  }

  private void workOut(Duration took) {
    nanosALook.set(took.toNanos());
    Objects.requireNonNull(tasks.poll(), "nothing is to be worked out").run();
    nanosALook.set(0);
  }

  @Test
  void boundIsShownInOneSampleAfterItWasWorkedOut() {
    assertThat(line.sample(waiting(1)).gpuPercent()).isNaN();
    assertThat(line.sample(waiting(1)).gpuPercent()).as("still being worked out").isNaN();
    workOut(Duration.ZERO);
    assertThat(line.sample(waiting(3))).isEqualTo(ONE_OF_FOUR);
    assertThat(line.sample(waiting(3)).gpuPercent()).as("it is that of one pod").isNaN();
    assertThat(asked).isEqualTo(1);
  }

  @Test
  void everySixthSampleAsksAndTheSameQuestionHasTheSameAnswer() {
    List<Integer> shown = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      BoundLine.Shown sample = line.sample(waiting(i < 10 ? 1 : 2));
      if (!Double.isNaN(sample.gpuPercent())) {
        shown.add(i * 100 + (int) sample.gpuPercent());
      }
      if (!tasks.isEmpty()) {
        workOut(Duration.ZERO);
      }
    }
    // Asked at 0, 6, 12 and 18; worked out at 0 and 12, each shown one sample later.
    assertThat(asked).isEqualTo(4);
    assertThat(shown).containsExactly(125, 625, 1350, 1850);
  }

  @Test
  void restsTwentyTimesAsLongAsItTook() {
    line.sample(waiting(1));
    workOut(Duration.ofSeconds(3));
    for (int i = 0; i < 10; i++) {
      line.sample(waiting(2));
    }
    assertThat(asked).isEqualTo(1);
    nanos.set(Duration.ofSeconds(63).toNanos() - 1);
    line.sample(waiting(2));
    assertThat(asked).isEqualTo(1);
    nanos.set(Duration.ofSeconds(63).toNanos());
    line.sample(waiting(2));
    assertThat(asked).isEqualTo(2);
  }

  @Test
  void boundThatTookTooLongIsLeftOutWithAWordWhy() {
    line.sample(waiting(1));
    workOut(Duration.ofSeconds(11));
    BoundLine.Shown tooLong =
        new BoundLine.Shown(Double.NaN, "the bound took too long to work out: 11 s");
    for (int i = 0; i < 10; i++) {
      assertThat(line.sample(waiting(1))).isEqualTo(tooLong);
    }
    assertThat(asked).isEqualTo(1);
    nanos.set(BoundLine.RETRY.plusSeconds(11).toNanos());
    assertThat(line.sample(waiting(1))).as("tried again").isEqualTo(tooLong);
    workOut(Duration.ofSeconds(1));
    assertThat(line.sample(waiting(1))).isEqualTo(ONE_OF_FOUR);
  }

  @Test
  void clusterWithoutGpuHasNoBound() {
    BoundLine atOnce = new BoundLine(Runnable::run, nanos::get);
    Supplier<BoundQuestion> none =
        () -> BoundQuestion.of(List.of(), new Cluster(), List.of(), List.of());
    assertThat(atOnce.sample(none)).isEqualTo(BoundLine.Shown.NONE);
  }
}
