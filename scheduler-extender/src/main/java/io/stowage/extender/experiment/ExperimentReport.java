package io.stowage.extender.experiment;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * The results of an experiment, joined.
 *
 * @param name its title
 * @param cases its cases with the results that are there
 * @param missing a text for each run whose result is not there
 */
public record ExperimentReport(String name, List<ReportCase> cases, List<String> missing) {
  private static final JsonMapper MAPPER =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  /** Copies the lists. */
  public ExperimentReport {
    cases = List.copyOf(cases);
    missing = List.copyOf(missing);
  }

  /**
   * Joins the directories of parts of one experiment.
   *
   * @param parts one or more
   * @throws InvalidExperimentException where one is no such directory or of another experiment
   */
  public static ExperimentReport join(List<Path> parts)
      throws IOException, InvalidExperimentException {
    List<RunFiles> files = parts.stream().map(RunFiles::new).toList();
    ExperimentPlan plan = files.get(0).plan();
    for (int i = 1; i < parts.size(); i++) {
      if (!files.get(i).plan().equals(plan)) {
        throw new InvalidExperimentException(
            "%s and %s: expected parts of one experiment, run by one version of Stowage on the same"
                    .formatted(parts.get(0), parts.get(i))
                + " input, are of different ones");
      }
    }
    List<String> missing = new ArrayList<>();
    List<ReportCase> cases = new ArrayList<>();
    for (ExperimentPlan.Case of : plan.cases()) {
      cases.add(joined(of, files, missing));
    }
    return new ExperimentReport(plan.name(), cases, missing);
  }

  private static ReportCase joined(
      ExperimentPlan.Case of, List<RunFiles> files, List<String> missing) {
    Map<Long, List<Map<String, Object>>> figuresBySeed = new LinkedHashMap<>();
    Map<Long, BoundFigures> boundBySeed = new LinkedHashMap<>();
    List<RunResult> results = new ArrayList<>();
    List<Map<String, Object>> figures = new ArrayList<>();
    for (ExperimentPlan.Run run : of.runs()) {
      List<String> broken = new ArrayList<>();
      Optional<RunResult> result = find(run.key(), files, broken);
      if (result.isEmpty()) {
        missing.add(
            "%s, %s, %s: %s, seed %d: %s"
                .formatted(
                    of.input(),
                    of.variant(),
                    ReplaySettings.title(of.settings()),
                    run.policy() == null ? "bound" : run.policy(),
                    run.seed(),
                    broken.isEmpty() ? "no runs/" + run.key() + ".json" : broken.get(0)));
      } else if (run.policy() == null) {
        boundBySeed.put(run.seed(), ExperimentRuns.bound(result.get()));
      } else {
        Map<String, Object> ofRun = new LinkedHashMap<>(result.get().figures());
        figuresBySeed.computeIfAbsent(run.seed(), seed -> new ArrayList<>()).add(ofRun);
        figures.add(ofRun);
        results.add(result.get());
      }
    }
    boundBySeed.forEach((seed, bound) -> bound.addTo(figuresBySeed.getOrDefault(seed, List.of())));
    List<RunResult> withBound = new ArrayList<>();
    for (int i = 0; i < results.size(); i++) {
      withBound.add(new RunResult(figures.get(i), results.get(i).curve()));
    }
    return new ReportCase(of.input(), of.variant(), of.settings(), withBound);
  }

  private static Optional<RunResult> find(String key, List<RunFiles> parts, List<String> broken) {
    for (RunFiles files : parts) {
      try {
        Optional<RunResult> result = files.result(key);
        if (result.isPresent()) {
          return result;
        }
      } catch (InvalidExperimentException e) {
        broken.add(String.valueOf(e.getMessage()));
      }
    }
    return Optional.empty();
  }

  /**
   * A comparison of one figure over paired seeds.
   *
   * @param of the case that is compared
   * @param policy the policy that is compared
   * @param againstVariant the variant that it is compared with
   * @param againstPolicy the policy that it is compared with
   */
  record Comparison(
      ReportCase of,
      String policy,
      String againstVariant,
      String againstPolicy,
      String figure,
      PairedDifference difference) {}

