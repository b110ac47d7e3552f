package io.stowage.extender.watch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.cluster.Resources;
import io.stowage.core.fragmentation.TypicalPods;
import io.stowage.core.policy.Policies;
import io.stowage.extender.kube.ClusterLabels;
import io.stowage.extender.kube.GpuResources;
import io.stowage.extender.kube.ObservedPod;
import io.stowage.extender.metrics.ServiceMetrics;
import io.stowage.extender.names.AskedNodes;
import io.stowage.extender.state.ClusterState;
import io.stowage.extender.state.DescribedNodes;
import io.stowage.extender.state.HoldSettings;
import io.stowage.extender.state.StateLoop;
import io.stowage.extender.watch.ListWatchServer.Kind;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The watch, against lists and events in orders that a real API server shows only rarely. */
class ClusterWatchIT {
  private static final Duration LONG = Duration.ofSeconds(90);
  private static final String CPU_NODE = "\"cpu\":\"8\",\"memory\":\"1Gi\",\"pods\":\"10\"";
  private static final String SHARED_NODE =
      CPU_NODE + ",\"aliyun.com/gpu-mem\":\"32\",\"aliyun.com/gpu-count\":\"2\"";

  private final ExecutorService eventLoop = Executors.newSingleThreadExecutor();
  private final ServiceMetrics metrics = new ServiceMetrics();
  private final AtomicLong clockAheadNanos = new AtomicLong();
  private final StateLoop loop =
      new StateLoop(
          eventLoop,
          new ClusterState(
              HoldSettings.DEFAULT,
              Policies.create("best-fit", TypicalPods.of(Map.of())),
              new Random(1),
              this::nanoTime));
  private final ListWatchServer apiServer = new ListWatchServer();
  private final ClusterLabels labels = new ClusterLabels();

  @BeforeEach
  void start() {
    apiServer.putNode("n1", "un1", CPU_NODE);
  }

  @AfterEach
  void stop() {
    apiServer.close();
    eventLoop.shutdownNow();
    metrics.close();
  }

  private ClusterWatch watch() {
    return watch(apiServer.port(), 500, true);
  }

  private ClusterWatch watch(int port, int pageSize, boolean unhealthyGpus) {
    Config config =
        new ConfigBuilder(Config.empty()).withMasterUrl("http://127.0.0.1:" + port).build();
    return ClusterWatch.start(
        config,
        loop,
        metrics,
        new WatchSettings(GpuResources.DEFAULT, pageSize, unhealthyGpus),
        labels,
        this::nanoTime);
  }

  private long nanoTime() {
    return System.nanoTime() + clockAheadNanos.get();
  }

  private <T> T ask(Function<ClusterState, T> question) {
    return loop.call(question).join();
  }

  private long freeCpuMilli() {
    return ask(
        state -> {
          NodeState node = state.bound().node("n1");
          return node == null || node.node() == null ? -1L : node.freeCpuMilli();
        });
  }

  private int podCount() {
    return ask(state -> state.bound().podCount());
  }

  private List<String> placed(String... uids) {
    return ask(
        state -> Stream.of(uids).filter(uid -> state.bound().placement(uid) != null).toList());
  }

  private List<String> watchesDown() {
    return ask(ClusterState::watchesDown);
  }

  private void awaitFreeCpuMilli(long milli) {
    await().atMost(LONG).until(() -> freeCpuMilli() == milli);
  }

  private boolean synced() {
    return ask(ClusterState::isSynced);
  }

  private void awaitWatching() {
    await()
        .atMost(LONG)
        .until(
            () ->
                synced()
                    && apiServer.watches(Kind.POD) == 2
                    && apiServer.watches(Kind.NODE) == 1
                    && apiServer.watches(Kind.CLAIM) == 1
                    && apiServer.watches(Kind.CONFIG_MAP) == 1);
  }

