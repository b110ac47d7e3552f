package io.stowage.extender.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.stowage.extender.http.ExtenderClient;
import java.io.IOException;
import java.net.URLEncoder;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A real Prometheus on loopback, Debian's package, that scrapes one service every second. */
final class PrometheusServer implements AutoCloseable {
  /** The scrape job. */
  static final String JOB = "stowage";

  private static final Pattern LISTENING =
      Pattern.compile("Listening on\" address=127\\.0\\.0\\.1:(\\d+)");

  private final ChildProcess process;
  private final ExtenderClient client;

  private PrometheusServer(ChildProcess process, int port) {
    this.process = process;
    this.client = new ExtenderClient(port);
  }

  /**
   * Starts it on a free port.
   *
   * @param directory for its configuration, its data and its log
   * @param rules a file of rules, evaluated every second
   * @param port of the service on 127.0.0.1, served with TLS
   * @param caFile the authority of the service's certificate
   */
  static PrometheusServer start(Path directory, Path rules, int port, Path caFile)
      throws IOException {
    Path config =
        Files.writeString(
            Files.createDirectories(directory).resolve("prometheus.yaml"),
            """
            global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}
            rule_files: [%s]
            scrape_configs:
              - job_name: %s
                scheme: https
                tls_config: {ca_file: %s}
                static_configs: [{targets: ['127.0.0.1:%d']}]
            """
                .formatted(rules, JOB, caFile, port),
            StandardCharsets.UTF_8);
    ChildProcess process =
        ChildProcess.start(
            directory.resolve("prometheus.log"),
            Map.of(),
            List.of(
                program("prometheus").toString(),
                "--config.file=" + config,
                "--storage.tsdb.path=" + directory.resolve("data"),
                "--web.listen-address=127.0.0.1:0"));
    try {
      await("Prometheus to listen, see " + process.log())
          .until(() -> !process.isAlive() || LISTENING.matcher(process.output()).find());
      Matcher listening = LISTENING.matcher(process.output());
      assertThat(listening.find()).as(process.output()).isTrue();
      return new PrometheusServer(process, Integer.parseInt(listening.group(1)));
    } catch (RuntimeException | AssertionError e) {
      process.close();
      throw e;
    }
  }

  /** Returns a program of Debian's package. */
  static Path program(String name) {
    Path program = Path.of("/usr/bin", name);
    assertThat(program)
        .as("%s of Debian's package: apt-get install --no-install-recommends prometheus", name)
        .isExecutable();
    return program;
  }

  /** Runs promtool on a file and returns what it says; it must succeed. */
  static String promtool(Path log, String... arguments) {
    List<String> command = new ArrayList<>(List.of(program("promtool").toString()));
    command.addAll(List.of(arguments));
    try (ChildProcess promtool = ChildProcess.start(log, Map.of(), command)) {
      assertThat(promtool.exitCode()).as("%s: %s", command, promtool.output()).isZero();
      return promtool.output();
    }
  }

  /** Asks its API for a path below {@code /api/v1/} and returns the answer's data. */
  JsonNode get(String path) {
    HttpResponse<String> response = client.get("/api/v1/" + path);
    assertThat(response.statusCode()).as("%s: %s", path, response.body()).isEqualTo(200);
    return JsonMapper.shared().readTree(response.body()).path("data");
  }

  /** Returns the values of a query now, NaN left out. */
  List<Double> query(String expression) {
    List<Double> values = new ArrayList<>();
    JsonNode data = get("query?query=" + URLEncoder.encode(expression, StandardCharsets.UTF_8));
    for (JsonNode series : data.path("result")) {
      values.add(Double.parseDouble(series.path("value").path(1).asString()));
    }
    values.removeIf(value -> value.isNaN());
    return values;
  }

  /** Waits until a query has a value above 0. */
  void awaitPositive(String expression) {
    await(expression + " to be above 0, see " + process.log())
        .until(() -> query(expression).stream().anyMatch(value -> value > 0));
  }

  @Override
  public void close() {
    process.close();
  }
}
