package io.stowage.benchmarks.load;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Measures {@code filter} over HTTP beside a handler that answers a constant. */
@Command(
    name = "filter",
    mixinStandardHelpOptions = true,
    description = "filter, beside a handler that reads the same body and answers a constant")
final class FilterLoad implements Callable<Integer> {
  @Option(names = "--nodes", split = ",", defaultValue = "1000,5000,65000")
  private List<Integer> nodes = List.of();

  @Option(names = "--whole-nodes", description = "send whole nodes, not names")
  private boolean wholeNodes;

  @Option(names = "--random-order", description = "name nodes in no order, not kube-scheduler's")
  private boolean randomOrder;

  @Option(names = "--warm-up", description = "requests before", defaultValue = "10000")
  private int warmUp;

  @Option(names = "--requests", defaultValue = "10000")
  private int requests;

  @Override
  public Integer call() throws IOException {
    for (int count : nodes) {
      System.out.println(measure(count, wholeNodes, randomOrder, warmUp, requests));
    }
    return 0;
  }

  /**
   * Measures so many requests, each asked of both, one after the other, first of either in turn.
   */
  static Latencies measure(
      int nodes, boolean wholeNodes, boolean randomOrder, int warmUp, int requests)
      throws IOException {
    try (LoadedService service = new LoadedService(nodes);
        ConstantServer constant = new ConstantServer();
        Caller toService = new Caller(service.port());
        Caller toConstant = new Caller(constant.port())) {
      Requests bodies =
          randomOrder ? service.requestsInRandomOrder(wholeNodes) : service.requests(wholeNodes);
      service.startWatch();
      Latencies latencies = new Latencies("service", "constant");
      for (int i = -warmUp; i < requests; i++) {
        if (i == 0) {
          latencies.reset();
        }
        Requests.Request request = bodies.next();
        service.waits(request.pod());
        if (i % 2 == 0) {
          latencies.second().recordValue(toConstant.call(request.bytes()));
        }
        latencies.first().recordValue(toService.call(request.bytes()));
        if (i % 2 != 0) {
          latencies.second().recordValue(toConstant.call(request.bytes()));
        }
        service.placed(request.pod(), toService.firstNode());
      }
      latencies.describe(
          "%d nodes, %s%s, %d bytes a request, GPUs %.0f %% taken at the start, %d requests"
              .formatted(
                  nodes,
                  wholeNodes ? "whole" : "names",
                  randomOrder ? " in random order" : "",
                  bodies.next().bytes().length,
                  100 * service.filled(),
                  requests));
      return latencies;
    }
  }
}