  private double metric(String name, String kind) {
    String start = name + "{kind=\"" + kind + "\"} ";
    return metrics
        .scrape()
        .lines()
        .filter(line -> line.startsWith(start))
        .mapToDouble(line -> Double.parseDouble(line.substring(start.length())))
        .findFirst()
        .orElse(0);
  }

  @Test
  void syncedWhenAllIsListedAndApplied() {
    CountDownLatch podLists = new CountDownLatch(1);
    apiServer.holdPodLists(podLists);
    apiServer.putPod("a", "u1", "n1", "3");
    try (ClusterWatch watch = watch()) {
      assertThat(watch).isNotNull();
      awaitFreeCpuMilli(8000);
      await()
          .atMost(LONG)
          .until(
              () -> apiServer.watches(Kind.CLAIM) == 1 && apiServer.watches(Kind.CONFIG_MAP) == 1);
      assertThat(synced()).isFalse();
      podLists.countDown();
      await().atMost(LONG).until(this::synced);
      assertThat(freeCpuMilli()).as("applied before it says so").isEqualTo(5000);
      awaitWatching();
    }
    assertThat(apiServer.listQueries(Kind.POD))
        .anySatisfy(
            query ->
                assertThat(query)
                    .contains("status.phase%21%3DSucceeded", "status.phase%21%3DFailed"))
        .anySatisfy(query -> assertThat(query).contains("status.phase%3DFailed"));
  }

  @Test
  void afterARestartTheStateComesFromTheApiServerAlone() {
    apiServer.putNode("n1", "un1", SHARED_NODE);
    apiServer.putPod(
        "shared",
        "u1",
        ",\"annotations\":{\"ALIYUN_COM_GPU_MEM_IDX\":\"1\",\"ALIYUN_COM_GPU_MEM_ASSIGNED\":\"true\"}",
        "n1",
        "\"limits\":{\"aliyun.com/gpu-mem\":\"7\"}",
        "\"phase\":\"Running\"");
    apiServer.putPod("plain", "u2", "n1", "3");
    apiServer.putPod("waiting", "u3", "", "1");
    apiServer.putPod(
        "ended", "u4", "", "n1", "\"requests\":{\"cpu\":\"2\"}", "\"phase\":\"Succeeded\"");
    try (ClusterWatch watch = watch()) {
      assertThat(watch).isNotNull();
      await().atMost(LONG).until(this::synced);
      assertThat(freeCpuMilli()).isEqualTo(5000);
      List<Integer> devices =
          ask(
              state -> {
                Placement shared = state.bound().placement("u1");
                return shared == null ? List.of() : shared.gpuDevices();
              });
      assertThat(devices).containsExactly(1);
      int pending = ask(state -> state.figures().pendingPods());
      assertThat(pending).isEqualTo(1);
      assertThat(podCount()).isEqualTo(2);
    }
  }

  @Test
  void sameNameWithANewUidReplacesTheOld() {
    apiServer.putPod("a", "u1", "n1", "3");
    try (ClusterWatch watch = watch()) {
      assertThat(watch).isNotNull();
      awaitWatching();
      apiServer.putPod("a", "u2", "n1", "1");
      awaitFreeCpuMilli(7000);
      assertThat(placed("u1", "u2")).containsExactly("u2");
    }
  }

  @Test
  void deletedPodsAreFreed() {
    apiServer.putPod("a", "u1", "n1", "3");
    apiServer.putPod("b", "u2", "n1", "2");
    try (ClusterWatch watch = watch()) {
      assertThat(watch).isNotNull();
      awaitWatching();
      assertThat(freeCpuMilli()).isEqualTo(3000);
      apiServer.remove(Kind.POD, "a");
      apiServer.putPod("b", "u2", "", "n1", "\"requests\":{}", "\"phase\":\"Succeeded\"");
      awaitFreeCpuMilli(8000);
    }
  }

