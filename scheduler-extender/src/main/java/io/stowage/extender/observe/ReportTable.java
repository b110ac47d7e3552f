package io.stowage.extender.observe;

import io.stowage.extender.explain.Amounts;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A part of an observation as rows of texts, the same in the terminal, Markdown and HTML.
 *
 * @param title its title
 * @param header the columns' names
 * @param rows the rows, each with as many texts
 * @param cut how many more rows there are
 */
record ReportTable(String title, List<String> header, List<List<String>> rows, int cut) {

  /** Copies the lists. */
  ReportTable {
    header = List.copyOf(header);
    rows = rows.stream().map(List::copyOf).toList();
  }

  private ReportTable first(int most) {
    int kept = Math.min(most, rows.size());
    return new ReportTable(title, header, rows.subList(0, kept), rows.size() - kept);
  }

  /** Returns what says how many rows are left out, empty where none is. */
  String cutText() {
    return cut == 0 ? "" : "and " + cut + " more; all are in the JSON";
  }

  /**
   * Returns all parts but the percentages, the notes and the series; tables without rows left out.
   */
  static List<ReportTable> of(Observation observation, int mostRows) {
    List<ReportTable> tables = new ArrayList<>();
    for (ReportTable table :
        List.of(
            causes(observation),
            pools(observation),
            waiting(observation),
            roomWanted(observation),
            teams(observation))) {
      if (!table.rows().isEmpty()) {
        tables.add(table.first(mostRows));
      }
    }
    return tables;
  }

  /** Returns what is stranded and lost, causes without any left out. */
  static ReportTable causes(Observation observation) {
    Lost lost = observation.lost();
    boolean priced = !lost.currency().isEmpty();
    List<List<String>> rows = new ArrayList<>();
    observation
        .gpu()
        .strandedMilliByCause()
        .forEach(
            (cause, milli) -> {
              if (milli > 0) {
                rows.add(
                    loss(
                        cause.text(),
                        milli,
                        observation,
                        lost.byCause().getOrDefault(cause, Lost.PerDay.NONE)));
              }
            });
    if (observation.gpu().freeMilli() > 0) {
      rows.add(loss("all stranded", observation.gpu().strandedMilli(), observation, lost.total()));
      rows.add(
          loss("free and usable", observation.gpu().usableMilli(), observation, lost.usable()));
    }
    List<String> header = new ArrayList<>(List.of("free GPU", "GPUs", "of all", "GPU-hours a day"));
    if (priced) {
      header.add(lost.currency() + " a day");
    }
    return new ReportTable("Stranded GPU by cause, and what is lost", header, rows, 0);
  }

  private static List<String> loss(
      String text, long milli, Observation observation, Lost.PerDay perDay) {
    List<String> row = new ArrayList<>();
    row.add(text);
    row.add(Amounts.number(Amounts.gpus(milli)));
    row.add(Amounts.percent(100.0 * milli / Math.max(1, observation.gpu().capacityMilli())));
    row.add(Amounts.number(perDay.gpuHours()));
    if (!observation.lost().currency().isEmpty()) {
      row.add(Amounts.number(perDay.money()));
    }
    return row;
  }

  private static ReportTable pools(Observation observation) {
    List<LostCause> causes = new ArrayList<>();
    observation
        .gpu()
        .strandedMilliByCause()
        .forEach(
            (cause, milli) -> {
              if (milli > 0) {
                causes.add(cause);
              }
            });
    List<String> header =
        new ArrayList<>(List.of("pool", "nodes", "GPUs", "allocated", "free and usable"));
    causes.forEach(cause -> header.add(cause.text()));
    List<List<String>> rows = new ArrayList<>();
    for (Observation.Pool pool : observation.pools()) {
      List<String> row = new ArrayList<>();
      row.add(pool.name());
      row.add(String.valueOf(pool.nodes()));
      row.add(Amounts.number(Amounts.gpus(pool.gpu().capacityMilli())));
      row.add(
          pool.gpu().capacityMilli() == 0 ? "-" : Amounts.percent(pool.gpu().allocationPercent()));
      row.add(Amounts.number(Amounts.gpus(pool.gpu().usableMilli())));
      Map<LostCause, Long> stranded = pool.gpu().strandedMilliByCause();
      causes.forEach(
          cause -> row.add(Amounts.number(Amounts.gpus(stranded.getOrDefault(cause, 0L)))));
      rows.add(row);
    }
    return new ReportTable("Pools, in GPUs", header, rows, 0);
  }

