package io.stowage.extender.schedulerconfig;

import io.stowage.extender.yaml.NearestName;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/**
 * Checks a KubeSchedulerConfiguration for what works against Stowage.
 *
 * <p>kube-scheduler itself takes all of it without a word, but for what is said otherwise; see its
 * {@code pkg/scheduler/extender.go}, {@code apis/config/validation} and {@code schedule_one.go}.
 */
public final class SchedulerConfigCheck {
  /** What kube-scheduler waits for an extender unless told otherwise. */
  private static final long DEFAULT_HTTP_TIMEOUT_MILLIS = 5000;

  private static final int LEAST_MARGIN_MILLIS = 100;

  /** From this weight on one step of Stowage's rank outweighs two in-tree plugins of 0 to 100. */
  private static final long OUTWEIGHING = 21;

  private static final String API_VERSION = "kubescheduler.config.k8s.io/v1";
  private static final List<String> EXTENDER_KEYS =
      List.of(
          "urlPrefix",
          "filterVerb",
          "preemptVerb",
          "prioritizeVerb",
          "weight",
          "bindVerb",
          "enableHTTPS",
          "tlsConfig",
          "httpTimeout",
          "nodeCacheCapable",
          "managedResources",
          "ignorable");

  /**
   * Score plugins, on as kube-scheduler comes, that go by requests and images: against the rank.
   */
  private static final Map<String, String> AGAINST_THE_RANK =
      new TreeMap<>(
          Map.of(
              "NodeResourcesFit", "prefers nodes by their requests, as it comes the emptiest",
              "NodeResourcesBalancedAllocation", "prefers nodes whose CPU and memory are even",
              "ImageLocality", "prefers nodes that have had the image"));

  private static final Pattern DURATION_PART =
      Pattern.compile("(\\d+(?:\\.\\d+)?)(ns|us|µs|ms|s|m|h)");
  private static final Map<String, Double> UNIT_MILLIS =
      Map.of(
          "ns",
          1e-6,
          "us",
          1e-3,
          "µs",
          1e-3,
          "ms",
          1.0,
          "s",
          1000.0,
          "m",
          60_000.0,
          "h",
          3_600_000.0);

  private final JsonNode configuration;
  private final StowageSide stowage;
  private final List<Finding> findings = new ArrayList<>();

  private SchedulerConfigCheck(JsonNode configuration, StowageSide stowage) {
    this.configuration = configuration;
    this.stowage = stowage;
  }

  /** Tells whether a document is a KubeSchedulerConfiguration. */
  public static boolean isOne(JsonNode document) {
    return document.path("kind").asString("").equals("KubeSchedulerConfiguration");
  }

  /** Returns what should be otherwise, in the order of the file's parts; none is a good sign. */
  public static List<Finding> check(JsonNode configuration, StowageSide stowage) {
    SchedulerConfigCheck check = new SchedulerConfigCheck(configuration, stowage);
    check.whole();
    check.profiles();
    check.extenders();
    return List.copyOf(check.findings);
  }

  private void whole() {
    String version = configuration.path("apiVersion").asString("");
    if (!version.equals(API_VERSION)) {
      findings.add(
          Finding.error(
              "apiVersion",
              "kube-scheduler since v1.29 reads no other version than v1, was '" + version + "'",
              "apiVersion: " + API_VERSION));
    }
    JsonNode election = configuration.path("leaderElection");
    if (election.path("leaderElect").asBoolean(true)
        && Set.of("", "kube-scheduler").contains(election.path("resourceName").asString(""))) {
      findings.add(
          Finding.error(
              "leaderElection.resourceName",
              "the cluster's own kube-scheduler holds the Lease kube-scheduler: this one would wait"
                  + " for it for ever, or take its place",
              "resourceName: stowage"));
    }
    double qps = configuration.path("clientConnection").path("qps").asDouble(50);
    if (qps > 0 && qps <= 50) {
      findings.add(
          Finding.warning(
              "clientConnection.qps",
              "pod conditions, Events and nominations share "
                  + Math.round(qps)
                  + " requests a second, which is fewer than pods can be bound",
              "qps: 500"));
    }
  }

