package io.stowage.extender.experiment;

import io.stowage.core.replay.Progress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** A plot of a report, as the script in the page draws it. */
sealed interface ReportChart {

  /** Returns its kind by the name that the script knows. */
  String kind();

  /**
   * Lines.
   *
   * @param along what is along the bottom
   */
  record Lines(String title, String unit, String along, List<Line> series) implements ReportChart {
    @Override
    public String kind() {
      return "lines";
    }
  }

  /**
   * A line.
   *
   * @param dashed whether it is no policy but a limit
   */
  record Line(String label, List<Double> at, List<Double> values, boolean dashed) {}

  /** Bars, one a category and series. */
  record Bars(String title, String unit, List<String> categories, List<Bar> series)
      implements ReportChart {
    @Override
    public String kind() {
      return "bars";
    }
  }

  /** The bars of a series, one a category. */
  record Bar(String label, List<Double> values) {}

  /** Means with their confidence intervals. */
  record Intervals(String title, String unit, List<Interval> items) implements ReportChart {
    @Override
    public String kind() {
      return "intervals";
    }
  }

  /** A mean with its interval. */
  record Interval(String label, double mean, @Nullable Double low, @Nullable Double high) {}

  /** Returns the plots of a case. */
  static List<ReportChart> of(ReportCase of) {
    List<ReportChart> charts = new ArrayList<>();
    Map<String, Map<String, Double>> means = new LinkedHashMap<>();
    of.policies().forEach(policy -> means.put(policy, of.means(policy)));
    allocation(of, means, charts);
    bars("Distance to the bound", "points", "pointsBelowBound", "", means, charts);
    bars("Stranded GPU by cause", "%", "strandedGpuByCause.", "", means, charts);
    bars("Pods that found no place, by class", "pods", "failedByClass.", "", means, charts);
    bars("Mean wait by class", "s", "waitingByClass.", ".meanSeconds", means, charts);
    bars("99 of 100 wait at most, by class", "s", "waitingByClass.", ".p99Seconds", means, charts);
    differences(of, "gpuAllocationPercent", "", "GPU allocation", "points", charts);
    differences(of, "waitingByClass.", ".meanSeconds", "Mean wait", "s", charts);
    return charts;
  }

  private static void allocation(
      ReportCase of, Map<String, Map<String, Double>> means, List<ReportChart> charts) {
    boolean overTime = !of.protocol().equals(Protocol.inflation.name());
    String along = overTime ? "hours" : "GPU that arrivals have asked for, % of capacity";
    List<Line> gpu = lines(of, Progress.Point::gpuAllocationPercent);
    if (gpu.isEmpty()) {
      bars("GPU allocation", "%", "gpuAllocationPercent", "", means, charts);
      return;
    }
    bound(gpu.get(0).at(), means.values().iterator().next(), gpu);
    charts.add(new Lines("GPU allocation", "%", along, gpu));
    charts.add(
        new Lines("CPU allocation", "%", along, lines(of, Progress.Point::cpuAllocationPercent)));
    if (overTime) {
      charts.add(new Lines("Waiting pods", "pods", along, lines(of, Progress.Point::waitingPods)));
    }
  }

  private static List<Line> lines(ReportCase of, ToDoubleFunction<Progress.Point> value) {
    List<Line> lines = new ArrayList<>();
    for (String policy : of.policies()) {
      List<Progress.Point> curve = of.meanCurve(policy);
      if (!curve.isEmpty()) {
        lines.add(
            new Line(
                policy,
                curve.stream().map(Progress.Point::at).toList(),
                curve.stream().map(value::applyAsDouble).toList(),
                false));
      }
    }
    return lines;
  }

  /** Adds the bound as a line: at the two moments of an inflation, or along a window. */
  private static void bound(List<Double> along, Map<String, Double> figures, List<Line> lines) {
    String bound = "boundGpuAllocationPercent";
    Double mean = figures.get(bound);
    Double at100 = figures.get(bound + "At100");
    Double at130 = figures.get(bound + "At130");
    if (mean != null) {
      lines.add(
          new Line(
              "bound",
              List.of(along.get(0), along.get(along.size() - 1)),
              List.of(mean, mean),
              true));
    } else if (at100 != null && at130 != null) {
      lines.add(new Line("bound", List.of(100.0, 130.0), List.of(at100, at130), true));
    }
  }

  /** Adds bars of those figures whose names start and end so; none where there are none. */
  private static void bars(
      String title,
      String unit,
      String start,
      String end,
      Map<String, Map<String, Double>> means,
      List<ReportChart> charts) {
    List<String> names =
        means.values().stream()
            .flatMap(figures -> figures.keySet().stream())
            .filter(name -> name.startsWith(start) && name.endsWith(end))
            .distinct()
            .toList();
    if (names.isEmpty()) {
      return;
    }
    List<Bar> series = new ArrayList<>();
    means.forEach(
        (policy, figures) ->
            series.add(
                new Bar(
                    policy, names.stream().map(name -> figures.getOrDefault(name, 0.0)).toList())));
    charts.add(new Bars(title, unit, categories(names, start, end), series));
  }

  private static List<String> categories(Collection<String> names, String start, String end) {
    return names.stream()
        .map(name -> name.substring(start.length(), name.length() - end.length()))
        .toList();
  }

  private static void differences(
      ReportCase of,
      String start,
      String end,
      String title,
      String unit,
      List<ReportChart> charts) {
    List<Interval> items = new ArrayList<>();
    List<String> policies = of.policies();
    for (String policy : policies.subList(Math.min(1, policies.size()), policies.size())) {
      of.exceeding(policy, of, policies.get(0))
          .forEach(
              (name, difference) -> {
                if (name.startsWith(start) && name.endsWith(end)) {
                  String part = name.substring(start.length(), name.length() - end.length());
                  items.add(
                      new Interval(
                          (policy + " " + part).strip(),
                          difference.mean(),
                          difference.low(),
                          difference.high()));
                }
              });
    }
    if (!items.isEmpty()) {
      charts.add(new Intervals(title + ": difference to " + policies.get(0), unit, items));
    }
  }
}
