package io.stowage.extender.http;

import static io.stowage.extender.http.Bodies.bindBody;
import static io.stowage.extender.http.Bodies.namesBody;
import static io.stowage.extender.http.Bodies.nodesBody;
import static io.stowage.extender.http.Bodies.podJson;
import static org.assertj.core.api.Assertions.assertThat;

import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeGpus;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.cluster.Resources;
import io.stowage.extender.kube.ObservedPod;
import io.stowage.extender.service.ExtenderService;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** What kube-scheduler's extender protocol does to the unwary, each shown not to happen here. */
class KubeSchedulerTrapsIT {
  private static final long MAX_BODY_BYTES = 100_000;
  private static final String CPU = "\"cpu\":\"1\"";
  private static final String SHARE_OF_8 = "\"cpu\":\"1\",\"aliyun.com/gpu-mem\":\"8\"";

  private ExtenderService service;
  private ExtenderClient client;

  @BeforeEach
  void start() throws IOException {
    service = Services.withoutNodes(HttpSettings.DEFAULT, MAX_BODY_BYTES, "stowage");
    client = new ExtenderClient(service.port());
    service
        .loop()
        .run(
            state -> {
              for (int i = 0; i < 8; i++) {
                state.putNode(node("cpu" + i, NodeGpus.NONE));
              }
              state.putNode(node("cards", NodeGpus.shared("aliyun.com/gpu-mem", "", 2, 10)));
              state.putPod(share("x", 4, "cards", 0));
              state.putPod(share("y", 4, "cards", 1));
              state.putNode(node("full", NodeGpus.shared("aliyun.com/gpu-mem", "", 1, 10)));
              state.putPod(share("z", 8, "full", 0));
              state.markSynced();
            });
  }

  @AfterEach
  void stop() {
    service.close();
  }

  private static Node node(String name, NodeGpus gpus) {
    return Node.ready(name, Resources.of(8000, 64L << 30), 110, gpus);
  }

  private static ObservedPod share(String uid, long units, String node, int device) {
    PodShape shape =
        PodShape.of(Resources.of(1000, 1), GpuRequest.share("aliyun.com/gpu-mem", units));
    return ObservedPod.bound(new Pod(uid, "default", uid, shape, 0), node, List.of(device));
  }

  private static List<String> texts(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(element -> texts.add(element.asString()));
    return texts;
  }

  private List<String> kept(String body) {
    return texts(client.call("filter", body).get("NodeNames"));
  }

  @Test
  void failedDecisionIsAnswered200WithErrorBecauseAnyOtherStatusLosesItsBody() {
    JsonNode answer =
        client.call("filter", namesBody(podJson("p", "\"cpu\":\"one core\""), "cpu1"));
    assertThat(answer.get("Error").asString())
        .isEqualTo(
            "Pod.spec.containers[0].resources.requests[cpu]:"
                + " expected a quantity such as 500m or 2Gi, was 'one core'");
    assertThat(client.call("bind", bindBody("nobody", "cpu1")).get("Error").asString())
        .isEqualTo(
            "pod default/nobody could not be bound to node cpu1: the pod is not known: it was"
                + " deleted, or the watch has not shown it yet");
  }

  @Test
  void everyRejectedNodeIsListedWhenNothingIsKept() {
    JsonNode answer =
        client.call("filter", namesBody(podJson("p", SHARE_OF_8), "cpu1", "cpu2", "cards", "full"));
    assertThat(answer.get("NodeNames").size()).isZero();
    List<String> listed = new ArrayList<>(answer.get("FailedNodes").propertyNames());
    listed.addAll(answer.get("FailedAndUnresolvableNodes").propertyNames());
    assertThat(listed).containsExactlyInAnyOrder("cpu1", "cpu2", "cards", "full");
  }

  @Test
  void fragmentedCardIsUnresolvableAndOnlyALackingSumIsFailed() {
    JsonNode answer = client.call("filter", namesBody(podJson("p", SHARE_OF_8), "cards", "full"));
    assertThat(answer.get("FailedAndUnresolvableNodes").propertyNames()).containsExactly("cards");
    assertThat(answer.get("FailedNodes").propertyNames()).containsExactly("full");
  }

  @Test
  void nodeThatTheWatchDoesNotKnowIsNoError() {
    JsonNode answer = client.call("filter", namesBody(podJson("p", CPU), "ghost", "cpu1"));
    assertThat(answer.get("Error").asString()).isEmpty();
    assertThat(texts(answer.get("NodeNames"))).containsExactly("cpu1");
    assertThat(answer.get("FailedNodes").get("ghost").asString())
        .isEqualTo("node is not known to Stowage yet");
    assertThat(client.get("/metrics").body()).contains("stowage_unknown_nodes_total 1.0");
  }