  private void profiles() {
    JsonNode profiles = configuration.path("profiles");
    if (profiles.isEmpty()) {
      findings.add(
          Finding.error(
              "profiles",
              "without a profile all pods of default-scheduler are this process's",
              "profiles: [{schedulerName: stowage}]"));
    }
    if (profiles.size() > 1 && unmanagedExtender()) {
      findings.add(
          Finding.warning(
              "profiles",
              "an extender belongs to the whole process: it is asked about the pods of all "
                  + profiles.size()
                  + " profiles, and turns off the batching of identical pods in each",
              "one profile, and another kube-scheduler process for the others"));
    }
    int percentage = configuration.path("percentageOfNodesToScore").asInt(0);
    List<String> names = new ArrayList<>();
    for (int i = 0; i < profiles.size(); i++) {
      JsonNode profile = profiles.path(i);
      String key = "profiles[" + i + "]";
      String name = profile.path("schedulerName").asString("default-scheduler");
      names.add(name);
      if (name.equals("default-scheduler")) {
        findings.add(
            Finding.warning(
                key + ".schedulerName",
                "all pods that name no scheduler are this process's, and the cluster's own"
                    + " kube-scheduler takes them too",
                "schedulerName: stowage"));
      }
      JsonNode own = profile.path("percentageOfNodesToScore");
      if (own.isMissingNode() ? percentage != 100 : own.asInt(0) != 100) {
        findings.add(
            Finding.warning(
                own.isMissingNode()
                    ? "percentageOfNodesToScore"
                    : key + ".percentageOfNodesToScore",
                "above 100 nodes kube-scheduler looks at a sample, and the best node may not be in"
                    + " it",
                "percentageOfNodesToScore: 100"));
      }
      scorePlugins(profile, key);
      spreading(profile, key);
    }
    if (!stowage.nominatesFor().isEmpty() && !names.contains(stowage.nominatesFor())) {
      findings.add(
          Finding.error(
              "profiles",
              "Stowage's nomination.schedulerName is "
                  + stowage.nominatesFor()
                  + ", and no profile has that name",
              "schedulerName: " + stowage.nominatesFor()));
    }
  }

  private boolean unmanagedExtender() {
    return configuration
        .path("extenders")
        .valueStream()
        .anyMatch(extender -> extender.path("managedResources").isEmpty());
  }

  private void scorePlugins(JsonNode profile, String key) {
    if (largestWeight() >= OUTWEIGHING) {
      return;
    }
    for (Map.Entry<String, String> plugin : AGAINST_THE_RANK.entrySet()) {
      if (!disabled(profile, "score", plugin.getKey())
          && !disabled(profile, "multiPoint", plugin.getKey())) {
        findings.add(
            Finding.warning(
                key + ".plugins.score.disabled",
                plugin.getKey()
                    + " "
                    + plugin.getValue()
                    + ", 0 to 100 against the 100 of Stowage's best rank",
                "- name: " + plugin.getKey()));
      }
    }
  }

  private long largestWeight() {
    return configuration
        .path("extenders")
        .valueStream()
        .mapToLong(extender -> extender.path("weight").asLong(0))
        .max()
        .orElse(0);
  }

  private static boolean disabled(JsonNode profile, String point, String plugin) {
    return profile
        .path("plugins")
        .path(point)
        .path("disabled")
        .valueStream()
        .map(entry -> entry.path("name").asString(""))
        .anyMatch(name -> name.equals(plugin) || name.equals("*"));
  }

  private void spreading(JsonNode profile, String key) {
    Optional<JsonNode> args =
        profile
            .path("pluginConfig")
            .valueStream()
            .filter(entry -> entry.path("name").asString("").equals("PodTopologySpread"))
            .map(entry -> entry.path("args"))
            .findFirst();
    boolean off =
        disabled(profile, "score", "PodTopologySpread")
            || disabled(profile, "multiPoint", "PodTopologySpread");
    if (!off
        && args.map(found -> !found.path("defaultingType").asString("").equals("List"))
            .orElse(true)) {
      findings.add(
          Finding.warning(
              key + ".pluginConfig",
              "every pod of a Service, ReplicaSet or StatefulSet that says nothing about spreading"
                  + " is spread over hosts and zones, against packing",
              "- {name: PodTopologySpread, args: {defaultingType: List, defaultConstraints: []}}"));
    }
  }

