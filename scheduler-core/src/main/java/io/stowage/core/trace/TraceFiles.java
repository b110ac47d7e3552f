package io.stowage.core.trace;

import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeGpus;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.cluster.Resources;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import org.apache.commons.csv.CSVException;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;
import org.apache.commons.csv.DuplicateHeaderMode;

/**
 * Reads node and pod lists of the form of the public trace {@code cluster-trace-gpu-v2023}.
 *
 * <p>Nodes: {@code sn,cpu_milli,memory_mib,gpu,model}. Pods: {@code
 * name,cpu_milli,memory_mib,num_gpu,gpu_milli} and, where known, {@code
 * gpu_spec,...,deletion_time,scheduled_time}; columns are found by their names, others are ignored.
 * GPUs are visible devices of {@link #GPU_MILLI} units, and whole GPUs and shares mix on a node.
 * The number of pods a node takes is not in the trace and left unlimited.
 */
public final class TraceFiles {
  /** The resource that a trace's GPUs are known by; its unit is the milli-GPU. */
  public static final String GPU_RESOURCE = "alibabacloud.com/gpu-milli";

  /** The capacity of each GPU of a trace. */
  public static final long GPU_MILLI = 1000;

  private static final long MAX_CPU_MILLI = 100_000_000;
  private static final long MAX_MEMORY_MIB = 1L << 40;
  private static final long MAX_GPUS = 1024;
  private static final long MIB = 1 << 20;

  private static final char BYTE_ORDER_MARK = '\ufeff';

  private static final CSVFormat FORMAT =
      CSVFormat.DEFAULT
          .builder()
          .setHeader()
          .setSkipHeaderRecord(true)
          .setDuplicateHeaderMode(DuplicateHeaderMode.DISALLOW)
          .setTrim(true)
          .get();

  private TraceFiles() {}

  /**
   * Reads a node list.
   *
   * @throws TraceFormatException where the file is not of the form, with file, line, column, value
   * @throws IOException where it cannot be read at all
   */
  public static List<Node> readNodes(Path file) throws IOException {
    List<Node> nodes = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (Row row : rows(file, List.of("sn", "cpu_milli", "memory_mib", "gpu", "model"))) {
      String name = row.text("sn");
      if (!names.add(name)) {
        throw row.malformed("sn", "a name that is not taken yet");
      }
      nodes.add(
          Node.ready(
              name,
              Resources.of(
                  row.whole("cpu_milli", MAX_CPU_MILLI),
                  row.whole("memory_mib", MAX_MEMORY_MIB) * MIB),
              Integer.MAX_VALUE,
              NodeGpus.shared(
                  GPU_RESOURCE,
                  row.optional("model"),
                  (int) row.whole("gpu", MAX_GPUS),
                  GPU_MILLI)));
    }
    return nodes;
  }

  /**
   * Reads a pod list.
   *
   * @throws TraceFormatException where the file is not of the form, with file, line, column, value
   * @throws IOException where it cannot be read at all
   */
  public static List<TracePod> readPods(Path file) throws IOException {
    List<TracePod> pods = new ArrayList<>();
    for (Row row : rows(file, List.of("name", "cpu_milli", "memory_mib", "num_gpu", "gpu_milli"))) {
      Resources request =
          Resources.of(
              row.whole("cpu_milli", MAX_CPU_MILLI), row.whole("memory_mib", MAX_MEMORY_MIB) * MIB);
      pods.add(
          new TracePod(
              row.text("name"),
              new PodShape(request, gpuRequest(row), models(row)),
              0,
              runSeconds(row)));
    }
    return pods;
  }

  private static GpuRequest gpuRequest(Row row) throws TraceFormatException {
    int count = (int) row.whole("num_gpu", MAX_GPUS);
    long milli = row.whole("gpu_milli", GPU_MILLI);
    if (count == 0) {
      return GpuRequest.NONE;
    }
    if (milli == 0) {
      throw row.malformed("gpu_milli", "1 to 1000 for a pod with a GPU");
    }
    if (milli == GPU_MILLI) {
      return GpuRequest.whole(GPU_RESOURCE, count);
    }
    if (count > 1) {
      throw row.malformed("gpu_milli", "1000 for a pod with " + count + " GPUs");
    }
    return GpuRequest.share(GPU_RESOURCE, milli);
  }

