package io.stowage.extender.demo;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.distribution.ValueAtPercentile;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.stowage.core.cluster.Pod;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Calls an extender as kube-scheduler does with {@code nodeCacheCapable: true}, and measures how
 * long its answers take. Not thread-safe.
 */
final class ExtenderCalls {
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(TIMEOUT).build();
  private final JsonMapper mapper = JsonMapper.shared();
  private final MeterRegistry registry = new SimpleMeterRegistry();
  private final String prefix;
  private final Timer filter = timer("filter");
  private final Timer prioritize = timer("prioritize");
  private final Timer bind = timer("bind");

  /**
   * What {@code filter} answered.
   *
   * @param nodes the nodes kept
   * @param error why the decision failed, empty where it did not
   */
  record Filtered(List<String> nodes, String error) {
    Filtered {
      nodes = List.copyOf(nodes);
    }
  }

  /**
   * How long the answers of one verb took, the client's side included.
   *
   * @param count how many there were
   * @param p50Millis median in milliseconds
   * @param p99Millis 99th percentile in milliseconds
   */
  record Latency(long count, double p50Millis, double p99Millis) {}

  /** Creates a client of the extender on a loopback port. */
  ExtenderCalls(int port) {
    this.prefix = "http://127.0.0.1:" + port + "/scheduler/";
  }

  private Timer timer(String verb) {
    return Timer.builder("extender.call")
        .tag("verb", verb)
        .publishPercentiles(0.5, 0.99)
        .percentilePrecision(2)
        .distributionStatisticExpiry(Duration.ofDays(1))
        .register(registry);
  }

  /** Returns a Kubernetes object as JSON. */
  JsonNode json(Object kubernetesObject) {
    return mapper.valueToTree(kubernetesObject);
  }

  /** Asks which nodes to keep. */
  Filtered filter(JsonNode pod, List<String> nodes) throws IOException, InterruptedException {
    JsonNode answer = post("filter", filter, arguments(pod, nodes));
    List<String> kept = new ArrayList<>();
    answer.path("NodeNames").forEach(name -> kept.add(name.asString()));
    return new Filtered(kept, answer.path("Error").asString(""));
  }

  /** Asks for scores; returns the node with the highest, the first named among equals. */
  String best(JsonNode pod, List<String> nodes) throws IOException, InterruptedException {
    String best = "";
    int highest = -1;
    for (JsonNode host : post("prioritize", prioritize, arguments(pod, nodes))) {
      int score = host.path("Score").asInt();
      if (score > highest) {
        highest = score;
        best = host.path("Host").asString();
      }
    }
    return best;
  }

  /** Asks for the binding; returns why it failed, empty where it did not. */
  String bind(Pod pod, String node) throws IOException, InterruptedException {
    ObjectNode body = mapper.createObjectNode();
    body.put("PodName", pod.name());
    body.put("PodNamespace", pod.namespace());
    body.put("PodUID", pod.uid());
    body.put("Node", node);
    return post("bind", bind, body).path("Error").asString("");
  }

  private ObjectNode arguments(JsonNode pod, List<String> nodes) {
    ObjectNode body = mapper.createObjectNode();
    body.set("Pod", pod);
    body.putNull("Nodes");
    body.set("NodeNames", mapper.valueToTree(nodes));
    return body;
  }

  private JsonNode post(String verb, Timer timer, JsonNode body)
      throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(prefix + verb))
            .header("Content-Type", "application/json")
            .timeout(TIMEOUT)
            .POST(HttpRequest.BodyPublishers.ofByteArray(mapper.writeValueAsBytes(body)))
            .build();
    long start = System.nanoTime();
    HttpResponse<byte[]> response = client.send(request, HttpResponse.BodyHandlers.ofByteArray());
    timer.record(System.nanoTime() - start, TimeUnit.NANOSECONDS);
    if (response.statusCode() != 200) {
      throw new IOException(verb + " was answered with status " + response.statusCode());
    }
    try {
      return mapper.readTree(response.body());
    } catch (JacksonException e) {
      throw new IOException(verb + " was answered with what is not JSON", e);
    }
  }

  /** Returns how long answers to {@code filter} took. */
  Latency filterLatency() {
    double p50 = 0;
    double p99 = 0;
    for (ValueAtPercentile value : filter.takeSnapshot().percentileValues()) {
      if (value.percentile() == 0.5) {
        p50 = value.value(TimeUnit.MILLISECONDS);
      } else {
        p99 = value.value(TimeUnit.MILLISECONDS);
      }
    }
    return new Latency(filter.count(), p50, p99);
  }

  /** Returns the time spent waiting for answers to all verbs, in seconds. */
  double totalSeconds() {
    return filter.totalTime(TimeUnit.SECONDS)
        + prioritize.totalTime(TimeUnit.SECONDS)
        + bind.totalTime(TimeUnit.SECONDS);
  }
}
