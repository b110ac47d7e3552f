package io.stowage.extender.observe;

import io.stowage.extender.explain.Amounts;
import java.util.List;
import java.util.Locale;
import org.apache.commons.text.StringEscapeUtils;

/** An observation as one HTML file that needs no other. */
public final class ObservationHtml {
  private static final int MOST_ROWS = 200;
  private static final String STYLE =
      """
      :root { color-scheme: light dark; --text: #1b1f24; --back: #ffffff; --line: #c8ced6;
        --bar: #1f6feb; --rest: #d8dee6; --soft: #57606a; }
      @media (prefers-color-scheme: dark) { :root { --text: #e6edf3; --back: #0d1117;
        --line: #3d444d; --bar: #58a6ff; --rest: #30363d; --soft: #9da7b1; } }
      body { font: 16px/1.5 system-ui, sans-serif; color: var(--text); background: var(--back);
        max-width: 75rem; margin: 2rem auto; padding: 0 1rem; }
      div.scroll { overflow-x: auto; margin: 2rem 0; }
      table { border-collapse: collapse; width: 100%; }
      caption { text-align: left; font-size: 1.2rem; font-weight: 600; padding: 0.5rem 0; }
      th, td { text-align: left; vertical-align: top; padding: 0.3rem 0.8rem 0.3rem 0;
        border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
      svg { width: 100%; min-width: 10rem; height: 1rem; }
      p.cut, time { color: var(--soft); }
      """;

  private ObservationHtml() {}

  /** Returns the page. */
  public static String of(Observation observation, Series series) {
    StringBuilder page = new StringBuilder();
    String time = escaped(observation.observedAt().toString());
    page.append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    page.append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    page.append(
        "<meta http-equiv=\"Content-Security-Policy\""
            + " content=\"default-src 'none'; style-src 'unsafe-inline'\">\n");
    page.append("<title>GPU cluster at ").append(time).append("</title>\n");
    page.append("<style>\n").append(STYLE).append("</style>\n</head>\n<body>\n<main>\n");
    page.append("<h1>GPU cluster</h1>\n<p>");
    page.append(
        escaped(
            "%s, %s GPUs, %s, %s of which %d would fit; observed "
                .formatted(
                    Amounts.count(observation.nodes().size(), "node"),
                    Amounts.number(Amounts.gpus(observation.gpu().capacityMilli())),
                    Amounts.count(observation.runningPods(), "running pod"),
                    Amounts.count(observation.waiting().size(), "waiting pod"),
                    observation.fitting())));
    page.append("<time datetime=\"")
        .append(time)
        .append("\">")
        .append(time)
        .append("</time></p>\n");
    percentages(page, observation);
    ReportTable.of(observation, MOST_ROWS).forEach(table -> append(page, table));
    append(page, ReportTable.series(series, MOST_ROWS));
    page.append("<h2>Notes</h2>\n<ul>\n");
    observation
        .notes()
        .forEach(note -> page.append("<li>").append(escaped(note)).append("</li>\n"));
    page.append("</ul>\n</main>\n</body>\n</html>\n");
    return page.toString();
  }

  private static void percentages(StringBuilder page, Observation observation) {
    page.append("<div class=\"scroll\"><table>\n<caption>Percent of capacity</caption>\n");
    page.append(
        "<thead><tr><th scope=\"col\">what</th><th scope=\"col\">percent</th>"
            + "<th scope=\"col\">bar</th></tr></thead>\n<tbody>\n");
    ReportTable.percentages(observation)
        .forEach(
            (name, percent) ->
                page.append("<tr><th scope=\"row\">")
                    .append(escaped(name))
                    .append("</th><td>")
                    .append(Amounts.percent(percent))
                    .append("</td><td>")
                    .append(bar(percent))
                    .append("</td></tr>\n"));
    page.append("</tbody>\n</table></div>\n");
  }

  private static String bar(double percent) {
    return String.format(
        Locale.ROOT,
        "<svg viewBox=\"0 0 100 4\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
            + "<rect width=\"100\" height=\"4\" fill=\"var(--rest)\"/>"
            + "<rect width=\"%.2f\" height=\"4\" fill=\"var(--bar)\"/></svg>",
        Math.min(100, percent));
  }

  private static void append(StringBuilder page, ReportTable table) {
    if (table.rows().isEmpty()) {
      return;
    }
    page.append("<div class=\"scroll\"><table>\n<caption>")
        .append(escaped(table.title()))
        .append("</caption>\n<thead><tr>");
    table
        .header()
        .forEach(name -> page.append("<th scope=\"col\">").append(escaped(name)).append("</th>"));
    page.append("</tr></thead>\n<tbody>\n");
    for (List<String> row : table.rows()) {
      page.append("<tr><th scope=\"row\">").append(escaped(row.get(0))).append("</th>");
      row.subList(1, row.size())
          .forEach(cell -> page.append("<td>").append(escaped(cell)).append("</td>"));
      page.append("</tr>\n");
    }
    page.append("</tbody>\n</table></div>\n");
    if (table.cut() > 0) {
      page.append("<p class=\"cut\">").append(escaped(table.cutText())).append("</p>\n");
    }
  }

  private static String escaped(String text) {
    return StringEscapeUtils.escapeHtml4(text);
  }
}
