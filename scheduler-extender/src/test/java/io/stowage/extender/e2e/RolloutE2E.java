package io.stowage.extender.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.Watch;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * A model of 50 replicas of 2 GPUs rolled out, and taken back in mid-way, on nodes whose GPUs are
 * allocated by 95 %: with Stowage, and with kube-scheduler as it comes.
 */
class RolloutE2E {
  private static final String GPU = "nvidia.com/gpu";
  private static final int NODES = 32;
  private static final int REPLICAS = 50;
  private static final double LEAST_PERCENT = 95;
  private static final String VERSION = "model-version";

  /** How many pods wait differs by half from one time to the next. */
  private static final int TIMES = 5;

  /**
   * Changes from one version to another.
   *
   * @param waited how many pods kube-scheduler found no node for at first
   */
  private record Change(int waited, double seconds) {
    static final Change NONE = new Change(0, 0);

    Change plus(int pods, long startNanos) {
      return new Change(waited + pods, seconds + (System.nanoTime() - startNanos) / 1e9);
    }
  }

  /** What became of a set-up. */
  private record Rollout(double percentBefore, Change out, Change back, double percentAfter) {
    int waited() {
      return out.waited() + back.waited();
    }
  }

  /** Which pods waited, by UID. */
  private static final class Waits implements Watcher<Pod> {
    private final Set<String> uids = ConcurrentHashMap.newKeySet();

    @Override
    public void eventReceived(Action action, Pod pod) {
      if (Pods.whyPending(pod).isPresent()) {
        uids.add(pod.getMetadata().getUid());
      }
    }

    /** Returns how many waited since the last call. */
    int take() {
      int count = uids.size();
      uids.clear();
      return count;
    }

    @Override
    public void onClose(WatcherException cause) {
      throw new IllegalStateException("the watch of pods ended", cause);
    }

    @Override
    public void onClose() {}
  }

  @Test
  void aModelIsRolledOutAndBackOnAFullCluster() {
    Path nodes =
        NodeLists.write(
            "rollout",
            IntStream.range(0, NODES).mapToObj(i -> NodeLists.node("node-" + i, 8)).toList());
    Rollout alone;
    try (ControlPlane controlPlane = ControlPlane.start("rollout-default", nodes);
        ChildProcess scheduler = controlPlane.startScheduler("default", "")) {
      assertThat(scheduler.isAlive()).isTrue();
      alone = rollout(controlPlane, "default-scheduler");
    }
    Rollout stowage;
    try (ServedCluster cluster = new ServedCluster("rollout-stowage", nodes)) {
      stowage = rollout(cluster.controlPlane(), Pods.STOWAGE);
      cluster.controlPlane().audit();
    }
    Map.of("kube-scheduler alone", alone, "stowage", stowage)
        .forEach(
            (name, rollout) ->
                System.out.printf(
                    Locale.ROOT,
                    "%s: GPUs %.1f %%, out: %d pods waited, %.0f s; back: %d pods waited, %.0f s;"
                        + " GPUs %.1f %%%n",
                    name,
                    rollout.percentBefore(),
                    rollout.out().waited(),
                    rollout.out().seconds(),
                    rollout.back().waited(),
                    rollout.back().seconds(),
                    rollout.percentAfter()));
    assertThat(stowage.percentBefore()).isGreaterThanOrEqualTo(LEAST_PERCENT);
    assertThat(stowage.percentAfter()).isGreaterThanOrEqualTo(stowage.percentBefore());
    assertThat(stowage.waited()).isLessThanOrEqualTo(alone.waited());
  }

