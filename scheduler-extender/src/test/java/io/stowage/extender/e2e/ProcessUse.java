package io.stowage.extender.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What a Java process takes.
 *
 * @param liveHeapBytes objects in use, after a full collection
 * @param openFiles file descriptors, sockets included
 */
record ProcessUse(long liveHeapBytes, int threads, int openFiles) {

  static ProcessUse of(long pid, Path log) {
    Path process = Path.of("/proc", String.valueOf(pid));
    try (Stream<Path> files = Files.list(process.resolve("fd"));
        Stream<Path> threads = Files.list(process.resolve("task"))) {
      return new ProcessUse(liveHeapBytes(pid, log), (int) threads.count(), (int) files.count());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static long liveHeapBytes(long pid, Path log) {
    String jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
    List<String> command = List.of(jcmd, String.valueOf(pid), "GC.class_histogram");
    try (ChildProcess histogram = ChildProcess.start(log, Map.of(), command)) {
      assertThat(histogram.exitCode()).as(histogram.output()).isZero();
      String total =
          histogram
              .output()
              .lines()
              .filter(line -> line.startsWith("Total"))
              .reduce((first, last) -> last)
              .orElseThrow(() -> new AssertionError(histogram.output()));
      return Long.parseLong(total.trim().split("\\s+", -1)[2]);
    }
  }
}
