package io.stowage.extender.bind;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeGpus;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.cluster.Resources;
import io.stowage.core.fragmentation.TypicalPods;
import io.stowage.core.policy.Policies;
import io.stowage.extender.kube.GpuResources;
import io.stowage.extender.kube.ObservedPod;
import io.stowage.extender.kube.PodReader;
import io.stowage.extender.state.BindOutcome;
import io.stowage.extender.state.ClusterState;
import io.stowage.extender.state.HoldSettings;
import io.stowage.extender.state.StateLoop;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Bindings in doubt, resolved by what the API server has. */
class ReadbackIT {
  private static final Duration LONG = Duration.ofSeconds(30);

  private final ExecutorService eventLoop = Executors.newSingleThreadExecutor();
  private final StateLoop loop =
      new StateLoop(
          eventLoop,
          new ClusterState(
              HoldSettings.DEFAULT,
              Policies.create("best-fit", TypicalPods.of(Map.of())),
              new Random(1),
              System::nanoTime));
  private FaultyApiServer apiServer;
  private KubernetesClient client;
  private Readback readback;

  @BeforeEach
  void start() throws IOException {
    apiServer = new FaultyApiServer("u1");
    Config config =
        new ConfigBuilder(Config.empty())
            .withMasterUrl(apiServer.url())
            .withRequestTimeout(500)
            .withRequestRetryBackoffLimit(0)
            .build();
    client = new KubernetesClientBuilder().withConfig(config).build();
    readback = Readback.start(client, loop, new PodReader(GpuResources.DEFAULT));
    loop.call(ReadbackIT::leaveInDoubt).join();
  }

  @AfterEach
  void stop() {
    readback.close();
    client.close();
    apiServer.close();
    eventLoop.shutdownNow();
  }

  private static boolean leaveInDoubt(ClusterState state) {
    state.putNode(Node.ready("n1", Resources.of(4000, 1 << 30), 10, NodeGpus.NONE));
    PodShape shape = PodShape.of(Resources.of(1000, 0), GpuRequest.NONE);
    state.putPod(ObservedPod.pending(new Pod("u1", "ns", "p", shape, 0)));
    state.startBind("u1", "n1");
    state.completeBind("u1", new BindOutcome.InDoubt("no answer"));
    return true;
  }

  private int unconfirmed() {
    return loop.call(state -> state.figures().unconfirmedBinds()).join();
  }

  private int boundPods() {
    return loop.call(state -> state.bound().podCount()).join();
  }

  @Test
  void bindingThatTheApiServerHasIsConfirmed() {
    apiServer.bindTo("n1");
    await().atMost(LONG).until(() -> unconfirmed() == 0);
    assertThat(boundPods()).isEqualTo(1);
  }

  @Test
  void bindingThatItDoesNotHaveIsReleased() {
    await().atMost(LONG).until(() -> unconfirmed() == 0);
    assertThat(boundPods()).isZero();
  }

  @Test
  void podThatIsGoneIsForgotten() {
    apiServer.replacePod("u2");
    await().atMost(LONG).until(() -> unconfirmed() == 0);
    assertThat(boundPods()).isZero();
  }

  @Test
  void doubtStaysWhileTheApiServerIsSilent() {
    apiServer.readable(false);
    await()
        .during(Duration.ofSeconds(4))
        .atMost(LONG)
        .until(() -> unconfirmed() == 1 && boundPods() == 1);
    apiServer.readable(true);
    await().atMost(LONG).until(() -> unconfirmed() == 0);
  }
}
