package io.stowage.benchmarks.load;

import io.stowage.benchmarks.NodeOrder;
import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Requests for {@code filter} as a kube-scheduler v1.37.2 was recorded to send them: the recorded
 * pod with the requests of a generated one in it, and names, or recorded nodes under generated
 * names, of as many nodes as are asked for, in the orders of recorded requests or in random order.
 *
 * <p>The pod's UID and name are written anew for each use, so that no pod comes twice. Not
 * thread-safe.
 */
final class Requests {
  /** The pod's version, as recorded. */
  static final long RESOURCE_VERSION = 2511;

  private static final int DIGITS = 12;
  private static final String UID = "10ad0000-0000-4000-8000-";
  private static final String NAME = "load-";

  private final List<Request> requests = new ArrayList<>();
  private int next;
  private long pods;

  /** A request whose pod is given a number for each use. */
  static final class Request {
    private final byte[] bytes;
    private final PodShape shape;
    private final int uidAt;
    private final int nameAt;
    private String number = "";

    private Request(byte[] body, PodShape shape) {
      byte[] head = Caller.head("/scheduler/filter", body.length);
      this.bytes = new byte[head.length + body.length];
      System.arraycopy(head, 0, bytes, 0, head.length);
      System.arraycopy(body, 0, bytes, head.length, body.length);
      this.shape = shape;
      String start = new String(bytes, 0, Math.min(bytes.length, 8 << 10), StandardCharsets.UTF_8);
      uidAt = start.indexOf(UID) + UID.length();
      nameAt = start.indexOf('"' + NAME) + 1 + NAME.length();
    }

    private Request numbered(long pod) {
      number = "%012d".formatted(pod);
      byte[] digits = number.getBytes(StandardCharsets.US_ASCII);
      System.arraycopy(digits, 0, bytes, uidAt, DIGITS);
      System.arraycopy(digits, 0, bytes, nameAt, DIGITS);
      return this;
    }

    byte[] bytes() {
      return bytes;
    }

    Pod pod() {
      return new Pod(UID + number, "default", NAME + number, shape, 0);
    }
  }

  private Requests() {}

  /** Returns requests with names alone, one for each shape. */
  static Requests ofNames(List<PodShape> shapes, List<String> nodes, NodeOrder order) {
    String[] quoted = nodes.stream().map(name -> '"' + name + '"').toArray(String[]::new);
    return of(shapes, List.of(quoted), order, "\"Nodes\":null,\"NodeNames\":[", "]}");
  }

  /** Returns requests with whole nodes, one for each shape. */
  static Requests ofWholeNodes(List<PodShape> shapes, List<String> nodes, NodeOrder order) {
    List<JsonNode> recorded = new ArrayList<>();
    recorded("filter-nodes").path("Nodes").path("items").forEach(recorded::add);
    List<String> whole = new ArrayList<>();
    for (int i = 0; i < nodes.size(); i++) {
      JsonNode node = recorded.get(i % recorded.size());
      whole.add(node.toString().replace(node.at("/metadata/name").asString(), nodes.get(i)));
    }
    return of(
        shapes, whole, order, "\"Nodes\":{\"metadata\":{},\"items\":[", "]},\"NodeNames\":null}");
  }

  private static Requests of(
      List<PodShape> shapes, List<String> nodes, NodeOrder order, String before, String after) {
    Requests requests = new Requests();
    for (PodShape shape : shapes) {
      String list = String.join(",", order.next(nodes));
      String body = "{\"Pod\":" + pod(shape) + "," + before + list + after;
      requests.requests.add(new Request(body.getBytes(StandardCharsets.UTF_8), shape));
    }
    return requests;
  }

  private static String pod(PodShape shape) {
    ObjectNode pod = (ObjectNode) recorded("filter").path("Pod");
    ObjectNode metadata = (ObjectNode) pod.path("metadata");
    metadata.put("uid", UID + "0".repeat(DIGITS));
    metadata.put("resourceVersion", String.valueOf(RESOURCE_VERSION));
    metadata.put("name", NAME + "0".repeat(DIGITS));
    for (String amounts : List.of("requests", "limits")) {
      ObjectNode resources = (ObjectNode) pod.at("/spec/containers/0/resources/" + amounts);
      resources.removeAll();
      resources.put("cpu", shape.request().cpuMilli() + "m");
      resources.put("memory", String.valueOf(shape.request().memoryBytes()));
      GpuRequest gpu = shape.gpu();
      if (!gpu.isNone()) {
        resources.put(
            gpu.resource(), String.valueOf(gpu.isShare() ? gpu.unitsPerGpu() : gpu.count()));
      }
    }
    return pod.toString();
  }

  private static JsonNode recorded(String name) {
    try (InputStream body = Requests.class.getResourceAsStream(name + ".json")) {
      if (body == null) {
        throw new IllegalStateException("the recording " + name + ".json is missing");
      }
      return JsonMapper.shared().readTree(body);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns the next request, for a pod that was in none before. */
  Request next() {
    next = (next + 1) % requests.size();
    return requests.get(next).numbered(pods++);
  }
}