  private static Rollout rollout(ControlPlane controlPlane, String schedulerName) {
    KubernetesClient client = controlPlane.admin();
    apply(client, schedulerName, "1");
    awaitRolledOut(client, "1");
    fill(client, schedulerName, "four", 12, 4);
    fill(client, schedulerName, "two", 25, 2);
    fill(client, schedulerName, "one", 46, 1);
    await("what fills the cluster").until(() -> running(client) == REPLICAS + 83);
    double before = ClusterSnapshot.take(client).allocationPercent(GPU);
    Waits waits = new Waits();
    try (Watch watch = client.pods().inNamespace("default").watch(waits)) {
      assertThat(watch).isNotNull();
      Change out = Change.NONE;
      Change back = Change.NONE;
      for (int time = 1; time <= TIMES; time++) {
        String next = "next-" + time;
        long start = System.nanoTime();
        apply(client, schedulerName, next);
        awaitRolledOut(client, next);
        out = out.plus(waits.take(), start);

        start = System.nanoTime();
        apply(client, schedulerName, "worse-" + time);
        await("the roll-out to be half way")
            .pollInterval(Duration.ofMillis(100))
            .until(() -> updated(client) >= REPLICAS / 3);
        controlPlane.kubectl("rollout", "undo", "deployment/model");
        awaitRolledOut(client, next);
        back = back.plus(waits.take(), start);
      }
      ClusterSnapshot end = ClusterSnapshot.take(client);
      end.assertNoNodeOvercommitted();
      return new Rollout(before, out, back, end.allocationPercent(GPU));
    }
  }

  private static void fill(
      KubernetesClient client, String schedulerName, String name, int replicas, int gpus) {
    client.resource(deployment("fill-" + name, schedulerName, replicas, gpus, "1")).create();
  }

  private static void apply(KubernetesClient client, String schedulerName, String version) {
    client
        .resource(deployment("model", schedulerName, REPLICAS, 2, version))
        .forceConflicts()
        .serverSideApply();
  }

  private static Deployment deployment(
      String name, String schedulerName, int replicas, int gpus, String version) {
    Map<String, String> labels = Map.of("app", name);
    return new DeploymentBuilder()
        .withNewMetadata()
        .withName(name)
        .withNamespace("default")
        .endMetadata()
        .withNewSpec()
        .withReplicas(replicas)
        .withNewSelector()
        .withMatchLabels(labels)
        .endSelector()
        .withNewTemplate()
        .withNewMetadata()
        .withLabels(labels)
        .addToAnnotations(VERSION, version)
        .endMetadata()
        .withSpec(
            Pods.pod(name, schedulerName, "cpu=2,memory=4Gi,nvidia.com/gpu=" + gpus).buildSpec())
        .endTemplate()
        .endSpec()
        .build();
  }

  private static long running(KubernetesClient client) {
    return pods(client).stream()
        .filter(pod -> pod.getStatus().getPhase().equals("Running"))
        .count();
  }

  private static List<Pod> pods(KubernetesClient client) {
    return client.pods().inNamespace("default").list().getItems();
  }

  /** Returns how many replicas are of the version that was applied last. */
  private static int updated(KubernetesClient client) {
    Deployment model = model(client);
    Integer updated = model.getStatus().getUpdatedReplicas();
    boolean observed =
        model.getMetadata().getGeneration().equals(model.getStatus().getObservedGeneration());
    return updated == null || !observed ? 0 : updated;
  }

  private static Deployment model(KubernetesClient client) {
    return client.apps().deployments().inNamespace("default").withName("model").get();
  }

  /** Waits until all replicas are of a version, run, and no others are left. */
  private static void awaitRolledOut(KubernetesClient client, String version) {
    await("version " + version + " to be rolled out")
        .pollInterval(Duration.ofMillis(250))
        .until(
            () -> {
              List<Pod> model =
                  pods(client).stream()
                      .filter(pod -> "model".equals(pod.getMetadata().getLabels().get("app")))
                      .toList();
              return model.size() == REPLICAS
                  && model.stream()
                      .allMatch(
                          pod ->
                              pod.getStatus().getPhase().equals("Running")
                                  && version.equals(
                                      pod.getMetadata().getAnnotations().get(VERSION)));
            });
  }
}
