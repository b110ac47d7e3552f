package io.stowage.extender.cli;

import io.stowage.core.policy.Policies;
import io.stowage.core.replay.Progress;
import io.stowage.extender.config.StowageConfig;
import io.stowage.extender.decisions.DecisionFormatException;
import io.stowage.extender.decisions.DecisionReader;
import io.stowage.extender.decisions.DecisionReader.Decisions;
import io.stowage.extender.experiment.BoundFigures;
import io.stowage.extender.experiment.ExperimentReport;
import io.stowage.extender.experiment.InvalidExperimentException;
import io.stowage.extender.experiment.Protocol;
import io.stowage.extender.experiment.ReplayBaseline;
import io.stowage.extender.experiment.ReplayFigures;
import io.stowage.extender.experiment.ReplayOrigin;
import io.stowage.extender.experiment.ReplaySettings;
import io.stowage.extender.experiment.Replays;
import io.stowage.extender.experiment.ReportCase;
import io.stowage.extender.experiment.RunResult;
import io.stowage.extender.experiment.Workload;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code stowage replay}: runs a workload on a cluster under placement policies and compares. */
@Command(
    name = "replay",
    description = "Replay a workload on a cluster under placement policies and compare them.",
    footer = {
      "",
      "Protocols:",
      "  inflation  pods arrive until they have asked for 130 %% of the GPUs; none leaves",
      "  churn      pods arrive, wait, run and end at a given load",
      "  burst      all pods are pending at once",
      "",
      "Files are CSV lists as of the public trace cluster-trace-gpu-v2023, or the output of",
      "kubectl get nodes -o json and kubectl get pods -A -o json.",
      "",
      "Exit codes: 0 done, 3 a policy loses against --baseline, 2 wrong usage, 1 failed."
    })
public final class ReplayCommand implements Callable<Integer> {
  private static final int MAX_SEEDS = 10_000;

  /** The name of the policy of {@code --config}, whichever it is. */
  private static final String CONFIGURED = "configured";

  @Spec private @Nullable CommandSpec spec;

  @Mixin private final ReplayInput input = new ReplayInput();
  @Mixin private final ReplayOutput output = new ReplayOutput();

  @Option(
      names = "--protocol",
      paramLabel = "NAME",
      description = "one of: ${COMPLETION-CANDIDATES}; --decisions goes without")
  private @Nullable Protocol protocol;

