package io.stowage.extender.cli;

import io.stowage.extender.config.StowageConfig;
import io.stowage.extender.schedulerconfig.Finding;
import io.stowage.extender.schedulerconfig.SchedulerConfigCheck;
import io.stowage.extender.schedulerconfig.StowageSide;
import io.stowage.extender.yaml.YamlFormatException;
import io.stowage.extender.yaml.YamlRecords;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

/** {@code stowage config}: checks configuration files and shows what holds. */
@Command(
    name = "config",
    description = "Check configuration files, Stowage's and kube-scheduler's; show what holds.")
final class ConfigCommand implements Runnable {
  private static final int WRONG = 3;

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandLine.Model.CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(), "stowage config: expected a command: check, show or schema");
  }

  /** Returns 0 where all is as it should be, 3 where something is not, 2 for what is unreadable. */
  @Command(
      name = "check",
      description = {
        "Check Stowage's settings and a KubeSchedulerConfiguration, each alone and against each"
            + " other; also inside ConfigMaps.",
        "Exit codes: 0 as it should be, 3 not so, 2 wrong usage."
      })
  int check(
      @Option(names = "--strict", description = "exit with 3 for warnings too") boolean strict,
      @Parameters(
              paramLabel = "FILE",
              arity = "1..*",
              description = "files (YAML), - for standard input")
          List<Path> files) {
    PrintWriter out = spec.commandLine().getOut();
    Map<String, JsonNode> schedulers = new LinkedHashMap<>();
    Map<String, String> settings = new LinkedHashMap<>();
    for (Path file : files) {
      try {
        sort(file.toString(), text(file), schedulers, settings);
      } catch (YamlFormatException e) {
        throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()));
      }
    }
    if (schedulers.isEmpty() && settings.isEmpty()) {
      throw new ParameterException(
          spec.commandLine(),
          "FILE: expected settings of Stowage or a KubeSchedulerConfiguration, also in a ConfigMap;"
              + " found neither");
    }
    boolean wrong = false;
    StowageConfig config = StowageConfig.defaults();
    for (Map.Entry<String, String> text : settings.entrySet()) {
      try {
        config = StowageConfig.parse(text.getKey(), text.getValue());
        out.println(text.getKey() + ": settings of Stowage, as they should be");
      } catch (YamlFormatException e) {
        out.println(e.getMessage());
        wrong = true;
      }
    }
    StowageSide stowage = side(config);
    for (Map.Entry<String, JsonNode> scheduler : schedulers.entrySet()) {
      List<Finding> findings = SchedulerConfigCheck.check(scheduler.getValue(), stowage);
      findings.forEach(finding -> print(out, scheduler.getKey(), finding));
      if (findings.isEmpty()) {
        out.println(scheduler.getKey() + ": KubeSchedulerConfiguration, as it should be");
      }
      wrong |=
          findings.stream()
              .anyMatch(finding -> strict || finding.severity() == Finding.Severity.ERROR);
    }
    out.flush();
    return wrong ? WRONG : CommandLine.ExitCode.OK;
  }

  @Command(name = "show", description = "Show every setting as it holds, defaults too (YAML).")
  int show(
      @Option(names = "--config", paramLabel = "FILE", description = "Configuration file (YAML).")
          @Nullable Path file) {
    PrintWriter out = spec.commandLine().getOut();
    out.print(configuration(spec.commandLine(), file).toYaml());
    out.flush();
    return CommandLine.ExitCode.OK;
  }

  @Command(name = "schema", description = "Print the JSON schema of Stowage's settings.")
  int schema() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    out.print(StowageConfig.jsonSchema());
    out.flush();
    return CommandLine.ExitCode.OK;
  }

  /** Reads a configuration, the defaults where there is no file. */
  static StowageConfig configuration(CommandLine commandLine, @Nullable Path file) {
    try {
      return file == null ? StowageConfig.defaults() : StowageConfig.read(file);
    } catch (YamlFormatException e) {
      throw new ParameterException(commandLine, String.valueOf(e.getMessage()));
    }
  }

  private static StowageSide side(StowageConfig config) {
    return new StowageSide(
        config.bindTimeoutMillis(),
        config.httpTimeoutMillis(),
        config.nomination().enabled() ? config.nomination().schedulerName() : "");
  }

  private static String text(Path file) throws YamlFormatException {
    if (!file.toString().equals("-")) {
      return YamlRecords.text(file);
    }
    try {
      return new String(System.in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new YamlFormatException("standard input: cannot be read: " + e);
    }
  }

  /**
   * Finds configurations in a file: itself, or the entries of its ConfigMaps. Other objects of
   * Kubernetes are passed over, as in what {@code helm template} prints.
   */
  private static void sort(
      String name, String text, Map<String, JsonNode> schedulers, Map<String, String> settings)
      throws YamlFormatException {
    List<JsonNode> documents = YamlRecords.documents(name, text);
    if (documents.isEmpty()) {
      settings.put(name, text);
    }
    for (JsonNode document : documents) {
      if (SchedulerConfigCheck.isOne(document)) {
        schedulers.put(name, document);
      } else if (document.path("kind").asString("").equals("ConfigMap")) {
        for (Map.Entry<String, JsonNode> entry : document.path("data").properties()) {
          if (entry.getKey().endsWith(".yaml")) {
            sort(name + " " + entry.getKey(), entry.getValue().asString(""), schedulers, settings);
          }
        }
      } else if (!document.has("kind")) {
        settings.put(name, text);
      }
    }
  }

  private static void print(PrintWriter out, String file, Finding finding) {
    out.printf(
        "%s: %s: %s: %s%n    write: %s%n",
        file,
        finding.severity().name().toLowerCase(Locale.ROOT),
        finding.key(),
        finding.sentence(),
        finding.mended());
  }
}