  /** Returns the waiting pods, those without room first. */
  static ReportTable waiting(Observation observation) {
    List<List<String>> rows = new ArrayList<>();
    for (boolean fits : new boolean[] {false, true}) {
      for (WaitingPod pod : observation.waiting()) {
        if (pod.fits() == fits) {
          rows.add(
              List.of(
                  pod.fullName(),
                  String.valueOf(pod.priority()),
                  pod.fits() ? "yes" : "no",
                  pod.sentence()));
        }
      }
    }
    return new ReportTable("Waiting pods", List.of("pod", "priority", "would fit", "why"), rows, 0);
  }

  private static ReportTable roomWanted(Observation observation) {
    RoomWanted room = observation.roomWanted();
    List<List<String>> rows = new ArrayList<>();
    for (RoomWanted.NodesToAdd nodes : room.nodesToAdd()) {
      rows.add(
          List.of(
              "add at most " + Amounts.count(nodes.count(), "node"),
              nodes.type().text(),
              "for " + Amounts.count(nodes.pods(), "waiting pod")));
    }
    for (RoomWanted.NodeToEmpty node : room.nodesToEmpty()) {
      rows.add(
          List.of(
              "empty " + node.node(),
              node.type().text(),
              Amounts.count(node.podsToMove(), "pod") + " to move"));
    }
    return new ReportTable("Room wanted", List.of("what", "node type", "why"), rows, 0);
  }

  private static ReportTable teams(Observation observation) {
    boolean priced = !observation.lost().currency().isEmpty();
    List<String> header =
        new ArrayList<>(
            List.of("namespace or team", "GPUs requested", "GPUs waited for", "GPU-hours a day"));
    if (priced) {
      header.add(observation.lost().currency() + " a day");
    }
    List<List<String>> rows = new ArrayList<>();
    for (Lost.Team team : observation.lost().teams()) {
      List<String> row = new ArrayList<>();
      row.add(team.name().isEmpty() ? "(none)" : team.name());
      row.add(Amounts.number(Amounts.gpus(team.requestedGpuMilli())));
      row.add(Amounts.number(Amounts.gpus(team.waitingGpuMilli())));
      row.add(Amounts.number(team.requested().gpuHours()));
      if (priced) {
        row.add(Amounts.number(team.requested().money()));
      }
      rows.add(row);
    }
    return new ReportTable("Requested GPU", header, rows, 0);
  }

  /** Returns the last points of a series, empty rows where there is but one. */
  static ReportTable series(Series series, int most) {
    List<List<String>> rows = new ArrayList<>();
    List<Series.Point> points = series.points();
    if (points.size() > 1) {
      for (Series.Point point : points.subList(Math.max(0, points.size() - most), points.size())) {
        rows.add(
            List.of(
                point.observedAt().truncatedTo(ChronoUnit.SECONDS).toString(),
                Amounts.percent(point.gpuAllocationPercent()),
                Amounts.percent(point.planGpuAllocationPercent()),
                Amounts.percent(point.boundGpuAllocationPercent()),
                Amounts.number(Amounts.gpus(point.strandedGpuMilli())),
                String.valueOf(point.waitingPods())));
      }
    }
    return new ReportTable(
        "Over time",
        List.of("time", "allocated", "plan", "bound", "stranded GPUs", "waiting pods"),
        rows,
        points.size() - rows.size());
  }

  /** The percentages of an observation with what they mean. */
  static Map<String, Double> percentages(Observation observation) {
    Map<String, Double> percentages = new LinkedHashMap<>();
    percentages.put("GPU allocated now", observation.gpuAllocationPercent());
    percentages.put("with the plan for waiting pods", observation.planGpuAllocationPercent());
    percentages.put("nobody could pass (bound)", observation.boundGpuAllocationPercent());
    percentages.put("CPU allocated now", observation.cpuAllocationPercent());
    percentages.put("memory allocated now", observation.memoryAllocationPercent());
    return percentages;
  }
}
