package io.stowage.extender.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.Watch;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Pods bound per second by a real kube-scheduler that runs from the first pod's creation, with and
 * without Stowage.
 *
 * <p>Set-ups are {@code default} (kube-scheduler as it comes), {@code no-op} (an extender that
 * names one node and does nothing), {@code stowage} and {@code nomination}. After {@code stowage},
 * {@code +Plugin} keeps a score plugin that the shipped profile turns off, {@code -Plugin} turns
 * one off that it keeps, and {@code %50} has kube-scheduler look at so many per cent of the nodes.
 *
 * <p>How many pods are nominated in time depends on how far kube-scheduler is behind, and so on the
 * machine; {@link NominationE2E} holds it back and shows that nominations are tried.
 */
class SchedulingRateE2E {
  private static final int NODES = Integer.getInteger("stowage.rate.nodes", 500);
  private static final int PODS = Integer.getInteger("stowage.rate.pods", 500);
  private static final int WARM_UP_PODS = Integer.getInteger("stowage.rate.warmup", 200);
  private static final List<String> SET_UPS =
      List.of(System.getProperty("stowage.rate.setups", "stowage,nomination").split(",", -1));

  /** Where the order of the nodes in the last requests to {@code no-op} is written, if anywhere. */
  private static final String ORDERS = System.getProperty("stowage.rate.orders", "");

  /** Stowage's, as the chart's javaOptions. */
  private static final List<String> JVM_OPTIONS =
      Stream.of(System.getProperty("stowage.rate.jvm", "").split(" ", -1))
          .filter(option -> !option.isEmpty())
          .toList();

  /**
   * Programs that have the same to do for a pod in every set-up: by what they took, set-ups compare
   * where the machine was not equally fast.
   */
  private static final List<String> ALIKE = List.of("etcd", "kube-controller-manager", "kubelet");

  /** Of as many pods each, created at once, so that few are like the one before. */
  private static final List<String> SHAPES =
      List.of(
          "cpu=3,memory=8Gi,nvidia.com/gpu=1",
          "cpu=6,memory=16Gi,nvidia.com/gpu=1",
          "cpu=10,memory=24Gi,nvidia.com/gpu=2");

  /**
   * What became of the pods of one set-up.
   *
   * @param elsewhere nominated pods that were bound to another node, those left out that
   *     kube-scheduler had decided before it knew of the nomination
   * @param moreBinds calls to bind beyond one for each pod: a bind that did not succeed in time is
   *     decided anew, and may then go elsewhere
   */
  private record Rate(
      int pods, int nominated, Set<String> elsewhere, int moreBinds, double podsPerSecond) {
    Rate tried(Set<String> names) {
      Set<String> known = new HashSet<>(elsewhere);
      known.retainAll(names);
      return new Rate(pods, nominated, known, moreBinds, podsPerSecond);
    }

    Rate withBinds(double binds) {
      return new Rate(pods, nominated, elsewhere, (int) binds - pods, podsPerSecond);
    }
  }

  /** Follows where pods are nominated and bound. */
  private static final class Followed implements Watcher<Pod> {
    private final Map<String, String> nominated = new ConcurrentHashMap<>();
    private final Map<String, String> bound = new ConcurrentHashMap<>();
    private volatile long lastCreatedNanos;
    private volatile long lastBoundNanos;

    @Override
    public void eventReceived(Action action, Pod pod) {
      String name = pod.getMetadata().getName();
      if (action == Action.ADDED) {
        lastCreatedNanos = System.nanoTime();
      }
      if (ClusterSnapshot.isBound(pod)) {
        if (bound.put(name, pod.getSpec().getNodeName()) == null) {
          lastBoundNanos = System.nanoTime();
        }
      } else if (pod.getStatus().getNominatedNodeName() != null) {
        nominated.put(name, pod.getStatus().getNominatedNodeName());
      } else {
        nominated.remove(name);
      }
    }

    @Override
    public void onClose(WatcherException cause) {
      throw new IllegalStateException("the watch of pods ended", cause);
    }

    @Override
    public void onClose() {}

    void awaitBound(int pods, ChildProcess scheduler) {
      await(pods + " pods to be bound, see " + scheduler.log())
          .atMost(Duration.ofMillis(Math.max(300_000, 100L * pods)))
          .pollInterval(Duration.ofMillis(200))
          .until(() -> bound.size() == pods);
    }

    Set<String> elsewhere() {
      return nominated.entrySet().stream()
          .filter(entry -> !entry.getValue().equals(bound.get(entry.getKey())))
          .map(Map.Entry::getKey)
          .collect(Collectors.toSet());
    }
  }