  /** What happens while nobody watches: deleted, ended, new, the same name with another UID. */
  private void changeMuch() {
    apiServer.remove(Kind.POD, "gone");
    apiServer.putPod(
        "ended", "u2", "", "n1", "\"requests\":{\"cpu\":\"1\"}", "\"phase\":\"Succeeded\"");
    apiServer.putPod("renewed", "u5", "n1", "500m");
    apiServer.putPod("new", "u6", "n1", "250m");
    apiServer.remove(Kind.NODE, "n2");
    apiServer.putNode("n3", "un3", CPU_NODE);
  }

  private void putBefore() {
    apiServer.putNode("n2", "un2", CPU_NODE);
    apiServer.putPod("gone", "u1", "n1", "1");
    apiServer.putPod("ended", "u2", "n1", "1");
    apiServer.putPod("renewed", "u3", "n1", "1");
    apiServer.putPod("kept", "u4", "n1", "1");
  }

  private void awaitChanged() {
    awaitFreeCpuMilli(8000 - 1000 - 500 - 250);
    await()
        .atMost(LONG)
        .until(
            () ->
                ask(state -> state.bound().node("n2") == null && state.bound().node("n3") != null));
    assertThat(placed("u1", "u2", "u3", "u4", "u5", "u6")).containsExactly("u4", "u5", "u6");
    assertThat(podCount()).isEqualTo(3);
  }

  @Test
  void watchThatIsCutInTheMiddleOfAnEventGoesOnWhereItWas() {
    putBefore();
    try (ClusterWatch watch = watch()) {
      assertThat(watch).isNotNull();
      awaitWatching();
      apiServer.cut(Kind.POD);
      apiServer.cut(Kind.NODE);
      changeMuch();
      awaitChanged();
      awaitWatching();
      apiServer.putPod("kept", "u4", "n1", "2");
      awaitFreeCpuMilli(8000 - 2000 - 500 - 250);
    }
  }

  @Test
  void watchWhoseVersionIsGoneIsListedAgainAndLosesNothing() {
    putBefore();
    try (ClusterWatch watch = watch()) {
      assertThat(watch).isNotNull();
      awaitWatching();
      apiServer.fail(8, 503);
      apiServer.cut(Kind.POD);
      apiServer.cut(Kind.NODE);
      changeMuch();
      apiServer.compact();
      awaitChanged();
      awaitWatching();
    }
  }

  @Test
  void watchThatIsToldGoneWhileItIsOpenIsListedAgain() {
    putBefore();
    try (ClusterWatch watch = watch()) {
      assertThat(watch).isNotNull();
      awaitWatching();
      int lists = apiServer.listQueries(Kind.POD).size();
      apiServer.tellGone(Kind.POD);
      await().atMost(LONG).until(() -> apiServer.listQueries(Kind.POD).size() >= lists + 2);
      changeMuch();
      awaitChanged();
      awaitWatching();
    }
  }

  @Test
  void watchThatIsRefusedWithStatus410IsReplacedAndListsAgain() {
    putBefore();
    apiServer.tellGoneByStatus(true);
    try (ClusterWatch watch = watch()) {
      assertThat(watch).isNotNull();
      awaitWatching();
      apiServer.fail(8, 503);
      apiServer.cut(Kind.POD);
      apiServer.cut(Kind.NODE);
      changeMuch();
      apiServer.compact();
      await().atMost(LONG).until(() -> metric("stowage_watch_up", "pods") == 0);
      clockAheadNanos.addAndGet(ResourceWatch.SILENCE.plusSeconds(1).toNanos());
      awaitChanged();
      awaitWatching();
      await().atMost(LONG).until(() -> metric("stowage_watch_up", "pods") == 1);
    }
  }

