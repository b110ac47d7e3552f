package io.stowage.extender.experiment;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import org.apache.commons.text.StringEscapeUtils;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/** A report as one HTML file that needs no other: plots by uPlot, and every figure in a table. */
final class ReportHtml {
  private static final String UPLOT = "/META-INF/resources/webjars/uplot/1.6.30/dist/";
  private static final List<String> MAIN =
      List.of(
          "gpuAllocationPercent",
          "pointsBelowBound",
          "percentOfWayFromFgdToBound",
          "cpuAllocationPercent");

  private ReportHtml() {}

  /**
   * Returns the page.
   *
   * @throws IOException where a part of the page is not in the jar
   */
  static String of(ExperimentReport report) throws IOException {
    StringBuilder page = new StringBuilder();
    page.append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    page.append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    page.append(
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';"
            + " style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:\">\n");
    page.append("<title>").append(escaped(report.name())).append("</title>\n<style>\n");
    page.append(resource(UPLOT + "uPlot.min.css")).append('\n').append(resource("report.css"));
    page.append("</style>\n</head>\n<body>\n<main>\n<h1>");
    page.append(escaped(report.name())).append("</h1>\n");
    missing(page, report.missing());
    overview(page, report.cases());
    List<ExperimentReport.Comparison> comparisons = report.comparisons();
    List<List<Map<String, Object>>> charts = new ArrayList<>();
    for (ReportCase of : report.cases()) {
      if (of.runs().isEmpty()) {
        continue;
      }
      page.append("<h2>").append(escaped(of.title())).append("</h2>\n");
      page.append("<div class=\"charts\" data-charts=\"")
          .append(charts.size())
          .append("\"></div>\n");
      charts.add(ReportChart.of(of).stream().map(ReportHtml::named).toList());
      differences(page, of, comparisons);
      allFigures(page, of);
    }
    page.append(
        """
        <h2>How to read it</h2>
        <ul>
        <li>Figures are means over seeds; all policies see the same arrivals for a seed. Allocated means
        requested by pods, not used.</li>
        <li>Differences are means over pairs, one a seed, with the confidence interval of 95 % by Student's t;
        those whose interval leaves out 0 are bold. Of many differences one in twenty does so by chance.</li>
        <li>The bound is proven: no placement can pass it. It may lie above what can be reached.</li>
        </ul>
        """);
    page.append("</main>\n<script type=\"application/json\" id=\"data\">");
    page.append(JsonMapper.shared().writeValueAsString(charts).replace("<", "\\u003c"));
    page.append("</script>\n<script>\n").append(resource(UPLOT + "uPlot.iife.min.js"));
    page.append("\n</script>\n<script>\n").append(resource("report.js"));
    page.append("</script>\n</body>\n</html>\n");
    return page.toString();
  }

  private static Map<String, Object> named(ReportChart chart) {
    Map<String, Object> named = new LinkedHashMap<>();
    named.put("kind", chart.kind());
    named.put("chart", chart);
    return named;
  }

