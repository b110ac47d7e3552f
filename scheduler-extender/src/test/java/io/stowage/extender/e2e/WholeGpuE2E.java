package io.stowage.extender.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.Resources;
import io.stowage.core.replay.InflationReplay;
import io.stowage.core.trace.Scenario;
import io.stowage.core.trace.TraceFiles;
import io.stowage.core.trace.TracePod;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * A real kube-scheduler with Stowage on the trace's 1,213 nodes, its whole-GPU and CPU-only pods
 * arriving by the inflation protocol. Beside it, kube-scheduler's own profiles on the same
 * arrivals: in replay, and with {@code -Dstowage.wholegpu.withoutStowage=true} for real, which
 * takes three times as long.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class WholeGpuE2E {
  private static final long SEED = 42;
  private static final double LEAST_GPU_PERCENT = 99.4;
  private static final boolean WITHOUT_STOWAGE =
      Boolean.getBoolean("stowage.wholegpu.withoutStowage");
  private static final String GPU = "nvidia.com/gpu";

  /** What kube-scheduler v1.37 logs as an error at every start. */
  private static final String KUBE_SCHEDULERS_OWN = "The manifest file is empty, ignoring.";

  /** Every node takes as many pods as fit otherwise: the trace has no limit on their number. */
  private static final String PODS_PER_NODE = "2000";

  /** Of pods that do not preempt: all are equal, and looking for victims of each takes time. */
  private static final String PRIORITY = "trace";

  private Path nodeFile;
  private Scenario scenario;
  private List<TracePod> arrivals;
  private Run stowage;

  /** Node of each pod by UID: what Stowage named first last, and what it was asked to bind. */
  private final Map<String, String> told = new ConcurrentHashMap<>();

  private final Map<String, String> asked = new ConcurrentHashMap<>();
  private List<String> complaints;
  private String schedulerLog;

  /** What became of all arrivals under a profile of kube-scheduler. */
  private record Run(ClusterSnapshot end, double seconds) {

    double gpuPercent() {
      return end.allocationPercent(GPU);
    }

    /** Returns the allocation by the pods that asked for the first 100 % of the GPUs. */
    double gpuPercentAt100(int arrivalsAt100) {
      return end.percent(
          GPU, end.boundPods().stream().filter(pod -> indexOf(pod) < arrivalsAt100).toList());
    }

    private static int indexOf(Pod pod) {
      return Integer.parseInt(pod.getMetadata().getName().substring("pod-".length()));
    }
  }

  @BeforeAll
  void runWithStowage() throws IOException {
    Path traces = Path.of(System.getProperty("stowage.traces"));
    nodeFile = traces.resolve("openb_node_list_gpu_node.csv");
    List<TracePod> wholeGpuPods =
        TraceFiles.readPods(traces.resolve("openb_pod_list_default.csv")).stream()
            .filter(pod -> !pod.shape().gpu().isShare())
            .toList();
    scenario = new Scenario(TraceFiles.readNodes(nodeFile), List.of(), wholeGpuPods);
    arrivals = InflationReplay.arrivals(scenario, SEED);

    try (ControlPlane controlPlane = startControlPlane("stowage");
        StowageProcess process = controlPlane.startStowage("stowage");
        RecordingProxy proxy = new RecordingProxy()) {
      process.awaitReady();
      proxy.forwardTo(process);
      proxy.listen(this::note);
      try (ChildProcess scheduler = controlPlane.startScheduler("stowage", proxy.url())) {
        stowage = run("stowage", "stowage", controlPlane, scheduler);
        schedulerLog = scheduler.output();
      }
      complaints = process.complaints();
    }
  }

  private ControlPlane startControlPlane(String profile) {
    return ControlPlane.start("whole-gpu-" + profile, nodeFile, "--pods-per-node", PODS_PER_NODE);
  }

  private void note(Exchange exchange) {
    if (exchange.verb().equals("filter")) {
      List<String> kept = exchange.keptNodes();
      if (!kept.isEmpty()) {
        told.put(exchange.podUid(), kept.get(0));
      }
    } else if (exchange.verb().equals("bind")) {
      asked.put(exchange.podUid(), exchange.requestJson().get("Node").asString());
    }
  }

  private Run run(
      String profile, String schedulerName, ControlPlane controlPlane, ChildProcess scheduler) {
    KubernetesClient client = controlPlane.admin();
    client.resource(Pods.priorityClass(PRIORITY, 0, "Never")).create();
    long start = System.nanoTime();
    for (int i = 0; i < arrivals.size(); i++) {
      client.pods().resource(pod(i, arrivals.get(i), schedulerName)).create();
    }
    double createSeconds = (System.nanoTime() - start) / 1e9;
    String last = podName(arrivals.size() - 1);
    await("the last pod to be decided, see " + scheduler.log())
        .atMost(Duration.ofMinutes(15))
        .pollInterval(Duration.ofSeconds(1))
        .until(
            () -> {
              assertThat(scheduler.isAlive()).as("kube-scheduler, see " + scheduler.log()).isTrue();
              return isDecided(client.pods().inNamespace("default").withName(last).get());
            });
    await("every pod to be bound or unschedulable")
        .atMost(Duration.ofMinutes(5))
        .pollInterval(Duration.ofSeconds(2))
        .until(
            () ->
                client
                    .pods()
                    .inNamespace("default")
                    .withField("spec.nodeName", "")
                    .list()
                    .getItems()
                    .stream()
                    .allMatch(WholeGpuE2E::isDecided));
    double seconds = (System.nanoTime() - start) / 1e9;
    ClusterSnapshot end = ClusterSnapshot.take(client);
    System.out.printf(
        "%s: %d pods created in %.0f s, decided in %.0f s (%.1f a second), %d bound%n",
        profile,
        arrivals.size(),
        createSeconds,
        seconds,
        arrivals.size() / seconds,
        end.boundPods().size());
    return new Run(end, seconds);
  }

  private static boolean isDecided(Pod pod) {
    return ClusterSnapshot.isBound(pod) || Pods.whyPending(pod).isPresent();
  }

  private static String podName(int index) {
    return "pod-%05d".formatted(index);
  }

  private static Pod pod(int index, TracePod arrival, String schedulerName) {
    Resources request = arrival.shape().request();
    GpuRequest gpu = arrival.shape().gpu();
    String limits =
        "cpu=%dm,memory=%dMi".formatted(request.cpuMilli(), request.memoryBytes() >> 20)
            + (gpu.isNone() ? "" : ",%s=%d".formatted(GPU, gpu.count()));
    return Pods.pod(podName(index), schedulerName, limits)
        .editSpec()
        .withPriorityClassName(PRIORITY)
        .endSpec()
        .build();
  }

  @Test
  void everyBoundPodIsWhereStowageSaid() {
    assertThat(stowage.end().boundPods())
        .hasSizeGreaterThan(arrivals.size() / 2)
        .allSatisfy(
            pod ->
                assertThat(pod.getSpec().getNodeName())
                    .as(pod.getMetadata().getName())
                    .isEqualTo(told.get(pod.getMetadata().getUid()))
                    .isEqualTo(asked.get(pod.getMetadata().getUid())));
  }

  @Test
  void noNodeIsOvercommitted() {
    assertThat(stowage.end().pods()).hasSize(arrivals.size());
    stowage.end().assertNoNodeOvercommitted();
  }

  @Test
  void whatIsPendingFitsNowhere() {
    Collection<Map<String, BigDecimal>> free = stowage.end().free().values();
    assertThat(stowage.end().pendingPods())
        .isNotEmpty()
        .noneMatch(pod -> ClusterSnapshot.fits(pod, free));
  }

  @Test
  void nobodyComplains() {
    assertThat(complaints).isEmpty();
    assertThat(schedulerLog.lines().filter(line -> line.startsWith("E")))
        .allMatch(line -> line.contains(KUBE_SCHEDULERS_OWN));
  }

  @Test
  void allocatesAtLeastAsMuchAsKubeSchedulersOwnScoring() {
    int arrivalsAt100 = arrivalsAt100();
    Map<String, @Nullable Run> runs = new LinkedHashMap<>();
    runs.put("stowage", stowage);
    runs.put("least-allocated", WITHOUT_STOWAGE ? runWithoutStowage("default") : null);
    runs.put("most-allocated", WITHOUT_STOWAGE ? runWithoutStowage("most-allocated") : null);
    Map<String, InflationReplay.Result> replays = new TreeMap<>();
    StringBuilder table =
        new StringBuilder(
            "%nGPU allocation in %% when %d arrivals had asked for 100 %%, and at the end:%n"
                    .formatted(arrivalsAt100)
                + "%-16s %-17s %-17s %s%n"
                    .formatted("policy", "replay", "kube-scheduler", "decided a second"));
    runs.forEach(
        (policy, run) -> {
          InflationReplay.Result replay = InflationReplay.run(scenario, policy, SEED, part -> {});
          replays.put(policy, replay);
          table.append(
              "%-16s %6.2f / %6.2f   "
                  .formatted(
                      policy,
                      replay.gpuAllocationPercentAt100(),
                      replay.gpuAllocationPercentAt130()));
          table.append(
              run == null
                  ? "not run%n".formatted()
                  : "%6.2f / %6.2f   %.1f%n"
                      .formatted(
                          run.gpuPercentAt100(arrivalsAt100),
                          run.gpuPercent(),
                          arrivals.size() / run.seconds()));
        });
    System.out.println(table);
    assertThat(stowage.gpuPercent())
        .as(table.toString())
        .isGreaterThanOrEqualTo(LEAST_GPU_PERCENT)
        .isCloseTo(replays.get("stowage").gpuAllocationPercentAt130(), within(0.5));
    replays.forEach(
        (policy, replay) -> {
          if (!policy.equals("stowage")) {
            assertThat(stowage.gpuPercent())
                .as("against %s%n%s", policy, table)
                .isGreaterThanOrEqualTo(replay.gpuAllocationPercentAt130());
          }
        });
    runs.forEach(
        (policy, run) -> {
          if (run != null) {
            assertThat(stowage.gpuPercent())
                .as("against kube-scheduler's %s%n%s", policy, table)
                .isGreaterThanOrEqualTo(run.gpuPercent());
          }
        });
  }

  /** Returns how many arrivals ask for all GPUs there are. */
  private int arrivalsAt100() {
    long gpus = scenario.nodes().stream().mapToLong(n -> n.gpus().devices().size()).sum();
    int first = 0;
    for (long asked = 0; asked < gpus; first++) {
      asked += arrivals.get(first).shape().gpu().count();
    }
    return first;
  }

  private Run runWithoutStowage(String profile) {
    try (ControlPlane controlPlane = startControlPlane(profile);
        ChildProcess scheduler = controlPlane.startScheduler(profile, "")) {
      return run(profile, "default-scheduler", controlPlane, scheduler);
    }
  }
}
