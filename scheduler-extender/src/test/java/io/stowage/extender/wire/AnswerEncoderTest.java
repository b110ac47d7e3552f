package io.stowage.extender.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.stowage.extender.kube.InvalidObjectException;
import io.stowage.extender.names.NodeNames;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Answers, key for key as Go decodes them. */
class AnswerEncoderTest {
  private final AnswerEncoder encoder = new AnswerEncoder();

  private static String text(Buffer answer) {
    return answer.toString(StandardCharsets.UTF_8);
  }

  private static NodesRequest request(String nodes)
      throws MalformedRequestException, InvalidObjectException {
    String body = "{\"Pod\":{}," + nodes + "}";
    return new RequestDecoder()
        .nodes(Body.of(body.getBytes(StandardCharsets.UTF_8)), new NodeNames());
  }

  @Test
  void filterWithNames() throws MalformedRequestException, InvalidObjectException {
    assertThat(
            text(
                encoder.filter(
                    request("\"NodeNames\":[\"n1\",\"n2\"]"),
                    List.of("n1", "n2"),
                    Map.of("n3", "a \"reason\""),
                    Map.of("n4", "b"))))
        .isEqualTo(
            "{\"Nodes\":null,\"NodeNames\":[\"n1\",\"n2\"],\"FailedNodes\":{\"n3\":\"a \\\"reason\\\"\"},"
                + "\"FailedAndUnresolvableNodes\":{\"n4\":\"b\"},\"Error\":\"\"}");
  }

  @Test
  void filterThatKeepsNothingHasAnEmptyListNotNull()
      throws MalformedRequestException, InvalidObjectException {
    assertThat(text(encoder.filter(request("\"NodeNames\":[]"), List.of(), Map.of(), Map.of())))
        .contains("\"NodeNames\":[]");
    assertThat(text(encoder.filter(request("\"Nodes\":{}"), List.of(), Map.of(), Map.of())))
        .isEqualTo(
            "{\"Nodes\":{\"metadata\":{},\"items\":[]},\"NodeNames\":null,\"FailedNodes\":{},"
                + "\"FailedAndUnresolvableNodes\":{},\"Error\":\"\"}");
  }

  @Test
  void namesThatNeedItAreEscaped() throws MalformedRequestException, InvalidObjectException {
    NodesRequest request = request("\"NodeNames\":[\"a\\\"\\n\",\"é\"]");
    assertThat(text(encoder.filter(request, request.nodes().names(), Map.of(), Map.of())))
        .startsWith("{\"Nodes\":null,\"NodeNames\":[\"a\\\"\\n\",\"é\"],");
  }

  @Test
  void filterError() {
    assertThat(text(encoder.filterError("no")))
        .isEqualTo(
            "{\"Nodes\":null,\"NodeNames\":null,\"FailedNodes\":null,"
                + "\"FailedAndUnresolvableNodes\":null,\"Error\":\"no\"}");
  }

  @Test
  void prioritizeBindAndPreempt() {
    Map<String, Integer> scores = new LinkedHashMap<>();
    scores.put("n1", 10);
    scores.put("n2", 0);
    assertThat(text(encoder.prioritize(scores)))
        .isEqualTo("[{\"Host\":\"n1\",\"Score\":10},{\"Host\":\"n2\",\"Score\":0}]");
    assertThat(text(encoder.bind(""))).isEqualTo("{\"Error\":\"\"}");
    assertThat(text(encoder.preempt(Map.of("n1", new Victims(List.of("a", "b"), 1)))))
        .isEqualTo(
            "{\"NodeNameToMetaVictims\":{\"n1\":{\"Pods\":[{\"UID\":\"a\"},{\"UID\":\"b\"}],"
                + "\"NumPDBViolations\":1}}}");
  }
}
