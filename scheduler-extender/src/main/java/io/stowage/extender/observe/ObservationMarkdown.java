package io.stowage.extender.observe;

import io.stowage.extender.explain.Amounts;
import java.util.List;
import java.util.stream.Collectors;

/** An observation as Markdown. */
public final class ObservationMarkdown {
  private static final int MOST_ROWS = 50;

  private ObservationMarkdown() {}

  /** Returns the document. */
  public static String of(Observation observation, Series series) {
    StringBuilder text = new StringBuilder();
    text.append("# GPU cluster at ").append(observation.observedAt()).append("\n\n");
    text.append("| | percent of capacity |\n|---|---|\n");
    ReportTable.percentages(observation)
        .forEach((name, percent) -> row(text, List.of(name, Amounts.percent(percent))));
    ReportTable.of(observation, MOST_ROWS).forEach(table -> append(text, table));
    append(text, ReportTable.series(series, MOST_ROWS));
    text.append("\n## Notes\n\n");
    observation.notes().forEach(note -> text.append("- ").append(escaped(note)).append("\n"));
    return text.toString();
  }

  private static void append(StringBuilder text, ReportTable table) {
    if (table.rows().isEmpty()) {
      return;
    }
    text.append("\n## ").append(table.title()).append("\n\n");
    row(text, table.header());
    text.append("|").append("---|".repeat(table.header().size())).append("\n");
    table.rows().forEach(row -> row(text, row));
    if (table.cut() > 0) {
      text.append("\n").append(table.cutText()).append("\n");
    }
  }

  private static void row(StringBuilder text, List<String> cells) {
    text.append(
        cells.stream()
            .map(ObservationMarkdown::escaped)
            .collect(Collectors.joining(" | ", "| ", " |\n")));
  }

  /** Keeps names from being read as Markdown or HTML. */
  private static String escaped(String text) {
    return text.replaceAll("[\\r\\n]+", " ").replaceAll("([\\\\`*_\\[\\]<>|#])", "\\\\$1");
  }
}