  private void extenders() {
    JsonNode extenders = configuration.path("extenders");
    if (extenders.isEmpty()) {
      findings.add(
          Finding.error(
              "extenders",
              "kube-scheduler never asks Stowage",
              "extenders: [{urlPrefix: 'http://127.0.0.1:8888/scheduler', …}]"));
    }
    Map<String, Integer> managed = new TreeMap<>();
    int binders = 0;
    for (int i = 0; i < extenders.size(); i++) {
      JsonNode extender = extenders.path(i);
      String key = "extenders[" + i + "].";
      keys(extender, key);
      verbs(extender, key);
      answers(extender, key);
      encryption(extender, key);
      managedResources(extender, key, managed, i);
      if (!extender.path("bindVerb").asString("").isEmpty() && ++binders == 2) {
        findings.add(
            Finding.error(
                key + "bindVerb",
                "another extender binds already, and kube-scheduler does not start with two",
                "leave bindVerb out"));
      }
    }
  }

  private void keys(JsonNode extender, String key) {
    for (String name : extender.propertyNames()) {
      if (!EXTENDER_KEYS.contains(name)) {
        findings.add(
            Finding.error(
                key + name,
                "kube-scheduler knows no such key and does not start",
                NearestName.of(name, EXTENDER_KEYS).orElseThrow() + ": …"));
      }
    }
    if (extender.path("urlPrefix").asString("").isEmpty()) {
      findings.add(
          Finding.error(
              key + "urlPrefix",
              "expected the address of Stowage",
              "urlPrefix: http://127.0.0.1:8888/scheduler"));
    }
  }

  private void verbs(JsonNode extender, String key) {
    verb(extender, key, "filter", Finding.Severity.ERROR, "Stowage decides nothing without it");
    verb(
        extender,
        key,
        "prioritize",
        Finding.Severity.WARNING,
        "kube-scheduler's own scores choose among the nodes that filter keeps");
    verb(
        extender,
        key,
        "bind",
        Finding.Severity.ERROR,
        "the in-tree binder binds, and a pod that shares a GPU is bound without its device");
    verb(
        extender,
        key,
        "preempt",
        Finding.Severity.WARNING,
        "kube-scheduler picks victims by sums, also where no single card gets free by them");
    if (!extender.path("prioritizeVerb").asString("").isEmpty()
        && extender.path("weight").asLong(0) <= 0) {
      findings.add(
          Finding.error(
              key + "weight",
              "with prioritizeVerb kube-scheduler wants a positive weight and does not start",
              "weight: 1"));
    }
  }

  private void verb(
      JsonNode extender, String key, String verb, Finding.Severity severity, String sentence) {
    String name = verb + "Verb";
    String value = extender.path(name).asString("");
    if (value.isEmpty()) {
      findings.add(new Finding(severity, key + name, sentence, name + ": " + verb));
    } else if (!value.equals(verb)) {
      findings.add(
          Finding.error(
              key + name,
              "Stowage has no verb '" + value + "', it answers 404",
              name + ": " + verb));
    }
  }