  @Test
  void connectionWhoseOtherEndIsGoneWithoutAWordIsNoticed() {
    apiServer.putPod("a", "u1", "n1", "3");
    try (FreezableLink link = new FreezableLink(apiServer.port());
        ClusterWatch watch = watch(link.port(), 500, true)) {
      assertThat(watch).isNotNull();
      awaitWatching();
      link.freeze();
      apiServer.putPod("b", "u2", "n1", "2");
      awaitFreeCpuMilli(3000);
    }
  }

  @Test
  void bookmarksSpareAListAfterAGap() {
    apiServer.putPod("a", "u1", "n1", "3");
    try (ClusterWatch watch = watch()) {
      assertThat(watch).isNotNull();
      awaitWatching();
      int lists = apiServer.listQueries(Kind.POD).size();
      apiServer.compact();
      apiServer.bookmark(Kind.POD);
      // Once this is seen, so is the bookmark.
      apiServer.putPod("b", "u2", "n1", "1");
      awaitFreeCpuMilli(4000);
      apiServer.putPod("f", "u9", "", "n1", "\"requests\":{}", "\"phase\":\"Failed\"");
      apiServer.bookmark(Kind.POD);
      apiServer.putPod("b", "u2", "n1", "2");
      awaitFreeCpuMilli(3000);
      apiServer.cut(Kind.POD);
      apiServer.putPod("c", "u3", "n1", "1");
      awaitFreeCpuMilli(2000);
      assertThat(apiServer.listQueries(Kind.POD)).hasSize(lists);
    }
  }

