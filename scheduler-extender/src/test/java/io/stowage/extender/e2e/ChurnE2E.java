package io.stowage.extender.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.events.v1.Event;
import io.stowage.core.replay.RecordedPod;
import io.stowage.extender.decisions.DecisionFormatException;
import io.stowage.extender.decisions.DecisionReader;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * Pods come, run for seconds and end: nothing of Stowage grows, and it says little. {@code
 * -Dstowage.e2e.churnSeconds=300 -Dstowage.e2e.podsPerSecond=50} for longer and more.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ChurnE2E {
  private static final List<String> KUBE_SCHEDULERS =
      List.of("Scheduled", "FailedScheduling", "Preempted");

  private static final int SECONDS = Integer.getInteger("stowage.e2e.churnSeconds", 60);
  private static final int PODS_PER_SECOND = Integer.getInteger("stowage.e2e.podsPerSecond", 25);
  private static final int LONGEST_RUN_SECONDS = 8;

  /** Nodes of each kind for 25 pods a second, so that few pods wait long. */
  private static final int NODES_OF_EACH = 20;

  private static final int SAMPLES = 9;
  private static final double GROWTH = 1.2;
  private static final long GROWTH_BYTES = 4 << 20;
  private static final int MORE_THREADS = 8;
  private static final int MORE_FILES = 24;

  /** A binding, events, a wake-up, and some that were tried in vain. */
  private static final long REQUESTS_PER_POD = 5;

  private static final Pattern POD = Pattern.compile("default/(churn-\\d+)");

  /** The stand-in for the device plugin took seconds where it is asked for tenths of one. */
  private static final String UNASSIGNED = "device plugin has not yet assigned its GPU";

  /** A hundredth of the pods: a stall of the stand-in is short. */
  private static final int PODS_PER_UNASSIGNED = 100;

  /** Warnings that are no fault of Stowage's. */
  private static final List<String> EXPLAINED =
      List.of(
          // two words for the same: some pods are deleted on their way
          "the pod is gone",
          "it was deleted, or the watch has not shown it yet",
          // the machine is too busy to run the client's thread for two seconds
          "BlockedThreadChecker",
          UNASSIGNED);

  private FaultCluster cluster;

  @BeforeAll
  void start() {
    cluster =
        new FaultCluster("churn", Math.max(NODES_OF_EACH, NODES_OF_EACH * PODS_PER_SECOND / 25));
  }

  @AfterAll
  void stop() {
    cluster.close();
  }

  @Test
  void nothingGrowsWhilePodsComeAndGo()
      throws ExecutionException,
          InterruptedException,
          TimeoutException,
          IOException,
          DecisionFormatException {
    int total = SECONDS * PODS_PER_SECOND;
    StowageProcess stowage = cluster.served().stowage();
    Path histogram = ControlPlane.directory().resolve("churn/histogram.txt");
    List<ProcessUse> samples = new ArrayList<>();
    try (Load load =
        new Load(cluster.controlPlane(), "churn", 81).deleting(5).ending(LONGEST_RUN_SECONDS)) {
      load.start(PODS_PER_SECOND);
      for (int i = 1; i <= SAMPLES; i++) {
        int created = total * i / SAMPLES;
        await(created + " pods to be created")
            .atMost(Duration.ofSeconds(60 + 10L * SECONDS))
            .until(() -> load.created() >= created);
        samples.add(ProcessUse.of(stowage.pid(), histogram));
        System.out.println(samples.get(i - 1));
      }
      load.stop();
      ClusterSnapshot end = cluster.assertNothingIsLost();
      assertFlat(samples);
      assertSaysLittle(stowage, load.created());
      assertOneEventSeriesAPod();
      System.out.println(cluster.api().counts());
      assertThat(requests()).isLessThan(REQUESTS_PER_POD * load.created());
      assertThat(end.pods()).hasSizeGreaterThan(load.created() * 9 / 10);
      assertTheLogTells(end);
    }
  }

  /** The first third is for the process to warm up. */
  private static void assertFlat(List<ProcessUse> samples) {
    List<ProcessUse> early = samples.subList(SAMPLES / 3, 2 * SAMPLES / 3);
    List<ProcessUse> late = samples.subList(2 * SAMPLES / 3, SAMPLES);
    long heap = early.stream().mapToLong(ProcessUse::liveHeapBytes).max().orElseThrow();
    int threads = early.stream().mapToInt(ProcessUse::threads).max().orElseThrow();
    int files = early.stream().mapToInt(ProcessUse::openFiles).max().orElseThrow();
    assertThat(late)
        .allSatisfy(
            use -> {
              assertThat(use.liveHeapBytes()).isLessThan((long) (heap * GROWTH) + GROWTH_BYTES);
              assertThat(use.threads()).isLessThanOrEqualTo(threads + MORE_THREADS);
              assertThat(use.openFiles()).isLessThanOrEqualTo(files + MORE_FILES);
            });
  }

  private static void assertSaysLittle(StowageProcess stowage, int pods) {
    assertThat(stowage.complaints())
        .as("warnings and errors")
        .allMatch(line -> EXPLAINED.stream().anyMatch(line::contains))
        .as("bindings that waited in vain for a device plugin")
        .filteredOn(line -> line.contains(UNASSIGNED))
        .hasSizeLessThan(pods / PODS_PER_UNASSIGNED);
    Map<String, Integer> linesByPod = new HashMap<>();
    stowage
        .output()
        .lines()
        .filter(line -> line.contains("[INFO]"))
        .forEach(
            line -> {
              Matcher pod = POD.matcher(line);
              if (pod.find()) {
                linesByPod.merge(pod.group(1), 1, Integer::sum);
              }
            });
    assertThat(linesByPod).as("info lines by pod").allSatisfy((pod, n) -> assertThat(n).isOne());
  }

  /** The log of decisions has every pod that is on a node there, and can be replayed. */
  private void assertTheLogTells(ClusterSnapshot end) throws IOException, DecisionFormatException {
    Path log = FaultCluster.decisions("churn");
    DecisionReader.Decisions decisions = DecisionReader.read(log);
    assertThat(decisions.lostLines()).isZero();
    Map<String, String> nodeByPod = new HashMap<>();
    for (RecordedPod pod : decisions.workload().pods()) {
      pod.decided()
          .ifPresent(decided -> nodeByPod.put(pod.pod().name(), decided.placement().nodeName()));
    }
    assertThat(end.boundPods())
        .isNotEmpty()
        .allSatisfy(
            pod ->
                assertThat(nodeByPod)
                    .containsEntry(
                        "default/" + pod.getMetadata().getName(), pod.getSpec().getNodeName()));
    ChildProcess replay =
        cluster
            .controlPlane()
            .stowage(
                "replay", "replay", "--decisions", log.toString(), "--policy", "stowage,best-fit");
    assertThat(replay.exitCode()).as(replay.output()).isZero();
    assertThat(replay.output()).contains("as decided", "best-fit");
    System.out.println(replay.output());
  }

  /** kube-scheduler's own Events of the profile carry the name stowage too. */
  private void assertOneEventSeriesAPod() {
    Map<String, Integer> seriesByPod = new HashMap<>();
    for (Event event :
        cluster.admin().events().v1().events().inNamespace("default").list().getItems()) {
      if (event.getReportingController() != null
          && event.getReportingController().contains("stowage")
          && !KUBE_SCHEDULERS.contains(event.getReason())) {
        String pod = event.getRegarding().getName() + " " + event.getReason();
        seriesByPod.merge(pod, 1, Integer::sum);
      }
    }
    assertThat(seriesByPod)
        .as("series of Stowage's events by pod and reason")
        .allSatisfy((pod, series) -> assertThat(series).isOne());
  }

  private long requests() {
    return cluster.api().counts().values().stream().mapToLong(Long::longValue).sum();
  }
}
