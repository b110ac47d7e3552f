package io.stowage.benchmarks.load;

import io.stowage.benchmarks.DecisionRatios;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Compares the ratios of a short run with those on record. Ratios alone: they are nearly the same
 * on any machine, times are not.
 */
@Command(
    name = "guard",
    mixinStandardHelpOptions = true,
    description = "compares ratios with those on record, and warns of those that are worse")
final class Guard implements Callable<Integer> {
  private static final double WORSE = 1.3;

  @Option(names = "--file", defaultValue = "benchmarks/ratios.json")
  private Path file = Path.of("benchmarks/ratios.json");

  @Option(names = "--write", description = "put this run on record")
  private boolean write;

  private final JsonMapper mapper =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  @Override
  public Integer call() throws IOException {
    Map<String, Double> ratios = measure();
    if (write) {
      write(ratios);
      System.out.println("written to " + file);
    } else {
      compare(ratios, mapper.readTree(Files.readString(file)).path("ratios"));
    }
    return 0;
  }

  private static Map<String, Double> measure() throws IOException {
    Map<String, Double> ratios = new LinkedHashMap<>();
    put(ratios, "filter, 1000 names", FilterLoad.measure(1000, false, false, 6000, 6000));
    put(ratios, "filter, 5000 names", FilterLoad.measure(5000, false, false, 4000, 4000));
    put(ratios, "filter, 1000 whole nodes", FilterLoad.measure(1000, true, false, 1000, 500));
    ratios.putAll(DecisionRatios.measure());
    return ratios;
  }

  private static void put(Map<String, Double> ratios, String name, Latencies latencies) {
    ratios.put(name + " by a constant answer, p50", latencies.ratio(50));
    ratios.put(name + " by a constant answer, p99", latencies.ratio(99));
  }

  private void write(Map<String, Double> ratios) throws IOException {
    ObjectNode root = mapper.createObjectNode();
    ObjectNode machine = root.putObject("machine");
    machine.put("processors", Runtime.getRuntime().availableProcessors());
    machine.put("architecture", System.getProperty("os.arch"));
    machine.put("system", System.getProperty("os.name"));
    machine.put("java", System.getProperty("java.vm.name") + " " + Runtime.version());
    machine.put("maxHeapMib", Runtime.getRuntime().maxMemory() >> 20);
    ObjectNode on = root.putObject("ratios");
    ratios.forEach((name, ratio) -> on.put(name, Math.round(ratio * 100) / 100.0));
    Files.writeString(file, mapper.writeValueAsString(root) + "\n");
  }

  private static void compare(Map<String, Double> ratios, JsonNode recorded) {
    int worse = 0;
    for (Map.Entry<String, Double> ratio : ratios.entrySet()) {
      JsonNode before = recorded.path(ratio.getKey());
      if (!before.isNumber()) {
        System.out.printf(
            "WARNING %s: %.2f, nothing on record%n", ratio.getKey(), ratio.getValue());
        continue;
      }
      boolean isWorse = ratio.getValue() > before.asDouble() * WORSE;
      worse += isWorse ? 1 : 0;
      System.out.printf(
          "%s%s: %.2f, on record %.2f%n",
          isWorse ? "WARNING " : "", ratio.getKey(), ratio.getValue(), before.asDouble());
    }
    System.out.println(
        worse == 0
            ? "no ratio is worse by more than 30 %"
            : worse + " ratios are worse by more than 30 %: a change may have made it slower");
  }
}
