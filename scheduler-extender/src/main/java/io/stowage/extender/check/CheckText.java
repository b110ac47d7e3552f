package io.stowage.extender.check;

import io.stowage.extender.check.CheckReport.CheckedPod;
import io.stowage.extender.check.CheckReport.CheckedWorkload;
import io.stowage.extender.explain.Amounts;
import io.stowage.extender.observe.PlacementTrial.Room;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** A check as text, for the terminal. */
public final class CheckText {
  private CheckText() {}

  /** Returns the text, in lines that end. */
  public static String of(CheckReport report) {
    StringBuilder text = new StringBuilder();
    text.append(verdict(report)).append("\n");
    for (CheckedWorkload workload : report.workloads()) {
      text.append("\n%s (%s): %s\n".formatted(workload.title(), workload.where(), fits(workload)));
      String where = where(workload);
      if (!where.isEmpty()) {
        text.append("  on ").append(where).append("\n");
      }
      waiting(workload)
          .forEach((sentence, pods) -> text.append("  %s: %s\n".formatted(waits(pods), sentence)));
      workload.notes().forEach(note -> text.append("  ").append(note).append("\n"));
    }
    text.append("\n");
    for (Bound.Outcome bound : report.bounds()) {
      text.append("%s %s: %s\n".formatted(bound.bound(), held(bound), bound.sentence()));
    }
    amounts(report)
        .forEach(
            (what, amount) ->
                text.append(
                    "%s: %s before, %s after\n".formatted(what, amount.get(0), amount.get(1))));
    report.notes().forEach(note -> text.append("Note: ").append(note).append("\n"));
    if (!report.withoutPods().isEmpty()) {
      text.append("Without pods: ").append(String.join(", ", report.withoutPods())).append("\n");
    }
    return text.toString();
  }

  /** Returns the answer in a line. */
  static String verdict(CheckReport report) {
    return "%s: %d of %s would be placed"
        .formatted(
            report.passed() ? "Passed" : "Not passed",
            report.fitting(),
            Amounts.count(report.podCount(), "pod"));
  }

  /** Returns how many of its pods fit. */
  static String fits(CheckedWorkload workload) {
    return "%d of %s"
        .formatted(
            workload.pods().stream().filter(CheckedPod::fits).count(),
            Amounts.count(workload.pods().size(), "pod"));
  }

  /** Returns on which nodes its pods would be, with how many on each. */
  static String where(CheckedWorkload workload) {
    return workload.podsByNode().entrySet().stream()
        .map(node -> node.getValue() == 1 ? node.getKey() : node.getKey() + " " + node.getValue())
        .collect(Collectors.joining(", "));
  }

  /** Returns the pods that would wait, by why. */
  static Map<String, List<String>> waiting(CheckedWorkload workload) {
    return workload.failing(Requirement.FITS);
  }

  /** Returns which pods wait. */
  static String waits(List<String> pods) {
    return pods.size() == 1
        ? pods.get(0) + " would wait"
        : "%s to %s, %d pods, would wait"
            .formatted(pods.get(0), pods.get(pods.size() - 1), pods.size());
  }

  /** Tells whether a bound holds. */
  static String held(Bound.Outcome bound) {
    return bound.kept() ? "holds" : "is broken";
  }

  /** Returns what is free, before and after, by what it is. */
  static Map<String, List<String>> amounts(CheckReport report) {
    Map<String, List<String>> amounts = new LinkedHashMap<>();
    Map<String, Function<Room, Number>> measures = new LinkedHashMap<>();
    measures.put("Free GPUs", room -> Amounts.gpus(room.gpu().freeMilli()));
    measures.put("Stranded GPUs", room -> Amounts.gpus(room.gpu().strandedMilli()));
    measures.put("GPUs wholly free", CheckReport::wholeGpus);
    measures.put("Nodes with all GPUs free", CheckReport::wholeNodes);
    measures.forEach(
        (what, measure) -> {
          List<String> both = new ArrayList<>();
          both.add(Amounts.number(measure.apply(report.before()).doubleValue()));
          both.add(Amounts.number(measure.apply(report.after()).doubleValue()));
          amounts.put(what, both);
        });
    return amounts;
  }
}