  @Test
  void everyPodIsBoundAndWhereNominated() throws IOException {
    List<String> lines =
        IntStream.range(0, NODES)
            .mapToObj(i -> NodeLists.node("node-%05d".formatted(i), 8))
            .toList();
    Path nodes = NodeLists.write("rate", lines);
    Map<String, Rate> rates = new LinkedHashMap<>();
    for (String setUp : SET_UPS) {
      rates.put(setUp, run(setUp, nodes));
    }
    double first = rates.values().iterator().next().podsPerSecond();
    StringBuilder table =
        new StringBuilder(
            "%n%d nodes, %d pods, in the order of the runs%n%-45s %8s %10s %10s%n"
                .formatted(NODES, PODS, "set-up", "pods/s", "to first", "nominated"));
    rates.forEach(
        (setUp, rate) ->
            table.append(
                String.format(
                    Locale.ROOT,
                    "%-45s %8.1f %9.2fx %10d%n",
                    setUp,
                    rate.podsPerSecond(),
                    rate.podsPerSecond() / first,
                    rate.nominated())));
    System.out.println(table);
    assertThat(rates.values())
        .allSatisfy(
            rate ->
                assertThat(rate.elsewhere().size())
                    .as("bound elsewhere, each after a bind that did not succeed")
                    .isLessThanOrEqualTo(rate.moreBinds()));
  }

  private static Rate run(String setUp, Path nodes) throws IOException {
    String directory = "rate-" + setUp.replaceAll("[^A-Za-z0-9]", "-");
    try (ControlPlane controlPlane =
        ControlPlane.start(directory, nodes, ControlPlane.rareLeases())) {
      if (setUp.equals("default")) {
        String config = controlPlane.schedulerConfig("default", "");
        return measure(controlPlane, edited(config, "percentageOfNodesToScore: .*", ""), setUp);
      }
      if (setUp.equals("no-op")) {
        try (NoOpExtender extender = new NoOpExtender()) {
          String config = controlPlane.schedulerConfig("stowage", extender.url());
          Rate rate =
              measure(controlPlane, edited(config, "(bind|preempt|prioritize)Verb: .*", ""), setUp);
          if (!ORDERS.isEmpty()) {
            Files.write(Path.of(ORDERS), NodeOrders.of(extender.last()));
          }
          return rate;
        }
      }
      Path log = Files.createTempDirectory(ControlPlane.directory(), "rate-decisions");
      Rate rate;
      try (StowageProcess stowage =
          controlPlane.startStowageIn(
              JVM_OPTIONS,
              "stowage",
              "planning: {enabled: %b}%nnomination: {enabled: %b}%ndecisions: {directory: %s}%n"
                  .formatted(
                      !setUp.contains("unplanned"),
                      setUp.contains("nomination"),
                      setUp.contains("nomination") ? log : "''"))) {
        stowage.awaitReady();
        String config =
            controlPlane.schedulerConfig("stowage", "http://127.0.0.1:" + stowage.port());
        rate = measure(controlPlane, variant(config, setUp), setUp);
        System.out.printf(
            Locale.ROOT,
            "%s: filter %.1f ms, bind %.1f ms in the mean%n",
            setUp,
            meanMillis(stowage, "filter"),
            meanMillis(stowage, "bind"));
        rate =
            rate.withBinds(stowage.metric("stowage_request_duration_seconds_count{verb=\"bind\"}"));
      }
      return rate.nominated() > 0 ? rate.tried(askedAlone(log)) : rate;
    }
  }

  /**
   * Returns the pods that kube-scheduler tried on one node alone, which it does where it knows of a
   * nomination.
   */
  private static Set<String> askedAlone(Path directory) throws IOException {
    Set<String> names = new HashSet<>();
    try (Stream<Path> logs = Files.list(directory)) {
      for (Path log : logs.toList()) {
        for (String line : Files.readAllLines(log)) {
          JsonNode decision = JsonMapper.shared().readTree(line);
          if (decision.path("kind").asString("").equals("filter")
              && decision.path("askedNodes").asInt() == 1) {
            names.add(decision.at("/pod/name").asString());
          }
        }
      }
    }
    System.out.println(names.size() + " pods were tried where they were nominated");
    return names;
  }

  private static double meanMillis(StowageProcess stowage, String verb) {
    String labels = "{verb=\"" + verb + "\"}";
    return 1000
        * stowage.metric("stowage_request_duration_seconds_sum" + labels)
        / stowage.metric("stowage_request_duration_seconds_count" + labels);
  }

