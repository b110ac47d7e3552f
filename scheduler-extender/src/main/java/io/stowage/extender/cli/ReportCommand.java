package io.stowage.extender.cli;

import io.stowage.extender.experiment.ExperimentReport;
import io.stowage.extender.experiment.InvalidExperimentException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code stowage report}: joins the results of an experiment in one report. */
@Command(
    name = "report",
    description =
        "Join what stowage experiment wrote, in one directory or several, in one report with"
            + " plots.")
public final class ReportCommand implements Callable<Integer> {
  private static final int MOST_NAMED = 3;

  @Spec private @Nullable CommandSpec spec;

  @Parameters(paramLabel = "DIR", arity = "1..*", description = "directories of parts")
  private List<Path> parts = List.of();

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "where report.html and its data are written")
  private Path out = Path.of("");

  @Option(
      names = "--partial",
      description = "make the report of the runs that are there; it names those that are missing")
  private boolean partial;

  @Override
  public Integer call() throws IOException {
    if (spec == null) {
      throw new IllegalStateException("run by picocli alone");
    }
    if (Files.exists(out) && !Files.isDirectory(out)) {
      throw new ParameterException(spec.commandLine(), "--out: not a directory: " + out);
    }
    ExperimentReport report;
    try {
      report = ExperimentReport.join(parts);
    } catch (InvalidExperimentException e) {
      throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()));
    }
    List<String> missing = report.missing();
    if (!missing.isEmpty() && !partial) {
      int more = missing.size() - MOST_NAMED;
      throw new ParameterException(
          spec.commandLine(),
          "%s missing: %s%s; run stowage experiment for them, or report with --partial"
              .formatted(
                  missing.size() == 1 ? "1 run is" : missing.size() + " runs are",
                  String.join("; ", missing.subList(0, Math.min(MOST_NAMED, missing.size()))),
                  more > 0 ? "; and " + more + " more" : ""));
    }
    report.write(out);
    PrintWriter output = spec.commandLine().getOut();
    output.println(
        out.resolve("report.html")
            + (missing.isEmpty() ? "" : ", " + missing.size() + " runs are missing in it"));
    output.flush();
    return 0;
  }
}