  @Test
  void wholeNodeThatTheWatchDoesNotKnowIsJudgedByTheRequest() {
    String template =
        "{\"metadata\":{\"name\":\"template-1\"},\"status\":{\"allocatable\":{\"cpu\":\"4\",\"pods\":\"9\","
            + "\"memory\":\"8Gi\",\"aliyun.com/gpu-mem\":\"16\",\"aliyun.com/gpu-count\":\"2\"}}}";
    JsonNode fits = client.call("filter", nodesBody(podJson("p", SHARE_OF_8), template));
    assertThat(fits.get("Nodes").get("items").size()).isEqualTo(1);
    JsonNode tooLarge =
        client.call(
            "filter", nodesBody(podJson("q", SHARE_OF_8.replace("\"8\"", "\"9\"")), template));
    assertThat(tooLarge.get("FailedAndUnresolvableNodes").propertyNames())
        .containsExactly("template-1");
  }

  @Test
  void answerHasTheFormOfTheRequest() {
    JsonNode names = client.call("filter", namesBody(podJson("p", CPU), "cpu1"));
    assertThat(names.get("Nodes").isNull()).isTrue();
    JsonNode whole =
        client.call("filter", nodesBody(podJson("p", CPU), "{\"metadata\":{\"name\":\"cpu1\"}}"));
    assertThat(whole.get("NodeNames").isNull()).isTrue();
    assertThat(whole.get("Nodes").get("items").size()).isEqualTo(1);
  }

  @Test
  void nodeNobodyAskedAboutIsNeverReturned() {
    for (int i = 0; i < 20; i++) {
      String[] asked = {"cpu" + i % 8, "cpu" + (i + 3) % 8, "cards"};
      assertThat(kept(namesBody(podJson("p", CPU), asked))).isSubsetOf(asked);
    }
  }

  @Test
  void changingOrderOfNamesDoesNotChangeTheAnswer() {
    List<String> names = new ArrayList<>(IntStream.range(0, 8).mapToObj(i -> "cpu" + i).toList());
    List<String> first = kept(namesBody(podJson("p", CPU), names.toArray(String[]::new)));
    Collections.shuffle(names, new Random(7));
    assertThat(kept(namesBody(podJson("q", CPU, "\"priority\":1,"), names.toArray(String[]::new))))
        .isEqualTo(first);
  }

  @Test
  void podThatDynamicResourceAllocationServesIsNotRefused() {
    assertThat(kept(namesBody(podJson("p", "\"nvidia.com/gpu\":\"1\""), "cpu1", "cpu2")))
        .containsExactlyInAnyOrder("cpu1", "cpu2");
  }

  @Test
  void sumsThatLookShortAreSteeredNotRefused() {
    assertThat(kept(namesBody(podJson("p", "\"cpu\":\"64\""), "cpu1"))).containsExactly("cpu1");
  }

  @Test
  void reasonsAreTheSameTextForEveryNode() {
    JsonNode answer =
        client.call("filter", namesBody(podJson("p", SHARE_OF_8), "cpu1", "cpu2", "cpu3"));
    assertThat(texts(answer.get("FailedAndUnresolvableNodes")))
        .hasSize(3)
        .containsOnly("node has no GPU that can be shared");
  }

  @Test
  void requestKeysAreReadInAnyCaseAndAnswerKeysHaveCapitals() {
    String body = "{\"pod\":" + podJson("p", CPU) + ",\"nodenames\":[\"cpu1\"]}";
    assertThat(client.call("filter", body).propertyNames())
        .containsExactly(
            "Nodes", "NodeNames", "FailedNodes", "FailedAndUnresolvableNodes", "Error");
  }

  @Test
  void nominatedNodeAskedAboutAloneIsKept() {
    assertThat(kept(namesBody(podJson("p", CPU), "cpu5"))).containsExactly("cpu5");
  }

  @Test
  void secondPodIsFilteredBeforeTheFirstIsBound() {
    String share = "\"cpu\":\"1\",\"aliyun.com/gpu-mem\":\"%d\"";
    kept(namesBody(podJson("a", share.formatted(6)), "cards"));
    kept(namesBody(podJson("b", share.formatted(5)), "cards"));
    assertThat(client.call("bind", bindBody("b", "cards")).get("Error").asString()).isEmpty();
    assertThat(client.call("bind", bindBody("a", "cards")).get("Error").asString()).isEmpty();
    List<List<Integer>> devices =
        service
            .loop()
            .call(
                state ->
                    Objects.requireNonNull(state.bound().node("cards")).placements().stream()
                        .filter(placement -> List.of("a", "b").contains(placement.pod().uid()))
                        .map(placement -> placement.gpuDevices())
                        .toList())
            .join();
    assertThat(devices).containsExactlyInAnyOrder(List.of(0), List.of(1));
  }

