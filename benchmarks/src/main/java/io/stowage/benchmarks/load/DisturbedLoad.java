package io.stowage.benchmarks.load;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import org.HdrHistogram.Histogram;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Measures what badly behaved callers cost a well behaved one. */
@Command(
    name = "disturbed",
    mixinStandardHelpOptions = true,
    description = "filter while others misbehave, beside filter while nobody does")
final class DisturbedLoad implements Callable<Integer> {
  @Option(names = "--nodes", defaultValue = "1000")
  private int nodes;

  @Option(names = "--warm-up", description = "requests before", defaultValue = "5000")
  private int warmUp;

  @Option(names = "--requests", description = "of either kind", defaultValue = "6000")
  private int requests;

  @Option(names = "--slices", description = "in turn, of either kind", defaultValue = "6")
  private int slices;

  @Option(names = "--kinds", split = ",", description = "which misbehaviour; all if not said")
  private List<Misbehaviour> kinds = List.of(Misbehaviour.values());

  @Override
  public Integer call() throws IOException {
    try (LoadedService service = new LoadedService(nodes);
        Caller caller = new Caller(service.port())) {
      Requests bodies = service.requests(false);
      service.startWatch();
      Latencies warm = new Latencies("", "");
      run(service, caller, bodies, warmUp, warm.first());
      for (Misbehaviour kind : kinds) {
        Latencies latencies = new Latencies("disturbed", "alone");
        long heapBefore = heapBytes();
        long heapMost = 0;
        for (int i = 0; i < slices; i++) {
          run(service, caller, bodies, requests / slices, latencies.second());
          try (Disturbers disturbers = new Disturbers(kind, service.port())) {
            run(service, caller, bodies, requests / slices, latencies.first());
            heapMost = Math.max(heapMost, heapBytes());
            latencies.describe(
                "%s: %s; heap in use %d MiB before, %d MiB at most meanwhile"
                    .formatted(kind, disturbers.summary(), heapBefore >> 20, heapMost >> 20));
          }
        }
        System.out.println(latencies);
      }
    }
    return 0;
  }

  private static void run(
      LoadedService service, Caller caller, Requests bodies, int requests, Histogram latencies)
      throws IOException {
    for (int i = 0; i < requests; i++) {
      latencies.recordValue(service.ask(caller, bodies.next()));
    }
  }

  /** Returns the bytes in use after a collection. */
  private static long heapBytes() {
    System.gc();
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }
}