  private void answers(JsonNode extender, String key) {
    if (!extender.path("nodeCacheCapable").asBoolean(false)) {
      findings.add(
          Finding.warning(
              key + "nodeCacheCapable",
              "each request carries whole nodes, tens of MB at 5,000 of them, and kube-scheduler"
                  + " v1.34 to v1.37 scores those without their pods (kubernetes #141781)",
              "nodeCacheCapable: true"));
    }
    if (extender.path("ignorable").asBoolean(false)
        && !extender.path("bindVerb").asString("").isEmpty()) {
      findings.add(
          Finding.error(
              key + "ignorable",
              "a bind that fails is handed to the in-tree binder, and a pod that shares a GPU is"
                  + " bound without its device",
              "ignorable: false"));
    }
    JsonNode timeout = extender.path("httpTimeout");
    long millis =
        timeout.isMissingNode() || timeout.isNull()
            ? DEFAULT_HTTP_TIMEOUT_MILLIS
            : millis(timeout.asString("")).orElse(-1L);
    if (millis <= 0) {
      findings.add(
          Finding.error(
              key + "httpTimeout",
              "expected a duration such as 5s, was '" + timeout.asString("") + "'",
              "httpTimeout: 5s"));
      return;
    }
    if (millis < stowage.bindTimeoutMillis() + LEAST_MARGIN_MILLIS) {
      findings.add(
          Finding.error(
              key + "httpTimeout",
              "Stowage's bindTimeoutMillis is "
                  + stowage.bindTimeoutMillis()
                  + ": kube-scheduler would give up a bind that then succeeds, and take a bound pod"
                  + " for free",
              "httpTimeout: "
                  + Duration.ofMillis(stowage.bindTimeoutMillis() + 1000L).toSeconds()
                  + "s"));
    } else if (millis != stowage.httpTimeoutMillis()) {
      findings.add(
          Finding.warning(
              key + "httpTimeout",
              "Stowage's httpTimeoutMillis is "
                  + stowage.httpTimeoutMillis()
                  + ", and should say the same",
              "httpTimeoutMillis: " + millis + " in Stowage's settings"));
    }
  }

  /** Returns Go's duration in milliseconds, none where it is none. */
  private static Optional<Long> millis(String duration) {
    Matcher part = DURATION_PART.matcher(duration);
    double millis = 0;
    int end = 0;
    while (part.find() && part.start() == end) {
      millis += Double.parseDouble(part.group(1)) * UNIT_MILLIS.getOrDefault(part.group(2), 0.0);
      end = part.end();
    }
    return end == duration.length() && end > 0 ? Optional.of(Math.round(millis)) : Optional.empty();
  }

  private void encryption(JsonNode extender, String key) {
    JsonNode tls = extender.path("tlsConfig");
    boolean https = extender.path("enableHTTPS").asBoolean(false);
    boolean authority =
        !tls.path("caFile").asString("").isEmpty() || !tls.path("caData").asString("").isEmpty();
    if (https && tls.path("insecure").asBoolean(false)) {
      findings.add(
          Finding.error(
              key + "tlsConfig.insecure",
              "kube-scheduler takes orders from whoever answers",
              "insecure: false, with caFile"));
    } else if (https && !authority) {
      findings.add(
          Finding.error(
              key + "tlsConfig.caFile",
              "without an authority kube-scheduler silently verifies nothing",
              "caFile: /tls/ca.crt"));
    }
    String url = extender.path("urlPrefix").asString("");
    if (https ? url.startsWith("http://") : url.startsWith("https://")) {
      findings.add(
          Finding.error(
              key + "enableHTTPS", "urlPrefix says otherwise: " + url, "enableHTTPS: " + !https));
    }
    if (!https && !tls.isEmpty()) {
      findings.add(
          Finding.warning(
              key + "enableHTTPS", "tlsConfig is not used without it", "enableHTTPS: true"));
    }
  }

  private void managedResources(
      JsonNode extender, String key, Map<String, Integer> managed, int extenderIndex) {
    JsonNode resources = extender.path("managedResources");
    for (int i = 0; i < resources.size(); i++) {
      String name = resources.path(i).path("name").asString("");
      String place = key + "managedResources[" + i + "].";
      if (!name.contains("/") || name.startsWith("kubernetes.io/")) {
        findings.add(
            Finding.error(
                place + "name",
                "kube-scheduler takes extended resources alone and does not start with '"
                    + name
                    + "'",
                "name: nvidia.com/gpu"));
      }
      Integer other = managed.putIfAbsent(name, extenderIndex);
      if (other != null) {
        findings.add(
            Finding.error(
                place + "name",
                name
                    + " stands in extenders["
                    + other
                    + "] too, and kube-scheduler does not start with a resource in two",
                "leave it out of one"));
      }
      if (resources.path(i).path("ignoredByScheduler").asBoolean(false)) {
        findings.add(
            Finding.warning(
                place + "ignoredByScheduler",
                "kube-scheduler does not count " + name + " itself, and preempts without it",
                "ignoredByScheduler: false"));
      }
    }
  }
}
