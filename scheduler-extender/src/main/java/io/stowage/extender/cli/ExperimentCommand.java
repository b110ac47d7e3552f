package io.stowage.extender.cli;

import io.stowage.extender.experiment.ExperimentRuns;
import io.stowage.extender.experiment.InvalidExperimentException;
import io.stowage.extender.experiment.RunFiles;
import io.stowage.extender.experiment.Shard;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code stowage experiment}: runs the replays of a file, or a part of them. */
@Command(
    name = "experiment",
    description =
        "Run the replays that a YAML file describes, or a part of them; results that are there are"
            + " kept. stowage report makes a report of them.")
public final class ExperimentCommand implements Callable<Integer> {
  private static final int MOST_THREADS = 1024;

  @Spec private @Nullable CommandSpec spec;

  @Parameters(paramLabel = "FILE", description = "the experiment, as docs/experiments.md says")
  private Path file = Path.of("");

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "where results are written, and found again")
  private Path out = Path.of("");

  @Option(
      names = "--shard",
      paramLabel = "I/N",
      description =
          "run the I-th of N parts; N alone in a pod of an indexed Job, whose "
              + Shard.INDEX_VARIABLE
              + " is I - 1")
  private @Nullable String shard;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "runs at a time, default: one a core; results do not depend on it")
  private @Nullable Integer threads;

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (spec == null) {
      throw new IllegalStateException("run by picocli alone");
    }
    if (threads != null && (threads < 1 || threads > MOST_THREADS)) {
      throw new ParameterException(
          spec.commandLine(), "--threads: expected 1 to " + MOST_THREADS + ", was " + threads);
    }
    if (Files.exists(out) && !Files.isDirectory(out)) {
      throw new ParameterException(spec.commandLine(), "--out: not a directory: " + out);
    }
    Shard part;
    try {
      part = Shard.of(shard, System.getenv(Shard.INDEX_VARIABLE));
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), "--shard: " + e.getMessage());
    }
    PrintWriter output = spec.commandLine().getOut();
    PrintWriter errors = spec.commandLine().getErr();
    try {
      ExperimentRuns runs =
          ExperimentRuns.prepare(file, new RunFiles(out), part, Stowage.version());
      runs.broken().forEach(broken -> errors.println(broken + "; run again"));
      errors.flush();
      try (Progression progression = new Progression(runs.todo())) {
        runs.run(progression::ofRun, threads);
      }
      output.println(
          "%d runs made, %d found; stowage report %s --out DIR shows them"
              .formatted(runs.todo(), runs.done(), out));
      output.flush();
      return 0;
    } catch (InvalidExperimentException e) {
      throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()));
    }
  }
}
