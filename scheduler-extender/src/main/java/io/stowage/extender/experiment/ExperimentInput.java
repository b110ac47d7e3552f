package io.stowage.extender.experiment;

import com.fasterxml.jackson.annotation.JsonCreator;
import io.stowage.core.trace.Scenario;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A cluster and a workload: files, or a number of nodes to generate.
 *
 * @param name what it is called
 * @param nodes the file of nodes, CSV or kubectl's JSON; relative to the experiment's file
 * @param pods the file of pods
 * @param pending with kubectl's JSON: running pods stay, and those pending are the arrivals
 * @param runTimes churn: a file of pods to take run times from where {@code pods} has none
 * @param generate how many nodes to generate instead, 1 to 100000
 * @param generateSeed the seed they are generated with; 42 where null
 */
public record ExperimentInput(
    String name,
    @Nullable String nodes,
    @Nullable String pods,
    @Nullable Boolean pending,
    @Nullable String runTimes,
    @Nullable Integer generate,
    @Nullable Long generateSeed) {
  private static final int MOST_NODES = 100_000;
  private static final long DEFAULT_SEED = 42;

  /** Throws IllegalArgumentException unless it is either files or generated. */
  public ExperimentInput {
    boolean files = nodes != null && pods != null;
    boolean anyFile = nodes != null || pods != null || pending != null;
    if (generate == null ? !files || generateSeed != null : anyFile) {
      throw new IllegalArgumentException(
          "inputs: expected nodes and pods, or generate, for '" + name + "'");
    }
    if (generate != null && (generate < 1 || generate > MOST_NODES)) {
      throw new IllegalArgumentException(
          "generate: expected 1 to " + MOST_NODES + ", was " + generate);
    }
  }

  @JsonCreator
  static ExperimentInput of(
      @Nullable String name,
      @Nullable String nodes,
      @Nullable String pods,
      @Nullable Boolean pending,
      @Nullable String runTimes,
      @Nullable Integer generate,
      @Nullable Long generateSeed) {
    if (name == null || name.isBlank()) {
      throw new IllegalArgumentException("inputs: expected a name for each");
    }
    return new ExperimentInput(name, nodes, pods, pending, runTimes, generate, generateSeed);
  }

  /**
   * Reads or generates it.
   *
   * @param directory where relative files are
   */
  Workload read(Path directory) throws IOException, InvalidExperimentException {
    Scenario scenario =
        nodes == null || pods == null
            ? Workload.generate(
                generate == null ? 1 : generate, generateSeed == null ? DEFAULT_SEED : generateSeed)
            : Workload.read(
                directory.resolve(nodes),
                directory.resolve(pods),
                pending != null && pending,
                "input " + name + ": ");
    return new Workload(
        scenario, Workload.readRunTimes(runTimes == null ? null : directory.resolve(runTimes)));
  }

  /** Returns all that it consists of: numbers, and for files digests of what is in them. */
  Map<String, Object> contents(Path directory) throws IOException, InvalidExperimentException {
    Map<String, Object> contents = new LinkedHashMap<>();
    if (generate != null) {
      contents.put("generate", generate);
      contents.put("generateSeed", generateSeed == null ? DEFAULT_SEED : generateSeed);
      contents.put("generatePods", Workload.GENERATED_PODS);
    }
    if (nodes != null && pods != null) {
      contents.put("nodes", Digests.sha256Hex(directory.resolve(nodes)));
      contents.put("pods", Digests.sha256Hex(directory.resolve(pods)));
      contents.put("pending", pending != null && pending);
    }
    if (runTimes != null) {
      contents.put("runTimes", Digests.sha256Hex(directory.resolve(runTimes)));
    }
    return contents;
  }
}
