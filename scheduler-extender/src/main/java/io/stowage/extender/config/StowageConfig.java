package io.stowage.extender.config;

import com.fasterxml.jackson.annotation.JsonCreator;
import io.stowage.core.policy.Policies;
import io.stowage.extender.http.Address;
import io.stowage.extender.kube.GpuResources;
import io.stowage.extender.service.ServiceSettings;
import io.stowage.extender.state.HoldSettings;
import io.stowage.extender.watch.WatchSettings;
import io.stowage.extender.yaml.YamlFormatException;
import io.stowage.extender.yaml.YamlRecords;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The settings of {@code stowage serve}; what a file leaves out has its default.
 *
 * @param host the address to listen on; default 127.0.0.1, beside kube-scheduler in one pod
 * @param port the port, 0 to 65535, 0 for any free one; default 8888
 * @param maxBodyMebibytes the largest request that is read, 1 to 1024; default 128, enough for
 *     5,000 whole nodes
 * @param policy the placement policy; default stowage
 * @param shortlistNodes how many of the best nodes filter keeps, 3 to 10000; default 3, so that
 *     kube-scheduler has a second choice; pods with soft preferences of their own keep all
 * @param holdSeconds how long room told at filter counts against others, 1 to 3600; default 30
 * @param claimHoldSeconds the same for pods with volume claims, whose binding may wait for a
 *     volume, holdSeconds to 86400; default 900
 * @param bindTimeoutMillis the time within which bind answers, 100 to 60000; default 4000, to be
 *     less than kube-scheduler's httpTimeout (5 s unless set)
 * @param bindThreads how many bindings are written at once, 1 to 256, and while 64 are under way
 *     answers to filter wait, a second at most; default 16
 * @param listPageSize how many objects are listed at once, 100 to 10000; default 500
 * @param devices patience with device plugins and other extenders
 * @param wholeGpuResources extended resources that count whole GPUs, most specific first; default
 *     nvidia.com/gpu, amd.com/gpu, gpu.intel.com/i915, gpu.intel.com/xe
 * @param gpuModelLabels node labels that tell a GPU's model, the first that a node has wins;
 *     default nvidia.com/gpu.product, amd.com/gpu.product-name, cloud.google.com/gke-accelerator,
 *     karpenter.k8s.aws/instance-gpu-name
 * @param httpTimeoutMillis kube-scheduler's httpTimeout, 200 to 600000, which bindTimeoutMillis
 *     must be less than by 100; default 5000, as kube-scheduler has it unless set
 * @param leadership which of several replicas is active
 * @param tls the certificates; without them plain HTTP is served, to loopback alone unless asked
 *     for
 * @param http limits, inspection and health
 * @param watch what of the cluster is followed
 * @param wake how waiting pods are woken
 * @param notices what is said about nodes
 * @param planning how much is planned ahead
 * @param nomination for which waiting pods nodes are nominated
 * @param page the page that people look at
 * @param roomWanted whether and how often it is found what would make room
 * @param decisions whether decisions are logged, and where
 */
