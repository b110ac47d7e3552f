package io.stowage.extender.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufOutputStream;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.internal.buffer.BufferInternal;
import java.io.OutputStream;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.json.JsonMapper;

/** Encodes the answers of the extender protocol. Thread-safe. */
public final class AnswerEncoder {
  private static final int FIRST_BYTES = 512;

  private final JsonMapper mapper = JsonMapper.shared();

  /**
   * Encodes the answer to {@code filter}: names, or whole nodes by the very bytes of the request.
   *
   * @param kept the nodes kept, best first
   * @param failed reasons of nodes that preemption might help
   * @param unresolvable reasons of nodes that it cannot help
   */
  public Buffer filter(
      NodesRequest request,
      List<String> kept,
      Map<String, String> failed,
      Map<String, String> unresolvable) {
    ByteBuf out = Unpooled.buffer(FIRST_BYTES);
    boolean whole = request.wholeNodes();
    ByteBufUtil.writeAscii(
        out, whole ? "{\"Nodes\":{\"metadata\":{},\"items\":[" : "{\"Nodes\":null,\"NodeNames\":[");
    for (int i = 0; i < kept.size(); i++) {
      if (i > 0) {
        out.writeByte(',');
      }
      if (whole) {
        request.json(kept.get(i)).writeTo(out);
      } else {
        writeText(out, kept.get(i));
      }
    }
    ByteBufUtil.writeAscii(out, whole ? "]},\"NodeNames\":null" : "]");
    writeReasons(out, ",\"FailedNodes\":{", failed);
    writeReasons(out, ",\"FailedAndUnresolvableNodes\":{", unresolvable);
    ByteBufUtil.writeAscii(out, ",\"Error\":\"\"}");
    return BufferInternal.buffer(out);
  }

  private void writeReasons(ByteBuf out, String key, Map<String, String> reasons) {
    ByteBufUtil.writeAscii(out, key);
    String separator = "";
    for (Map.Entry<String, String> reason : reasons.entrySet()) {
      ByteBufUtil.writeAscii(out, separator);
      separator = ",";
      writeText(out, reason.getKey());
      out.writeByte(':');
      writeText(out, reason.getValue());
    }
    out.writeByte('}');
  }

  private void writeText(ByteBuf out, String text) {
    if (needsNoEscape(text)) {
      out.writeByte('"');
      ByteBufUtil.writeAscii(out, text);
      out.writeByte('"');
    } else {
      out.writeBytes(mapper.writeValueAsBytes(text));
    }
  }

  private static boolean needsNoEscape(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < ' ' || c >= 0x7F || c == '"' || c == '\\') {
        return false;
      }
    }
    return true;
  }

  private Buffer written(Consumer<JsonGenerator> content) {
    ByteBuf out = Unpooled.buffer(FIRST_BYTES);
    try (JsonGenerator json = mapper.createGenerator((OutputStream) new ByteBufOutputStream(out))) {
      content.accept(json);
    }
    return BufferInternal.buffer(out);
  }

  /** Encodes a {@code filter} that failed, with one sentence. */
  public Buffer filterError(String error) {
    return written(
        json -> {
          json.writeStartObject();
          json.writeNullProperty("Nodes");
          json.writeNullProperty("NodeNames");
          json.writeNullProperty("FailedNodes");
          json.writeNullProperty("FailedAndUnresolvableNodes");
          json.writeStringProperty("Error", error);
          json.writeEndObject();
        });
  }

  /** Encodes the answer to {@code prioritize}: a score from 0 to 10 by node name. */
  public Buffer prioritize(Map<String, Integer> scores) {
    return written(
        json -> {
          json.writeStartArray();
          scores.forEach(
              (node, score) -> {
                json.writeStartObject();
                json.writeStringProperty("Host", node);
                json.writeNumberProperty("Score", score);
                json.writeEndObject();
              });
          json.writeEndArray();
        });
  }

  /** Encodes the answer to {@code bind}; an empty error means bound. */
  public Buffer bind(String error) {
    return written(
        json -> {
          json.writeStartObject();
          json.writeStringProperty("Error", error);
          json.writeEndObject();
        });
  }

  /** Encodes the answer to {@code preempt}: the nodes kept, with their victims. */
  public Buffer preempt(Map<String, Victims> victimsByNode) {
    return written(
        json -> {
          json.writeStartObject();
          json.writeObjectPropertyStart("NodeNameToMetaVictims");
          victimsByNode.forEach((node, victims) -> write(json, node, victims));
          json.writeEndObject();
          json.writeEndObject();
        });
  }

  private static void write(JsonGenerator json, String node, Victims victims) {
    json.writeObjectPropertyStart(node);
    json.writeArrayPropertyStart("Pods");
    for (String uid : victims.podUids()) {
      json.writeStartObject();
      json.writeStringProperty("UID", uid);
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeNumberProperty("NumPDBViolations", victims.pdbViolations());
    json.writeEndObject();
  }
}
