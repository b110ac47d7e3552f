package io.stowage.extender.demo;

import io.stowage.core.fragmentation.StrandCause;
import io.stowage.core.replay.WaitingTimes;
import io.stowage.core.trace.PodClass;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import picocli.CommandLine.Help.Ansi;

/**
 * Shows the demo on a terminal, where the same lines are written over and over, or as one plain
 * line every few seconds elsewhere. Lines are at most 79 characters wide.
 */
public final class DemoDisplay implements Demo.Display {
  private static final String BY_DEFAULT = "kube-scheduler default";
  private static final int BAR_CHARS = 20;
  private static final String ROW = "%-17s%-31s%s";
  private static final String SUMMARY_ROW = "  %-28s%14s%26s";

  private static final Map<PodClass, String> CLASSES =
      Map.of(
          PodClass.CPU, "CPU only",
          PodClass.SHARE, "GPU shares",
          PodClass.ONE, "1 GPU",
          PodClass.TWO_TO_FOUR, "2 to 4 GPUs",
          PodClass.EIGHT, "8 GPUs");
  private static final Map<StrandCause, String> CAUSES =
      Map.of(
          StrandCause.NO_CPU, "no CPU",
          StrandCause.NO_MEMORY, "no memory",
          StrandCause.FRAGMENT_TOO_SMALL, "too small",
          StrandCause.WRONG_MODEL, "wrong model",
          StrandCause.OTHER, "other");

  private final PrintWriter out;
  private final boolean live;
  private final long jvmStartMillis;
  private int linesShown;
  private boolean placedShown;

  /**
   * Creates the display.
   *
   * @param live whether {@code out} is a terminal that understands ANSI sequences
   * @param jvmStartMillis when the process began, in milliseconds since 1970
   */
  public DemoDisplay(PrintWriter out, boolean live, long jvmStartMillis) {
    this.out = out;
    this.live = live;
    this.jvmStartMillis = jvmStartMillis;
  }

  /**
   * Says what is about to be shown.
   *
   * @param pageUrl where the page is
   */
  public void begin(Demo demo, String pageUrl) {
    DemoSettings settings = demo.settings();
    DemoFigures figures = demo.figures();
    print(
        List.of(
            "Stowage demo: %,d nodes, %,d GPUs; pods ask for %.0f %% of the GPUs, seed %d"
                .formatted(
                    settings.nodes(), figures.gpus(), 100 * settings.load(), settings.seed()),
            "The service answers on http://127.0.0.1:%d (try /metrics); %s"
                .formatted(
                    demo.port(),
                    settings.isEndless()
                        ? "Ctrl-C ends it"
                        : "ends after "
                            + time(settings.duration().toMillis() / 1000.0)
                            + " or by Ctrl-C"),
            "See it in a browser: " + pageUrl,
            "One second here is %s of cluster time, once the cluster is filled"
                .formatted(time(demo.clusterSecondsPerSecond())),
            ""));
  }

  @Override
  public Duration interval() {
    return live ? Duration.ofMillis(200) : Duration.ofSeconds(placedShown ? 5 : 0);
  }

  @Override
  public void show(Demo demo) {
    DemoFigures figures = demo.figures();
    if (live) {
      if (linesShown > 0) {
        out.print("\u001b[" + linesShown + "A\u001b[J");
      }
      List<String> lines = liveLines(figures);
      linesShown = lines.size();
      print(lines);
      return;
    }
    if (!placedShown && figures.stowage().placed() > 0) {
      placedShown = true;
      print(
          List.of(
              "first pod placed %.1f s after the program's start"
                  .formatted((System.currentTimeMillis() - jvmStartMillis) / 1000.0)));
    }
    if (placedShown) {
      print(List.of(plainLine(figures)));
    }
  }

  private List<String> liveLines(DemoFigures figures) {
    ChurnFigures stowage = figures.stowage();
    ChurnFigures byDefault = figures.byDefault();
    List<String> lines = new ArrayList<>();
    lines.add(
        figures.isFilling()
            ? "@|bold filling the cluster|@: %,d of %,d pods"
                .formatted(figures.arrived(), figures.prefilled())
            : "@|bold cluster time %s|@, %,d pods arrived"
                .formatted(time(figures.clusterSeconds()), figures.arrived()));
    lines.add("");
    lines.add("@|bold " + ROW.formatted("", "Stowage", BY_DEFAULT) + "|@");
    lines.add(
        ROW.formatted(
            "GPU allocated",
            bar(stowage.gpuAllocationPercent()),
            bar(byDefault.gpuAllocationPercent())));
    lines.add(
        ROW.formatted(
            "CPU allocated",
            bar(stowage.cpuAllocationPercent()),
            bar(byDefault.cpuAllocationPercent())));
    lines.add(
        ROW.formatted(
            "GPU stranded",
            percent(sum(stowage.strandedGpuByCause())),
            percent(sum(byDefault.strandedGpuByCause()))));
    for (StrandCause cause : StrandCause.values()) {
      if (stowage.strandedGpuByCause().getOrDefault(cause.key(), 0.0) > 0
          || byDefault.strandedGpuByCause().getOrDefault(cause.key(), 0.0) > 0) {
        lines.add(
            ROW.formatted(
                "  " + CAUSES.get(cause),
                percent(stowage.strandedGpuByCause().getOrDefault(cause.key(), 0.0)),
                percent(byDefault.strandedGpuByCause().getOrDefault(cause.key(), 0.0))));
      }
    }
    lines.add(ROW.formatted("pods running", count(stowage.running()), count(byDefault.running())));
    lines.add(ROW.formatted("pods waiting", count(stowage.waiting()), count(byDefault.waiting())));
    lines.add("mean wait so far");
    for (PodClass podClass : PodClass.values()) {
      lines.add(
          ROW.formatted(
              "  " + CLASSES.get(podClass),
              meanWait(stowage, podClass),
              meanWait(byDefault, podClass)));
    }
    lines.add("");
    lines.add(filterLine(figures));
    return lines;
  }

