package io.stowage.benchmarks.load;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import org.HdrHistogram.Histogram;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Measures {@code filter} over HTTP beside a handler that answers a constant. */
@Command(
    name = "filter",
    mixinStandardHelpOptions = true,
    description = "filter over HTTP beside a handler that reads the body and answers a constant")
final class FilterLoad implements Callable<Integer> {
  private static final long SEED = 42;
  private static final int SHAPES = 32;

  @Option(names = "--nodes", split = ",", defaultValue = "1000,5000,65000")
  private List<Integer> nodes = List.of();

  @Option(names = "--whole-nodes", description = "send whole nodes, not names")
  private boolean wholeNodes;

  @Option(names = "--warmup-seconds", defaultValue = "20")
  private int warmupSeconds;

  @Option(names = "--seconds", defaultValue = "30")
  private int seconds;

  @Override
  public Integer call() throws IOException {
    for (int count : nodes) {
      measure(count);
    }
    return 0;
  }

  private void measure(int count) throws IOException {
    try (LoadedService service = new LoadedService(count);
        ConstantServer constant = new ConstantServer();
        Caller toService = new Caller(service.port());
        Caller toConstant = new Caller(constant.port())) {
      List<io.stowage.core.cluster.PodShape> shapes =
          service.shapes().stream().limit(SHAPES).toList();
      Requests requests =
          wholeNodes
              ? Requests.ofWholeNodes(shapes, service.nodeNames(), SEED)
              : Requests.ofNames(shapes, service.nodeNames(), SEED);
      service.startWatch();
      Histogram ofService = new Histogram(3);
      Histogram ofConstant = new Histogram(3);
      run(warmupSeconds, service, requests, toService, toConstant, ofService, ofConstant);
      ofService.reset();
      ofConstant.reset();
      run(seconds, service, requests, toService, toConstant, ofService, ofConstant);
      report(count, requests.next().bytes().length, ofService, ofConstant);
    }
  }

  private static void run(
      int seconds,
      LoadedService service,
      Requests requests,
      Caller toService,
      Caller toConstant,
      Histogram ofService,
      Histogram ofConstant)
      throws IOException {
    long end = System.nanoTime() + seconds * 1_000_000_000L;
    boolean constantFirst = false;
    while (System.nanoTime() < end) {
      Requests.Request request = requests.next();
      constantFirst = !constantFirst;
      if (constantFirst) {
        ofConstant.recordValue(toConstant.call(request.bytes()));
      }
      ofService.recordValue(toService.call(request.bytes()));
      if (!constantFirst) {
        ofConstant.recordValue(toConstant.call(request.bytes()));
      }
      String first = firstName(toService.body());
      if (!first.isEmpty()) {
        service.placed(request.pod(), first);
      }
    }
  }

  private static String firstName(String answer) {
    String names = wholeNodesName(answer);
    return names;
  }

  private static String wholeNodesName(String answer) {
    int at = answer.indexOf("\"NodeNames\":[\"");
    if (at >= 0) {
      int start = at + "\"NodeNames\":[\"".length();
      return answer.substring(start, answer.indexOf('"', start));
    }
    int item = answer.indexOf("\"items\":[{\"metadata\":{\"name\":\"");
    if (item < 0) {
      return "";
    }
    int start = item + "\"items\":[{\"metadata\":{\"name\":\"".length();
    return answer.substring(start, answer.indexOf('"', start));
  }

  private static void report(int nodes, int bytes, Histogram service, Histogram constant) {
    System.out.printf("%d nodes, %d bytes, %d requests%n", nodes, bytes, service.getTotalCount());
    for (double percentile : new double[] {50, 90, 99, 99.9, 100}) {
      double of = service.getValueAtPercentile(percentile) / 1e3;
      double than = constant.getValueAtPercentile(percentile) / 1e3;
      System.out.printf(
          "  p%-5s %10.1f us  constant %10.1f us  ratio %.2f%n", percentile, of, than, of / than);
    }
  }

  public static void main(String[] args) {
    System.exit(new CommandLine(new FilterLoad()).execute(args));
  }
}
