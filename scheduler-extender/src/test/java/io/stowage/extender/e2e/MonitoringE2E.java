package io.stowage.extender.e2e;

import static io.stowage.extender.e2e.Pods.STOWAGE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.PodBuilder;
import io.stowage.extender.http.TestAuthority;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * The shipped dashboard and alerts in a real Prometheus that scrapes a real service. The service
 * has TLS, so that there is a certificate to look at; of three nodes one is taken by a pod that was
 * there before Stowage, and a pod of one GPU on each of the others keeps a pair waiting, though two
 * GPUs are free.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MonitoringE2E {
  private static final String GPU = "cpu=1,memory=1Gi,nvidia.com/gpu=";
  private static final Pattern METRIC = Pattern.compile("(?m)^# HELP (stowage_\\w+) ");

  private final Path directory = ControlPlane.directory().resolve("monitoring");
  private final Path root = root();
  private final Path rules = root.resolve("deploy/monitoring/stowage-rules.yaml");
  private final TestAuthority authority = new TestAuthority("stowage");

  private ControlPlane controlPlane;
  private FaultyApi api;
  private StowageProcess stowage;
  private ChildProcess scheduler;
  private PrometheusServer prometheus;

  @BeforeAll
  void start() throws IOException {
    List<String> nodes =
        List.of(NodeLists.node("a", 2), NodeLists.node("b", 2), NodeLists.node("c", 2));
    controlPlane = ControlPlane.start("monitoring", NodeLists.write("monitoring", nodes));
    create(pod("there-before", "2").editSpec().withNodeName("c").endSpec());
    awaitCondition("there-before", "ContainersReady", "True");

    authority.write(directory.resolve("ca.crt"));
    authority.issue("stowage").write(directory.resolve("tls.crt"), directory.resolve("tls.key"));
    Path config =
        Files.writeString(
            directory.resolve("stowage.yaml"),
            "tls: {certFile: %s, keyFile: %s}\n"
                .formatted(directory.resolve("tls.crt"), directory.resolve("tls.key")),
            StandardCharsets.UTF_8);
    api = new FaultyApi(controlPlane.kubeconfig("stowage"));
    stowage = controlPlane.startStowage("stowage", api.kubeconfig(), "--config", config.toString());
    prometheus =
        PrometheusServer.start(
            directory.resolve("prometheus"), rules, stowage.port(), directory.resolve("ca.crt"));
    prometheus.awaitPositive("count_over_time(stowage_synced[10m]) > 1 and stowage_synced");

    String url = "https://127.0.0.1:" + stowage.port();
    String shipped = controlPlane.schedulerConfig("stowage", url);
    String secured =
        shipped.replaceFirst(
            "(?m)^  enableHTTPS: false.*$",
            "  enableHTTPS: true\n  tlsConfig: {caFile: %s}"
                .formatted(directory.resolve("ca.crt")));
    assertThat(secured).contains("enableHTTPS: true");
    scheduler = controlPlane.startSchedulerWith(secured);
    create(pinned("one", "a"));
    awaitCondition("one", "PodScheduled", "True");
    // What has been scraped once can rise.
    prometheus.awaitPositive("stowage_request_duration_seconds_count{verb=\"bind\"}");
    create(pinned("two", "b"));
    awaitCondition("two", "PodScheduled", "True");
    create(pod("pair", "2"));
    awaitCondition("pair", "PodScheduled", "False");
  }

  @AfterAll
  void stop() {
    List<AutoCloseable> started = new ArrayList<>();
    started.add(prometheus);
    started.add(scheduler);
    started.add(stowage);
    started.add(api);
    started.add(controlPlane);
    started.stream().filter(Objects::nonNull).forEach(MonitoringE2E::close);
  }

  private static void close(AutoCloseable started) {
    try {
      started.close();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private static Path root() {
    Path program = Path.of(System.getProperty("stowage.local")).toAbsolutePath().normalize();
    Path deploy = program.getParent().getParent().getParent();
    return Objects.requireNonNull(deploy.getParent());
  }

  private static PodBuilder pod(String name, String gpus) {
    return Pods.pod(name, STOWAGE, GPU + gpus);
  }

  private static PodBuilder pinned(String name, String node) {
    return pod(name, "1").editSpec().addToNodeSelector("kubernetes.io/hostname", node).endSpec();
  }

  private void create(PodBuilder pod) {
    controlPlane.admin().resource(pod.build()).create();
  }

  private void awaitCondition(String pod, String type, String status) {
    await("%s of pod %s to be %s".formatted(type, pod, status))
        .until(
            () ->
                controlPlane
                    .admin()
                    .pods()
                    .inNamespace("default")
                    .withName(pod)
                    .get()
                    .getStatus()
                    .getConditions()
                    .stream()
                    .anyMatch(
                        condition ->
                            condition.getType().equals(type)
                                && condition.getStatus().equals(status)));
  }

  @Test
  void everyQueryOfTheDashboardReturnsData() {
    JsonNode dashboard =
        JsonMapper.shared().readTree(root.resolve("deploy/monitoring/stowage-dashboard.json"));
    List<String> queries = new ArrayList<>();
    for (JsonNode panel : dashboard.path("panels")) {
      if (!panel.path("type").asString().equals("row")) {
        assertThat(panel.path("description").asString()).as("%s", panel).isNotEmpty();
        assertThat(panel.path("fieldConfig").path("defaults").path("unit").asString())
            .as("%s", panel)
            .isNotEmpty();
        panel.path("targets").forEach(target -> queries.add(target.path("expr").asString()));
      }
    }
    assertThat(queries).hasSizeGreaterThan(40).allSatisfy(query -> assertThat(query).isNotEmpty());
    assertThat(prometheus.get("label/job/values?match%5B%5D=stowage_nodes").values())
        .as("what the variable job offers")
        .extracting(JsonNode::asString)
        .containsExactly(PrometheusServer.JOB);
    collectGarbage();
    await("every query to return data")
        .untilAsserted(
            () ->
                assertThat(queries)
                    .filteredOn(query -> prometheus.query(filledIn(query)).isEmpty())
                    .isEmpty());
    assertThat(prometheus.query("max(stowage_gpu_capacity_gpus)")).containsExactly(6.0);
    assertThat(prometheus.query("max(stowage_gpu_requested_gpus)")).containsExactly(4.0);
    assertThat(prometheus.query("stowage_waiting_pods{gpus=\"several\"}")).containsExactly(1.0);
  }

  private static String filledIn(String query) {
    String filled = query.replace("$job", PrometheusServer.JOB).replace("$__rate_interval", "10m");
    assertThat(filled).doesNotContain("$");
    return filled;
  }

  /** The time of collections is told from the first one on. */
  private void collectGarbage() {
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
            Long.toString(stowage.pid()),
            "GC.run");
    try (ChildProcess jcmd = ChildProcess.start(directory.resolve("jcmd.log"), Map.of(), command)) {
      assertThat(jcmd.exitCode()).as(jcmd.output()).isZero();
    }
  }

  @Test
  void everyRuleIsLoadedAndHealthy() {
    await("the rules to be evaluated")
        .untilAsserted(
            () ->
                assertThat(loadedRules())
                    .isNotEmpty()
                    .allSatisfy(
                        rule ->
                            assertThat(rule.path("health").asString())
                                .as("%s", rule)
                                .isEqualTo("ok")));
    assertThat(loadedRules())
        .allSatisfy(
            rule -> {
              assertThat(rule.path("lastError").asString("")).as("%s", rule).isEmpty();
              assertThat(rule.path("duration").asDouble()).as("%s", rule).isPositive();
              assertThat(rule.path("labels").path("severity").asString())
                  .as("%s", rule)
                  .isIn("critical", "warning", "info");
              assertThat(rule.path("annotations").path("summary").asString()).isNotEmpty();
              assertThat(rule.path("annotations").path("description").asString()).isNotEmpty();
            });
    assertThat(loadedRules())
        .extracting(rule -> rule.path("name").asString())
        .containsExactlyElementsOf(alertNames());
  }

  private List<JsonNode> loadedRules() {
    List<JsonNode> loaded = new ArrayList<>();
    for (JsonNode group : prometheus.get("rules").path("groups")) {
      group.path("rules").forEach(loaded::add);
    }
    return loaded;
  }

  private List<String> alertNames() {
    List<String> names = new ArrayList<>();
    for (JsonNode group : YAMLMapper.shared().readTree(rules).path("groups")) {
      group.path("rules").forEach(rule -> names.add(rule.path("alert").asString()));
    }
    return names;
  }

  @Test
  void alertsRiseWithTheirCauseAndNoOthersDo() {
    awaitAlerts(Set.of("StowagePodsWaitThoughRoomInSum several", "StowageCertificateExpires"));
    api.faults(
        request ->
            request.isWatch() || request.what().startsWith("LIST ") ? Fault.BREAK : Fault.NONE);
    api.cutWatches();
    try {
      await("watches to be down")
          .untilAsserted(
              () ->
                  assertThat(alerts()).contains("StowageWatchDown pods", "StowageWatchDown nodes"));
    } finally {
      api.noFaults();
    }
    awaitAlerts(Set.of("StowagePodsWaitThoughRoomInSum several", "StowageCertificateExpires"));
  }

  private void awaitAlerts(Set<String> expected) {
    await("the alerts to be " + expected)
        .untilAsserted(() -> assertThat(alerts()).isEqualTo(expected));
  }

  /** Returns the alerts that are pending or firing, each with the kind that it is about. */
  private Set<String> alerts() {
    Set<String> names = new TreeSet<>();
    for (JsonNode alert : prometheus.get("alerts").path("alerts")) {
      JsonNode labels = alert.path("labels");
      String kind = labels.path("kind").asString("") + labels.path("gpus").asString("");
      names.add((labels.path("alertname").asString() + " " + kind).strip());
    }
    return names;
  }

  @Test
  void promtoolAcceptsTheRulesAndTheirTestsShowEachAlertBothWays() {
    Path tests = rules.resolveSibling("stowage-rules-test.yaml");
    assertThat(
            PrometheusServer.promtool(
                directory.resolve("promtool-check.log"), "check", "rules", rules.toString()))
        .contains(alertNames().size() + " rules found");
    PrometheusServer.promtool(
        directory.resolve("promtool-test.log"), "test", "rules", tests.toString());
    Set<String> fire = new TreeSet<>();
    Set<String> stay = new TreeSet<>();
    for (JsonNode test : YAMLMapper.shared().readTree(tests).path("tests")) {
      for (JsonNode alert : test.path("alert_rule_test")) {
        (alert.path("exp_alerts").isEmpty() ? stay : fire).add(alert.path("alertname").asString());
      }
    }
    assertThat(fire).containsExactlyInAnyOrderElementsOf(alertNames());
    assertThat(stay).containsExactlyInAnyOrderElementsOf(alertNames());
  }

  @Test
  void documentTellsEveryMetricAndEveryAlert() throws Exception {
    String document = Files.readString(root.resolve("docs/monitoring.md"));
    HttpClient client = HttpClient.newBuilder().sslContext(authority.clientContext(null)).build();
    String metrics =
        client
            .send(
                HttpRequest.newBuilder(
                        URI.create("https://127.0.0.1:" + stowage.port() + "/metrics"))
                    .build(),
                HttpResponse.BodyHandlers.ofString())
            .body();
    List<String> names = METRIC.matcher(metrics).results().map(found -> found.group(1)).toList();
    assertThat(names).hasSizeGreaterThan(30);
    assertThat(names).filteredOn(name -> !document.contains("`" + name)).isEmpty();
    assertThat(alertNames()).filteredOn(name -> !document.contains("`" + name + "`")).isEmpty();
    assertThat(
            Pattern.compile("`(Stowage\\w+)`")
                .matcher(document)
                .results()
                .map(found -> found.group(1))
                .collect(Collectors.toSet()))
        .as("alerts that the document tells")
        .isEqualTo(Set.copyOf(alertNames()));
  }
}
