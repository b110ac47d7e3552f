package io.stowage.extender.check;

import io.stowage.extender.explain.Amounts;
import io.stowage.extender.observe.PlacementTrial.Room;
import java.util.List;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** A check as JSON; its keys are those of the records here, and stay. */
public final class CheckJson {
  private static final JsonMapper MAPPER =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  private CheckJson() {}

  /** A check. */
  private record Document(
      boolean passed,
      int pods,
      int placedPods,
      String require,
      List<WorkloadDocument> workloads,
      List<Bound.Outcome> bounds,
      Free before,
      Free after,
      CheckReport.Others cluster,
      List<String> withoutPods,
      List<String> notes) {}

  /** An object with its pods. */
  private record WorkloadDocument(
      String where,
      String kind,
      String namespace,
      String name,
      List<PodDocument> pods,
      List<String> notes) {}

  /** A pod; {@code node} is empty where it would wait. */
  private record PodDocument(
      String name,
      String asks,
      boolean placed,
      String node,
      List<Integer> gpuDevices,
      boolean fitsEmpty,
      String sentence) {}

  /** What is free, in GPUs and nodes. */
  private record Free(double freeGpus, double strandedGpus, int wholeGpus, int wholeNodes) {
    static Free of(Room room) {
      return new Free(
          Amounts.gpus(room.gpu().freeMilli()),
          Amounts.gpus(room.gpu().strandedMilli()),
          CheckReport.wholeGpus(room),
          CheckReport.wholeNodes(room));
    }
  }

  /** Returns the document. */
  public static String of(CheckReport report) {
    return MAPPER.writeValueAsString(
            new Document(
                report.passed(),
                report.podCount(),
                report.fitting(),
                report.requirement().key(),
                report.workloads().stream().map(CheckJson::workload).toList(),
                report.bounds(),
                Free.of(report.before()),
                Free.of(report.after()),
                report.cluster(),
                report.withoutPods(),
                report.notes()))
        + "\n";
  }

  private static WorkloadDocument workload(CheckReport.CheckedWorkload workload) {
    return new WorkloadDocument(
        workload.where(),
        workload.kind(),
        workload.namespace(),
        workload.name(),
        workload.pods().stream()
            .map(
                pod ->
                    new PodDocument(
                        pod.name(),
                        pod.asks(),
                        pod.fits(),
                        pod.node(),
                        pod.gpuDevices(),
                        pod.fitsEmpty(),
                        pod.sentence()))
            .toList(),
        workload.notes());
  }
}
