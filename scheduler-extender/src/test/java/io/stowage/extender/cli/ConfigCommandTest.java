package io.stowage.extender.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.stowage.extender.config.StowageConfig;
import io.stowage.extender.yaml.YamlFormatException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import tools.jackson.databind.json.JsonMapper;

class ConfigCommandTest {
  private static final Path SHIPPED = Path.of("../deploy/local/kube-scheduler.yaml");

  @TempDir private Path directory;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int stowage(Object... args) {
    CommandLine command = Stowage.commandLine();
    command.setOut(new PrintWriter(out));
    command.setErr(new PrintWriter(err));
    String[] texts = new String[args.length];
    for (int i = 0; i < args.length; i++) {
      texts[i] = args[i].toString();
    }
    return command.execute(texts);
  }

  private Path file(String name, String text) throws IOException {
    return Files.writeString(directory.resolve(name), text);
  }

  private Path shipped(String regex, String replacement) throws IOException {
    String text = Files.readString(SHIPPED);
    assertThat(text).containsPattern(regex);
    return file("kube-scheduler.yaml", text.replaceAll(regex, replacement));
  }

  @Test
  void shippedConfigurationIsAsItShouldBe() {
    assertThat(stowage("config", "check", "--strict", SHIPPED)).isZero();
    assertThat(out.toString())
        .isEqualToNormalizingNewlines(SHIPPED + ": KubeSchedulerConfiguration, as it should be\n");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "(?m)^apiVersion: .*$ | apiVersion: kubescheduler.config.k8s.io/v1beta3 | error: apiVersion: | apiVersion: kubescheduler.config.k8s.io/v1",
        "qps: 500 | qps: 20 | warning: clientConnection.qps: | qps: 500",
        "percentageOfNodesToScore: 100 | percentageOfNodesToScore: 0 | warning: percentageOfNodesToScore: | percentageOfNodesToScore: 100",
        "- name: ImageLocality | - name: NodeAffinity | warning: profiles[0].plugins.score.disabled: ImageLocality | - name: ImageLocality",
        "defaultingType: List | defaultingType: System | warning: profiles[0].pluginConfig: | - {name: PodTopologySpread, args: {defaultingType: List",
        "schedulerName: stowage | schedulerName: default-scheduler | warning: profiles[0].schedulerName: | schedulerName: stowage",
        "ignorable: false | ignorable: true | error: extenders[0].ignorable: | ignorable: false",
        "nodeCacheCapable: true | nodeCacheCapable: false | warning: extenders[0].nodeCacheCapable: | nodeCacheCapable: true",
        "bindVerb: bind | bindVerb: ''  | error: extenders[0].bindVerb: | bindVerb: bind",
        "filterVerb: filter | filterVerb: filters  | error: extenders[0].filterVerb: Stowage has no verb 'filters' | filterVerb: filter",
        "prioritizeVerb: prioritize | # | warning: extenders[0].prioritizeVerb: | prioritizeVerb: prioritize",
        "preemptVerb: preempt | # | warning: extenders[0].preemptVerb: | preemptVerb: preempt",
        "weight: 1 | weight: 0 | error: extenders[0].weight: | weight: 1",
        "httpTimeout: 5s | httpTimeout: 3s | error: extenders[0].httpTimeout: Stowage's bindTimeoutMillis is 4000 | httpTimeout: 5s",
        "httpTimeout: 5s | httpTimeout: 1m30s | warning: extenders[0].httpTimeout: Stowage's httpTimeoutMillis is 5000 | httpTimeoutMillis: 90000 in",
        "httpTimeout: 5s | httpTimeout: soon | error: extenders[0].httpTimeout: expected a duration | httpTimeout: 5s",
        "enableHTTPS: false | enableHTTPS: true | error: extenders[0].tlsConfig.caFile: | caFile: /tls/ca.crt",
        "enableHTTPS: false | tlsConfig: {caFile: a} | warning: extenders[0].enableHTTPS: | enableHTTPS: true",
        "nodeCacheCapable: true | nodeCacheCapabel: true | error: extenders[0].nodeCacheCapabel: | nodeCacheCapable: …",
        "ignorable: false | managedResources: [{name: cpu}] | error: extenders[0].managedResources[0].name: | name: nvidia.com/gpu",
        "ignorable: false | managedResources: [{name: a/b, ignoredByScheduler: true}] | warning: extenders[0].managedResources[0].ignoredByScheduler: | ignoredByScheduler: false",
      })
  void whatTurnsAgainstStowageIsNamedAndMended(
      String regex, String replacement, String finding, String mended) throws IOException {
    Path file = shipped(regex, replacement);

    int exit = stowage("config", "check", file);

    assertThat(out.toString()).contains(file + ": " + finding).contains("    write: " + mended);
    assertThat(exit).isEqualTo(finding.startsWith("error") ? 3 : 0);
    assertThat(stowage("config", "check", "--strict", file)).isEqualTo(3);
  }

  @Test
  void leaseOfTheClustersOwnSchedulerIsRefused() throws IOException {
    Path file = shipped("(?s)leaderElection:.*?percentage", "percentage");

    assertThat(stowage("config", "check", file)).isEqualTo(3);

    assertThat(out.toString()).contains("error: leaderElection.resourceName: ");
  }

  @Test
  void oneResourceInTwoExtendersAndTwoThatBindAreRefused() throws IOException {
    Path file =
        shipped(
            "ignorable: false",
            """
            managedResources: [{name: a/b}]
            - urlPrefix: http://127.0.0.1:1
              filterVerb: filter
              bindVerb: bind
              managedResources: [{name: a/b}]
            """);

    assertThat(stowage("config", "check", file)).isEqualTo(3);

    assertThat(out.toString())
        .contains("error: extenders[1].bindVerb: another extender binds already")
        .contains("error: extenders[1].managedResources[0].name: a/b stands in extenders[0] too");
  }

  @Test
  void highWeightLetsInTreeScoresStand() throws IOException {
    Path file =
        file(
            "kube-scheduler.yaml",
            Files.readString(SHIPPED)
                .replace("weight: 1", "weight: 21")
                .replaceAll("(?m)^ *- name: (NodeResources|ImageL).*$", ""));

    stowage("config", "check", file);

    assertThat(out.toString()).doesNotContain("plugins.score");
  }

  @Test
  void theTwoFilesAreCheckedAgainstEachOther() throws IOException {
    Path settings =
        file(
            "stowage.yaml",
            """
            bindTimeoutMillis: 9000
            httpTimeoutMillis: 10000
            nomination: {enabled: true, schedulerName: gpu}
            """);

    assertThat(stowage("config", "check", SHIPPED, settings)).isEqualTo(3);

    assertThat(out.toString())
        .contains(settings + ": settings of Stowage, as they should be")
        .contains("Stowage's bindTimeoutMillis is 9000")
        .contains("    write: httpTimeout: 10s")
        .contains("Stowage's nomination.schedulerName is gpu, and no profile has that name");
  }

  @Test
  void configMapsAreLookedInto() throws IOException {
    Path map =
        file(
            "map.yaml",
            """
            kind: ConfigMap
            apiVersion: v1
            metadata: {name: stowage}
            data:
              stowage.yaml: |
                holdSeconds: 0
              kube-scheduler.yaml: |
                kind: KubeSchedulerConfiguration
                apiVersion: kubescheduler.config.k8s.io/v1
            """);

    assertThat(stowage("config", "check", map)).isEqualTo(3);

    assertThat(out.toString())
        .contains(map + " stowage.yaml: holdSeconds: expected 1 to 3600, was 0")
        .contains(map + " kube-scheduler.yaml: error: extenders: kube-scheduler never asks");
  }

  @Test
  void whatTheChartIsRenderedToIsAsItShouldBe() {
    Path base = Path.of("../deploy/kustomize/base/stowage.yaml");

    assertThat(stowage("config", "check", "--strict", base)).as(out.toString()).isZero();

    assertThat(out.toString())
        .contains(base + " stowage.yaml: settings of Stowage, as they should be")
        .contains(base + " kube-scheduler.yaml: KubeSchedulerConfiguration, as it should be");
  }

  @Test
  void fileOfOtherObjectsIsWrongUsage() throws IOException {
    Path file = file("service.yaml", "kind: Service\napiVersion: v1\n");

    assertThat(stowage("config", "check", file)).isEqualTo(2);

    assertThat(err.toString()).contains("FILE: expected settings of Stowage or a Kube");
  }

  @Test
  void unknownSettingIsRefusedByName() throws IOException {
    Path file = file("stowage.yaml", "holdSecond: 5\n");

    assertThat(stowage("config", "check", file)).isEqualTo(3);

    assertThat(out.toString()).contains("unknown setting 'holdSecond'; there are host, port");
  }

  @Test
  void whatIsNoYamlOrNotThereIsWrongUsage() throws IOException {
    Path file = file("stowage.yaml", "a: [\n");

    assertThat(stowage("config", "check", file)).isEqualTo(2);
    assertThat(stowage("config", "check", directory.resolve("none.yaml"))).isEqualTo(2);
    assertThat(stowage("config")).isEqualTo(2);

    assertThat(err.toString())
        .contains(file + " line 1: expected YAML")
        .contains("none.yaml: cannot be read")
        .contains("expected a command: check, show or schema");
  }

  @Test
  void schemaIsJson() {
    assertThat(stowage("config", "schema")).isZero();

    assertThat(
            JsonMapper.shared()
                .readTree(out.toString())
                .at("/properties/wake/properties/burst/maximum")
                .asInt())
        .isEqualTo(1000);
  }

  @Test
  void shownSettingsAreReadBackAsTheSame() throws IOException, YamlFormatException {
    Path file =
        file(
            "stowage.yaml",
            "holdSeconds: 5\nwake: {burst: 7}\ntls: {certFile: a, keyFile: b}\nhost: 0.0.0.0\n");

    assertThat(stowage("config", "show", "--config", file)).isZero();

    assertThat(out.toString()).contains("holdSeconds: 5").contains("  burst: 7");
    Path shown = file("shown.yaml", out.toString());
    assertThat(StowageConfig.read(shown)).isEqualTo(StowageConfig.read(file));
  }
}