  /** Completes policy names. */
  static final class PolicyNames implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return Policies.names().iterator();
    }
  }

  @Option(
      names = "--policy",
      split = ",",
      paramLabel = "NAME",
      defaultValue = "stowage,fgd,best-fit,most-allocated,least-allocated",
      completionCandidates = PolicyNames.class,
      description = "any of: ${COMPLETION-CANDIDATES}; default: ${DEFAULT-VALUE}")
  private List<String> policies = List.of();

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description =
          "settings of stowage serve: replay, as \"configured\", its policy with its"
              + " planning.keepSeconds; goes without --policy and --keep-seconds")
  private @Nullable Path configFile;

  @Option(
      names = "--seed",
      paramLabel = "S",
      defaultValue = "42",
      description = "the first seed, default: ${DEFAULT-VALUE}")
  private long seed;

  @Option(
      names = "--seeds",
      paramLabel = "N",
      defaultValue = "1",
      description = "how many seeds, from --seed on, default: ${DEFAULT-VALUE}")
  private int seeds;

  @Option(
      names = "--load",
      paramLabel = "R",
      description =
          "churn: offered GPU load as a part of capacity, default: " + ReplaySettings.DEFAULT_LOAD)
  private @Nullable Double load;

  @Option(
      names = "--warm-up",
      paramLabel = "ARRIVALS",
      description =
          "churn: arrivals before figures are taken, default: " + ReplaySettings.DEFAULT_WARM_UP)
  private @Nullable Integer warmUpArrivals;

  @Option(
      names = "--window",
      paramLabel = "ARRIVALS",
      description =
          "churn: arrivals over which figures are taken, default: " + ReplaySettings.DEFAULT_WINDOW)
  private @Nullable Integer windowArrivals;

  @Option(
      names = "--keep-seconds",
      paramLabel = "S",
      description =
          "churn: how long a pod waits at most before it may have room that the policy keeps for"
              + " larger ones, default: 0")
  private @Nullable Double keepSeconds;

  @Option(
      names = "--free-order",
      description = "burst: pods that have a slot in the policy's plan go before those without")
  private boolean freeOrder;

  @Option(
      names = "--bound",
      description =
          "also prove what no policy could pass, and tell each one's distance to it; some seconds"
              + " to minutes a seed")
  private boolean bound;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "runs at a time, default: one a core; results do not depend on it")
  private @Nullable Integer threads;

  @Override
  public Integer call() throws IOException, InterruptedException {
    takeConfiguration();
    checkOptions();
    try {
      Optional<ReplayBaseline> baseline = output.baseline();
      Path log = input.decisions();
      ReplayFigures figures;
      Optional<ReplayOrigin> origin;
      if (log == null) {
        Workload workload = input.workload(command(), seed);
        origin = origin(baseline);
        figures = replayed(workload);
      } else {
        Decisions decisions = read(log);
        origin = origin(baseline);
        figures = recorded(log, decisions);
      }
      String title = protocolName() + ", means of " + seeds + (seeds == 1 ? " seed" : " seeds");
      return output.write(command(), title, figures, origin, baseline);
    } catch (InvalidExperimentException e) {
      throw wrongUsage(String.valueOf(e.getMessage()));
    }
  }

  private CommandLine command() {
    if (spec == null) {
      throw new IllegalStateException("run by picocli alone");
    }
    return spec.commandLine();
  }

  /** Takes policy and waits from the settings, where there are any. */
  private void takeConfiguration() {
    if (configFile == null) {
      return;
    }
    if (keepSeconds != null || command().getParseResult().hasMatchedOption("--policy")) {
      throw wrongUsage("--config goes without --policy and --keep-seconds");
    }
    StowageConfig config = ConfigCommand.configuration(command(), configFile);
    if (!config.planning().enabled()) {
      throw wrongUsage(
          configFile
              + ": planning.enabled: expected true, was false; a replay without a planner"
              + " is not to be had");
    }
    policies = List.of(config.policy());
    if (protocol == null || protocol == Protocol.churn) {
      keepSeconds = (double) config.planning().keepSeconds();
    }
  }

  /** Returns the runs under the name that they are compared by. */
  private List<RunResult> named(List<RunResult> runs) {
    return configFile == null
        ? runs
        : runs.stream().map(run -> run.with("policy", CONFIGURED)).toList();
  }

  /**
   * Returns what is replayed, where it is written or compared.
   *
   * @throws InvalidExperimentException where it cannot be compared with the baseline
   */
  private Optional<ReplayOrigin> origin(Optional<ReplayBaseline> baseline)
      throws IOException, InvalidExperimentException {
    if (!output.needsOrigin()) {
      return Optional.empty();
    }
    ReplayOrigin origin = configFile == null ? origin() : origin().placedBy(policies.get(0));
    if (baseline.isPresent()) {
      List<String> names = configFile == null ? policies : List.of(CONFIGURED);
      baseline.get().requireComparable(origin, names, seed, seeds);
    }
    return Optional.of(origin);
  }

  private ReplayOrigin origin() throws IOException, InvalidExperimentException {
    Path log = input.decisions();
    return log == null
        ? input.origin(settings(), seed)
        : ReplayOrigin.recorded(Stowage.version(), keepSeconds(), log);
  }

  private double keepSeconds() {
    return keepSeconds == null ? 0 : keepSeconds;
  }

  private ReplayFigures recorded(Path file, Decisions decisions)
      throws IOException, InterruptedException, InvalidExperimentException {
    double keep = keepSeconds();
    List<Callable<RunResult>> runs = new ArrayList<>();
    List<RunResult> replays = new ArrayList<>();
    replays.add(Replays.asDecided(decisions.workload()));
    try (Progression progression = new Progression((long) seeds * policies.size())) {
      for (long s = seed; s < seed + seeds; s++) {
        long runSeed = s;
        for (String policy : policies) {
          Progress progress = progression.ofRun();
          runs.add(() -> Replays.recorded(decisions.workload(), keep, policy, runSeed, progress));
        }
      }
      replays.addAll(named(Replays.inParallel(runs, threads)));
    }
    Path report = output.reportDirectory();
    if (report != null) {
      String name = String.valueOf(file.getFileName());
      Map<String, Object> settings = ReplayOrigin.recordedSettings(keep);
      new ExperimentReport(
              "Decisions of " + name,
              List.of(new ReportCase(name, "as it is", settings, replays)),
              List.of())
          .write(report);
    }
    return new ReplayFigures(replays.stream().map(RunResult::figures).toList());
  }

  /** Reads a log, and says what of it is not replayed. */
  private Decisions read(Path file) throws IOException {
    try {
      Decisions decisions = DecisionReader.read(file);
      PrintWriter errors = command().getErr();
      if (decisions.nodeChanges() > 0) {
        errors.printf("%d changes of nodes are left out%n", decisions.nodeChanges());
      }
      if (decisions.withdrawnPods() > 0) {
        errors.printf(
            "%d pods are left out that were deleted before they were placed%n",
            decisions.withdrawnPods());
      }
      if (decisions.lostLines() > 0) {
        errors.printf("%d lines are missing in the log%n", decisions.lostLines());
      }
      errors.flush();
      return decisions;
    } catch (DecisionFormatException e) {
      throw wrongUsage(String.valueOf(e.getMessage()));
    } catch (NoSuchFileException e) {
      throw wrongUsage("no such file: " + e.getFile());
    }
  }

  private ReplayFigures replayed(Workload workload)
      throws IOException, InterruptedException, InvalidExperimentException {
    ReplaySettings settings = settings();
    List<Callable<RunResult>> runs = new ArrayList<>();
    List<Callable<BoundFigures>> bounds = new ArrayList<>();
    long runCount = (long) seeds * (policies.size() + (bound ? 1 : 0));
    List<Map<String, Object>> results = new ArrayList<>();
    List<RunResult> replays;
    try (Progression progression = new Progression(runCount)) {
      for (long s = seed; s < seed + seeds; s++) {
        long runSeed = s;
        for (String policy : policies) {
          Progress progress = progression.ofRun();
          runs.add(() -> Replays.run(workload, settings, policy, runSeed, progress));
        }
        if (bound) {
          Progress progress = progression.ofRun();
          bounds.add(() -> Replays.bound(workload, settings, runSeed, progress));
        }
      }
      replays = named(Replays.inParallel(runs, threads));
      replays.forEach(replay -> results.add(new LinkedHashMap<>(replay.figures())));
      List<BoundFigures> proven = Replays.inParallel(bounds, threads);
      for (int i = 0; i < proven.size(); i++) {
        proven.get(i).addTo(results.subList(i * policies.size(), (i + 1) * policies.size()));
      }
    }
    Path report = output.reportDirectory();
    if (report != null) {
      report(settings, results, replays).write(report);
    }
    return new ReplayFigures(results);
  }

  private ExperimentReport report(
      ReplaySettings settings, List<Map<String, Object>> figures, List<RunResult> replays) {
    List<RunResult> runs = new ArrayList<>();
    for (int i = 0; i < replays.size(); i++) {
      runs.add(new RunResult(figures.get(i), replays.get(i).curve()));
    }
    String replayed = input.name();
    return new ExperimentReport(
        "Replay of " + replayed,
        List.of(
            new ReportCase(
                replayed, input.changes() ? "what if" : "as it is", settings.byName(), runs)),
        List.of());
  }

  private void checkOptions() throws IOException {
    for (String policy : policies) {
      try {
        Replays.requirePolicy(policy);
      } catch (IllegalArgumentException e) {
        throw wrongUsage("--policy: " + e.getMessage());
      }
    }
    output.check(command());
    requireRange("--seeds", seeds, 1, MAX_SEEDS);
    if (threads != null) {
      requireRange("--threads", threads, 1, 1024);
    }
    boolean fromLog = input.decisions() != null;
    if (fromLog && (protocol != null || bound || input.changes())) {
      throw wrongUsage(
          "--decisions goes without --protocol, --bound, --add-nodes and --remove-nodes");
    }
    if (!fromLog && protocol == null) {
      throw wrongUsage(
          "--protocol: expected one of "
              + Arrays.stream(Protocol.values()).map(Enum::name).collect(Collectors.joining(", "))
              + ", was none");
    }
    if (freeOrder && protocol != Protocol.burst) {
      throw wrongUsage("--free-order goes with --protocol burst, was given with " + protocolName());
    }
    if (protocol != Protocol.churn) {
      refuse("--load", load);
      refuse("--warm-up", warmUpArrivals);
      refuse("--window", windowArrivals);
      refuse("--run-times", input.runTimesFile());
      refuse("--keep-seconds", fromLog ? null : keepSeconds);
    }
  }

  private String protocolName() {
    return protocol == null ? ReplayOrigin.RECORDED : protocol.name();
  }

  private void requireRange(String option, int value, int min, int max) {
    if (value < min || value > max) {
      throw wrongUsage(option + ": expected " + min + " to " + max + ", was " + value);
    }
  }

  private void refuse(String option, @Nullable Object value) {
    if (value != null) {
      throw wrongUsage(option + " goes with --protocol churn, was given with " + protocolName());
    }
  }

  private ParameterException wrongUsage(String message) {
    return new ParameterException(command(), message);
  }

  private ReplaySettings settings() {
    try {
      return ReplaySettings.of(
          protocol, load, warmUpArrivals, windowArrivals, keepSeconds, freeOrder ? true : null);
    } catch (IllegalArgumentException e) {
      throw wrongUsage(String.valueOf(e.getMessage()));
    }
  }
}
