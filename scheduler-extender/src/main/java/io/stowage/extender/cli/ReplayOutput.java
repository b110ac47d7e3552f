package io.stowage.extender.cli;

import io.stowage.extender.experiment.BaselineComparison;
import io.stowage.extender.experiment.InvalidExperimentException;
import io.stowage.extender.experiment.ReplayBaseline;
import io.stowage.extender.experiment.ReplayFigures;
import io.stowage.extender.experiment.ReplayOrigin;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Where the figures of a replay are written, and what they are compared with. */
final class ReplayOutput {
  private static final double MAX_REGRESSION_POINTS = 0.2;
  private static final int NOT_PASSED = 3;

  @Option(
      names = "--json",
      paramLabel = "FILE",
      description = "write all runs and their means as JSON; - for standard output")
  private @Nullable Path jsonFile;

  @Option(names = "--csv", paramLabel = "FILE", description = "write all runs as CSV")
  private @Nullable Path csvFile;

  @Option(
      names = "--report",
      paramLabel = "DIR",
      description = "write a report with plots to DIR/report.html, and its data beside it")
  private @Nullable Path reportDirectory;

  @Option(
      names = "--baseline",
      paramLabel = "FILE",
      description =
          "what an earlier replay of the same wrote with --json: compare, and exit with 3 where a"
              + " policy has lost GPU allocation")
  private @Nullable Path baselineFile;

  @Option(
      names = "--max-regression",
      paramLabel = "POINTS",
      description =
          "with --baseline: how many percentage points of GPU allocation a policy may lose, 0 to"
              + " 100, default: "
              + MAX_REGRESSION_POINTS)
  private @Nullable Double maxRegressionPoints;

  /** Refuses a tolerance without a baseline or out of its range, and a baseline to write over. */
  void check(CommandLine command) throws IOException {
    if (baselineFile == null) {
      if (maxRegressionPoints != null) {
        throw new ParameterException(command, "--max-regression goes with --baseline");
      }
      return;
    }
    if (maxRegressionPoints != null && !(maxRegressionPoints >= 0 && maxRegressionPoints <= 100)) {
      throw new ParameterException(
          command,
          "--max-regression: expected 0 to 100 percentage points, was " + maxRegressionPoints);
    }
    if (jsonFile != null
        && Files.exists(jsonFile)
        && Files.exists(baselineFile)
        && Files.isSameFile(jsonFile, baselineFile)) {
      throw new ParameterException(
          command, "--json: expected another file than --baseline, was " + jsonFile);
    }
  }

  /** Returns where a report is wanted, null where none is. */
  @Nullable Path reportDirectory() {
    return reportDirectory;
  }

  /** Tells whether it has to be known what is replayed. */
  boolean needsOrigin() {
    return jsonFile != null || baselineFile != null;
  }

  /**
   * Reads the baseline, where one is named.
   *
   * @throws InvalidExperimentException where it is none
   */
  Optional<ReplayBaseline> baseline() throws IOException, InvalidExperimentException {
    return baselineFile == null ? Optional.empty() : Optional.of(ReplayBaseline.read(baselineFile));
  }

  /**
   * Writes what there is to write and returns the exit code.
   *
   * @param title what stands above the table
   * @param origin there where {@link #needsOrigin} says so
   */
  int write(
      CommandLine command,
      String title,
      ReplayFigures figures,
      Optional<ReplayOrigin> origin,
      Optional<ReplayBaseline> baseline)
      throws IOException {
    PrintWriter out = command.getOut();
    PrintWriter told = out;
    if (csvFile != null) {
      figures.writeCsv(csvFile);
    }
    if (jsonFile != null && !jsonFile.toString().equals("-")) {
      Files.writeString(jsonFile, figures.json(origin.orElseThrow()), StandardCharsets.UTF_8);
    }
    if (jsonFile != null && jsonFile.toString().equals("-")) {
      out.println(figures.json(origin.orElseThrow()));
      told = command.getErr();
    } else {
      out.println(title);
      out.println(figures.table());
    }
    out.flush();
    if (baseline.isEmpty()) {
      return ExitCode.OK;
    }
    BaselineComparison comparison =
        baseline
            .get()
            .compare(
                origin.orElseThrow(),
                figures,
                maxRegressionPoints == null ? MAX_REGRESSION_POINTS : maxRegressionPoints);
    told.print(comparison.text());
    told.flush();
    return comparison.passed() ? ExitCode.OK : NOT_PASSED;
  }
}