  /** Returns each policy against the first in each case, and each variant against the first. */
  List<Comparison> comparisons() {
    List<Comparison> comparisons = new ArrayList<>();
    for (ReportCase of : cases) {
      List<String> policies = of.policies();
      for (String policy : policies) {
        if (!policy.equals(policies.get(0))) {
          add(of, policy, of, policies.get(0), comparisons);
        }
        ReportCase first = firstVariant(of);
        if (first != null && first.policies().contains(policy)) {
          add(of, policy, first, policy, comparisons);
        }
      }
    }
    return comparisons;
  }

  /** Returns the same input and settings in the first variant, null where it is that itself. */
  private @Nullable ReportCase firstVariant(ReportCase of) {
    return cases.stream()
        .filter(other -> other.input().equals(of.input()) && other.settings().equals(of.settings()))
        .findFirst()
        .filter(first -> !first.variant().equals(of.variant()))
        .orElse(null);
  }

  private static void add(
      ReportCase of,
      String policy,
      ReportCase against,
      String againstPolicy,
      List<Comparison> comparisons) {
    of.exceeding(policy, against, againstPolicy)
        .forEach(
            (figure, difference) ->
                comparisons.add(
                    new Comparison(
                        of, policy, against.variant(), againstPolicy, figure, difference)));
  }

  /**
   * Writes the page {@code report.html} and beside it {@code runs.json}, {@code runs.csv}, {@code
   * differences.csv} and {@code curves.csv}, the last two only where there are any.
   */
  public void write(Path directory) throws IOException {
    Files.createDirectories(directory);
    List<Map<String, Object>> runs = new ArrayList<>();
    List<Map<String, Object>> full = new ArrayList<>();
    List<Map<String, Object>> curves = new ArrayList<>();
    for (ReportCase of : cases) {
      for (RunResult run : of.runs()) {
        Map<String, Object> row = row(of);
        row.putAll(run.figures());
        runs.add(row);
        Map<String, Object> withCurve = new LinkedHashMap<>(row);
        withCurve.put("curve", run.curve());
        full.add(withCurve);
        run.curve()
            .forEach(
                point -> {
                  Map<String, Object> at = row(of);
                  at.put("policy", run.figures().getOrDefault("policy", ""));
                  at.put("seed", run.figures().getOrDefault("seed", ""));
                  at.put("at", point.at());
                  at.put("gpuAllocationPercent", point.gpuAllocationPercent());
                  at.put("cpuAllocationPercent", point.cpuAllocationPercent());
                  at.put("waitingPods", point.waitingPods());
                  curves.add(at);
                });
      }
    }
    List<Map<String, Object>> differences =
        comparisons().stream().map(ExperimentReport::row).toList();
    writeCsv(runs, directory.resolve("runs.csv"));
    writeCsv(curves, directory.resolve("curves.csv"));
    writeCsv(differences, directory.resolve("differences.csv"));
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("name", name);
    document.put("missing", missing);
    document.put("runs", full);
    document.put("differences", differences);
    Files.writeString(
        directory.resolve("runs.json"),
        MAPPER.writeValueAsString(document),
        StandardCharsets.UTF_8);
    Files.writeString(
        directory.resolve("report.html"), ReportHtml.of(this), StandardCharsets.UTF_8);
  }

  /** Writes a table, or removes that of a former report where there is nothing to write. */
  private static void writeCsv(List<Map<String, Object>> rows, Path file) throws IOException {
    if (rows.isEmpty()) {
      Files.deleteIfExists(file);
    } else {
      new ReplayFigures(rows).writeCsv(file);
    }
  }

  private static Map<String, Object> row(ReportCase of) {
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("input", of.input());
    row.put("variant", of.variant());
    row.put("settings", of.settings());
    return row;
  }

  private static Map<String, Object> row(Comparison comparison) {
    Map<String, Object> row = row(comparison.of());
    row.put("policy", comparison.policy());
    row.put("againstVariant", comparison.againstVariant());
    row.put("againstPolicy", comparison.againstPolicy());
    row.put("figure", comparison.figure());
    row.put("pairs", comparison.difference().pairs());
    row.put("mean", comparison.difference().mean());
    Double low = comparison.difference().low();
    Double high = comparison.difference().high();
    if (low != null && high != null) {
      row.put("low95", low);
      row.put("high95", high);
    }
    return row;
  }
}
