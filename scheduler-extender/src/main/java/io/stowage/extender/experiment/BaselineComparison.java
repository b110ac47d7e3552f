package io.stowage.extender.experiment;

import com.github.freva.asciitable.AsciiTable;
import com.github.freva.asciitable.Column;
import com.github.freva.asciitable.HorizontalAlign;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * What policies came to beside what they came to before.
 *
 * @param baseline what it is compared with
 * @param maxRegressionPoints how many percentage points of GPU allocation a policy may lose
 * @param rows the figures, policy by policy
 * @param notes what else is different, a text each
 */
public record BaselineComparison(
    String baseline, double maxRegressionPoints, List<Row> rows, List<String> notes) {

  /**
   * A figure of a policy.
   *
   * @param seed the seed, or that it is the mean of them
   * @param figure its name, which says its unit
   * @param regression whether more is lost than is allowed
   */
  record Row(
      String policy, String seed, String figure, double baseline, double now, boolean regression) {
    double change() {
      return now - baseline;
    }

    /** Returns it as one that decides. */
    Row judged(boolean allowed) {
      return new Row(policy, seed, figure, baseline, now, !allowed);
    }
  }

  /** Copies the lists. */
  public BaselineComparison {
    rows = List.copyOf(rows);
    notes = List.copyOf(notes);
  }

  /** Tells whether no policy loses more than is allowed. */
  public boolean passed() {
    return rows.stream().noneMatch(Row::regression);
  }

  /** Returns it for the terminal, in lines that end. */
  public String text() {
    StringBuilder text = new StringBuilder();
    text.append(
        passed()
            ? "Passed: no policy loses more than %s percentage points of GPU allocation against %s\n"
                .formatted(maxRegressionPoints, baseline)
            : "Not passed: more than %s percentage points of GPU allocation lost against %s by %s\n"
                .formatted(maxRegressionPoints, baseline, losing()));
    notes.forEach(note -> text.append("Note: ").append(note).append("\n"));
    String table =
        AsciiTable.getTable(
            AsciiTable.BASIC_ASCII_NO_DATA_SEPARATORS,
            new Column[] {
              new Column().header("policy").dataAlign(HorizontalAlign.LEFT),
              new Column().header("seed").dataAlign(HorizontalAlign.RIGHT),
              new Column().header("figure").dataAlign(HorizontalAlign.LEFT),
              new Column().header("baseline").dataAlign(HorizontalAlign.RIGHT),
              new Column().header("now").dataAlign(HorizontalAlign.RIGHT),
              new Column().header("change").dataAlign(HorizontalAlign.RIGHT),
              new Column().header("").dataAlign(HorizontalAlign.LEFT),
            },
            rows.stream().map(BaselineComparison::cells).toArray(Object[][]::new));
    return text.append(table).append("\n").toString();
  }

  private String losing() {
    return rows.stream()
        .filter(Row::regression)
        .map(Row::policy)
        .distinct()
        .collect(Collectors.joining(", "));
  }

  private static Object[] cells(Row row) {
    return new Object[] {
      row.policy,
      row.seed,
      row.figure,
      String.format(Locale.ROOT, "%.3f", row.baseline),
      String.format(Locale.ROOT, "%.3f", row.now),
      String.format(Locale.ROOT, "%+.3f", row.change()),
      row.regression ? "REGRESSION" : ""
    };
  }
}
