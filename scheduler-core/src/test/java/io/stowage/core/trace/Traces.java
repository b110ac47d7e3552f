package io.stowage.core.trace;

import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The public traces that tests read: in the directory that the system property {@code
 * stowage.traces} names. Where they are missing a test is skipped, or fails if {@code
 * stowage.traces.required} is true.
 */
public final class Traces {
  /** The variants there are, by what comes after {@code openb_pod_list_}. */
  public static final List<String> VARIANTS =
      List.of(
          "default",
          "cpu100",
          "cpu250",
          "gpushare40",
          "gpushare100",
          "gpuspec10",
          "gpuspec33",
          "multigpu20",
          "multigpu50");

  private Traces() {}

  /** Returns the file of that name; skips or fails the test where there is none. */
  public static Path file(String name) {
    String directory = System.getProperty("stowage.traces", "");
    Path file = Path.of(directory, name);
    if (directory.isEmpty() || !Files.isRegularFile(file)) {
      String message =
          "no trace "
              + name
              + " in '"
              + directory
              + "'; name the directory with -Dstowage.traces=DIRECTORY";
      if (Boolean.getBoolean("stowage.traces.required")) {
        fail(message);
      }
      abort(message);
    }
    return file;
  }

  /** Returns the file of a variant's pods. */
  public static Path pods(String variant) {
    return file("openb_pod_list_" + variant + ".csv");
  }

  /** Returns the GPU nodes with the pods of a variant. */
  public static Scenario scenario(String variant) {
    try {
      return new Scenario(
          TraceFiles.readNodes(file("openb_node_list_gpu_node.csv")),
          List.of(),
          TraceFiles.readPods(pods(variant)));
    } catch (IOException e) {
      throw new AssertionError("cannot read the trace " + variant, e);
    }
  }
}
