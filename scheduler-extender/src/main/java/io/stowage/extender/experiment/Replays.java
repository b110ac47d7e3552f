package io.stowage.extender.experiment;

import io.stowage.core.bound.Effort;
import io.stowage.core.policy.Policies;
import io.stowage.core.replay.BurstReplay;
import io.stowage.core.replay.ChurnReplay;
import io.stowage.core.replay.InflationReplay;
import io.stowage.core.replay.Progress;
import io.stowage.core.replay.RecordedReplay;
import io.stowage.core.replay.RecordedWorkload;
import io.stowage.core.replay.ReplayBound;
import io.stowage.extender.yaml.NearestName;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/** Runs replays; the one place where a protocol is chosen and its result becomes figures. */
public final class Replays {
  private static final double NANOS_PER_SECOND = 1e9;

  private Replays() {}

  /** Takes the points of a replay's curve on its way to somebody who wants to know how far. */
  private static final class Recorder implements Progress {
    private final Progress progress;
    private final List<Progress.Point> curve = new ArrayList<>();

    private Recorder(Progress progress) {
      this.progress = progress;
    }

    @Override
    public void update(double part) {
      progress.update(part);
    }

    @Override
    public void reached(Point point) {
      curve.add(point);
    }
  }

  /**
   * Throws IllegalArgumentException, with the nearest name, for one that no policy has.
   *
   * @param policy what somebody wrote
   */
  public static void requirePolicy(String policy) {
    if (!Policies.names().contains(policy)) {
      throw new IllegalArgumentException(
          "no policy is called '%s'; did you mean %s? Expected any of %s"
              .formatted(
                  policy,
                  NearestName.of(policy, Policies.names()).orElse("none"),
                  String.join(", ", Policies.names())));
    }
  }

  /**
   * Runs one replay.
   *
   * @throws IllegalArgumentException where the workload does not suit the protocol
   */
  public static RunResult run(
      Workload workload, ReplaySettings settings, String policy, long seed, Progress progress) {
    Recorder recorder = new Recorder(progress);
    long startNanos = System.nanoTime();
    Record result =
        switch (settings.protocol()) {
          case inflation -> InflationReplay.run(workload.scenario(), policy, seed, recorder);
          case churn ->
              ChurnReplay.run(
                  workload.scenario(),
                  workload.runTimes(),
                  settings.churn(),
                  policy,
                  seed,
                  recorder);
          case burst ->
              BurstReplay.run(
                  workload.scenario(),
                  policy,
                  settings.freeOrder(),
                  seed,
                  System::nanoTime,
                  recorder);
        };
    progress.update(1);
    return result(result, startNanos, recorder);
  }

  /** Runs what a log of decisions tells of; throws as {@link #run}. */
  public static RunResult recorded(
      RecordedWorkload workload, double keepSeconds, String policy, long seed, Progress progress) {
    Recorder recorder = new Recorder(progress);
    long startNanos = System.nanoTime();
    Record result = RecordedReplay.run(workload, keepSeconds, policy, seed, recorder);
    progress.update(1);
    return result(result, startNanos, recorder);
  }

  /** Adds up what was decided in a log itself. */
  public static RunResult asDecided(RecordedWorkload workload) {
    Recorder recorder = new Recorder(Progress.NONE);
    long startNanos = System.nanoTime();
    return result(RecordedReplay.asDecided(workload, recorder), startNanos, recorder);
  }

  private static RunResult result(Record result, long startNanos, Recorder recorder) {
    return new RunResult(
        ReplayFigures.run(result, (System.nanoTime() - startNanos) / NANOS_PER_SECOND),
        recorder.curve);
  }

  /** Proves what no policy could pass with a seed; throws as {@link #run}. */
  public static BoundFigures bound(
      Workload workload, ReplaySettings settings, long seed, Progress progress) {
    BoundFigures proven =
        switch (settings.protocol()) {
          case inflation ->
              BoundFigures.of(ReplayBound.inflation(workload.scenario(), seed, Effort.DEFAULT));
          case churn ->
              BoundFigures.of(
                  ReplayBound.churn(
                      workload.scenario(),
                      workload.runTimes(),
                      settings.churn(),
                      seed,
                      Effort.DEFAULT));
          case burst -> BoundFigures.of(ReplayBound.burst(workload.scenario(), Effort.DEFAULT));
        };
    progress.update(1);
    return proven;
  }

  /**
   * Runs all, so many at a time, and returns their results in order.
   *
   * @param threads how many at a time, null for one a core
   * @throws InvalidExperimentException where one throws IllegalArgumentException, once all have
   *     ended
   */
  public static <T> List<T> inParallel(List<Callable<T>> runs, @Nullable Integer threads)
      throws InterruptedException, InvalidExperimentException {
    int parallel = threads == null ? Runtime.getRuntime().availableProcessors() : threads;
    ExecutorService executor = Executors.newFixedThreadPool(parallel);
    try {
      List<T> results = new ArrayList<>();
      for (Future<T> future : executor.invokeAll(runs)) {
        results.add(future.get());
      }
      return results;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IllegalArgumentException refused) {
        throw new InvalidExperimentException(String.valueOf(refused.getMessage()));
      }
      throw new IllegalStateException(e.getCause());
    } finally {
      executor.shutdownNow();
    }
  }
}