  @Test
  void listWhoseContinueTokenExpiresStartsAnew() {
    for (int pod = 0; pod < 25; pod++) {
      apiServer.putPod("p" + (char) ('a' + pod), "u" + pod, "n1", "100m");
    }
    apiServer.expireContinues(2);
    try (ClusterWatch watch = watch(apiServer.port(), 10, true)) {
      assertThat(watch).isNotNull();
      await().atMost(LONG).until(this::synced);
      assertThat(freeCpuMilli()).isEqualTo(5500);
      assertThat(podCount()).isEqualTo(25);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {500, 429})
  void apiServerThatFailsForAWhileIsAskedAgain(int status) {
    putBefore();
    apiServer.fail(40, status);
    try (ClusterWatch watch = watch()) {
      assertThat(watch).isNotNull();
      awaitWatching();
      apiServer.fail(40, status);
      apiServer.cut(Kind.POD);
      apiServer.cut(Kind.NODE);
      changeMuch();
      awaitChanged();
      awaitWatching();
    }
  }

  @Test
  void podThatCannotBeReadIsCountedAndTheRestGoesOn() {
    apiServer.putPod("bad", "u1", "n1", "lots");
    apiServer.putPod("good", "u2", "n1", "3");
    try (ClusterWatch watch = watch()) {
      assertThat(watch).isNotNull();
      await().atMost(LONG).until(this::synced);
      assertThat(freeCpuMilli()).isEqualTo(5000);
      assertThat(metric("stowage_unreadable_objects_total", "pods")).isEqualTo(1);
    }
  }

  private void putConfigMap(String name, String gpus) {
    apiServer.put(
        Kind.CONFIG_MAP,
        name,
        "\"namespace\":\"kube-system\"",
        "\"data\":{\"gpus\":\"" + gpus + "\"}",
        "");
  }

  private List<Long> gpuCapacityUnits() {
    return ask(
        state -> {
          NodeState node = state.bound().node("n1");
          return node == null
              ? List.of()
              : LongStream.range(0, node.gpuCount())
                  .map(gpu -> node.gpuCapacityUnits((int) gpu))
                  .boxed()
                  .toList();
        });
  }

  private void awaitGpuCapacityUnits(Long... units) {
    await().atMost(LONG).until(() -> gpuCapacityUnits().equals(List.of(units)));
  }

  @Test
  void unhealthyGpusCountForNothingUntilTheyAreHealthy() {
    apiServer.putNode("n1", "un1", SHARED_NODE);
    putConfigMap("unhealthy-gpu-n1", "1");
    putConfigMap("extension-apiserver-authentication", "everything");
    try (ClusterWatch watch = watch()) {
      assertThat(watch).isNotNull();
      await().atMost(LONG).until(this::synced);
      assertThat(gpuCapacityUnits()).as("applied before it says so").containsExactly(16L, 0L);
      awaitWatching();
      putConfigMap("unhealthy-gpu-n1", "0, 1");
      awaitGpuCapacityUnits(0L, 0L);
      putConfigMap("unhealthy-gpu-n1", "all");
      await()
          .atMost(LONG)
          .until(() -> metric("stowage_unreadable_objects_total", "unhealthy-gpus") == 1);
      assertThat(gpuCapacityUnits()).as("left as it was").containsExactly(0L, 0L);
      putConfigMap("unhealthy-gpu-n1", "0");
      awaitGpuCapacityUnits(0L, 16L);
      apiServer.remove(Kind.CONFIG_MAP, "unhealthy-gpu-n1");
      awaitGpuCapacityUnits(16L, 16L);
      putConfigMap("unhealthy-gpu-n1", "1");
      awaitGpuCapacityUnits(16L, 0L);
      putConfigMap("unhealthy-gpu-n1", "");
      awaitGpuCapacityUnits(16L, 16L);
    }
  }

  private int holds() {
    return ask(state -> state.figures().holds());
  }

  private void putClaim(String phase) {
    apiServer.put(
        Kind.CLAIM,
        "data",
        "\"namespace\":\"ns\",\"uid\":\"uc\"",
        "\"status\":{\"phase\":\"" + phase + "\"}",
        "");
  }

  @Test
  void holdOfAPodLastsUntilItsClaimIsBound() {
    putClaim("Pending");
    ObservedPod pod =
        new ObservedPod.Builder(
                new Pod(
                    "u1", "ns", "a", PodShape.of(Resources.of(1000, 1 << 20), GpuRequest.NONE), 0))
            .claimNames(List.of("data"))
            .build();
    try (ClusterWatch watch = watch()) {
      assertThat(watch).isNotNull();
      awaitWatching();
      List<String> kept =
          ask(
              state ->
                  state
                      .filter(
                          pod, AskedNodes.of(state.nodeNames(), List.of("n1")), DescribedNodes.NONE)
                      .kept());
      assertThat(kept).containsExactly("n1");
      clockAheadNanos.addAndGet(Duration.ofMinutes(5).toNanos());
      assertThat(holds()).isEqualTo(1);
      putClaim("Bound");
      await()
          .atMost(LONG)
          .until(
              () -> {
                clockAheadNanos.addAndGet(Duration.ofSeconds(10).toNanos());
                return holds() == 0;
              });
    }
  }

  @Test
  void configMapsAreLeftAloneWhereTheyAreNotWanted() {
    apiServer.putPod("a", "u1", "n1", "3");
    try (ClusterWatch watch = watch(apiServer.port(), 500, false)) {
      assertThat(watch).isNotNull();
      await().atMost(LONG).until(this::synced);
      assertThat(apiServer.listQueries(Kind.CONFIG_MAP)).isEmpty();
    }
  }

  @Test
  void watchThatStaysDownIsToldToTheState() {
    try (ClusterWatch watch = watch()) {
      assertThat(watch).isNotNull();
      awaitWatching();
      apiServer.fail(Integer.MAX_VALUE, 503);
      apiServer.cut(Kind.POD);
      await().atMost(LONG).until(() -> metric("stowage_watch_up", "pods") == 0);
      assertThat(watchesDown()).isEmpty();
      clockAheadNanos.addAndGet(Duration.ofMinutes(2).toNanos());
      await().atMost(LONG).until(() -> watchesDown().equals(List.of("failed-pods", "pods")));
      apiServer.fail(0, 503);
      await().atMost(LONG).until(() -> watchesDown().isEmpty());
    }
  }
}
