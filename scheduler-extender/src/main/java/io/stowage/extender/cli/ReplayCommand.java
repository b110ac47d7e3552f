package io.stowage.extender.cli;

import io.stowage.core.bound.Effort;
import io.stowage.core.policy.Policies;
import io.stowage.core.replay.BurstReplay;
import io.stowage.core.replay.ChurnReplay;
import io.stowage.core.replay.InflationReplay;
import io.stowage.core.replay.Progress;
import io.stowage.core.replay.ReplayBound;
import io.stowage.core.trace.Scenario;
import io.stowage.core.trace.SyntheticWorkload;
import io.stowage.core.trace.TraceFiles;
import io.stowage.core.trace.TraceFormatException;
import io.stowage.core.trace.TracePod;
import io.stowage.extender.kube.GpuResources;
import io.stowage.extender.snapshot.SnapshotFiles;
import io.stowage.extender.snapshot.SnapshotFormatException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
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
      "kubectl get nodes -o json and kubectl get pods -A -o json."
    })
public final class ReplayCommand implements Callable<Integer> {
  private static final double NANOS_PER_SECOND = 1e9;
  private static final int DEFAULT_WARM_UP = 400_000;
  private static final int DEFAULT_WINDOW = 1_000_000;
  private static final double DEFAULT_LOAD = 0.95;
  private static final int GENERATED_PODS = 8_000;
  private static final int MAX_SEEDS = 10_000;

  @Spec private @Nullable CommandSpec spec;

  /** Where the cluster and the workload come from. */
  static final class Input {
    @ArgGroup(exclusive = false, multiplicity = "1")
    @Nullable Recorded files;

    @Option(
        names = "--generate",
        required = true,
        paramLabel = "NODES",
        description = "generate a cluster of so many nodes and a workload for it")
    int generatedNodes;
  }

  /** Files with a cluster and a workload. */
  static final class Recorded {
    @Option(
        names = "--nodes",
        required = true,
        paramLabel = "FILE",
        description = "the cluster's nodes")
    Path nodes = Path.of("");

    @Option(
        names = "--pods",
        required = true,
        paramLabel = "FILE",
        description = "the pods to draw arrivals from")
    Path pods = Path.of("");

    @Option(
        names = "--pending",
        description =
            "with kubectl JSON: running pods stay where they are, and those pending are the arrivals")
    boolean pendingOnly;
  }

  /** The protocols by the names that users choose them by. */
  enum Protocol {
    inflation,
    churn,
    burst
  }

  @ArgGroup(exclusive = true, multiplicity = "1")
  private @Nullable Input input;

  @Option(
      names = "--run-times",
      paramLabel = "FILE",
      description = "churn: pods to take run times from, class by class, where --pods has none")
  private @Nullable Path runTimesFile;

