package io.stowage.extender.page;

import io.stowage.core.bound.Effort;
import io.stowage.core.bound.GpuBound;
import io.stowage.extender.observe.BoundQuestion;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What nobody could pass, over time: asked every sixth sample at most, worked out beside the page's
 * thread, which this belongs to.
 *
 * <p>A bound is shown in the first sample after it was found, and again where the next question is
 * the same: it says nothing of a cluster that has changed. After each, {@value #REST} times as long
 * as it took is waited. One that took longer than {@link #LONGEST} is not shown, and asked again
 * after {@link #RETRY}.
 */
final class BoundLine {
  /** Little enough for the background, and within a percent or so of the lowest bound. */
  static final Effort EFFORT = new Effort(20, 200_000_000L, 30);

  static final int SAMPLES_APART = 6;
  static final int REST = 20;
  static final Duration LONGEST = Duration.ofSeconds(10);
  static final Duration RETRY = Duration.ofHours(1);

  private static final Logger LOG = LoggerFactory.getLogger(BoundLine.class);

  private final Executor executor;
  private final LongSupplier nanoClock;
  private int samplesToGo;
  private boolean rests;
  private long restsUntilNanos;
  private @Nullable BoundQuestion asked;
  private @Nullable CompletableFuture<Answer> underWay;
  private Shown last = Shown.NONE;

  /**
   * What a sample shows.
   *
   * @param gpuPercent the bound in percent of the capacity; NaN where there is none now
   * @param note why there is none, empty where there is one or will be soon
   */
  record Shown(double gpuPercent, String note) {
    static final Shown NONE = new Shown(Double.NaN, "");
  }

  private record Answer(Shown shown, long startNanos, long endNanos) {}

  /**
   * Creates it.
   *
   * @param executor runs what takes long
   * @param nanoClock a monotonic clock in nanoseconds, any thread
   */
  BoundLine(Executor executor, LongSupplier nanoClock) {
    this.executor = executor;
    this.nanoClock = nanoClock;
  }

  /** Returns what a sample shows now, and has the next bound worked out where it is time to. */
  Shown sample(Supplier<BoundQuestion> question) {
    samplesToGo--;
    if (underWay == null
        && samplesToGo <= 0
        && !(rests && nanoClock.getAsLong() - restsUntilNanos < 0)) {
      samplesToGo = SAMPLES_APART;
      BoundQuestion now = question.get();
      if (now.equals(asked) && last.note().isEmpty()) {
        return last;
      }
      asked = now;
      underWay = CompletableFuture.supplyAsync(() -> answer(now), executor);
    }
    CompletableFuture<Answer> running = underWay;
    if (running == null || !running.isDone()) {
      return new Shown(Double.NaN, last.note());
    }
    underWay = null;
    Answer answer = running.join();
    last = answer.shown();
    long tookNanos = answer.endNanos() - answer.startNanos();
    rests = true;
    restsUntilNanos =
        answer.endNanos() + (last.note().isEmpty() ? REST * tookNanos : RETRY.toNanos());
    return last;
  }

  private Answer answer(BoundQuestion question) {
    long startNanos = nanoClock.getAsLong();
    Shown shown;
    try {
      GpuBound bound = question.answer(EFFORT);
      shown =
          bound.capacityGpuMilli() == 0 ? Shown.NONE : new Shown(bound.gpuAllocationPercent(), "");
    } catch (RuntimeException e) {
      LOG.error("the bound could not be worked out", e);
      shown = new Shown(Double.NaN, "the bound could not be worked out, the log says why");
    }
    long endNanos = nanoClock.getAsLong();
    long tookNanos = endNanos - startNanos;
    if (tookNanos > LONGEST.toNanos()) {
      shown =
          new Shown(
              Double.NaN,
              "the bound took too long to work out: %d s".formatted(tookNanos / 1_000_000_000));
    }
    return new Answer(shown, startNanos, endNanos);
  }
}
