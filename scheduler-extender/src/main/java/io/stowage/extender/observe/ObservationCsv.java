package io.stowage.extender.observe;

import io.stowage.extender.explain.Amounts;
import java.io.IOException;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVPrinter;

/** The nodes of an observation as CSV: a row a node, GPUs in GPUs. */
public final class ObservationCsv {
  private ObservationCsv() {}

  /** Returns the file's content. */
  public static String of(Observation observation) throws IOException {
    List<String> header =
        new ArrayList<>(
            List.of(
                "node",
                "type",
                "pool",
                "countsAsCapacity",
                "cordoned",
                "gpus",
                "freeGpu",
                "usableGpu"));
    Arrays.stream(LostCause.values()).forEach(cause -> header.add("stranded." + cause.key()));
    header.addAll(List.of("freeCpuMilli", "freeMemoryBytes"));
    StringWriter csv = new StringWriter();
    try (CSVPrinter printer =
        CSVFormat.DEFAULT
            .builder()
            .setHeader(header.toArray(String[]::new))
            .setRecordSeparator('\n')
            .get()
            .print(csv)) {
      for (Observation.NodeUse node : observation.nodes()) {
        List<Object> row =
            new ArrayList<>(
                List.of(
                    node.name(),
                    node.type().type(),
                    node.type().pool(),
                    node.counts(),
                    node.cordoned(),
                    Amounts.gpus(node.gpu().capacityMilli()),
                    Amounts.gpus(node.gpu().freeMilli()),
                    Amounts.gpus(node.gpu().usableMilli())));
        node.gpu().strandedMilliByCause().values().forEach(milli -> row.add(Amounts.gpus(milli)));
        row.add(node.freeCpuMilli());
        row.add(node.freeMemoryBytes());
        printer.printRecord(row);
      }
    }
    return csv.toString();
  }
}
