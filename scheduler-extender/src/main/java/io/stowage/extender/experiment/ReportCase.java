package io.stowage.extender.experiment;

import io.stowage.core.replay.Progress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What policies came to in one case: an input in a variant under a protocol.
 *
 * @param input the input's name
 * @param variant the variant's name
 * @param settings the protocol and its settings, by name
 * @param runs the results of policies, their figures with the bound where it was proven
 */
public record ReportCase(
    String input, String variant, Map<String, Object> settings, List<RunResult> runs) {
  private static final String POLICY = "policy";
  private static final String SEED = "seed";
  private static final Set<String> NOT_COMPARED = Set.of(SEED, "seconds");

  /** Copies the list. */
  public ReportCase {
    runs = List.copyOf(runs);
  }

  /** Returns its title. */
  String title() {
    return input + ", " + variant + ", " + ReplaySettings.title(settings);
  }

  String protocol() {
    return String.valueOf(settings.get("protocol"));
  }

  /** Returns the policies in the order in which they first appear. */
  List<String> policies() {
    return runs.stream().map(ReportCase::policy).distinct().toList();
  }

  static String policy(RunResult run) {
    return String.valueOf(run.figures().get(POLICY));
  }

  ReplayFigures figures() {
    return new ReplayFigures(runs.stream().map(RunResult::figures).toList());
  }

  /** Returns a policy's means by name, nested names joined by dots. */
  Map<String, Double> means(String policy) {
    Map<String, Double> means = new LinkedHashMap<>();
    figures().summary().stream()
        .filter(mean -> policy.equals(mean.get(POLICY)))
        .forEach(mean -> means.putAll(numbers(mean)));
    return means;
  }

  private static Map<String, Double> numbers(Map<String, Object> figures) {
    Map<String, Double> numbers = new LinkedHashMap<>();
    ReplayFigures.flat(figures)
        .forEach(
            (name, value) -> {
              if (value instanceof Number number && !NOT_COMPARED.contains(name)) {
                numbers.put(name, number.doubleValue());
              }
            });
    return numbers;
  }

  /** Returns a policy's figures by seed. */
  Map<Long, Map<String, Double>> bySeed(String policy) {
    Map<Long, Map<String, Double>> bySeed = new LinkedHashMap<>();
    for (RunResult run : runs) {
      if (policy(run).equals(policy) && run.figures().get(SEED) instanceof Number seed) {
        bySeed.put(seed.longValue(), numbers(run.figures()));
      }
    }
    return bySeed;
  }

  /**
   * Returns how much each figure of a policy exceeds that of another case and policy, over the
   * seeds that both have.
   */
  Map<String, PairedDifference> exceeding(String policy, ReportCase base, String basePolicy) {
    Map<Long, Map<String, Double>> of = bySeed(policy);
    Map<Long, Map<String, Double>> against = base.bySeed(basePolicy);
    Map<String, List<Double>> differences = new LinkedHashMap<>();
    of.forEach(
        (seed, figures) -> {
          Map<String, Double> others = against.getOrDefault(seed, Map.of());
          figures.forEach(
              (name, value) -> {
                Double other = others.get(name);
                if (other != null) {
                  differences.computeIfAbsent(name, n -> new ArrayList<>()).add(value - other);
                }
              });
        });
    return differences.entrySet().stream()
        .collect(
            Collectors.toMap(
                Map.Entry::getKey,
                entry -> PairedDifference.of(entry.getValue()),
                (a, b) -> a,
                LinkedHashMap::new));
  }

  /** Returns the names of the figures that any policy has. */
  Collection<String> figureNames() {
    Set<String> names = new LinkedHashSet<>();
    policies().forEach(policy -> names.addAll(means(policy).keySet()));
    return names;
  }

  /** Returns the mean curve of a policy, as far as all its runs have one. */
  List<Progress.Point> meanCurve(String policy) {
    List<List<Progress.Point>> curves =
        runs.stream().filter(run -> policy(run).equals(policy)).map(RunResult::curve).toList();
    int length = curves.stream().mapToInt(List::size).min().orElse(0);
    List<Progress.Point> mean = new ArrayList<>();
    for (int i = 0; i < length; i++) {
      int index = i;
      List<Progress.Point> points = curves.stream().map(curve -> curve.get(index)).toList();
      mean.add(
          new Progress.Point(
              points.stream().mapToDouble(Progress.Point::at).average().orElse(0),
              points.stream().mapToDouble(Progress.Point::gpuAllocationPercent).average().orElse(0),
              points.stream().mapToDouble(Progress.Point::cpuAllocationPercent).average().orElse(0),
              (int)
                  Math.round(
                      points.stream().mapToInt(Progress.Point::waitingPods).average().orElse(0))));
    }
    return mean;
  }
}