  @Option(
      names = "--protocol",
      required = true,
      paramLabel = "NAME",
      description = "one of: ${COMPLETION-CANDIDATES}")
  private Protocol protocol = Protocol.inflation;

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
      description = "churn: offered GPU load as a part of capacity, default: " + DEFAULT_LOAD)
  private @Nullable Double load;

  @Option(
      names = "--warm-up",
      paramLabel = "ARRIVALS",
      description = "churn: arrivals before figures are taken, default: " + DEFAULT_WARM_UP)
  private @Nullable Integer warmUpArrivals;

  @Option(
      names = "--window",
      paramLabel = "ARRIVALS",
      description = "churn: arrivals over which figures are taken, default: " + DEFAULT_WINDOW)
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

  @Option(
      names = "--json",
      paramLabel = "FILE",
      description = "write all runs and their means as JSON; - for standard output")
  private @Nullable Path jsonFile;

  @Option(names = "--csv", paramLabel = "FILE", description = "write all runs as CSV")
  private @Nullable Path csvFile;

  @Override
  public Integer call() throws IOException, InterruptedException {
    checkOptions();
    Scenario scenario = readScenario();
    List<TracePod> runTimes = runTimesFile == null ? List.of() : readPods(runTimesFile);
    List<Callable<Map<String, Object>>> runs = new ArrayList<>();
    List<Callable<BoundFigures>> bounds = new ArrayList<>();
    long runCount = (long) seeds * (policies.size() + (bound ? 1 : 0));
    List<Map<String, Object>> results;
    try (Progression progression = new Progression(runCount)) {
      for (long s = seed; s < seed + seeds; s++) {
        long runSeed = s;
        for (String policy : policies) {
          Progress progress = progression.ofRun();
          runs.add(() -> run(scenario, runTimes, policy, runSeed, progress));
        }
        if (bound) {
          Progress progress = progression.ofRun();
          bounds.add(() -> bound(scenario, runTimes, runSeed, progress));
        }
      }
      results = runAll(runs);
      List<BoundFigures> proven = runAll(bounds);
      for (int i = 0; i < proven.size(); i++) {
        proven.get(i).addTo(results.subList(i * policies.size(), (i + 1) * policies.size()));
      }
    }
    ReplayFigures figures = new ReplayFigures(results);
    write(figures);
    return 0;
  }

  private void checkOptions() {
    for (String policy : policies) {
      if (!Policies.names().contains(policy)) {
        throw wrongUsage(
            "--policy: no policy is called '"
                + policy
                + "', expected any of "
                + String.join(", ", Policies.names()));
      }
    }
    requireRange("--seeds", seeds, 1, MAX_SEEDS);
    if (threads != null) {
      requireRange("--threads", threads, 1, 1024);
    }
    if (freeOrder && protocol != Protocol.burst) {
      throw wrongUsage("--free-order goes with --protocol burst, was given with " + protocol);
    }
    if (protocol != Protocol.churn) {
      refuse("--load", load);
      refuse("--warm-up", warmUpArrivals);
      refuse("--window", windowArrivals);
      refuse("--run-times", runTimesFile);
      refuse("--keep-seconds", keepSeconds);
    }
  }

  private void requireRange(String option, int value, int min, int max) {
    if (value < min || value > max) {
      throw wrongUsage(option + ": expected " + min + " to " + max + ", was " + value);
    }
  }

  private void refuse(String option, @Nullable Object value) {
    if (value != null) {
      throw wrongUsage(option + " goes with --protocol churn, was given with " + protocol);
    }
  }

  private ParameterException wrongUsage(String message) {
    if (spec == null) {
      throw new IllegalStateException("run by picocli alone");
    }
    return new ParameterException(spec.commandLine(), message);
  }

  private Scenario readScenario() throws IOException {
    if (input == null || input.files == null) {
      int nodes = input == null ? 0 : input.generatedNodes;
      requireRange("--generate", nodes, 1, 100_000);
      return SyntheticWorkload.generate(nodes, GENERATED_PODS, SyntheticWorkload.Gpus.MIXED, seed);
    }
    Recorded files = input.files;
    try {
      boolean json = SnapshotFiles.isJson(files.nodes);
      if (json != SnapshotFiles.isJson(files.pods)) {
        throw wrongUsage(
            "--nodes and --pods: expected both CSV or both JSON, were "
                + (json ? "JSON and CSV" : "CSV and JSON"));
      }
      if (json) {
        return new SnapshotFiles(GpuResources.DEFAULT)
            .read(files.nodes, files.pods, files.pendingOnly);
      }
      if (files.pendingOnly) {
        throw wrongUsage("--pending goes with kubectl JSON, --pods is CSV: " + files.pods);
      }
      return new Scenario(
          TraceFiles.readNodes(files.nodes), List.of(), TraceFiles.readPods(files.pods));
    } catch (TraceFormatException | SnapshotFormatException e) {
      throw wrongUsage(String.valueOf(e.getMessage()));
    } catch (NoSuchFileException e) {
      throw wrongUsage("no such file: " + e.getFile());
    }
  }

  private List<TracePod> readPods(Path file) throws IOException {
    try {
      return TraceFiles.readPods(file);
    } catch (TraceFormatException e) {
      throw wrongUsage(String.valueOf(e.getMessage()));
    } catch (NoSuchFileException e) {
      throw wrongUsage("no such file: " + e.getFile());
    }
  }

  private Map<String, Object> run(
      Scenario scenario, List<TracePod> runTimes, String policy, long runSeed, Progress progress) {
    long startNanos = System.nanoTime();
    Record result =
        switch (protocol) {
          case inflation -> InflationReplay.run(scenario, policy, runSeed, progress);
          case churn ->
              ChurnReplay.run(scenario, runTimes, churnSettings(), policy, runSeed, progress);
          case burst ->
              BurstReplay.run(scenario, policy, freeOrder, runSeed, System::nanoTime, progress);
        };
    progress.update(1);
    return ReplayFigures.run(result, (System.nanoTime() - startNanos) / NANOS_PER_SECOND);
  }

  private BoundFigures bound(
      Scenario scenario, List<TracePod> runTimes, long runSeed, Progress progress) {
    BoundFigures proven =
        switch (protocol) {
          case inflation ->
              BoundFigures.of(ReplayBound.inflation(scenario, runSeed, Effort.DEFAULT));
          case churn ->
              BoundFigures.of(
                  ReplayBound.churn(scenario, runTimes, churnSettings(), runSeed, Effort.DEFAULT));
          case burst -> BoundFigures.of(ReplayBound.burst(scenario, Effort.DEFAULT));
        };
    progress.update(1);
    return proven;
  }

  private ChurnReplay.Settings churnSettings() {
    return new ChurnReplay.Settings(
        load == null ? DEFAULT_LOAD : load,
        warmUpArrivals == null ? DEFAULT_WARM_UP : warmUpArrivals,
        windowArrivals == null ? DEFAULT_WINDOW : windowArrivals,
        keepSeconds == null ? 0 : keepSeconds);
  }

  private <T> List<T> runAll(List<Callable<T>> runs) throws InterruptedException {
    int parallel = threads == null ? Runtime.getRuntime().availableProcessors() : threads;
    ExecutorService executor = Executors.newFixedThreadPool(parallel);
    try {
      List<T> results = new ArrayList<>();
      for (Future<T> future : executor.invokeAll(runs)) {
        results.add(future.get());
      }
      return results;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IllegalArgumentException refused) {
        throw wrongUsage(String.valueOf(refused.getMessage()));
      }
      throw new IllegalStateException(e.getCause());
    } finally {
      executor.shutdownNow();
    }
  }

  private void write(ReplayFigures figures) throws IOException {
    if (spec == null) {
      throw new IllegalStateException("run by picocli alone");
    }
    PrintWriter out = spec.commandLine().getOut();
    if (csvFile != null) {
      figures.writeCsv(csvFile);
    }
    if (jsonFile != null && !jsonFile.toString().equals("-")) {
      Files.writeString(jsonFile, figures.json(), StandardCharsets.UTF_8);
    }
    if (jsonFile != null && jsonFile.toString().equals("-")) {
      out.println(figures.json());
    } else {
      out.println(protocol + ", means of " + seeds + (seeds == 1 ? " seed" : " seeds"));
      out.println(figures.table());
    }
    out.flush();
  }
}