  private static SortedSet<String> models(Row row) {
    SortedSet<String> models = new TreeSet<>();
    for (String model : row.optional("gpu_spec").split("\\|", -1)) {
      if (!model.isEmpty()) {
        models.add(model);
      }
    }
    return models;
  }

  private static OptionalDouble runSeconds(Row row) throws TraceFormatException {
    OptionalDouble scheduled = row.seconds("scheduled_time");
    OptionalDouble deleted = row.seconds("deletion_time");
    if (scheduled.isEmpty() || deleted.isEmpty()) {
      return OptionalDouble.empty();
    }
    double seconds = deleted.getAsDouble() - scheduled.getAsDouble();
    if (seconds < 0) {
      throw row.malformed("deletion_time", "a time not before scheduled_time");
    }
    return OptionalDouble.of(seconds);
  }

  private static List<Row> rows(Path file, List<String> required) throws IOException {
    List<Row> rows = new ArrayList<>();
    try (BufferedReader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8);
        CSVParser parser = FORMAT.parse(withoutByteOrderMark(reader))) {
      Set<String> header = new TreeSet<>(parser.getHeaderNames());
      for (String column : required) {
        if (!header.contains(column)) {
          throw new TraceFormatException(
              file + ":1: no column '" + column + "', expected at least " + required);
        }
      }
      addRows(file, parser, rows);
    } catch (CSVException | CharacterCodingException | IllegalArgumentException e) {
      throw new TraceFormatException(file + ": not a CSV file in UTF-8: " + e.getMessage());
    }
    if (rows.isEmpty()) {
      throw new TraceFormatException(file + ": no rows after the header");
    }
    return rows;
  }

  private static void addRows(Path file, CSVParser parser, List<Row> rows) throws IOException {
    int columns = parser.getHeaderNames().size();
    try {
      for (CSVRecord values : parser) {
        Row row = new Row(file, parser.getCurrentLineNumber(), values);
        if (!values.isConsistent()) {
          throw new TraceFormatException(
              "%s:%d: %d values, expected %d as in the header"
                  .formatted(file, row.line, values.size(), columns));
        }
        rows.add(row);
      }
    } catch (UncheckedIOException e) {
      throw new TraceFormatException(
          "%s:%d: not a CSV file in UTF-8 from here on: %s"
              .formatted(
                  file,
                  parser.getCurrentLineNumber(),
                  Objects.requireNonNull(e.getCause()).getMessage()));
    }
  }

  private static Reader withoutByteOrderMark(BufferedReader reader) throws IOException {
    reader.mark(1);
    if (reader.read() != BYTE_ORDER_MARK) {
      reader.reset();
    }
    return reader;
  }

  /** One line of a file. */
  private record Row(Path file, long line, CSVRecord values) {

    String optional(String column) {
      return values.isMapped(column) ? values.get(column) : "";
    }

    String text(String column) throws TraceFormatException {
      if (optional(column).isEmpty()) {
        throw malformed(column, "a name");
      }
      return optional(column);
    }

    long whole(String column, long max) throws TraceFormatException {
      try {
        long value = Long.parseLong(optional(column));
        if (value >= 0 && value <= max) {
          return value;
        }
      } catch (NumberFormatException e) {
        throw malformed(column, "a whole number from 0 to " + max);
      }
      throw malformed(column, "a whole number from 0 to " + max);
    }

    OptionalDouble seconds(String column) throws TraceFormatException {
      String value = optional(column);
      if (value.isEmpty() || value.equalsIgnoreCase("nan")) {
        return OptionalDouble.empty();
      }
      try {
        double seconds = Double.parseDouble(value);
        if (seconds >= 0 && Double.isFinite(seconds)) {
          return OptionalDouble.of(seconds);
        }
      } catch (NumberFormatException e) {
        throw malformed(column, "seconds of at least 0, or nothing");
      }
      throw malformed(column, "seconds of at least 0, or nothing");
    }

    TraceFormatException malformed(String column, String expected) {
      return new TraceFormatException(
          "%s:%d: column %s: expected %s, was '%s'"
              .formatted(file, line, column, expected, optional(column)));
    }
  }
}
