package io.stowage.extender.observe;

import io.stowage.extender.explain.Amounts;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** An observation as JSON: GPUs in GPUs, CPU in milli-cores, memory in bytes. */
public final class ObservationJson {
  private static final JsonMapper MAPPER =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  private ObservationJson() {}

  /** Returns the document; the series is in it where it has more than one point. */
  public static String of(Observation observation, Series series) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("observedAt", observation.observedAt().toString());
    json.put("gpuAllocationPercent", observation.gpuAllocationPercent());
    json.put("planGpuAllocationPercent", observation.planGpuAllocationPercent());
    json.put("boundGpuAllocationPercent", observation.boundGpuAllocationPercent());
    json.put("boundRelaxation", observation.boundRelaxation());
    json.put("cpuAllocationPercent", observation.cpuAllocationPercent());
    json.put("memoryAllocationPercent", observation.memoryAllocationPercent());
    json.put("runningPods", observation.runningPods());
    json.putAll(gpu(observation.gpu()));
    json.put("waiting", list(observation.waiting(), ObservationJson::waiting));
    json.put("lost", lost(observation.lost()));
    json.put("pools", list(observation.pools(), ObservationJson::pool));
    json.put("nodes", list(observation.nodes(), ObservationJson::node));
    json.put("roomWanted", roomWanted(observation.roomWanted()));
    json.put("notes", observation.notes());
    if (series.points().size() > 1) {
      json.put("series", list(series.points(), ObservationJson::point));
    }
    return MAPPER.writeValueAsString(json);
  }

  /** Returns what would make room, by the same keys. */
  public static String of(RoomReport report) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("observedAt", report.observedAt().toString());
    json.put("roomWanted", roomWanted(report.roomWanted()));
    return MAPPER.writeValueAsString(json);
  }

  private static <T> List<Map<String, Object>> list(
      List<T> values, Function<T, Map<String, Object>> json) {
    return values.stream().map(json).toList();
  }

  private static Map<String, Object> gpu(GpuUse gpu) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("gpus", Amounts.gpus(gpu.capacityMilli()));
    json.put("allocatedGpu", Amounts.gpus(gpu.allocatedMilli()));
    json.put("freeGpu", Amounts.gpus(gpu.freeMilli()));
    json.put("usableGpu", Amounts.gpus(gpu.usableMilli()));
    Map<String, Object> byCause = new LinkedHashMap<>();
    gpu.strandedMilliByCause()
        .forEach((cause, milli) -> byCause.put(cause.key(), Amounts.gpus(milli)));
    json.put("strandedGpuByCause", byCause);
    return json;
  }

  private static Map<String, Object> waiting(WaitingPod pod) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("namespace", pod.namespace());
    json.put("name", pod.name());
    json.put("priority", pod.priority());
    json.put("gpuResource", pod.shape().gpu().resource());
    json.put("gpuCount", pod.shape().gpu().count());
    json.put("gpuUnits", pod.shape().gpu().unitsPerGpu());
    json.put("gpuModels", pod.shape().gpuModels());
    json.put("cpuMilli", pod.shape().request().cpuMilli());
    json.put("memoryBytes", pod.shape().request().memoryBytes());
    json.put("fits", pod.fits());
    if (pod.outcome() instanceof WaitingPod.Fits fits) {
      json.put("node", fits.node());
      json.put("gpuDevices", fits.gpuDevices());
    } else if (pod.outcome() instanceof WaitingPod.NoRoom noRoom) {
      Map<String, Object> missing = new LinkedHashMap<>();
      noRoom.nodesByMissing().forEach((what, nodes) -> missing.put(what.key(), nodes));
      json.put("nodesByMissing", missing);
      noRoom
          .ending()
          .ifPresent(
              ending -> {
                Map<String, Object> end = new LinkedHashMap<>();
                end.put("node", ending.node());
                end.put("pods", ending.pods());
                end.put("fewest", ending.fewest());
                json.put("roomByEnding", end);
              });
      noRoom.newNode().ifPresent(type -> json.put("roomByAdding", type(type)));
    }
    json.put("rulesNotLookedAt", pod.unseenRules());
    json.put("sentence", pod.sentence());
    return json;
  }

  private static Map<String, Object> type(WaitingPod.NodeTypeName type) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("type", type.type());
    json.put("pool", type.pool());
    return json;
  }

  private static Map<String, Object> lost(Lost lost) {
    boolean priced = !lost.currency().isEmpty();
    Map<String, Object> json = new LinkedHashMap<>();
    if (priced) {
      json.put("currency", lost.currency());
      json.put("unpricedGpus", Amounts.gpus(lost.unpricedGpuMilli()));
    }
    json.put("stranded", perDay(lost.total(), priced));
    Map<String, Object> byCause = new LinkedHashMap<>();
    lost.byCause().forEach((cause, perDay) -> byCause.put(cause.key(), perDay(perDay, priced)));
    json.put("byCause", byCause);
    json.put("usable", perDay(lost.usable(), priced));
    json.put(
        "requestedByTeam",
        list(
            lost.teams(),
            team -> {
              Map<String, Object> entry = new LinkedHashMap<>();
              entry.put("team", team.name());
              entry.put("requestedGpu", Amounts.gpus(team.requestedGpuMilli()));
              entry.put("waitingGpu", Amounts.gpus(team.waitingGpuMilli()));
              entry.putAll(perDay(team.requested(), priced));
              return entry;
            }));
    return json;
  }

  private static Map<String, Object> perDay(Lost.PerDay perDay, boolean priced) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("gpuHoursPerDay", perDay.gpuHours());
    if (priced) {
      json.put("moneyPerDay", perDay.money());
    }
    return json;
  }

  private static Map<String, Object> pool(Observation.Pool pool) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("pool", pool.name());
    json.put("nodes", pool.nodes());
    json.put("gpuAllocationPercent", pool.gpu().allocationPercent());
    json.putAll(gpu(pool.gpu()));
    return json;
  }

  private static Map<String, Object> node(Observation.NodeUse node) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("node", node.name());
    json.putAll(type(node.type()));
    json.put("countsAsCapacity", node.counts());
    json.put("cordoned", node.cordoned());
    json.putAll(gpu(node.gpu()));
    json.put("freeCpuMilli", node.freeCpuMilli());
    json.put("freeMemoryBytes", node.freeMemoryBytes());
    return json;
  }

  private static Map<String, Object> roomWanted(RoomWanted room) {
    Map<String, Object> json = new LinkedHashMap<>();
    List<Map<String, Object>> toAdd = new ArrayList<>();
    for (RoomWanted.NodesToAdd nodes : room.nodesToAdd()) {
      Map<String, Object> entry = type(nodes.type());
      entry.put("atMostNodes", nodes.count());
      entry.put("pods", nodes.pods());
      toAdd.add(entry);
    }
    json.put("nodesToAdd", toAdd);
    json.put("unplaceablePods", room.unplaceablePods());
    List<Map<String, Object>> toEmpty = new ArrayList<>();
    for (RoomWanted.NodeToEmpty node : room.nodesToEmpty()) {
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("node", node.node());
      entry.putAll(type(node.type()));
      entry.put("podsToMove", node.podsToMove());
      toEmpty.add(entry);
    }
    json.put("nodesToEmpty", toEmpty);
    json.put("nodesToEmptyCut", room.emptyingCut());
    return json;
  }

  private static Map<String, Object> point(Series.Point point) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("observedAt", point.observedAt().toString());
    json.put("gpuAllocationPercent", point.gpuAllocationPercent());
    json.put("planGpuAllocationPercent", point.planGpuAllocationPercent());
    json.put("boundGpuAllocationPercent", point.boundGpuAllocationPercent());
    json.put("strandedGpu", Amounts.gpus(point.strandedGpuMilli()));
    json.put("waitingPods", point.waitingPods());
    return json;
  }
}