  @Test
  void podThatFailsAfterFilterGetsAnotherBestNodeNextTime() {
    service
        .loop()
        .run(
            state ->
                state.putPod(
                    ObservedPod.pending(
                        new Pod(
                            "p",
                            "default",
                            "p",
                            PodShape.of(Resources.of(1000, 0), GpuRequest.NONE),
                            0))));
    String body = namesBody(podJson("p", CPU), "cpu1", "cpu2", "cpu3", "cpu4");
    String first = kept(body).get(0);
    String second = kept(body).get(0);
    assertThat(second).isNotEqualTo(first);
  }

  @Test
  void preemptKeepsOnlyNodesWithVictimsThatFreeADevice() {
    String body =
        "{\"Pod\":"
            + podJson("p", SHARE_OF_8)
            + ",\"NodeNameToMetaVictims\":{"
            + "\"cards\":{\"Pods\":[{\"UID\":\"x\"}],\"NumPDBViolations\":1},"
            + "\"full\":{\"Pods\":[{\"UID\":\"gone\"}],\"NumPDBViolations\":0},"
            + "\"cpu1\":{\"Pods\":[],\"NumPDBViolations\":0}}}";
    assertThat(client.call("preempt", body).toString())
        .isEqualTo(
            "{\"NodeNameToMetaVictims\":{\"cards\":{\"Pods\":[{\"UID\":\"x\"}],\"NumPDBViolations\":1}}}");
  }

  @Test
  void preemptNeverKeepsANodeWithoutVictims() {
    String body =
        "{\"Pod\":"
            + podJson("p", CPU)
            + ",\"NodeNameToMetaVictims\":{\"cpu1\":{\"Pods\":null,\"NumPDBViolations\":0}}}";
    assertThat(client.call("preempt", body).toString()).isEqualTo("{\"NodeNameToMetaVictims\":{}}");
  }

  @Test
  void preemptLeavesSumsToKubeScheduler() {
    String body =
        "{\"Pod\":"
            + podJson("p", "\"cpu\":\"64\"")
            + ",\"NodeNameToVictims\":{\"cpu1\":{\"Pods\":[{\"metadata\":{\"uid\":\"v\"}}],"
            + "\"NumPDBViolations\":0}}}";
    assertThat(client.call("preempt", body).get("NodeNameToMetaVictims").propertyNames())
        .containsExactly("cpu1");
  }

  @ParameterizedTest
  @ValueSource(strings = {"filter", "prioritize", "bind", "preempt"})
  void whatIsNotThisProtocolIsA4xxAndTheServiceStaysUp(String verb) {
    for (String body : List.of("", "{", "[]", "null", "<xml/>")) {
      HttpResponse<String> response = client.post(verb, body);
      assertThat(response.statusCode()).as(body).isEqualTo(400);
      assertThat(response.body()).startsWith("body: expected ");
    }
    assertThat(kept(namesBody(podJson("p", CPU), "cpu1"))).containsExactly("cpu1");
  }

  @Test
  void bodyOverTheLimitIs413() {
    HttpResponse<String> response = client.post("filter", " ".repeat((int) MAX_BODY_BYTES + 1));
    assertThat(response.statusCode()).isEqualTo(413);
    assertThat(response.body()).isEqualTo("body: expected at most 100000 bytes\n");
    assertThat(kept(namesBody(podJson("p", CPU), "cpu1"))).containsExactly("cpu1");
  }

  @ParameterizedTest
  @CsvSource({
    "/scheduler/filter, 405",
    "/scheduler/evict, 404",
    "/, 404",
    "/scheduler/filter/x, 404",
  })
  void unknownVerbIs404AndWrongMethod405(String path, int status) {
    HttpResponse<String> response = client.get(path);
    assertThat(response.statusCode()).isEqualTo(status);
    assertThat(response.body()).isNotBlank();
    assertThat(client.post("evict", "{}").statusCode()).isEqualTo(404);
  }

  @ParameterizedTest
  @ValueSource(strings = {"-1", "1e999999999", "9Ei", "lots", "1e400"})
  void badQuantityIsAnErrorThatNamesTheFieldAndChangesNothing(String quantity) {
    String pod = podJson("p", "\"memory\":\"" + quantity + "\"");
    JsonNode answer = client.call("filter", namesBody(pod, "cpu1"));
    assertThat(answer.get("Error").asString()).contains("memory]: expected ");
    assertThat(client.post("prioritize", namesBody(pod, "cpu1")).statusCode()).isEqualTo(400);
    int holds = service.loop().call(state -> state.figures().holds()).join();
    assertThat(holds).isZero();
  }
}
