package io.stowage.benchmarks.load;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.HdrHistogram.Histogram;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Looks for the slowest of many requests on one connection, and for the longest GC pause. */
@Command(
    name = "slowest",
    mixinStandardHelpOptions = true,
    description = "the slowest of many requests on one connection, and the longest GC pause")
final class SlowestLoad implements Callable<Integer> {
  @Option(names = "--nodes", split = ",", defaultValue = "5000")
  private List<Integer> nodes = List.of();

  @Option(names = "--warm-up", description = "requests before", defaultValue = "10000")
  private int warmUp;

  @Option(names = "--requests", defaultValue = "10000")
  private int requests;

  @Override
  public Integer call() throws IOException {
    for (int count : nodes) {
      measure(count);
    }
    return 0;
  }

  private void measure(int count) throws IOException {
    Histogram latencies = new Histogram(3);
    List<Duration> pauses;
    try (Recording recording = new Recording();
        LoadedService service = new LoadedService(count);
        Caller caller = new Caller(service.port())) {
      recording.enable("jdk.GCPhasePause");
      Requests bodies = service.requests(false);
      service.startWatch();
      for (int i = -warmUp; i < requests; i++) {
        if (i == 0) {
          recording.start();
        }
        long nanos = service.ask(caller, bodies.next());
        if (i >= 0) {
          latencies.recordValue(nanos);
        }
      }
      recording.stop();
      pauses = pauses(recording);
    }
    System.out.printf(
        "%d nodes, %d requests on one connection, %d watch events a second, planner running:%n"
            + "  p50 %.2f ms, p99 %.2f ms, p99.9 %.2f ms, slowest %.2f ms;"
            + " %d GC pauses, the longest %.2f ms%n",
        count,
        requests,
        LoadedService.EVENTS_PER_SECOND,
        latencies.getValueAtPercentile(50) / 1e6,
        latencies.getValueAtPercentile(99) / 1e6,
        latencies.getValueAtPercentile(99.9) / 1e6,
        latencies.getMaxValue() / 1e6,
        pauses.size(),
        pauses.stream().mapToLong(Duration::toNanos).max().orElse(0) / 1e6);
  }

  private static List<Duration> pauses(Recording recording) throws IOException {
    Path file = Files.createTempFile("pauses", ".jfr");
    try {
      recording.dump(file);
      return RecordingFile.readAllEvents(file).stream().map(RecordedEvent::getDuration).toList();
    } finally {
      Files.delete(file);
    }
  }
}
