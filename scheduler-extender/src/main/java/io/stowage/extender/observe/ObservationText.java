package io.stowage.extender.observe;

import com.github.freva.asciitable.AsciiTable;
import com.github.freva.asciitable.Column;
import com.github.freva.asciitable.HorizontalAlign;
import io.stowage.extender.explain.Amounts;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;

/** An observation as one page for the terminal. */
public final class ObservationText {
  private static final int BAR = 40;
  private static final int MOST_WAITING = 5;
  private static final int MOST_ROWS = 4;
  private static final int MOST_POINTS = 10;

  private ObservationText() {}

  /** Returns the page. */
  public static String of(Observation observation, Series series) {
    StringBuilder page = new StringBuilder();
    page.append(
        "%s  %s, %s GPUs, %s, %s of which %d would fit%n%n"
            .formatted(
                observation.observedAt().truncatedTo(ChronoUnit.SECONDS),
                Amounts.count(observation.nodes().size(), "node"),
                Amounts.number(Amounts.gpus(observation.gpu().capacityMilli())),
                Amounts.count(observation.runningPods(), "running pod"),
                Amounts.count(observation.waiting().size(), "waiting pod"),
                observation.fitting()));
    ReportTable.percentages(observation)
        .forEach(
            (name, percent) ->
                page.append(
                    String.format(
                        Locale.ROOT, "%-31s %6.2f %%  %s%n", name, percent, bar(percent))));
    append(page, ReportTable.causes(observation));
    for (ReportTable table : ReportTable.of(observation, MOST_ROWS)) {
      if (table.title().equals("Waiting pods")) {
        waiting(page, ReportTable.waiting(observation));
      } else if (!table.title().startsWith("Stranded")) {
        append(page, table);
      }
    }
    append(page, ReportTable.series(series, MOST_POINTS));
    page.append(System.lineSeparator());
    observation.notes().forEach(note -> page.append("Note: ").append(note).append("\n"));
    return page.toString();
  }

  private static String bar(double percent) {
    int filled = (int) Math.round(Math.min(100, percent) * BAR / 100);
    return "#".repeat(filled) + ".".repeat(BAR - filled);
  }

  private static void waiting(StringBuilder page, ReportTable table) {
    page.append("\nWaiting pods\n");
    List<List<String>> rows = table.rows();
    for (List<String> row : rows.subList(0, Math.min(MOST_WAITING, rows.size()))) {
      page.append("  ").append(row.get(0)).append(" ").append(row.get(3)).append("\n");
    }
    if (rows.size() > MOST_WAITING) {
      page.append("  and ")
          .append(rows.size() - MOST_WAITING)
          .append(" more; all are in the JSON\n");
    }
  }

  private static void append(StringBuilder page, ReportTable table) {
    if (table.rows().isEmpty()) {
      return;
    }
    Column[] columns = new Column[table.header().size()];
    for (int i = 0; i < columns.length; i++) {
      columns[i] =
          new Column()
              .header(table.header().get(i))
              .dataAlign(i == 0 ? HorizontalAlign.LEFT : HorizontalAlign.RIGHT);
    }
    page.append("\n").append(table.title()).append("\n");
    page.append(
        AsciiTable.getTable(
            AsciiTable.BASIC_ASCII_NO_DATA_SEPARATORS,
            columns,
            table.rows().stream().map(List::toArray).toArray(Object[][]::new)));
    page.append("\n");
    if (table.cut() > 0) {
      page.append("  ").append(table.cutText()).append("\n");
    }
  }
}
