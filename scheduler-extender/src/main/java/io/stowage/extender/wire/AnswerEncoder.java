package io.stowage.extender.wire;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.json.JsonMapper;

/** Encodes the answers of the extender protocol. Thread-safe. */
public final class AnswerEncoder {
  private static final byte[] NODES_START =
      "{\"Nodes\":{\"metadata\":{},\"items\":[".getBytes(StandardCharsets.UTF_8);
  private static final byte[] NODES_END = "]},".getBytes(StandardCharsets.UTF_8);

  private final JsonMapper mapper = JsonMapper.shared();

  /**
   * Encodes the answer to {@code filter}: names, or whole nodes by the very bytes of the request.
   *
   * @param kept the nodes kept, best first
   * @param failed reasons of nodes that preemption might help
   * @param unresolvable reasons of nodes that it cannot help
   */
  public byte[] filter(
      boolean wholeNodes,
      List<RequestedNode> kept,
      Map<String, String> failed,
      Map<String, String> unresolvable) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(1024);
    if (wholeNodes) {
      out.writeBytes(NODES_START);
      for (int i = 0; i < kept.size(); i++) {
        if (i > 0) {
          out.write(',');
        }
        kept.get(i).json().writeTo(out);
      }
      out.writeBytes(NODES_END);
    } else {
      out.writeBytes("{\"Nodes\":null,".getBytes(StandardCharsets.UTF_8));
    }
    ByteArrayOutputStream rest = new ByteArrayOutputStream(1024);
    try (JsonGenerator json = mapper.createGenerator(rest)) {
      json.writeStartObject();
      if (wholeNodes) {
        json.writeNullProperty("NodeNames");
      } else {
        json.writeArrayPropertyStart("NodeNames");
        kept.forEach(node -> json.writeString(node.name()));
        json.writeEndArray();
      }
      writeReasons(json, "FailedNodes", failed);
      writeReasons(json, "FailedAndUnresolvableNodes", unresolvable);
      json.writeStringProperty("Error", "");
      json.writeEndObject();
    }
    byte[] bytes = rest.toByteArray();
    out.write(bytes, 1, bytes.length - 1);
    return out.toByteArray();
  }

  /** Encodes a {@code filter} that failed, with one sentence. */
  public byte[] filterError(String error) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (JsonGenerator json = mapper.createGenerator(out)) {
      json.writeStartObject();
      json.writeNullProperty("Nodes");
      json.writeNullProperty("NodeNames");
      json.writeNullProperty("FailedNodes");
      json.writeNullProperty("FailedAndUnresolvableNodes");
      json.writeStringProperty("Error", error);
      json.writeEndObject();
    }
    return out.toByteArray();
  }

  /** Encodes the answer to {@code prioritize}: a score from 0 to 10 by node name. */
  public byte[] prioritize(Map<String, Integer> scores) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (JsonGenerator json = mapper.createGenerator(out)) {
      json.writeStartArray();
      scores.forEach(
          (node, score) -> {
            json.writeStartObject();
            json.writeStringProperty("Host", node);
            json.writeNumberProperty("Score", score);
            json.writeEndObject();
          });
      json.writeEndArray();
    }
    return out.toByteArray();
  }

  /** Encodes the answer to {@code bind}; an empty error means bound. */
  public byte[] bind(String error) {
    return mapper.writeValueAsBytes(Map.of("Error", error));
  }

  /** Encodes the answer to {@code preempt}: the nodes kept, with their victims. */
  public byte[] preempt(Map<String, Victims> victimsByNode) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (JsonGenerator json = mapper.createGenerator(out)) {
      json.writeStartObject();
      json.writeObjectPropertyStart("NodeNameToMetaVictims");
      victimsByNode.forEach(
          (node, victims) -> {
            json.writeObjectPropertyStart(node);
            json.writeArrayPropertyStart("Pods");
            victims
                .podUids()
                .forEach(
                    uid -> {
                      json.writeStartObject();
                      json.writeStringProperty("UID", uid);
                      json.writeEndObject();
                    });
            json.writeEndArray();
            json.writeNumberProperty("NumPDBViolations", victims.pdbViolations());
            json.writeEndObject();
          });
      json.writeEndObject();
      json.writeEndObject();
    }
    return out.toByteArray();
  }

  private static void writeReasons(JsonGenerator json, String key, Map<String, String> reasons) {
    json.writeObjectPropertyStart(key);
    reasons.forEach(json::writeStringProperty);
    json.writeEndObject();
  }
}
