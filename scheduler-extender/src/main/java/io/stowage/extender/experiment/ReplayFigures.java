package io.stowage.extender.experiment;

import com.github.freva.asciitable.AsciiTable;
import com.github.freva.asciitable.Column;
import com.github.freva.asciitable.HorizontalAlign;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVPrinter;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * The figures of a number of replays, as a table, JSON and CSV.
 *
 * <p>Each run is a map from names to numbers, texts and maps of the same; the summary is the mean
 * of the numbers per policy under the same names.
 *
 * @param runs one map a run, each with a {@code policy}
 */
public record ReplayFigures(List<Map<String, Object>> runs) {
  private static final JsonMapper MAPPER =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();
  private static final String POLICY = "policy";
  private static final Set<String> NOT_AVERAGED = Set.of(POLICY, "seed");

  /** Copies the list. */
  public ReplayFigures {
    runs = List.copyOf(runs);
  }

  /** Returns a result record as a map in the order of its components, with its seconds added. */
  static Map<String, Object> run(Record result, double seconds) {
    Map<String, Object> run =
        MAPPER.convertValue(result, new TypeReference<LinkedHashMap<String, Object>>() {});
    run.put("seconds", seconds);
    return run;
  }

  /** Returns the means per policy, in the order in which policies first appear. */
  public List<Map<String, Object>> summary() {
    Map<Object, List<Map<String, Object>>> byPolicy = new LinkedHashMap<>();
    for (Map<String, Object> run : runs) {
      byPolicy.computeIfAbsent(run.getOrDefault(POLICY, ""), policy -> new ArrayList<>()).add(run);
    }
    List<Map<String, Object>> summary = new ArrayList<>();
    byPolicy.forEach(
        (policy, ofPolicy) -> {
          Map<String, Object> mean = new LinkedHashMap<>();
          mean.put(POLICY, policy);
          mean.put("seeds", ofPolicy.size());
          mean.putAll(mean(ofPolicy));
          summary.add(mean);
        });
    return summary;
  }

  private static Map<String, Object> mean(List<Map<String, Object>> maps) {
    Map<String, Object> mean = new LinkedHashMap<>();
    for (Map.Entry<String, Object> entry : maps.get(0).entrySet()) {
      String name = entry.getKey();
      if (NOT_AVERAGED.contains(name)) {
        continue;
      }
      if (entry.getValue() instanceof Number) {
        double sum = 0;
        for (Map<String, Object> map : maps) {
          sum += map.get(name) instanceof Number number ? number.doubleValue() : 0;
        }
        mean.put(name, sum / maps.size());
      } else if (entry.getValue() instanceof Map) {
        mean.put(name, mean(maps.stream().map(map -> nested(map, name)).toList()));
      }
    }
    return mean;
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> nested(Map<String, Object> map, String name) {
    return map.get(name) instanceof Map<?, ?> nested ? (Map<String, Object>) nested : Map.of();
  }

  /** Returns the runs and the summary as JSON, which {@link ReplayBaseline} reads. */
  public String json(ReplayOrigin origin) {
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("replay", origin);
    document.put("runs", runs);
    document.put("summary", summary());
    return MAPPER.writeValueAsString(document);
  }

  /** Writes one line a run, nested names joined by dots. */
  public void writeCsv(Path file) throws IOException {
    List<Map<String, Object>> rows = runs.stream().map(ReplayFigures::flat).toList();
    Set<String> names = new LinkedHashSet<>();
    rows.forEach(row -> names.addAll(row.keySet()));
    try (Writer writer = Files.newBufferedWriter(file, StandardCharsets.UTF_8);
        CSVPrinter printer =
            CSVFormat.DEFAULT
                .builder()
                .setHeader(names.toArray(String[]::new))
                .setRecordSeparator('\n')
                .get()
                .print(writer)) {
      for (Map<String, Object> row : rows) {
        printer.printRecord(names.stream().map(name -> row.getOrDefault(name, "")));
      }
    }
  }

  /** Returns the means as a table, policies side by side. */
  public String table() {
    List<Map<String, Object>> columns = summary().stream().map(ReplayFigures::flat).toList();
    List<Column> header = new ArrayList<>();
    header.add(new Column().header("").dataAlign(HorizontalAlign.LEFT));
    for (Map<String, Object> column : columns) {
      header.add(
          new Column().header(String.valueOf(column.get(POLICY))).dataAlign(HorizontalAlign.RIGHT));
    }
    List<Object[]> rows = new ArrayList<>();
    for (String name : columns.get(0).keySet()) {
      if (!name.equals(POLICY)) {
        List<Object> row = new ArrayList<>();
        row.add(name);
        columns.forEach(column -> row.add(format(column.getOrDefault(name, ""))));
        rows.add(row.toArray());
      }
    }
    return AsciiTable.getTable(
        AsciiTable.BASIC_ASCII_NO_DATA_SEPARATORS,
        header.toArray(Column[]::new),
        rows.toArray(Object[][]::new));
  }

  private static String format(Object value) {
    if (value instanceof Double number) {
      return number == Math.rint(number) && Math.abs(number) >= 1000
          ? String.format(Locale.ROOT, "%.0f", number)
          : String.format(Locale.ROOT, "%.2f", number);
    }
    return String.valueOf(value);
  }

  /** Returns the figures without maps in it, nested names joined by dots. */
  static Map<String, Object> flat(Map<String, Object> map) {
    Map<String, Object> flat = new LinkedHashMap<>();
    map.forEach(
        (name, value) -> {
          if (value instanceof Map) {
            flat(nested(map, name)).forEach((inner, leaf) -> flat.put(name + "." + inner, leaf));
          } else {
            flat.put(name, value);
          }
        });
    return flat;
  }
}