  private static String variant(String config, String setUp) {
    String varied = config;
    for (String change : setUp.split("(?=[+%-])", -1)) {
      String what = change.substring(1);
      varied =
          switch (change.charAt(0)) {
            case '+' -> edited(varied, " *- name: " + what + "\n", "");
            case '-' -> edited(varied, "( *)disabled:\n", "$0$1- name: " + what + "\n");
            case '%' ->
                edited(varied, "percentageOfNodesToScore: .*", "percentageOfNodesToScore: " + what);
            default -> varied;
          };
    }
    return varied;
  }

  private static String edited(String config, String pattern, String replacement) {
    String edited = config.replaceAll(pattern, replacement);
    assertThat(edited).as("configuration without %s", pattern).isNotEqualTo(config);
    return edited;
  }

  private static Rate measure(ControlPlane controlPlane, String config, String setUp) {
    KubernetesClient client = controlPlane.admin();
    Followed followed = new Followed();
    String schedulerName = setUp.equals("default") ? "default-scheduler" : Pods.STOWAGE;
    try (ChildProcess scheduler = controlPlane.startSchedulerWith(config);
        Watch watch = client.pods().inNamespace("default").watch(followed)) {
      assertThat(watch).isNotNull();
      create(client, "warm-up", WARM_UP_PODS / SHAPES.size(), schedulerName);
      int warmUp = WARM_UP_PODS / SHAPES.size() * SHAPES.size();
      followed.awaitBound(warmUp, scheduler);
      Map<String, Double> cpuSeconds = cpuSeconds();
      long start = System.nanoTime();
      create(client, "pod", PODS / SHAPES.size(), schedulerName);
      int pods = PODS / SHAPES.size() * SHAPES.size();
      followed.awaitBound(warmUp + pods, scheduler);
      double seconds = (followed.lastBoundNanos - start) / 1e9;
      cpuSeconds.forEach((program, before) -> cpuSeconds.put(program, -before));
      cpuSeconds().forEach((program, now) -> cpuSeconds.merge(program, now, Double::sum));
      System.out.printf(
          Locale.ROOT,
          "%s: %d pods created in %.1f s, bound in %.1f s, %d nominated; seconds of CPU %s,"
              + " all of it %.2f times what %s took%n",
          setUp,
          pods,
          (followed.lastCreatedNanos - start) / 1e9,
          seconds,
          followed.nominated.size(),
          cpuSeconds,
          sum(cpuSeconds.keySet(), cpuSeconds) / sum(ALIKE, cpuSeconds),
          ALIKE);
      return new Rate(
          warmUp + pods, followed.nominated.size(), followed.elsewhere(), 0, pods / seconds);
    }
  }

  private static double sum(Collection<String> programs, Map<String, Double> cpuSeconds) {
    return programs.stream().mapToDouble(cpuSeconds::get).sum();
  }

  /** Returns the CPU time of this process and of those that it started, by what they run. */
  private static Map<String, Double> cpuSeconds() {
    Map<String, Double> seconds = new TreeMap<>();
    Stream.concat(Stream.of(ProcessHandle.current()), ProcessHandle.current().descendants())
        .forEach(
            process -> {
              List<String> arguments = List.of(process.info().arguments().orElse(new String[0]));
              String program =
                  process.equals(ProcessHandle.current())
                      ? "test"
                      : arguments.contains("serve") ? "stowage" : arguments.get(0);
              seconds.merge(
                  program,
                  process.info().totalCpuDuration().orElse(Duration.ZERO).toMillis() / 1e3,
                  Double::sum);
            });
    return seconds;
  }

  /** Has the Job controller create the pods of one Job for each shape, which run for an hour. */
  private static void create(
      KubernetesClient client, String name, int podsPerShape, String schedulerName) {
    for (int shape = 0; shape < SHAPES.size(); shape++) {
      PodBuilder pod = Pods.pod(name, schedulerName, SHAPES.get(shape));
      client
          .resource(
              new JobBuilder()
                  .withNewMetadata()
                  .withName(name + "-" + shape)
                  .withNamespace("default")
                  .endMetadata()
                  .withNewSpec()
                  .withParallelism(podsPerShape)
                  .withCompletions(podsPerShape)
                  .withNewTemplate()
                  .withNewMetadata()
                  .addToAnnotations("local.stowage.io/run-seconds", "3600")
                  .endMetadata()
                  .withSpec(pod.editSpec().withRestartPolicy("Never").endSpec().buildSpec())
                  .endTemplate()
                  .endSpec()
                  .build())
          .create();
    }
  }
}
