package io.stowage.extender.experiment;

import io.stowage.core.trace.Scenario;
import io.stowage.core.trace.SyntheticWorkload;
import io.stowage.core.trace.TraceFiles;
import io.stowage.core.trace.TraceFormatException;
import io.stowage.core.trace.TracePod;
import io.stowage.extender.kube.GpuResources;
import io.stowage.extender.snapshot.SnapshotFiles;
import io.stowage.extender.snapshot.SnapshotFormatException;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a replay runs on.
 *
 * @param scenario the cluster and the pods
 * @param runTimes pods to take run times from where the scenario's own have none
 */
public record Workload(Scenario scenario, List<TracePod> runTimes) {
  /** How many pods are generated for a cluster. */
  static final int GENERATED_PODS = 8_000;

  /** Copies the list. */
  public Workload {
    runTimes = List.copyOf(runTimes);
  }

  /** Generates a cluster of so many nodes, at least 1, and a workload for it. */
  public static Scenario generate(int nodes, long seed) {
    return SyntheticWorkload.generate(nodes, GENERATED_PODS, SyntheticWorkload.Gpus.MIXED, seed);
  }

  /**
   * Reads a cluster and a workload from CSV or from kubectl's JSON.
   *
   * @param pendingOnly with JSON: running pods stay, and those pending are the arrivals
   * @param prefix what the names of the three stand behind in messages, such as {@code --}
   * @throws InvalidExperimentException where the files are not of the form
   * @throws IOException where one cannot be read at all
   */
  public static Scenario read(Path nodes, Path pods, boolean pendingOnly, String prefix)
      throws IOException, InvalidExperimentException {
    return reading(
        () -> {
          boolean json = SnapshotFiles.isJson(nodes);
          if (json != SnapshotFiles.isJson(pods)) {
            throw new InvalidExperimentException(
                "%1$snodes and %1$spods: expected both CSV or both JSON, were %2$s"
                    .formatted(prefix, json ? "JSON and CSV" : "CSV and JSON"));
          }
          if (json) {
            return new SnapshotFiles(GpuResources.DEFAULT).read(nodes, pods, pendingOnly);
          }
          if (pendingOnly) {
            throw new InvalidExperimentException(
                "%1$spending goes with kubectl JSON, %1$spods is CSV: %2$s"
                    .formatted(prefix, pods));
          }
          return new Scenario(TraceFiles.readNodes(nodes), List.of(), TraceFiles.readPods(pods));
        });
  }

  /** Reads pods to take run times from; none without a file. Throws as {@link #read}. */
  public static List<TracePod> readRunTimes(@Nullable Path file)
      throws IOException, InvalidExperimentException {
    return file == null ? List.of() : reading(() -> TraceFiles.readPods(file));
  }

  /**
   * Returns the workload as it might be.
   *
   * @throws InvalidExperimentException where the variant names something that there is not
   */
  public Workload changed(ClusterVariant variant) throws InvalidExperimentException {
    try {
      return new Workload(variant.applied(scenario), runTimes);
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new InvalidExperimentException(String.valueOf(e.getMessage()));
    }
  }

  private interface Reading<T> {
    T read() throws IOException, InvalidExperimentException;
  }

  private static <T> T reading(Reading<T> reading) throws IOException, InvalidExperimentException {
    try {
      return reading.read();
    } catch (TraceFormatException | SnapshotFormatException e) {
      throw new InvalidExperimentException(String.valueOf(e.getMessage()));
    } catch (NoSuchFileException e) {
      throw new InvalidExperimentException("no such file: " + e.getFile());
    }
  }
}
