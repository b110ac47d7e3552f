package io.stowage.extender.http;

import io.stowage.extender.state.GpuInspection;
import io.stowage.extender.state.StateLoop;
import io.vertx.core.buffer.Buffer;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.io.ByteArrayOutputStream;
import java.util.List;
import java.util.Objects;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.json.JsonMapper;

/**
 * What is given out of each shared GPU and to whom, below {@code /gpushare-scheduler/inspect}, in
 * the form of gpushare's scheduler extender (its {@code pkg/scheduler/gpushare-inspect.go}).
 */
public final class InspectRoutes implements Routes {
  private final JsonMapper mapper = JsonMapper.shared();
  private final StateLoop loop;

  /** Creates the routes. */
  public InspectRoutes(StateLoop loop) {
    this.loop = loop;
  }

  @Override
  public void addTo(Router router) {
    router.get("/gpushare-scheduler/inspect").handler(this::all);
    router.get("/gpushare-scheduler/inspect/:node").handler(this::one);
  }

  private void all(RoutingContext context) {
    Responses.fromLoop(context, loop.call(state -> GpuInspection.ofSharedNodes(state.bound())))
        .onComplete(
            nodes -> Responses.json(context, 200, Buffer.buffer(encode(nodes, ""))), context::fail);
  }

  private void one(RoutingContext context) {
    String name = Objects.requireNonNull(context.pathParam("node"));
    Responses.fromLoop(context, loop.call(state -> GpuInspection.of(state.bound(), name)))
        .onComplete(
            node -> {
              String error = node.isPresent() ? "" : "node \"" + name + "\" not found";
              Responses.json(
                  context,
                  node.isPresent() ? 200 : 404,
                  Buffer.buffer(encode(node.stream().toList(), error)));
            },
            context::fail);
  }

  private byte[] encode(List<GpuInspection> nodes, String error) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(1024);
    try (JsonGenerator json = mapper.createGenerator(out)) {
      json.writeStartObject();
      json.writeArrayPropertyStart("nodes");
      nodes.forEach(node -> write(json, node));
      json.writeEndArray();
      if (!error.isEmpty()) {
        json.writeStringProperty("error", error);
      }
      json.writeEndObject();
    }
    return out.toByteArray();
  }

  private static void write(JsonGenerator json, GpuInspection node) {
    json.writeStartObject();
    json.writeStringProperty("name", node.name());
    json.writeNumberProperty("totalGPU", node.totalUnits());
    json.writeNumberProperty("usedGPU", node.usedUnits());
    json.writeArrayPropertyStart("devs");
    for (GpuInspection.Device device : node.devices()) {
      json.writeStartObject();
      json.writeNumberProperty("id", device.index());
      json.writeNumberProperty("totalGPU", device.totalUnits());
      json.writeNumberProperty("usedGPU", device.usedUnits());
      json.writeArrayPropertyStart("pods");
      for (GpuInspection.SharingPod pod : device.pods()) {
        json.writeStartObject();
        json.writeStringProperty("name", pod.name());
        json.writeStringProperty("namespace", pod.namespace());
        json.writeNumberProperty("usedGPU", pod.usedUnits());
        json.writeEndObject();
      }
      json.writeEndArray();
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeEndObject();
  }
}
