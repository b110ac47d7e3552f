package io.stowage.benchmarks;

import io.stowage.extender.kube.InvalidObjectException;
import io.stowage.extender.names.NodeNames;
import io.stowage.extender.wire.AnswerEncoder;
import io.stowage.extender.wire.Body;
import io.stowage.extender.wire.MalformedRequestException;
import io.stowage.extender.wire.NodesRequest;
import io.stowage.extender.wire.RequestDecoder;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Decoding a {@code filter} request that names nodes, and encoding its answer.
 *
 * <p>Names come in another order each time: those of a kube-scheduler, or random ones.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class FilterCodecBenchmark {
  private static final int BODIES = 32;
  private static final long SEED = 42;
  private static final int SHORTLIST = 3;
  private static final String POD =
      """
      {"metadata":{"name":"worker-0","namespace":"team-a","uid":"3f0c1c9e-7e5b-4d2a-9a55-5e0c5a8f0b11",
       "labels":{"app":"training","training.kubeflow.org/job-name":"resnet"}},
       "spec":{"schedulerName":"stowage","priority":0,"containers":[{"name":"main","image":"train:1",
       "resources":{"limits":{"cpu":"11300m","memory":"48Gi","nvidia.com/gpu":"1"},
       "requests":{"cpu":"11300m","memory":"48Gi","nvidia.com/gpu":"1"}}}]},
       "status":{"phase":"Pending"}}""";

  /** How many nodes the request names. */
  @Param("5000")
  public int nodes;

  /** Recorded or random. */
  @Param({"recorded", "random"})
  public String order = "";

  private final RequestDecoder decoder = new RequestDecoder();
  private final AnswerEncoder encoder = new AnswerEncoder();
  private final Body[] bodies = new Body[BODIES];
  private final NodeNames known = new NodeNames();
  private @Nullable NodesRequest request;
  private List<String> shortlist = List.of();
  private Map<String, String> failed = Map.of();
  private int next;

  /** Builds the bodies. */
  @Setup
  public void build() throws MalformedRequestException, InvalidObjectException {
    List<String> names = IntStream.range(0, nodes).mapToObj("node-%05d"::formatted).toList();
    NodeOrder inOrder = order.equals("random") ? NodeOrder.random(SEED) : NodeOrder.recorded(SEED);
    for (int i = 0; i < BODIES; i++) {
      String quoted =
          inOrder.next(names).stream()
              .map(name -> '"' + name + '"')
              .collect(Collectors.joining(","));
      bodies[i] =
          Body.of(
              ("{\"Pod\":" + POD + ",\"Nodes\":null,\"NodeNames\":[" + quoted + "]}")
                  .getBytes(StandardCharsets.UTF_8));
    }
    for (int i = 0; i < nodes; i++) {
      known.put(names.get(i), i);
    }
    request = decoder.nodes(bodies[0], known);
    shortlist = names.subList(0, SHORTLIST);
    failed =
        names.stream().collect(Collectors.toMap(name -> name, name -> "Insufficient GPU memory"));
  }

  private NodesRequest request() {
    return Objects.requireNonNull(request);
  }

  /** Decodes one request. */
  @Benchmark
  public NodesRequest decode() throws MalformedRequestException, InvalidObjectException {
    next = (next + 1) % BODIES;
    return decoder.nodes(bodies[next], known);
  }

  /** Encodes an answer that keeps a shortlist. */
  @Benchmark
  public Buffer encodeShortlist() {
    return encoder.filter(request(), shortlist, Map.of(), Map.of());
  }

  /** Encodes an answer that keeps none and gives a reason for each node. */
  @Benchmark
  public Buffer encodeAllFailed() {
    return encoder.filter(request(), List.of(), failed, Map.of());
  }
}
