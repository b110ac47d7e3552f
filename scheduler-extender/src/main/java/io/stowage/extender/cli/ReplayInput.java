package io.stowage.extender.cli;

import io.stowage.core.trace.Scenario;
import io.stowage.extender.experiment.ClusterVariant;
import io.stowage.extender.experiment.ExperimentInput;
import io.stowage.extender.experiment.InvalidExperimentException;
import io.stowage.extender.experiment.NodeChoice;
import io.stowage.extender.experiment.ReplayOrigin;
import io.stowage.extender.experiment.ReplaySettings;
import io.stowage.extender.experiment.Workload;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Where a replay's cluster and workload come from, and what is changed in them. */
final class ReplayInput {
  private static final int MOST_NODES = 100_000;

  /** One of three sources. */
  static final class Source {
    @ArgGroup(exclusive = false, multiplicity = "1")
    @Nullable Recorded files;

    @Option(
        names = "--generate",
        required = true,
        paramLabel = "NODES",
        description = "generate a cluster of so many nodes and a workload for it")
    int generatedNodes;

    @Option(
        names = "--decisions",
        required = true,
        paramLabel = "FILE",
        description =
            "a log of decisions of stowage serve: its pods arrive when they did and run for as long"
                + " as they did; beside the policies, what was decided")
    @Nullable Path decisions;
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

  @ArgGroup(exclusive = true, multiplicity = "1")
  private Source source = new Source();

  @Option(
      names = "--run-times",
      paramLabel = "FILE",
      description = "churn: pods to take run times from, class by class, where --pods has none")
  private @Nullable Path runTimesFile;

  @Option(
      names = "--add-nodes",
      split = ",",
      paramLabel = "NODE=COUNT",
      description = "what if there were so many copies of a node")
  private Map<String, Integer> addNodes = Map.of();

  @Option(
      names = "--remove-nodes",
      split = ",",
      paramLabel = "PREFIX",
      description = "what if nodes whose names start so were not there")
  private List<String> removeNodes = List.of();

  /** Returns the log of decisions that is replayed, null where something else is. */
  @Nullable Path decisions() {
    return source.decisions;
  }

  /** Returns the file of run times, null where none is named. */
  @Nullable Path runTimesFile() {
    return runTimesFile;
  }

  /** Tells whether nodes are added or removed. */
  boolean changes() {
    return !addNodes.isEmpty() || !removeNodes.isEmpty();
  }

  /** Returns what to call what is replayed, where it is no log of decisions. */
  String name() {
    return source.files == null ? "generated" : String.valueOf(source.files.pods.getFileName());
  }

  /**
   * Reads or generates the cluster and the workload, and changes them.
   *
   * @param seed of what is generated
   * @throws InvalidExperimentException where a file cannot be used
   */
  Workload workload(CommandLine command, long seed) throws IOException, InvalidExperimentException {
    return new Workload(scenario(command, seed), Workload.readRunTimes(runTimesFile))
        .changed(variant(command));
  }

  private Scenario scenario(CommandLine command, long seed)
      throws IOException, InvalidExperimentException {
    Recorded files = source.files;
    if (files != null) {
      return Workload.read(files.nodes, files.pods, files.pendingOnly, "--");
    }
    int nodes = source.generatedNodes;
    if (nodes < 1 || nodes > MOST_NODES) {
      throw new ParameterException(
          command, "--generate: expected 1 to " + MOST_NODES + ", was " + nodes);
    }
    return Workload.generate(nodes, seed);
  }

  private ClusterVariant variant(CommandLine command) {
    try {
      return new ClusterVariant(
          "what if",
          addNodes.entrySet().stream()
              .map(added -> new NodeChoice(added.getKey(), null, null, added.getValue()))
              .toList(),
          removeNodes.stream().map(prefix -> new NodeChoice(null, null, prefix, null)).toList(),
          List.of(),
          List.of());
    } catch (IllegalArgumentException e) {
      throw new ParameterException(command, "--add-nodes: " + e.getMessage());
    }
  }

  /**
   * Returns what a replay of anything but a log of decisions comes from.
   *
   * @throws InvalidExperimentException where a file is not there
   */
  ReplayOrigin origin(ReplaySettings settings, long seed)
      throws IOException, InvalidExperimentException {
    String runTimes = runTimesFile == null ? null : runTimesFile.toString();
    Recorded files = source.files;
    ExperimentInput replayed =
        files == null
            ? new ExperimentInput(
                "generated", null, null, null, runTimes, source.generatedNodes, seed)
            : new ExperimentInput(
                "files",
                files.nodes.toString(),
                files.pods.toString(),
                files.pendingOnly,
                runTimes,
                null,
                null);
    return ReplayOrigin.of(Stowage.version(), settings, replayed, addNodes, removeNodes);
  }
}
