package io.stowage.extender.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stowage.extender.http.Address;
import io.stowage.extender.http.HttpLimits;
import io.stowage.extender.http.HttpSettings;
import io.stowage.extender.http.TlsFiles;
import io.stowage.extender.kube.GpuResources;
import io.stowage.extender.service.ServiceSettings;
import io.stowage.extender.watch.WatchSettings;
import io.stowage.extender.yaml.YamlFormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StowageConfigTest {
  @TempDir private Path directory;

  private StowageConfig read(String yaml) throws IOException, YamlFormatException {
    Path file = directory.resolve("stowage.yaml");
    Files.writeString(file, yaml);
    return StowageConfig.read(file);
  }

  @Test
  void defaults() {
    assertThat(StowageConfig.defaults())
        .isEqualTo(
            new StowageConfig(
                "127.0.0.1",
                8888,
                128,
                "stowage",
                3,
                30,
                900,
                4000,
                16,
                500,
                new DeviceConfig(30, 600),
                List.of("nvidia.com/gpu", "amd.com/gpu", "gpu.intel.com/i915", "gpu.intel.com/xe"),
                List.of(
                    "nvidia.com/gpu.product",
                    "amd.com/gpu.product-name",
                    "cloud.google.com/gke-accelerator",
                    "karpenter.k8s.aws/instance-gpu-name"),
                5000,
                LeadershipConfig.defaults(),
                null,
                new HttpConfig(1000, 16, 30, 120, false, null, "127.0.0.1", null, null),
                new WatchConfig(true),
                new WakeConfig(true, 20, 50),
                new NoticesConfig(true, true, List.of("stowage")),
                new PlanningConfig(true, 20_000, 200, 0),
                new NominationConfig(false, "stowage", 100, 20, 300),
                new PageConfig(true, "127.0.0.1", 8090),
                new RoomWantedConfig(true, 15),
                new DecisionsConfig("", 1024)));
    assertThat(StowageConfig.defaults().serviceSettings()).isEqualTo(ServiceSettings.DEFAULT);
    assertThat(StowageConfig.defaults().gpuResources()).isEqualTo(GpuResources.DEFAULT);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "\n", "# nothing\n", "---\n", "{}", "null"})
  void fileThatSetsNothingIsTheDefaults(String yaml) throws IOException, YamlFormatException {
    assertThat(read(yaml)).isEqualTo(StowageConfig.defaults());
  }

  @Test
  void everySettingIsMapped() throws IOException, YamlFormatException {
    StowageConfig config =
        read(
            """
            host: 0.0.0.0
            port: 9000
            maxBodyMebibytes: 64
            policy: most-allocated
            shortlistNodes: 5
            holdSeconds: 10
            claimHoldSeconds: 100
            bindTimeoutMillis: 2000
            bindThreads: 4
            listPageSize: 1000
            devices:
              assignPatienceSeconds: 5
              foreignExtenderSeconds: 60
            wholeGpuResources: [google.com/tpu]
            gpuModelLabels: [cloud.google.com/gke-tpu-accelerator]
            httpTimeoutMillis: 3000
            leadership:
              mode: lease
              leaseNamespace: stowage
              leaseName: extenders
              identity: a
              leaseDurationSeconds: 6
              renewDeadlineSeconds: 4
              retryPeriodSeconds: 1
              fence:
                enabled: false
                namespace: stowage
                configMap: fence
                refusals: 5
                settleMillis: 0
            tls: {certFile: tls.crt, keyFile: tls.key, clientCaFile: ca.crt}
            http:
              maxConnections: 10
              maxHeaderKibibytes: 8
              requestSeconds: 20
              idleSeconds: 100
              plainHttp: true
              inspectPort: 9001
              inspectHost: 127.0.0.2
              healthPort: 9002
              healthHost: 127.0.0.3
            watch: {unhealthyGpus: false}
            wake: {enabled: false, perSecond: 5, burst: 10}
            notices: {nodeConditions: false, podEvents: false, schedulerNames: [gpu, batch]}
            planning: {enabled: false, moves: 1000, minIntervalMillis: 50, keepSeconds: 600}
            nomination: {enabled: true, schedulerName: gpu, window: 50, backlog: 5, perSecond: 20}
            page: {enabled: false, host: 0.0.0.0, port: 9003}
            roomWanted: {enabled: false, minIntervalSeconds: 60}
            decisions: {directory: logs, maxMebibytes: 5}
            """);
    assertThat(config)
        .isEqualTo(
            new StowageConfig(
                "0.0.0.0",
                9000,
                64,
                "most-allocated",
                5,
                10,
                100,
                2000,
                4,
                1000,
                new DeviceConfig(5, 60),
                List.of("google.com/tpu"),
                List.of("cloud.google.com/gke-tpu-accelerator"),
                3000,
                new LeadershipConfig(
                    "lease",
                    "stowage",
                    "extenders",
                    "a",
                    6,
                    4,
                    1,
                    new FenceConfig(false, "stowage", "fence", 5, 0)),
                new TlsConfig("tls.crt", "tls.key", "ca.crt"),
                new HttpConfig(10, 8, 20, 100, true, 9001, "127.0.0.2", 9002, "127.0.0.3"),
                new WatchConfig(false),
                new WakeConfig(false, 5, 10),
                new NoticesConfig(false, false, List.of("gpu", "batch")),
                new PlanningConfig(false, 1_000, 50, 600),
                new NominationConfig(true, "gpu", 50, 5, 20),
                new PageConfig(false, "0.0.0.0", 9003),
                new RoomWantedConfig(false, 60),
                new DecisionsConfig("logs", 5)));
    assertThat(config.watchSettings())
        .isEqualTo(new WatchSettings(config.gpuResources(), 1000, false));
    ServiceSettings settings = config.serviceSettings();
    assertThat(settings.maxBodyBytes()).isEqualTo(64L << 20);
    assertThat(settings.bindTimeLimit()).hasMillis(2000);
    assertThat(settings.bindThreads()).isEqualTo(4);
    assertThat(settings.holds().shortlistNodes()).isEqualTo(5);
    assertThat(settings.holds().hold()).hasSeconds(10);
    assertThat(settings.holds().claimHold()).hasSeconds(100);
    assertThat(settings.devices().assignPatience()).hasSeconds(5);
    assertThat(settings.devices().foreignExtenderMemory()).hasSeconds(60);
    assertThat(settings.gpuResources().wholeGpus()).containsExactly("google.com/tpu");
    assertThat(settings.http())
        .isEqualTo(
            new HttpSettings(
                new HttpLimits(10, 8192, Duration.ofSeconds(20), Duration.ofSeconds(100)),
                new TlsFiles(Path.of("tls.crt"), Path.of("tls.key"), Path.of("ca.crt")),
                false,
                new Address("127.0.0.2", 9001),
                new Address("127.0.0.3", 9002)));
  }

  @Test
  void inspectionOnTheExtendersPortIsAskedForByItsNumber() throws IOException, YamlFormatException {
    assertThat(read("port: 9000\nhttp: {inspectPort: 9000}").serviceSettings().http())
        .isEqualTo(new HttpSettings(HttpLimits.DEFAULT, null, true, null, null));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "host: 127.0.0.1",
        "host: 127.1.2.3",
        "host: localhost",
        "host: '::1'",
        "{host: 0.0.0.0, http: {plainHttp: true}}",
        "{host: 0.0.0.0, tls: {certFile: a, keyFile: b}}",
        "http: {inspectPort: 9, inspectHost: 127.0.0.1}",
        "{host: 0.0.0.0, tls: {certFile: a, keyFile: b}, http: {inspectPort: 9, inspectHost: 0.0.0.0}}",
        "http: {healthPort: 9}",
        "page: {host: localhost}",
        "page: {enabled: false, host: 0.0.0.0}",
        "{page: {host: 0.0.0.0}, tls: {certFile: a, keyFile: b}}",
        "{page: {host: 0.0.0.0}, http: {plainHttp: true}}",
      })
  void plainHttpIsForLoopbackUnlessAskedFor(String yaml) throws IOException, YamlFormatException {
    assertThat(read(yaml)).isNotNull();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "port: 65536;port: expected 0 to 65535, was 65536",
        "port: -1;port: expected 0 to 65535, was -1",
        "host: '';host: expected an address, was empty",
        "maxBodyMebibytes: 0;maxBodyMebibytes: expected 1 to 1024, was 0",
        "shortlistNodes: 2;shortlistNodes: expected 3 to 10000, was 2",
        "holdSeconds: 0;holdSeconds: expected 1 to 3600, was 0",
        "claimHoldSeconds: 5;claimHoldSeconds: expected 30 to 86400, was 5",
        "bindTimeoutMillis: 99;bindTimeoutMillis: expected 100 to 60000, was 99",
        "bindTimeoutMillis: 4901;bindTimeoutMillis: expected at most 4900, less than httpTimeoutMillis",
        "leadership: {mode: both};leadership.mode: expected none, kube-scheduler or lease, was 'both'",
        "leadership: {mod: lease};unknown setting 'leadership.mod'; there are mode, leaseNamespace,",
        "leadership: {fence: {refusals: x}}; line 1: leadership.fence.refusals: expected a whole number",
        "leadership: {fence: {enabled: 1}}; line 1: leadership.fence.enabled: expected true or false",
        "leadership: {fence: {refusals: 0}};leadership.fence.refusals: expected 1 to 100, was 0",
        "leadership: {renewDeadlineSeconds: 15};leadership.renewDeadlineSeconds: expected 2 to 14,",
        "leadership: {leaseName: 'A b'};leadership.leaseName: expected a name such as kube-system,",
        "bindThreads: 0;bindThreads: expected 1 to 256, was 0",
        "devices: {assignPatienceSeconds: 0}; devices.assignPatienceSeconds: expected 1 to 3600, was 0",
        "listPageSize: 1;listPageSize: expected 100 to 10000, was 1",
        "policy: fgd;policy: expected one of random, least-allocated, most-allocated, best-fit,",
        "wholeGpuResources: ['a b'];wholeGpuResources: expected names such as nvidia.com/gpu,",
        "wholeGpuResources: [~];wholeGpuResources: expected names such as nvidia.com/gpu,",
        "port: high; line 1: port: expected a whole number",
        "port: 1.5; line 1: port: expected a whole number",
        "port: '1'; line 1: port: expected a whole number",
        "wholeGpuResources: 5; line 1: wholeGpuResources: expected a list",
        "prot: 5;unknown setting 'prot'; there are host, port,",
        "host: 0.0.0.0;host: expected a loopback address, or tls, or http.plainHttp: true",
        "host: stowage.example.com;host: expected a loopback address, or tls, or http.plainHttp:",
        "host: '::';host: expected a loopback address, or tls, or http.plainHttp: true",
        "host: 127.0.0.1.evil.example;host: expected a loopback address, or tls,",
        "http: {inspectPort: 9, inspectHost: 0.0.0.0};http.inspectHost: expected a loopback address,",
        "tls: {keyFile: k};tls.certFile: expected a PEM file, was none",
        "tls: {certFile: c, keyFile: ''};tls.keyFile: expected a PEM file, was none",
        "tls: {certFile: c, keyFile: k, caFile: d};unknown setting 'tls.caFile'; there are certFile, keyFile, clientCaFile",
        "tls: yes; line 1: tls: expected settings by name: certFile, keyFile, clientCaFile",
        "http: {maxConnections: 0};http.maxConnections: expected 1 to 100000, was 0",
        "http: {idleSeconds: many}; line 1: http.idleSeconds: expected a whole number",
        "http: {plainHttp: 1}; line 1: http.plainHttp: expected true or false",
        "http: {requestSeconds: 4};http.requestSeconds: expected more than bindTimeoutMillis, was 4 s",
        "http: {healthHost: ' '};http.healthHost: expected an address, was empty",
        "http: {healthPort: 65536};http.healthPort: expected 0 to 65535, was 65536",
        "watch: {gpus: true};unknown setting 'watch.gpus'; there are unhealthyGpus",
        "watch: {unhealthyGpus: 1}; line 1: watch.unhealthyGpus: expected true or false",
        "watch: 1; line 1: watch: expected settings by name: unhealthyGpus",
        "wake: {perSecond: 0};wake.perSecond: expected 1 to 1000, was 0",
        "wake: {burst: 1001};wake.burst: expected 1 to 1000, was 1001",
        "nomination: {enabled: 1}; line 1: nomination.enabled: expected true or false",
        "nomination: {schedulerName: ''};nomination.schedulerName: expected a name such as stowage,",
        "nomination: {window: 101};nomination.window: expected 1 to 100, was 101",
        "nomination: {window: 10, backlog: 10};nomination.backlog: expected 0 to 9, was 10",
        "nomination: {perSecond: 0};nomination.perSecond: expected 1 to 1000, was 0",
        "page: {host: 0.0.0.0};page.host: expected a loopback address, or tls, or http.plainHttp:",
        "page: {host: ''};page.host: expected an address, was empty",
        "page: {port: 65536};page.port: expected 0 to 65535, was 65536",
        "page: {enabled: 1}; line 1: page.enabled: expected true or false",
        "decisions: {maxMebibytes: 0};decisions.maxMebibytes: expected 1 to 100000, was 0",
        "roomWanted: {enabled: 1}; line 1: roomWanted.enabled: expected true or false",
        "roomWanted: {minIntervalSeconds: 14};roomWanted.minIntervalSeconds: expected 15 to 3600,",
        "- port; line 1: expected settings by name: host, port,",
        "'port: [';expected YAML: ",
      })
  void wrongSettingIsRefusedByName(String yaml, String message) {
    assertThatThrownBy(() -> read(yaml))
        .isInstanceOf(YamlFormatException.class)
        .hasMessageStartingWith(directory.resolve("stowage.yaml").toString())
        .hasMessageContaining(message);
  }

  @ParameterizedTest
  @CsvSource({"none,false", "kube-scheduler,true", "lease,true"})
  void fenceIsOnWhereThereAreReplicas(String mode, boolean fenced)
      throws IOException, YamlFormatException {
    LeadershipConfig leadership = read("leadership: {mode: " + mode + "}").leadership();
    assertThat(leadership.settings().fence().enabled()).isEqualTo(fenced);
  }

  @Test
  void leaseOfItsOwnIsNotThatOfKubeScheduler() throws IOException, YamlFormatException {
    assertThat(read("leadership: {mode: kube-scheduler}").leadership().leaseName())
        .isEqualTo("stowage");
    assertThat(read("leadership: {mode: lease}").leadership().leaseName())
        .isEqualTo("stowage-extender");
  }

  @Test
  void fileThatIsNotThereIsNamed() {
    Path missing = directory.resolve("missing.yaml");
    assertThatThrownBy(() -> StowageConfig.read(missing))
        .isInstanceOf(YamlFormatException.class)
        .hasMessageStartingWith(missing + ": cannot be read");
  }
}
