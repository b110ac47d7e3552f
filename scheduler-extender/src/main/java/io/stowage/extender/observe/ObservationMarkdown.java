package io.stowage.extender.observe;

import io.stowage.extender.explain.Amounts;
import io.stowage.extender.explain.Markdown;
import java.util.List;

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
        .forEach(
            (name, percent) -> text.append(Markdown.row(List.of(name, Amounts.percent(percent)))));
    ReportTable.of(observation, MOST_ROWS).forEach(table -> append(text, table));
    append(text, ReportTable.series(series, MOST_ROWS));
    text.append("\n## Notes\n\n");
    observation
        .notes()
        .forEach(note -> text.append("- ").append(Markdown.escaped(note)).append("\n"));
    return text.toString();
  }

  private static void append(StringBuilder text, ReportTable table) {
    if (table.rows().isEmpty()) {
      return;
    }
    text.append("\n## ").append(table.title()).append("\n\n");
    text.append(Markdown.row(table.header()));
    text.append("|").append("---|".repeat(table.header().size())).append("\n");
    table.rows().forEach(row -> text.append(Markdown.row(row)));
    if (table.cut() > 0) {
      text.append("\n").append(table.cutText()).append("\n");
    }
  }
}