  private static String plainLine(DemoFigures figures) {
    ChurnFigures stowage = figures.stowage();
    ChurnFigures byDefault = figures.byDefault();
    String when =
        figures.isFilling()
            ? "filling, %,d of %,d pods".formatted(figures.arrived(), figures.prefilled())
            : "cluster time %s, %,d pods"
                .formatted(time(figures.clusterSeconds()), figures.arrived());
    return "%s: GPU %.1f %% (default %.1f %%), waiting %,d (default %,d), filter p50 %.1f ms"
        .formatted(
            when,
            stowage.gpuAllocationPercent(),
            byDefault.gpuAllocationPercent(),
            stowage.waiting(),
            byDefault.waiting(),
            figures.filterLatency().p50Millis());
  }

  /** Says what was measured. */
  public void end(Demo demo) {
    DemoFigures figures = demo.figures();
    if (figures.isFilling()) {
      print(List.of("", "Stopped while the cluster was being filled; there is nothing to sum up."));
      return;
    }
    ChurnFigures stowage = figures.stowage();
    ChurnFigures byDefault = figures.byDefault();
    List<String> lines = new ArrayList<>();
    lines.add("");
    lines.add(
        "%s of cluster time, in which %,d pods arrived after the %,d that filled it."
            .formatted(
                time(figures.clusterSeconds()),
                figures.arrived() - figures.prefilled(),
                figures.prefilled()));
    lines.add(
        "They would hold %.1f %% of the %,d GPUs if none ever waited. Averages over that time,"
            .formatted(figures.gpuOfferedPercent(), figures.gpus()));
    lines.add("as requested, in percent of capacity:");
    lines.add("");
    lines.add(SUMMARY_ROW.formatted("", "Stowage", BY_DEFAULT));
    lines.add(row("GPU allocated", figures, f -> f.meanGpuAllocationPercent()));
    lines.add(row("CPU allocated", figures, f -> f.meanCpuAllocationPercent()));
    lines.add(row("GPU stranded", figures, f -> sum(f.meanStrandedGpuByCause())));
    lines.add(
        SUMMARY_ROW.formatted("pods placed", count(stowage.placed()), count(byDefault.placed())));
    lines.add(
        SUMMARY_ROW.formatted(
            "pods waiting at the end", count(stowage.waiting()), count(byDefault.waiting())));
    for (PodClass podClass : PodClass.values()) {
      lines.add(
          SUMMARY_ROW.formatted(
              "mean wait, " + CLASSES.get(podClass),
              meanWait(stowage, podClass),
              meanWait(byDefault, podClass)));
    }
    lines.add("");
    lines.add(filterLine(figures));
    lines.add(
        "%,.0f decisions a second; all calls for one took %.1f ms"
            .formatted(
                figures.filterLatency().count() / figures.seconds(),
                1000 * figures.httpSeconds() / Math.max(1, figures.filterLatency().count())));
    if (figures.failedDecisions() > 0) {
      lines.add("%,d decisions FAILED".formatted(figures.failedDecisions()));
    }
    lines.add("");
    lines.add("The default is kube-scheduler's least-allocated scoring, told which single GPUs");
    lines.add("have room. This is a small sample. Next: 'stowage replay' measures policies over");
    lines.add("weeks, on your own nodes and pods too; 'stowage serve' runs against a cluster.");
    print(lines);
  }

  private static String row(
      String label, DemoFigures figures, ToDoubleFunction<ChurnFigures> figure) {
    return SUMMARY_ROW.formatted(
        label,
        "%.2f %%".formatted(figure.applyAsDouble(figures.stowage())),
        "%.2f %%".formatted(figure.applyAsDouble(figures.byDefault())));
  }

  private static String filterLine(DemoFigures figures) {
    ExtenderCalls.Latency latency = figures.filterLatency();
    return "filter over HTTP: %,d answers, p50 %.2f ms, p99 %.2f ms"
        .formatted(latency.count(), latency.p50Millis(), latency.p99Millis());
  }

  private static String meanWait(ChurnFigures figures, PodClass podClass) {
    WaitingTimes waits = figures.waitingByClass().get(podClass.key());
    return waits == null || waits.count() == 0 ? "-" : time(waits.meanSeconds());
  }

  private static double sum(Map<String, Double> percentByCause) {
    return percentByCause.values().stream().mapToDouble(Double::doubleValue).sum();
  }

  private static String count(long count) {
    return "%,d".formatted(count);
  }

  private static String percent(double percent) {
    return "%5.1f %%".formatted(percent);
  }

  private static String bar(double percent) {
    int filled = (int) Math.round(Math.max(0, Math.min(100, percent)) / 100 * BAR_CHARS);
    return "[" + "#".repeat(filled) + ".".repeat(BAR_CHARS - filled) + "]" + percent(percent);
  }

  /** Returns a duration in the two largest units that say something. */
  static String time(double seconds) {
    long whole = Math.round(seconds);
    if (whole < 60) {
      return whole + " s";
    }
    long minutes = Math.round(seconds / 60);
    if (minutes < 60) {
      return minutes + " min";
    }
    long hours = minutes / 60;
    if (hours < 24) {
      return hours + " h" + (minutes % 60 == 0 ? "" : " " + minutes % 60 + " min");
    }
    return hours / 24 + " d" + (hours % 24 == 0 ? "" : " " + hours % 24 + " h");
  }

  private void print(List<String> lines) {
    lines.forEach(line -> out.println(live ? Ansi.ON.string(line) : line));
    out.flush();
  }
}
