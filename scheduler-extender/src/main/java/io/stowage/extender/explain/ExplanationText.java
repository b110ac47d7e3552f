package io.stowage.extender.explain;

import com.github.freva.asciitable.AsciiTable;
import com.github.freva.asciitable.Column;
import com.github.freva.asciitable.HorizontalAlign;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Explanations for the terminal. */
public final class ExplanationText {

  private ExplanationText() {}

  /** Returns a pod's. */
  public static String of(PodExplanation pod) {
    StringBuilder text = new StringBuilder();
    line(text, "Pod %s/%s asks for %s".formatted(pod.namespace(), pod.name(), pod.asks()));
    line(text, "%s: %s".formatted(pod.standing(), pod.sentence()));
    line(
        text,
        "%s %s: %d with room, %d without"
            .formatted(
                pod.node().isEmpty() ? "Nodes" : "Other nodes",
                pod.nodes(),
                pod.fittingNodes(),
                pod.nodes() - pod.fittingNodes()));
    for (PodExplanation.Lack lack : pod.lacking()) {
      line(text, "  %s %s".formatted(Amounts.count(lack.nodes(), "node"), lack.text()));
      for (PodExplanation.NamedNode named : lack.named()) {
        line(
            text,
            "    %s%s"
                .formatted(
                    named.node(),
                    named.shortages().isEmpty()
                        ? ""
                        : ": " + String.join("; ", named.shortages())));
      }
    }
    if (pod.keptNodes() > 0) {
      line(
          text,
          "Of those with room, the zones keep %s for pods of more GPUs"
              .formatted(Amounts.count(pod.keptNodes(), "node")));
    }
    if (!pod.best().isEmpty()) {
      line(text, "Best nodes, by score:");
      for (PodExplanation.RankedNode node : pod.best()) {
        line(
            text,
            "  %d. %s %s = %s"
                .formatted(
                    node.rank(), node.node(), Amounts.number(node.score()), terms(node.terms())));
      }
    }
    lineIfAny(text, "Room is held on: ", pod.heldNode());
    lineIfAny(text, "Nominated: ", pod.nominatedNode());
    lineIfAny(text, "The plan has a place for it on: ", String.join(", ", pod.plannedNodes()));
    lineIfAny(text, "What would make room: ", pod.room());
    pod.notes().forEach(note -> line(text, "Note: %s".formatted(note)));
    return text.toString();
  }

  private static String terms(Map<String, Double> terms) {
    List<String> parts = new ArrayList<>();
    terms.forEach((name, value) -> parts.add(name + " " + Amounts.number(value)));
    return String.join(", ", parts);
  }

  /** Returns a node's. */
  public static String of(NodeExplanation node) {
    StringBuilder text = new StringBuilder();
    line(text, "Node %s is %s".formatted(node.node(), node.standing()));
    line(
        text,
        "Free: %s of %s, %s of %s"
            .formatted(
                Amounts.cores(node.freeCpuMilli()),
                Amounts.cores(node.cpuMilli()),
                Amounts.memory(node.freeMemoryBytes()),
                Amounts.memory(node.memoryBytes())));
    for (NodeExplanation.Gpu gpu : node.gpus()) {
      line(
          text,
          "  GPU %d%s: %s free%s"
              .formatted(
                  gpu.index(),
                  gpu.model().isEmpty() ? "" : " (" + gpu.model() + ")",
                  Amounts.number(gpu.free()),
                  gpu.stranded().isEmpty() ? "" : ", stranded: " + gpu.stranded()));
    }
    pods(text, "Pods", node.pods());
    pods(text, "Room is held for", node.held());
    for (NodeExplanation.Planned slot : node.slots()) {
      line(
          text,
          "The plan keeps %s%s for a pod that %s"
              .formatted(
                  slot.asks(),
                  slot.gpuDevices().isEmpty() ? "" : " on GPU " + numbers(slot.gpuDevices()),
                  slot.pending() ? "waits" : "is expected"));
    }
    for (NodeExplanation.WaitingShape shape : node.waitingShapes()) {
      line(
          text,
          "%s: %s"
              .formatted(
                  (shape.pods() == 1 ? "1 pod waits for " : shape.pods() + " pods wait for ")
                      + shape.asks(),
                  shape.text()));
    }
    node.notes().forEach(note -> line(text, "Note: %s".formatted(note)));
    return text.toString();
  }

  private static void pods(StringBuilder text, String title, List<NodeExplanation.OnNode> pods) {
    if (!pods.isEmpty()) {
      line(text, "%s:".formatted(title));
    }
    for (NodeExplanation.OnNode pod : pods) {
      line(
          text,
          "  %s: %s%s"
              .formatted(
                  pod.pod(),
                  pod.asks(),
                  pod.gpuDevices().isEmpty() ? "" : " on GPU " + numbers(pod.gpuDevices())));
    }
  }

  /** Returns the nodes as a table. */
  public static String of(ClusterTop top) {
    StringBuilder text = new StringBuilder();
    line(
        text,
        "GPUs %s, allocated %s, stranded %s"
            .formatted(
                Amounts.number(top.gpus()),
                share(top.allocatedGpu(), top.gpus()),
                share(top.strandedGpu(), top.gpus())));
    List<List<String>> rows = new ArrayList<>();
    for (ClusterTop.Row row : top.nodes()) {
      rows.add(
          List.of(
              row.node(),
              row.standing(),
              row.model(),
              String.valueOf(row.gpus()),
              Amounts.number(row.allocatedGpu()),
              Amounts.number(row.freeGpu()),
              Amounts.number(row.strandedGpu()),
              Amounts.number(row.cpuPercent()),
              Amounts.number(row.memoryPercent()),
              String.valueOf(row.pods())));
    }
    List<Column> columns = new ArrayList<>();
    for (String header :
        List.of(
            "Node",
            "State",
            "Model",
            "GPUs",
            "Allocated",
            "Free",
            "Stranded",
            "CPU %",
            "Memory %",
            "Pods")) {
      columns.add(
          new Column()
              .header(header)
              .headerAlign(HorizontalAlign.LEFT)
              .dataAlign(columns.size() < 3 ? HorizontalAlign.LEFT : HorizontalAlign.RIGHT));
    }
    text.append(
            AsciiTable.getTable(
                AsciiTable.BASIC_ASCII_NO_DATA_SEPARATORS,
                columns.toArray(Column[]::new),
                rows.stream().map(row -> row.toArray(String[]::new)).toArray(String[][]::new)))
        .append(System.lineSeparator());
    return text.toString();
  }

  private static String share(double part, double whole) {
    return Amounts.number(part)
        + (whole == 0 ? "" : " (" + Amounts.percent(100 * part / whole) + ")");
  }

  private static String numbers(List<Integer> numbers) {
    return String.join(", ", numbers.stream().map(String::valueOf).toList());
  }

  private static void lineIfAny(StringBuilder text, String title, String value) {
    if (!value.isEmpty()) {
      line(text, "%s%s".formatted(title, value));
    }
  }

  private static void line(StringBuilder text, String line) {
    text.append(line).append(System.lineSeparator());
  }
}
