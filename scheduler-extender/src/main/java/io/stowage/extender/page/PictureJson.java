package io.stowage.extender.page;

import io.stowage.core.fragmentation.StrandCause;
import java.io.ByteArrayOutputStream;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.json.JsonMapper;

/**
 * What the page's script reads. Not an interface for others: it changes with the page.
 *
 * <p>One message is {@code {whole, nodes, gone, pending, samples}}; {@code whole} says that it
 * replaces all before, {@code pending} and {@code samples} are left out where they add nothing. In
 * a sample {@code waiting} has, by what pods ask of GPUs, how many wait and since how many seconds
 * the oldest; kinds that nobody is of are left out.
 */
final class PictureJson {
  private static final JsonMapper MAPPER = JsonMapper.shared();

  private PictureJson() {}

  /** Encodes a whole picture. */
  static byte[] whole(Collection<NodePicture> nodes, PendingPicture pending, List<Sample> samples) {
    return message(true, nodes, List.of(), pending, samples);
  }

  /** Encodes a change, and the samples that came since the last. */
  static byte[] change(PictureChange change, List<Sample> samples) {
    return message(false, change.nodes(), change.goneNodes(), change.pending(), samples);
  }

  private static byte[] message(
      boolean whole,
      Collection<NodePicture> nodes,
      List<String> gone,
      @Nullable PendingPicture pending,
      List<Sample> samples) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(4096);
    try (JsonGenerator json = MAPPER.createGenerator(out)) {
      json.writeStartObject();
      json.writeBooleanProperty("whole", whole);
      json.writeArrayPropertyStart("nodes");
      nodes.forEach(node -> write(json, node));
      json.writeEndArray();
      json.writeArrayPropertyStart("gone");
      gone.forEach(json::writeString);
      json.writeEndArray();
      if (pending != null) {
        json.writeObjectPropertyStart("pending");
        json.writeNumberProperty("count", pending.count());
        json.writeArrayPropertyStart("first");
        pending.first().forEach(pod -> write(json, pod));
        json.writeEndArray();
        json.writeEndObject();
      }
      if (!samples.isEmpty()) {
        json.writeArrayPropertyStart("samples");
        samples.forEach(sample -> write(json, sample));
        json.writeEndArray();
      }
      json.writeEndObject();
    }
    return out.toByteArray();
  }

  private static void write(JsonGenerator json, NodePicture node) {
    json.writeStartObject();
    json.writeStringProperty("name", node.name());
    writeUnlessEmpty(json, "pool", node.labels().pool());
    writeUnlessEmpty(json, "zone", node.labels().zone());
    writeUnlessEmpty(json, "machineType", node.labels().machineType());
    json.writeStringProperty("standing", node.standing().text());
    json.writeNumberProperty("cpuMilli", node.cpuMilli());
    json.writeNumberProperty("cpuFreeMilli", node.cpuFreeMilli());
    json.writeNumberProperty("memoryBytes", node.memoryBytes());
    json.writeNumberProperty("memoryFreeBytes", node.memoryFreeBytes());
    json.writeBooleanProperty("devicesVisible", node.devicesVisible());
    json.writeArrayPropertyStart("gpus");
    for (NodePicture.Gpu gpu : node.gpus()) {
      json.writeStartObject();
      writeUnlessEmpty(json, "model", gpu.model());
      json.writeNumberProperty("freeMilli", gpu.freeMilli());
      if (!gpu.healthy()) {
        json.writeBooleanProperty("unhealthy", true);
      }
      StrandCause stranded = gpu.stranded();
      if (stranded != null) {
        json.writeStringProperty("stranded", stranded.key());
      }
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeArrayPropertyStart("pods");
    for (NodePicture.OnNode pod : node.pods()) {
      json.writeStartObject();
      json.writeStringProperty("namespace", pod.namespace());
      json.writeStringProperty("name", pod.name());
      writeUnlessEmpty(json, "owner", pod.owner());
      if (pod.priority() != 0) {
        json.writeNumberProperty("priority", pod.priority());
      }
      json.writeNumberProperty("cpuMilli", pod.cpuMilli());
      json.writeNumberProperty("memoryBytes", pod.memoryBytes());
      if (!pod.gpus().isEmpty()) {
        write(json, "gpus", pod.gpus());
        json.writeNumberProperty("gpuMilli", pod.gpuMilli());
      }
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeArrayPropertyStart("slots");
    for (NodePicture.PlannedSlot slot : node.slots()) {
      json.writeStartObject();
      write(json, "gpus", slot.gpus());
      json.writeNumberProperty("gpuMilli", slot.gpuMilli());
      json.writeNumberProperty("cpuMilli", slot.cpuMilli());
      json.writeBooleanProperty("pending", slot.pending());
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  private static void write(JsonGenerator json, PendingPod pod) {
    json.writeStartObject();
    json.writeStringProperty("namespace", pod.namespace());
    json.writeStringProperty("name", pod.name());
    writeUnlessEmpty(json, "owner", pod.owner());
    json.writeNumberProperty("priority", pod.priority());
    json.writeNumberProperty("createdEpochMillis", pod.createdEpochMillis());
    json.writeStringProperty("asks", pod.asks());
    json.writeStringProperty("reason", pod.reason());
    writeUnlessEmpty(json, "room", pod.room());
    writeUnlessEmpty(json, "heldNode", pod.heldNode());
    json.writeArrayPropertyStart("plannedNodes");
    pod.plannedNodes().forEach(json::writeString);
    json.writeEndArray();
    json.writeEndObject();
  }

  private static void write(JsonGenerator json, Sample sample) {
    json.writeStartObject();
    json.writeNumberProperty("epochMillis", sample.epochMillis());
    write(json, "gpuPercent", sample.gpuPercent());
    write(json, "cpuPercent", sample.cpuPercent());
    write(json, "memoryPercent", sample.memoryPercent());
    write(json, "fragmentedPercent", sample.fragmentedPercent());
    json.writeObjectPropertyStart("strandedPercent");
    sample.strandedPercentByCause().forEach((cause, percent) -> write(json, cause.key(), percent));
    json.writeEndObject();
    write(json, "boundGpuPercent", sample.boundGpuPercent());
    writeUnlessEmpty(json, "boundNote", sample.boundNote());
    json.writeNumberProperty("pendingPods", sample.pendingPods());
    json.writeObjectPropertyStart("waiting");
    sample
        .waiting()
        .byAsk()
        .forEach(
            (ask, waiting) -> {
              if (waiting.pods() > 0) {
                json.writeArrayPropertyStart(ask.key());
                json.writeNumber(waiting.pods());
                json.writeNumber(waiting.oldestMillis() / 1000);
                json.writeEndArray();
              }
            });
    json.writeEndObject();
    write(json, "decisionsPerSecond", sample.decisionsPerSecond());
    write(json, "filterMeanMillis", sample.filterMeanMillis());
    write(json, "filterP99Millis", sample.filterP99Millis());
    json.writeEndObject();
  }

  private static void write(JsonGenerator json, String name, List<Integer> numbers) {
    json.writeArrayPropertyStart(name);
    numbers.forEach(json::writeNumber);
    json.writeEndArray();
  }

  /** Writes a number to three places; what is none, or beyond all, is left out. */
  private static void write(JsonGenerator json, String name, double number) {
    if (Double.isFinite(number)) {
      json.writeNumberProperty(name, Math.round(number * 1000) / 1000.0);
    }
  }

  private static void writeUnlessEmpty(JsonGenerator json, String name, String text) {
    if (!text.isEmpty()) {
      json.writeStringProperty(name, text);
    }
  }
}
