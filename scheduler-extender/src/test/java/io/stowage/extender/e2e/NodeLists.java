package io.stowage.extender.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** Node lists of the trace's form, written for a test. */
final class NodeLists {
  private NodeLists() {}

  /** Returns a line for a node of 64 cores and 256 GiB. */
  static String node(String name, int gpus) {
    return "%s,64000,262144,%d,%s".formatted(name, gpus, gpus == 0 ? "" : "T4");
  }

  /**
   * Returns the flags with which nodes offer their GPUs as shares, so many units a card, and
   * further flags.
   */
  static String[] asShares(int unitsPerCard, String... flags) {
    return Stream.concat(
            Stream.of("--gpu-mode=gpushare", "--gpu-units=" + unitsPerCard), Arrays.stream(flags))
        .toArray(String[]::new);
  }

  /** Writes a list and returns its file. */
  static Path write(String name, List<String> nodes) {
    Path file = ControlPlane.directory().resolve(name + ".csv");
    try {
      Files.createDirectories(file.getParent());
      Files.writeString(
          file,
          "sn,cpu_milli,memory_mib,gpu,model\n" + String.join("\n", nodes) + "\n",
          StandardCharsets.UTF_8);
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
