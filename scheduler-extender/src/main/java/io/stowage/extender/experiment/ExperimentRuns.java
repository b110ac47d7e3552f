package io.stowage.extender.experiment;

import io.stowage.core.replay.Progress;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/** The runs of an experiment, or of a part of it, that are still to be made. */
public final class ExperimentRuns {
  private final RunFiles files;
  private final List<Todo> todo = new ArrayList<>();
  private final List<String> broken = new ArrayList<>();
  private int done;

  private record Todo(
      ExperimentPlan.Case of, ExperimentPlan.Run run, Workload workload, ReplaySettings settings) {}

  private ExperimentRuns(RunFiles files) {
    this.files = files;
  }

  /**
   * Reads an experiment, writes its plan, and looks which results are there.
   *
   * @param file the experiment's file
   * @param shard which part of the runs
   * @param stowage the version of Stowage, a part of what results are known by
   * @throws InvalidExperimentException where the experiment or one of its inputs is refused
   */
  public static ExperimentRuns prepare(Path file, RunFiles files, Shard shard, String stowage)
      throws IOException, InvalidExperimentException {
    Experiment experiment = Experiment.read(file);
    Path directory = Optional.ofNullable(file.toAbsolutePath().getParent()).orElse(file);
    ExperimentPlan plan = ExperimentPlan.of(experiment, directory, stowage);
    ExperimentRuns runs = new ExperimentRuns(files);
    Set<String> keys = new HashSet<>(plan.keys(shard));
    List<ExperimentPlan.Case> cases = new ArrayList<>(plan.cases());
    for (ExperimentInput input : experiment.inputs()) {
      Workload workload = input.read(directory);
      for (ClusterVariant variant : experiment.variants()) {
        Workload changed = changed(workload, variant, input);
        for (ReplaySettings settings : experiment.protocols()) {
          ExperimentPlan.Case of = cases.remove(0);
          for (ExperimentPlan.Run run : of.runs()) {
            if (keys.remove(run.key())) {
              runs.add(new Todo(of, run, changed, settings));
            }
          }
        }
      }
    }
    files.write(plan);
    return runs;
  }

  private static Workload changed(Workload workload, ClusterVariant variant, ExperimentInput input)
      throws InvalidExperimentException {
    try {
      return workload.changed(variant);
    } catch (InvalidExperimentException e) {
      throw new InvalidExperimentException(
          "variant %s of input %s: %s".formatted(variant.name(), input.name(), e.getMessage()));
    }
  }

  private void add(Todo run) {
    try {
      if (files.result(run.run.key()).isPresent()) {
        done++;
        return;
      }
    } catch (InvalidExperimentException e) {
      broken.add(String.valueOf(e.getMessage()));
    }
    todo.add(run);
  }

  /** Returns how many are to be run. */
  public int todo() {
    return todo.size();
  }

  /** Returns how many results were there. */
  public int done() {
    return done;
  }

  /** Returns a sentence on each file that is no result; its run is made again. */
  public List<String> broken() {
    return List.copyOf(broken);
  }

  /**
   * Makes the runs that are left; each result is written as soon as it is there.
   *
   * @param progress told how far, one for each run
   * @param threads how many at a time, null for one a core
   * @throws InvalidExperimentException where a workload does not suit its protocol
   */
  public void run(Supplier<Progress> progress, @Nullable Integer threads)
      throws InterruptedException, InvalidExperimentException {
    List<Callable<RunResult>> calls = new ArrayList<>();
    for (Todo run : todo) {
      Progress ofRun = progress.get();
      calls.add(
          () -> {
            RunResult result = result(run, ofRun);
            files.write(run.of, run.run, result);
            return result;
          });
    }
    Replays.inParallel(calls, threads);
  }

  private static RunResult result(Todo run, Progress progress) {
    String policy = run.run.policy();
    long seed = run.run.seed();
    try {
      return policy == null
          ? ofBound(Replays.bound(run.workload, run.settings, seed, progress))
          : Replays.run(run.workload, run.settings, policy, seed, progress);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "input %s, variant %s: %s".formatted(run.of.input(), run.of.variant(), e.getMessage()),
          e);
    }
  }

  private static RunResult ofBound(BoundFigures bound) {
    return new RunResult(
        JsonMapper.shared().convertValue(bound, new TypeReference<>() {}), List.of());
  }

  /** Returns the bound that a run was written for. */
  static BoundFigures bound(RunResult result) {
    return JsonMapper.shared().convertValue(result.figures(), BoundFigures.class);
  }
}
