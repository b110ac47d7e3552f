package io.stowage.extender.experiment;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.LongStream;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The runs of an earlier replay, which another one is compared with. */
public final class ReplayBaseline {
  private static final JsonMapper MAPPER =
      JsonMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();
  private static final String POLICY = "policy";
  private static final String SEED = "seed";
  private static final String MEAN = "mean";

  /** What a difference of two decimal numbers may exceed another by, being the same. */
  private static final double ROUNDING = 1e-9;

  private final String name;
  private final ReplayOrigin origin;
  private final ReportCase runs;

  private ReplayBaseline(String name, ReplayOrigin origin, ReportCase runs) {
    this.name = name;
    this.origin = origin;
    this.runs = runs;
  }

  /**
   * Reads what {@link ReplayFigures#json} wrote.
   *
   * @throws InvalidExperimentException where there is no file, or it says too little to be compared
   *     with
   */
  public static ReplayBaseline read(Path file) throws InvalidExperimentException {
    try {
      return read(file.toString(), MAPPER.readTree(Files.readString(file, StandardCharsets.UTF_8)));
    } catch (NoSuchFileException e) {
      throw new InvalidExperimentException("no such file: " + e.getFile());
    } catch (JacksonException e) {
      String line =
          e.getLocation() == null || e.getLocation().getLineNr() < 1
              ? ""
              : " line " + e.getLocation().getLineNr();
      throw new InvalidExperimentException(
          file + line + ": expected JSON of stowage replay: " + e.getOriginalMessage());
    } catch (IOException e) {
      throw new InvalidExperimentException(file + ": cannot be read: " + e);
    }
  }

  private static ReplayBaseline read(String name, JsonNode document)
      throws InvalidExperimentException {
    JsonNode replay = document.path("replay");
    if (!replay.path("stowage").isString()
        || !replay.path("settings").isObject()
        || !replay.path("input").isObject()) {
      throw new InvalidExperimentException(
          name
              + ": replay: expected an object with stowage, settings and input, by which is known"
              + " what was replayed; write the file anew with stowage replay --json");
    }
    ReplayOrigin origin =
        new ReplayOrigin(
            replay.path("stowage").asString(),
            map(replay.path("settings")),
            map(replay.path("input")));
    JsonNode runs = document.path("runs");
    if (!runs.isArray() || runs.isEmpty()) {
      throw new InvalidExperimentException(name + ": runs: expected a list of one or more");
    }
    List<RunResult> read = new ArrayList<>();
    Set<List<Object>> seen = new HashSet<>();
    for (int i = 0; i < runs.size(); i++) {
      String where = "%s: runs[%d]".formatted(name, i);
      RunResult run = run(where, runs.path(i), origin);
      if (!seen.add(List.of(ReportCase.policy(run), run.figures().getOrDefault(SEED, "")))) {
        throw new InvalidExperimentException(
            where + ": expected one run of a policy and seed, there was one before");
      }
      read.add(run);
    }
    return new ReplayBaseline(name, origin, new ReportCase("", "", origin.settings(), read));
  }

  private static RunResult run(String where, JsonNode run, ReplayOrigin origin)
      throws InvalidExperimentException {
    if (!run.path(POLICY).isString()) {
      throw new InvalidExperimentException(
          where + ".policy: expected a name, was " + text(run.path(POLICY)));
    }
    JsonNode seed = run.path(SEED);
    boolean asDecided = origin.isAsDecided(run.path(POLICY).asString());
    if (asDecided ? !seed.isMissingNode() : !(seed.isIntegralNumber() && seed.canConvertToLong())) {
      throw new InvalidExperimentException(
          "%s.seed: expected %s, was %s"
              .formatted(where, asDecided ? "none" : "a whole number", text(seed)));
    }
    for (String figure : origin.allocations()) {
      JsonNode percent = run.path(figure);
      if (!percent.isNumber() || !(percent.asDouble() >= 0 && percent.asDouble() <= 100)) {
        throw new InvalidExperimentException(
            "%s.%s: expected a number from 0 to 100, was %s"
                .formatted(where, figure, text(percent)));
      }
    }
    return new RunResult(map(run), List.of());
  }

  private static Map<String, Object> map(JsonNode object) {
    return MAPPER.convertValue(object, new TypeReference<LinkedHashMap<String, Object>>() {});
  }

  private static String text(JsonNode node) {
    return node.isMissingNode() ? "none" : node.toString();
  }