public record StowageConfig(
    String host,
    int port,
    int maxBodyMebibytes,
    String policy,
    int shortlistNodes,
    int holdSeconds,
    int claimHoldSeconds,
    int bindTimeoutMillis,
    int bindThreads,
    int listPageSize,
    DeviceConfig devices,
    List<String> wholeGpuResources,
    List<String> gpuModelLabels,
    int httpTimeoutMillis,
    LeadershipConfig leadership,
    @Nullable TlsConfig tls,
    HttpConfig http,
    WatchConfig watch,
    WakeConfig wake,
    NoticesConfig notices,
    PlanningConfig planning,
    NominationConfig nomination,
    PageConfig page,
    RoomWantedConfig roomWanted,
    DecisionsConfig decisions) {

  private static final int LEAST_MARGIN_MILLIS = 100;

  /** What can change while the service works; a dot at the end stands for all of a section. */
  private static final List<String> CHANGEABLE =
      List.of(
          "shortlistNodes",
          "holdSeconds",
          "claimHoldSeconds",
          "planning.moves",
          "planning.minIntervalMillis",
          "planning.keepSeconds",
          "wake.",
          "notices.podEvents",
          "notices.schedulerNames");

  /** Checks every setting and copies the lists; throws IllegalArgumentException. */
  public StowageConfig {
    if (host.isBlank()) {
      throw new IllegalArgumentException("host: expected an address, was empty");
    }
    requireRange("port", port, 0, 65_535);
    requireRange("maxBodyMebibytes", maxBodyMebibytes, 1, 1024);
    if (!policies().contains(policy)) {
      throw new IllegalArgumentException(
          "policy: expected one of " + String.join(", ", policies()) + ", was '" + policy + "'");
    }
    requireRange("shortlistNodes", shortlistNodes, 3, 10_000);
    requireRange("holdSeconds", holdSeconds, 1, 3600);
    requireRange("claimHoldSeconds", claimHoldSeconds, holdSeconds, 86_400);
    requireRange("bindTimeoutMillis", bindTimeoutMillis, 100, 60_000);
    requireRange("httpTimeoutMillis", httpTimeoutMillis, 200, 600_000);
    if (bindTimeoutMillis > httpTimeoutMillis - LEAST_MARGIN_MILLIS) {
      throw new IllegalArgumentException(
          "bindTimeoutMillis: expected at most "
              + (httpTimeoutMillis - LEAST_MARGIN_MILLIS)
              + ", less than httpTimeoutMillis, which kube-scheduler waits, was "
              + bindTimeoutMillis);
    }
    requireRange("bindThreads", bindThreads, 1, 256);
    requireRange("listPageSize", listPageSize, 100, 10_000);
    wholeGpuResources = requireNames("wholeGpuResources", wholeGpuResources);
    gpuModelLabels = requireNames("gpuModelLabels", gpuModelLabels);
    http.requireProtected(new Address(host, port), tls != null);
    if (page.checksTokens() && tls == null && !http.plainHttp()) {
      throw new IllegalArgumentException(
          "page.host: expected a loopback address, or tls, or http.plainHttp: true since tokens"
              + " would be sent by plain HTTP, was '"
              + page.host()
              + "'");
    }
    if (http.requestSeconds() * 1000 <= bindTimeoutMillis) {
      throw new IllegalArgumentException(
          "http.requestSeconds: expected more than bindTimeoutMillis, was "
              + http.requestSeconds()
              + " s");
    }
  }

  /** Creates a configuration from a file's settings, those left out being null. */
  @JsonCreator
  static StowageConfig of(
      @Nullable String host,
      @Nullable Integer port,
      @Nullable Integer maxBodyMebibytes,
      @Nullable String policy,
      @Nullable Integer shortlistNodes,
      @Nullable Integer holdSeconds,
      @Nullable Integer claimHoldSeconds,
      @Nullable Integer bindTimeoutMillis,
      @Nullable Integer bindThreads,
      @Nullable Integer listPageSize,
      @Nullable DeviceConfig devices,
      @Nullable List<String> wholeGpuResources,
      @Nullable List<String> gpuModelLabels,
      @Nullable Integer httpTimeoutMillis,
      @Nullable LeadershipConfig leadership,
      @Nullable TlsConfig tls,
      @Nullable HttpConfig http,
      @Nullable WatchConfig watch,
      @Nullable WakeConfig wake,
      @Nullable NoticesConfig notices,
      @Nullable PlanningConfig planning,
      @Nullable NominationConfig nomination,
      @Nullable PageConfig page,
      @Nullable RoomWantedConfig roomWanted,
      @Nullable DecisionsConfig decisions) {
    return new StowageConfig(
        or(host, "127.0.0.1"),
        or(port, 8888),
        or(maxBodyMebibytes, 128),
        or(policy, "stowage"),
        or(shortlistNodes, 3),
        or(holdSeconds, 30),
        or(claimHoldSeconds, 900),
        or(bindTimeoutMillis, 4000),
        or(bindThreads, 16),
        or(listPageSize, 500),
        or(devices, DeviceConfig.DEFAULT),
        or(wholeGpuResources, GpuResources.DEFAULT.wholeGpus()),
        or(gpuModelLabels, GpuResources.DEFAULT.modelLabels()),
        or(httpTimeoutMillis, 5000),
        or(leadership, LeadershipConfig.defaults()),
        tls,
        or(http, HttpConfig.defaults()),
        or(watch, WatchConfig.defaults()),
        or(wake, WakeConfig.defaults()),
        or(notices, NoticesConfig.defaults()),
        or(planning, PlanningConfig.defaults()),
        or(nomination, NominationConfig.defaults()),
        or(page, PageConfig.defaults()),
        or(roomWanted, RoomWantedConfig.defaults()),
        or(decisions, DecisionsConfig.defaults()));
  }

  /** The policies that need no workload beforehand: all but {@code fgd}, as it was published. */
  private static List<String> policies() {
    return Policies.names().stream().filter(name -> !name.equals("fgd")).toList();
  }

  /** Returns the defaults. */
  public static StowageConfig defaults() {
    return YamlRecords.ofNothing(StowageConfig.class);
  }

  /**
   * Reads a file; one that is empty sets nothing.
   *
   * @throws YamlFormatException where it cannot be read or is refused
   */
  public static StowageConfig read(Path file) throws YamlFormatException {
    return parse(file.toString(), YamlRecords.text(file));
  }

  /**
   * Reads a text; one that is empty sets nothing.
   *
   * @param name where it is from, for messages
   * @throws YamlFormatException where it is refused
   */
  public static StowageConfig parse(String name, String text) throws YamlFormatException {
    return YamlRecords.parse(name, text, StowageConfig.class, "setting");
  }

  /** Returns which settings are others than before, such as {@code wake.burst}. */
  public SortedSet<String> changedSince(StowageConfig before) {
    Map<String, String> values = YamlRecords.leaves(this);
    Map<String, String> former = YamlRecords.leaves(before);
    SortedSet<String> keys = new TreeSet<>(values.keySet());
    keys.addAll(former.keySet());
    keys.removeIf(key -> Objects.equals(values.get(key), former.get(key)));
    return keys;
  }

  /** Tells whether a setting can change while the service works. */
  public static boolean isChangeable(String key) {
    return CHANGEABLE.stream()
        .anyMatch(name -> name.endsWith(".") ? key.startsWith(name) : key.equals(name));
  }

  /** Returns the JSON schema of such a file. */
  public static String jsonSchema() throws IOException {
    try (InputStream schema =
        StowageConfig.class.getResourceAsStream("stowage-config.schema.json")) {
      return new String(Objects.requireNonNull(schema).readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /** Returns all settings, the defaults of what was left out too, as such a file. */
  public String toYaml() {
    return YamlRecords.write(this);
  }

  /** Returns the service's settings. */
  public ServiceSettings serviceSettings() {
    return new ServiceSettings(
        host,
        port,
        (long) maxBodyMebibytes << 20,
        Duration.ofMillis(bindTimeoutMillis),
        bindThreads,
        new HoldSettings(
            shortlistNodes,
            Duration.ofSeconds(holdSeconds),
            Duration.ofSeconds(claimHoldSeconds),
            Duration.ofSeconds(planning.keepSeconds())),
        devices.settings(),
        gpuResources(),
        http.settings(new Address(host, port), tls == null ? null : tls.files()),
        planning.settings());
  }

  /** Returns which resources and labels mean GPUs. */
  public GpuResources gpuResources() {
    return new GpuResources(wholeGpuResources, gpuModelLabels);
  }

  /** Returns what of the cluster is followed, and how. */
  public WatchSettings watchSettings() {
    return new WatchSettings(gpuResources(), listPageSize, watch.unhealthyGpus());
  }

  static <T> T or(@Nullable T value, T otherwise) {
    return value == null ? otherwise : value;
  }

  static void requireRange(String setting, int value, int least, int most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          setting + ": expected " + least + " to " + most + ", was " + value);
    }
  }

  private static List<String> requireNames(String setting, List<String> names) {
    for (String name : names) {
      if (name == null || !name.matches("[A-Za-z0-9]([A-Za-z0-9./_-]*[A-Za-z0-9])?")) {
        throw new IllegalArgumentException(
            setting + ": expected names such as nvidia.com/gpu, was '" + name + "'");
      }
    }
    return List.copyOf(names);
  }
}
