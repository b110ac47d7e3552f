package io.stowage.extender.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stowage.extender.kube.InvalidObjectException;
import io.stowage.extender.names.NodeNames;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class RequestDecoderTest {
  private static final String POD = "{\"metadata\":{\"name\":\"p\",\"uid\":\"u\"},\"spec\":{}}";
  private final RequestDecoder decoder = new RequestDecoder();

  private static Body bytes(String json) {
    return Body.of(json.getBytes(StandardCharsets.UTF_8));
  }

  private NodesRequest nodes(String json) throws MalformedRequestException, InvalidObjectException {
    NodesRequest request = decoder.nodes(bytes(json), new NodeNames());
    request.pod().decoded();
    return request;
  }

  private static List<String> names(NodesRequest request) {
    return request.nodes().names();
  }

  @ParameterizedTest
  @CsvSource({"Pod, NodeNames, Nodes", "pod, nodenames, nodes", "POD, nodeNames, NODES"})
  void keysAreAcceptedInAnyCase(String pod, String names, String nodes)
      throws MalformedRequestException, InvalidObjectException {
    NodesRequest request =
        nodes(
            "{\"%s\":%s,\"%s\":[\"a\",\"b\"],\"%s\":null,\"Other\":{\"x\":[1]}}"
                .formatted(pod, POD, names, nodes));
    assertThat(names(request)).containsExactly("a", "b");
    assertThat(request.wholeNodes()).isFalse();
    assertThat(request.pod().decoded().getMetadata().getUid()).isEqualTo("u");
  }

  @Test
  void emptyIsNotAbsent() throws MalformedRequestException, InvalidObjectException {
    assertThat(nodes("{\"Pod\":" + POD + ",\"NodeNames\":[]}").nodes().names()).isEmpty();
    NodesRequest whole = nodes("{\"Pod\":" + POD + ",\"Nodes\":{\"items\":[]}}");
    assertThat(whole.nodes().names()).isEmpty();
    assertThat(whole.wholeNodes()).isTrue();
    assertThat(nodes("{\"Pod\":" + POD + ",\"Nodes\":{\"items\":null}}").nodes().names()).isEmpty();
    assertThatThrownBy(() -> nodes("{\"Pod\":" + POD + "}"))
        .isInstanceOf(InvalidObjectException.class)
        .hasMessageStartingWith("NodeNames: expected an array of node names");
    assertThatThrownBy(() -> nodes("{\"Pod\":" + POD + ",\"Nodes\":null,\"NodeNames\":null}"))
        .isInstanceOf(InvalidObjectException.class);
  }

  @Test
  void wholeNodesAreKeptByteForByte() throws MalformedRequestException, InvalidObjectException {
    String first =
        "{ \"spec\":{\"x\":[{}]},  \"metadata\":{\"labels\":{\"name\":\"no\"},\"name\":\"n1\"}}";
    String second = "{\"metadata\":{\"name\":\"n\\u0032\",\"annotations\":{\"ü\":\"}\\\"]\"}}}";
    NodesRequest request =
        nodes(
            "{\"Pod\":"
                + POD
                + ",\"Nodes\":{\"metadata\":{},\"items\": ["
                + first
                + " , "
                + second
                + "]}}");
    assertThat(names(request)).containsExactly("n1", "n2");
    assertThat(request.json("n1").toString()).isEqualTo(first);
    assertThat(request.json("n2").toString()).isEqualTo(second);
    assertThat(decoder.node("n2", request.json("n2")).getMetadata().getName()).isEqualTo("n2");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "{",
        "nonsense",
        "{\"Pod\":",
        "{\"Pod\":{}",
        "[",
        "{\"NodeNames\":[\"a\"",
        "{\"a\":1}}",
        "{\"a\":1} x",
        "{\"Pod\":{\"metadata\":{\"name\":tru}}}",
        "\u0000",
      })
  void whatIsNoJsonIsMalformed(String body) {
    assertThatThrownBy(() -> nodes(body))
        .isInstanceOf(MalformedRequestException.class)
        .hasMessageStartingWith("body: expected ");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "[];body: expected a JSON object, was an array",
        "5;body: expected a JSON object, was a number",
        "null;body: expected a JSON object, was null",
        "{\"NodeNames\":5};NodeNames: expected an array, was a number",
        "{\"NodeNames\":[\"a\",5]};NodeNames[1]: expected a string, was a number",
        "{\"Nodes\":[]};Nodes: expected an object, was an array",
        "{\"Nodes\":{\"items\":{}}};Nodes.items: expected an array, was an object",
        "{\"Nodes\":{\"items\":[\"a\"]}};Nodes.items[0]: expected an object, was a string",
      })
  void whatIsNoRequestIsMalformed(String body, String message) {
    assertThatThrownBy(() -> nodes(body))
        .isInstanceOf(MalformedRequestException.class)
        .hasMessage(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "{\"Pod\":5};Pod: expected an object, was a number",
        "{\"Pod\":null,\"NodeNames\":[]};Pod: expected a pod, was none",
        "{\"Pod\":{\"spec\":5}};Pod.spec: expected an object",
        "{\"Pod\":{\"spec\":{\"containers\":\"x\"}}};Pod.spec.containers: expected an array",
        "{\"Pod\":{\"spec\":{\"containers\":[5]}}};Pod.spec.containers[0]: expected an object",
        "{\"Pod\":{\"spec\":{\"priority\":\"x\"}}};Pod.spec.priority: expected a number",
        "{\"Pod\":{\"spec\":{\"nodeName\":[]}}};Pod.spec.nodeName: expected a string",
        "{\"Pod\":{},\"Nodes\":{\"items\":[null]}};Nodes.items[0]: expected a node, was null",
        "{\"Pod\":{},\"Nodes\":{\"items\":[{}]}};Nodes.items[0].metadata.name: expected a name, was none",
      })
  void whatCannotBeUnderstoodNamesTheField(String body, String message) {
    assertThatThrownBy(() -> nodes(body))
        .isInstanceOf(InvalidObjectException.class)
        .hasMessage(message);
  }

  @Test
  void bindNeedsAllFour() throws MalformedRequestException, InvalidObjectException {
    assertThat(
            decoder.bind(
                bytes(
                    "{\"podName\":\"p\",\"PodNamespace\":\"ns\",\"PodUID\":\"u\",\"Node\":\"n\"}")))
        .isEqualTo(new BindRequest("p", "ns", "u", "n"));
    assertThatThrownBy(
            () -> decoder.bind(bytes("{\"PodName\":\"p\",\"PodNamespace\":\"ns\",\"Node\":\"n\"}")))
        .isInstanceOf(InvalidObjectException.class)
        .hasMessage("PodUID: expected a name, was none");
    assertThatThrownBy(() -> decoder.bind(bytes("{\"PodName\":5}")))
        .isInstanceOf(MalformedRequestException.class)
        .hasMessage("PodName: expected a string, was a number");
  }

  @Test
  void victimsAreReadFromEitherForm() throws MalformedRequestException, InvalidObjectException {
    PreemptRequest meta =
        decoder.preempt(
            bytes(
                "{\"Pod\":"
                    + POD
                    + ",\"NodeNameToVictims\":null,\"NodeNameToMetaVictims\":{\"n1\":{\"Pods\":"
                    + "[{\"UID\":\"a\"},{\"UID\":\"b\"}],\"NumPDBViolations\":2},\"n2\":null}}"));
    assertThat(meta.victimsByNode())
        .containsEntry("n1", new Victims(List.of("a", "b"), 2))
        .containsEntry("n2", new Victims(List.of(), 0));
    PreemptRequest whole =
        decoder.preempt(
            bytes(
                "{\"Pod\":"
                    + POD
                    + ",\"NodeNameToVictims\":{\"n1\":{\"Pods\":[{\"metadata\":{\"name\":\"x\","
                    + "\"uid\":\"a\"},\"spec\":{}}],\"NumPDBViolations\":0}}}"));
    assertThat(whole.victimsByNode()).containsEntry("n1", new Victims(List.of("a"), 0));
    assertThatThrownBy(
            () ->
                decoder.preempt(
                    bytes(
                        "{\"Pod\":" + POD + ",\"NodeNameToMetaVictims\":{\"n\":{\"Pods\":[{}]}}}")))
        .hasMessage("NodeNameToMetaVictims[n].Pods[0].UID: expected a name, was none");
  }

  static List<Long> seeds() {
    List<Long> seeds = new ArrayList<>(List.of(1L, 2L, 3L));
    seeds.add(new Random().nextLong());
    return seeds;
  }

  /** Whatever the bytes, the outcome is a request or one of the two refusals. */
  @Test
  void bodyNestedTooDeeplyIsRefused() {
    Body body = bytes("{\"Pod\":" + "[".repeat(3000));
    assertThatThrownBy(() -> decoder.bind(body))
        .isInstanceOf(MalformedRequestException.class)
        .hasMessageStartingWith("body: expected JSON")
        .hasMessageContaining("nesting depth");
  }

  @Test
  void bodyInAnotherEncodingThanUtf8IsRefused() {
    byte[] body = ("{\"Pod\":" + POD + ",\"NodeNames\":[]}").getBytes(StandardCharsets.UTF_16);
    assertThatThrownBy(() -> decoder.nodes(Body.of(body), new NodeNames()))
        .isInstanceOf(MalformedRequestException.class)
        .hasMessageStartingWith("body: expected JSON");
  }

  @Test
  void nullInAListIsRefusedAndANullFieldIsAsIfLeftOut()
      throws MalformedRequestException, InvalidObjectException {
    String pod = "{\"metadata\":{\"uid\":\"u\"},\"spec\":{\"containers\":%s}}";
    assertThatThrownBy(() -> nodes("{\"Pod\":" + pod.formatted("[null]") + ",\"NodeNames\":[]}"))
        .isInstanceOf(InvalidObjectException.class)
        .hasMessageStartingWith("Pod.spec.containers");
    NodesRequest request = nodes("{\"Pod\":" + pod.formatted("null") + ",\"NodeNames\":[]}");
    assertThat(request.pod().decoded().getSpec().getContainers()).isEmpty();
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void mutilatedBodiesAreRefusedOrRead(long seed) {
    Random random = new Random(seed);
    byte[] body =
        ("{\"Pod\":{\"metadata\":{\"name\":\"p\",\"uid\":\"u\",\"labels\":{\"a\":\"b\"}},\"spec\":"
                + "{\"containers\":[{\"name\":\"c\",\"resources\":{\"requests\":{\"cpu\":\"1\"}}}]}},"
                + "\"Nodes\":{\"items\":[{\"metadata\":{\"name\":\"n1\"}},{\"metadata\":{\"name\":\"n2\"}}]},"
                + "\"NodeNames\":null}")
            .getBytes(StandardCharsets.UTF_8);
    for (int i = 0; i < 3_000; i++) {
      byte[] mutilated = body.clone();
      for (int j = 0; j <= random.nextInt(4); j++) {
        mutilated[random.nextInt(mutilated.length)] =
            random.nextBoolean()
                ? (byte) "{}[]\",:0n\\".charAt(random.nextInt(10))
                : (byte) random.nextInt(256);
      }
      String outcome;
      try {
        NodesRequest request = decoder.nodes(Body.of(mutilated), new NodeNames());
        outcome = request.nodes().size() == 0 ? "empty" : "read";
      } catch (MalformedRequestException | InvalidObjectException e) {
        outcome = "refused";
        assertThat(e.getMessage()).as("seed %d, round %d", seed, i).contains(": expected ");
      }
      assertThat(outcome).isNotEmpty();
    }
  }
}