  private static String resource(String name) throws IOException {
    try (InputStream in = ReportHtml.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IOException("the report's file " + name + " is not in the jar");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static void missing(StringBuilder page, List<String> missing) {
    if (missing.isEmpty()) {
      return;
    }
    page.append("<section class=\"missing\">\n<h2>")
        .append(missing.size())
        .append(missing.size() == 1 ? " run is missing" : " runs are missing")
        .append("</h2>\n<p>The figures below are of the others.</p>\n<ul>\n");
    missing.forEach(run -> page.append("<li>").append(escaped(run)).append("</li>\n"));
    page.append("</ul>\n</section>\n");
  }

  private static void overview(StringBuilder page, List<ReportCase> all) {
    Map<String, List<ReportCase>> bySettings = new LinkedHashMap<>();
    all.forEach(
        of ->
            bySettings
                .computeIfAbsent(ReplaySettings.title(of.settings()), title -> new ArrayList<>())
                .add(of));
    bySettings.forEach((title, cases) -> overview(page, title, cases));
  }

  private static void overview(StringBuilder page, String title, List<ReportCase> cases) {
    List<String> header = new ArrayList<>(List.of("input", "variant", "policy", "seeds"));
    List<String> figures =
        cases.stream()
            .flatMap(of -> of.figureNames().stream())
            .distinct()
            .filter(isMain(MAIN))
            .toList();
    header.addAll(figures);
    List<List<String>> rows = new ArrayList<>();
    for (ReportCase of : cases) {
      for (String policy : of.policies()) {
        Map<String, Double> means = of.means(policy);
        List<String> row = new ArrayList<>(List.of(of.input(), of.variant(), policy));
        row.add(number(means.get("seeds"), 0));
        figures.forEach(figure -> row.add(number(means.get(figure), 2)));
        rows.add(row);
      }
    }
    table(page, title + ", means over seeds", header, 3, rows, row -> false);
  }

  private static Predicate<String> isMain(List<String> starts) {
    return name -> starts.stream().anyMatch(name::startsWith);
  }

  private static void differences(
      StringBuilder page, ReportCase of, List<ExperimentReport.Comparison> comparisons) {
    List<List<String>> rows = new ArrayList<>();
    List<Boolean> sure = new ArrayList<>();
    for (ExperimentReport.Comparison comparison : comparisons) {
      if (comparison.of().equals(of)) {
        PairedDifference difference = comparison.difference();
        rows.add(
            List.of(
                comparison.policy(),
                of.variant().equals(comparison.againstVariant())
                    ? comparison.againstPolicy()
                    : comparison.againstPolicy() + ", " + comparison.againstVariant(),
                comparison.figure(),
                number(difference.mean(), 3),
                difference.low() == null
                    ? "one pair: unknown"
                    : number(difference.low(), 3) + " to " + number(difference.high(), 3),
                String.valueOf(difference.pairs())));
        sure.add(difference.isSure());
      }
    }
    if (!rows.isEmpty()) {
      page.append("<details>\n<summary>Differences over paired seeds</summary>\n");
      table(
          page,
          "Differences",
          List.of("policy", "compared with", "figure", "mean", "95 % interval", "pairs"),
          3,
          rows,
          sure::get);
      page.append("</details>\n");
    }
  }

  private static void allFigures(StringBuilder page, ReportCase of) {
    List<String> header = new ArrayList<>(List.of("figure"));
    header.addAll(of.policies());
    List<Map<String, Double>> means = of.policies().stream().map(of::means).toList();
    List<List<String>> rows = new ArrayList<>();
    for (String figure : of.figureNames()) {
      List<String> row = new ArrayList<>(List.of(figure));
      means.forEach(policy -> row.add(number(policy.get(figure), 3)));
      rows.add(row);
    }
    page.append("<details>\n<summary>All figures</summary>\n");
    table(page, "Means over seeds", header, 1, rows, row -> false);
    page.append("</details>\n");
  }

  /** Appends a table whose first columns are texts and whose other ones are numbers. */
  private static void table(
      StringBuilder page,
      String caption,
      List<String> header,
      int texts,
      List<List<String>> rows,
      Predicate<Integer> bold) {
    page.append("<div class=\"scroll\"><table class=\"figures\">\n<caption>")
        .append(escaped(caption))
        .append("</caption>\n<thead><tr>");
    for (int column = 0; column < header.size(); column++) {
      page.append(column < texts ? "<th scope=\"col\" class=\"text\">" : "<th scope=\"col\">")
          .append(escaped(header.get(column)))
          .append("</th>");
    }
    page.append("</tr></thead>\n<tbody>\n");
    for (int i = 0; i < rows.size(); i++) {
      page.append("<tr><th scope=\"row\">").append(escaped(rows.get(i).get(0))).append("</th>");
      for (int column = 1; column < rows.get(i).size(); column++) {
        page.append(
                column < texts
                    ? "<td class=\"text\">"
                    : bold.test(i) ? "<td class=\"sure\">" : "<td>")
            .append(escaped(rows.get(i).get(column)))
            .append("</td>");
      }
      page.append("</tr>\n");
    }
    page.append("</tbody>\n</table></div>\n");
  }

  private static String number(@Nullable Double value, int digits) {
    return value == null ? "" : String.format(Locale.ROOT, "%." + digits + "f", value);
  }

  private static String escaped(String text) {
    return StringEscapeUtils.escapeHtml4(text);
  }
}
