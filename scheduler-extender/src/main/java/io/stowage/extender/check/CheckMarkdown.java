package io.stowage.extender.check;

import io.stowage.extender.check.CheckReport.CheckedWorkload;
import io.stowage.extender.explain.Markdown;
import java.util.List;
import java.util.stream.Collectors;

/** A check as Markdown, such as for a comment on a pull request. */
public final class CheckMarkdown {
  private CheckMarkdown() {}

  /** Returns the document. */
  public static String of(CheckReport report) {
    StringBuilder text = new StringBuilder();
    text.append("**").append(CheckText.verdict(report)).append("**\n\n");
    text.append("| workload | pods placed | where | why others wait |\n|---|---|---|---|\n");
    for (CheckedWorkload workload : report.workloads()) {
      text.append(
          Markdown.row(
              List.of(
                  workload.title(),
                  CheckText.fits(workload),
                  CheckText.where(workload),
                  CheckText.waiting(workload).entrySet().stream()
                      .map(cause -> CheckText.waits(cause.getValue()) + ": " + cause.getKey())
                      .collect(Collectors.joining("; ")))));
    }
    text.append("\n| | before | after |\n|---|---|---|\n");
    CheckText.amounts(report)
        .forEach(
            (what, both) -> text.append(Markdown.row(List.of(what, both.get(0), both.get(1)))));
    text.append("\n");
    for (Bound.Outcome bound : report.bounds()) {
      text.append(
          "- `%s` %s: %s\n".formatted(bound.bound(), CheckText.held(bound), bound.sentence()));
    }
    report.notes().forEach(note -> text.append("- ").append(Markdown.escaped(note)).append("\n"));
    return text.toString();
  }
}