  /**
   * Throws InvalidExperimentException with all that is different, unless a replay is of the same
   * workload on the same cluster under the same protocol, with every policy and seed of this one.
   *
   * @param policies the policies that are to be replayed now
   * @param firstSeed the first of their seeds
   * @param seeds how many
   */
  public void requireComparable(ReplayOrigin now, List<String> policies, long firstSeed, int seeds)
      throws InvalidExperimentException {
    List<String> differences = new ArrayList<>(origin.differencesTo(now));
    Set<Long> seedsNow =
        new TreeSet<>(LongStream.range(firstSeed, firstSeed + seeds).boxed().toList());
    for (String policy : replayed()) {
      TreeSet<Long> seedsThen = new TreeSet<>(runs.bySeed(policy).keySet());
      if (!policies.contains(policy)) {
        differences.add("policy " + policy + " was replayed, is not");
      } else if (!seedsThen.equals(seedsNow)) {
        differences.add(
            "seeds of %s were %s, are %s".formatted(policy, text(seedsThen), text(seedsNow)));
      }
    }
    if (!differences.isEmpty()) {
      throw new InvalidExperimentException(
          name + " cannot be compared with this replay: " + String.join("; ", differences));
    }
  }

  private static String text(Set<Long> seeds) {
    TreeSet<Long> sorted = new TreeSet<>(seeds);
    return sorted.size() == 1
        ? String.valueOf(sorted.first())
        : "%d from %d to %d".formatted(sorted.size(), sorted.first(), sorted.last());
  }

  /** Returns the policies without what was decided in a log. */
  private List<String> replayed() {
    return runs.policies().stream().filter(policy -> !origin.isAsDecided(policy)).toList();
  }

  /**
   * Compares a replay with this one.
   *
   * @param now the origin of the new one, which {@link #requireComparable} let pass
   * @param figures the figures of the new one
   * @param maxRegressionPoints how many percentage points of GPU allocation a policy may lose in
   *     the mean over its seeds
   */
  public BaselineComparison compare(
      ReplayOrigin now, ReplayFigures figures, double maxRegressionPoints) {
    ReportCase runsNow =
        new ReportCase(
            "",
            "",
            now.settings(),
            figures.runs().stream().map(run -> new RunResult(run, List.of())).toList());
    List<String> policies = replayed();
    List<String> notes = new ArrayList<>(origin.changesTo(now));
    for (String policy : runsNow.policies()) {
      if (!origin.isAsDecided(policy) && !policies.contains(policy)) {
        notes.add("policy " + policy + " is not in " + name);
      }
    }
    List<BaselineComparison.Row> rows = new ArrayList<>();
    for (String policy : policies) {
      addMeans(policy, runsNow, maxRegressionPoints, rows);
      addSeeds(policy, runsNow, rows);
    }
    return new BaselineComparison(name, maxRegressionPoints, rows, notes);
  }

  private void addMeans(
      String policy,
      ReportCase runsNow,
      double maxRegressionPoints,
      List<BaselineComparison.Row> rows) {
    Map<String, Double> then = runs.means(policy);
    Map<String, Double> now = runsNow.means(policy);
    for (String figure : origin.allocations()) {
      BaselineComparison.Row row = row(policy, MEAN, figure, then, now);
      rows.add(row.judged(-row.change() <= maxRegressionPoints + ROUNDING));
    }
    for (String figure : then.keySet()) {
      BaselineComparison.Row row = row(policy, MEAN, figure, then, now);
      if (isTold(figure) && row.change() != 0) {
        rows.add(row);
      }
    }
  }

  private static BaselineComparison.Row row(
      String policy,
      String seed,
      String figure,
      Map<String, Double> then,
      Map<String, Double> now) {
    return new BaselineComparison.Row(
        policy,
        seed,
        figure,
        then.getOrDefault(figure, Double.NaN),
        now.getOrDefault(figure, Double.NaN),
        false);
  }

  private void addSeeds(String policy, ReportCase runsNow, List<BaselineComparison.Row> rows) {
    Map<Long, Map<String, Double>> then = runs.bySeed(policy);
    if (then.size() < 2) {
      return;
    }
    Map<Long, Map<String, Double>> now = runsNow.bySeed(policy);
    then.forEach(
        (seed, figures) -> {
          for (String figure : origin.allocations()) {
            rows.add(
                row(policy, seed.toString(), figure, figures, now.getOrDefault(seed, Map.of())));
          }
        });
  }

  /** Tells whether a change of a figure is told; allocation alone decides. */
  private static boolean isTold(String figure) {
    return figure.equals("placed")
        || (figure.startsWith("waitingByClass.") && figure.endsWith(".meanSeconds"));
  }
}
