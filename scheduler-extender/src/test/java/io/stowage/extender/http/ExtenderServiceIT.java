package io.stowage.extender.http;

import static io.stowage.extender.http.Bodies.bindBody;
import static io.stowage.extender.http.Bodies.namesBody;
import static io.stowage.extender.http.Bodies.nodesBody;
import static io.stowage.extender.http.Bodies.podJson;
import static org.assertj.core.api.Assertions.assertThat;

import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeGpus;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.Resources;
import io.stowage.core.fragmentation.TypicalPods;
import io.stowage.core.policy.Policies;
import io.stowage.extender.bind.InMemoryBinder;
import io.stowage.extender.kube.ObservedPod;
import io.stowage.extender.service.ExtenderService;
import io.stowage.extender.service.ServiceSettings;
import io.stowage.extender.state.ClusterState;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** The service over real HTTP, on an embedded cluster. */
class ExtenderServiceIT {
  private static final String SHARE = "\"cpu\":\"1\",\"aliyun.com/gpu-mem\":\"%d\"";

  private final List<Placement> written = Collections.synchronizedList(new ArrayList<>());
  private ExtenderService service;
  private ExtenderClient client;

  @BeforeEach
  void start() throws IOException {
    service =
        ExtenderService.start(
            ServiceSettings.DEFAULT.onPort(0),
            Policies.create("best-fit", TypicalPods.of(Map.of())),
            new Random(42),
            new InMemoryBinder(written::add));
    client = new ExtenderClient(service.port());
  }

  @AfterEach
  void stop() {
    service.close();
  }

  private void cluster(Node... nodes) {
    service
        .loop()
        .run(
            state -> {
              for (Node node : nodes) {
                state.putNode(node);
              }
              state.markSynced();
            });
  }

  private static Node node(String name, long cores, NodeGpus gpus) {
    return Node.ready(name, Resources.of(cores * 1000, 64L << 30), 110, gpus);
  }

  private static NodeGpus cards(int count, long unitsPerGpu) {
    return NodeGpus.shared("aliyun.com/gpu-mem", "T4", count, unitsPerGpu);
  }

  private static List<String> texts(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(element -> texts.add(element.asString()));
    return texts;
  }

  @Test
  void filterKeepsAShortlistOfTheBestNodes() {
    Node[] nodes =
        IntStream.range(0, 10)
            .mapToObj(i -> node("n" + i, 4 + i, NodeGpus.NONE))
            .toArray(Node[]::new);
    cluster(nodes);
    JsonNode answer =
        client.call(
            "filter",
            namesBody(
                podJson("p1", "\"cpu\":\"4\""),
                "n9",
                "n3",
                "n0",
                "n1",
                "n2",
                "n4",
                "n5",
                "n6",
                "n7",
                "n8"));
    assertThat(texts(answer.get("NodeNames"))).containsExactly("n0", "n1", "n2");
    assertThat(answer.get("Nodes").isNull()).isTrue();
    assertThat(answer.get("Error").asString()).isEmpty();
  }

  @Test
  void podIsBoundWithTheDeviceHeldForIt() {
    cluster(node("n1", 16, cards(2, 16)));
    String pod = podJson("p1", SHARE.formatted(10));
    assertThat(texts(client.call("filter", namesBody(pod, "n1")).get("NodeNames")))
        .containsExactly("n1");
    assertThat(client.call("bind", bindBody("p1", "n1")).get("Error").asString()).isEmpty();
    assertThat(written)
        .singleElement()
        .satisfies(placement -> assertThat(placement.gpuDevices()).hasSize(1));
  }

  @Test
  void repeatedBindToTheSameNodeSucceedsAndToAnotherFails() {
    cluster(node("n1", 16, NodeGpus.NONE), node("n2", 16, NodeGpus.NONE));
    client.call("filter", namesBody(podJson("p1", "\"cpu\":\"1\""), "n1", "n2"));
    assertThat(client.call("bind", bindBody("p1", "n1")).get("Error").asString()).isEmpty();
    assertThat(client.call("bind", bindBody("p1", "n1")).get("Error").asString()).isEmpty();
    assertThat(client.call("bind", bindBody("p1", "n2")).get("Error").asString())
        .contains("bound to node n1 already");
    assertThat(written).hasSize(1);
  }

  @Test
  void secondPodIsSteeredAwayFromRoomHeldForTheFirst() {
    cluster(node("n1", 4, NodeGpus.NONE), node("n2", 4, NodeGpus.NONE));
    String first = podJson("p1", "\"cpu\":\"4\"");
    String second = podJson("p2", "\"cpu\":\"4\"");
    String told =
        texts(client.call("filter", namesBody(first, "n1", "n2")).get("NodeNames")).get(0);
    List<String> next =
        texts(client.call("filter", namesBody(second, "n1", "n2")).get("NodeNames"));
    assertThat(next).hasSize(2).last().isEqualTo(told);
  }

  @Test
  void wholeNodesComeBackByteForByte() {
    cluster(node("n1", 16, NodeGpus.NONE));
    String item =
        "{ \"metadata\" : {\"name\":\"n1\", \"x\":1.00},\"spec\":{},\"é\":\"\\u00e9 \\\" }\"}";
    String body = nodesBody(podJson("p1", "\"cpu\":\"1\""), item);
    assertThat(client.post("filter", body).body()).contains("\"items\":[" + item + "]");
  }

  @Test
  void prioritizeScoresByRankFromTenDown() {
    cluster(
        node("n1", 16, NodeGpus.NONE), node("n2", 8, NodeGpus.NONE), node("n3", 4, NodeGpus.NONE));
    JsonNode answer =
        client.call("prioritize", namesBody(podJson("p1", "\"cpu\":\"2\""), "n1", "n2", "n3"));
    assertThat(answer.toString())
        .isEqualTo(
            "[{\"Host\":\"n1\",\"Score\":8},{\"Host\":\"n2\",\"Score\":9},"
                + "{\"Host\":\"n3\",\"Score\":10}]");
  }

  @Test
  void metricsAndHealthAnswer() {
    assertThat(client.get("/healthz").statusCode()).isEqualTo(200);
    assertThat(client.get("/readyz").statusCode()).isEqualTo(503);
    cluster(node("n1", 16, NodeGpus.counted("nvidia.com/gpu", "", 8)));
    assertThat(client.get("/readyz").statusCode()).isEqualTo(200);
    client.call("filter", namesBody(podJson("p1", "\"cpu\":\"1\""), "n1", "ghost"));
    assertThat(client.get("/metrics").body())
        .contains("stowage_gpu_capacity_gpus 8.0")
        .contains("stowage_unknown_nodes_total 1.0")
        .contains("stowage_synced 1.0")
        .contains("stowage_holds 1.0")
        .contains("stowage_decisions_total{outcome=\"kept\",verb=\"filter\"} 1.0")
        .contains("stowage_request_duration_seconds_bucket{verb=\"filter\",le=\"0.001\"}");
  }

  @Test
  void stateLoopIsFedByMethodCalls() {
    cluster(node("n1", 16, cards(1, 16)));
    client.call("filter", namesBody(podJson("p1", SHARE.formatted(10)), "n1"));
    client.call("bind", bindBody("p1", "n1"));
    Placement placement = written.get(0);
    int pods =
        service
            .loop()
            .call(
                (ClusterState state) -> {
                  state.putPod(
                      ObservedPod.bound(
                          placement.pod(), placement.nodeName(), placement.gpuDevices()));
                  return state.figures().boundPods();
                })
            .join();
    assertThat(pods).isEqualTo(1);
  }
}
