package io.stowage.extender.watch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.fragmentation.TypicalPods;
import io.stowage.core.policy.Policies;
import io.stowage.extender.kube.GpuResources;
import io.stowage.extender.metrics.ServiceMetrics;
import io.stowage.extender.state.ClusterState;
import io.stowage.extender.state.HoldSettings;
import io.stowage.extender.state.StateLoop;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The watch, against lists and events in orders that a real API server shows only rarely. */
class ClusterWatchIT {
  private static final Duration LONG = Duration.ofSeconds(30);

  private final ExecutorService eventLoop = Executors.newSingleThreadExecutor();
  private final ServiceMetrics metrics = new ServiceMetrics();
  private final StateLoop loop =
      new StateLoop(
          eventLoop,
          new ClusterState(
              HoldSettings.DEFAULT,
              Policies.create("best-fit", TypicalPods.of(Map.of())),
              new Random(1),
              System::nanoTime));
  private ListWatchServer apiServer;
  private KubernetesClient client;

  @BeforeEach
  void start() throws IOException {
    apiServer = new ListWatchServer();
    Config config =
        new ConfigBuilder(Config.empty())
            .withMasterUrl(apiServer.url())
            .withOnlyHttpWatches(true)
            .withWatchReconnectInterval(100)
            .withRequestRetryBackoffInterval(10)
            .build();
    client = new KubernetesClientBuilder().withConfig(config).build();
    apiServer.putNode("n1", "\"cpu\":\"8\",\"memory\":\"1Gi\",\"pods\":\"10\"");
  }

  @AfterEach
  void stop() {
    client.close();
    apiServer.close();
    eventLoop.shutdownNow();
    metrics.close();
  }

  private ClusterWatch watch() {
    return ClusterWatch.start(client, loop, metrics, GpuResources.DEFAULT, 500);
  }

  private long freeCpuMilli() {
    return loop.call(ClusterWatchIT::freeCpuMilli).join();
  }

  private static long freeCpuMilli(ClusterState state) {
    NodeState node = state.bound().node("n1");
    return node == null ? -1 : node.freeCpuMilli();
  }

  private boolean synced() {
    return loop.call(ClusterState::isSynced).join();
  }

  private void awaitFreeCpuMilli(long milli) {
    await().atMost(LONG).until(() -> freeCpuMilli() == milli);
  }

  @Test
  void syncedWhenBothAreListedAndApplied() {
    CountDownLatch podLists = new CountDownLatch(1);
    apiServer.holdPodLists(podLists);
    apiServer.putPod("a", "u1", "n1", "3");
    try (ClusterWatch watch = watch()) {
      assertThat(watch).isNotNull();
      awaitFreeCpuMilli(8000);
      assertThat(synced()).isFalse();
      podLists.countDown();
      await().atMost(LONG).until(this::synced);
      assertThat(freeCpuMilli()).as("applied before it says so").isEqualTo(5000);
    }
    assertThat(apiServer.podQueries())
        .allSatisfy(
            query ->
                assertThat(query)
                    .contains("status.phase!=Succeeded")
                    .contains("status.phase!=Failed"));
  }

  @Test
  void sameNameWithANewUidReplacesTheOld() throws IOException {
    apiServer.putPod("a", "u1", "n1", "3");
    try (ClusterWatch watch = watch()) {
      assertThat(watch).isNotNull();
      await().atMost(LONG).until(() -> synced() && apiServer.podWatches() == 1);
      apiServer.tell("MODIFIED", apiServer.putPod("a", "u2", "n1", "1"));
      awaitFreeCpuMilli(7000);
      assertThat(loop.call(state -> state.bound().placement("u1") == null).join()).isTrue();
    }
  }

  @Test
  void watchThatIsGoneIsListedAgain() throws IOException {
    apiServer.putPod("a", "u1", "n1", "3");
    apiServer.putPod("b", "u2", "n1", "2");
    try (ClusterWatch watch = watch()) {
      assertThat(watch).isNotNull();
      await().atMost(LONG).until(() -> synced() && apiServer.podWatches() == 1);
      assertThat(freeCpuMilli()).isEqualTo(3000);
      apiServer.removePod("a");
      apiServer.putPod("b", "u3", "n1", "1");
      apiServer.tellGone();
      awaitFreeCpuMilli(7000);
    }
  }

  @Test
  void deletedPodsAreFreed() throws IOException {
    String pod = apiServer.putPod("a", "u1", "n1", "3");
    try (ClusterWatch watch = watch()) {
      assertThat(watch).isNotNull();
      await().atMost(LONG).until(() -> synced() && apiServer.podWatches() == 1);
      apiServer.tell("DELETED", pod);
      awaitFreeCpuMilli(8000);
    }
  }

  @Test
  void apiServerThatFailsAtFirstIsAskedAgain() {
    apiServer.fail(30);
    try (ClusterWatch watch = watch()) {
      assertThat(watch).isNotNull();
      await().atMost(LONG).until(this::synced);
      assertThat(freeCpuMilli()).isEqualTo(8000);
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
      assertThat(metrics.scrape()).contains("stowage_unreadable_objects_total{kind=\"pod\"} 1.0");
    }
  }
}
