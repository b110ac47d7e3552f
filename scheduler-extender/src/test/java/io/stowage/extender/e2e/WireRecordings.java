package io.stowage.extender.e2e;

import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes one request of each kind that kube-scheduler has sent to files. What lies in {@code
 * src/test/resources/io/stowage/extender/wire} was made by this.
 */
final class WireRecordings {
  private static final int WHOLE_OBJECTS_KEPT = 10;

  private WireRecordings() {}

  /**
   * Writes the longest request of each verb and form; of whole nodes, and of nodes with whole
   * victims, the first ten are kept.
   */
  static void write(Path directory, List<Exchange> exchanges) {
    Map<String, Exchange> longest = new LinkedHashMap<>();
    for (Exchange exchange : exchanges) {
      longest.merge(
          kind(exchange),
          exchange,
          (one, other) -> other.request().length() > one.request().length() ? other : one);
    }
    try {
      Files.createDirectories(directory);
      for (Map.Entry<String, Exchange> entry : longest.entrySet()) {
        Files.write(directory.resolve(entry.getKey() + ".json"), body(entry.getValue()).getBytes());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String kind(Exchange exchange) {
    JsonNode request = exchange.requestJson();
    boolean wholeNodes = request.path("Nodes").isObject();
    boolean wholeVictims = !request.path("NodeNameToVictims").isEmpty();
    return exchange.verb() + (wholeNodes ? "-nodes" : wholeVictims ? "-victims" : "");
  }

  private static Buffer body(Exchange exchange) {
    JsonNode request = exchange.requestJson();
    if (request.path("Nodes").path("items") instanceof ArrayNode nodes) {
      while (nodes.size() > WHOLE_OBJECTS_KEPT) {
        nodes.remove(nodes.size() - 1);
      }
    } else if (request.path("NodeNameToVictims") instanceof ObjectNode victims) {
      victims.retain(victims.propertyNames().stream().limit(WHOLE_OBJECTS_KEPT).toList());
    } else {
      return exchange.request();
    }
    return Buffer.buffer(JsonMapper.shared().writeValueAsBytes(request));
  }
}
