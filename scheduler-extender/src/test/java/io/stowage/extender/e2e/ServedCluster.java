package io.stowage.extender.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.ListOptions;
import io.fabric8.kubernetes.api.model.ListOptionsBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;

/** A control plane whose kube-scheduler calls Stowage through a proxy that keeps exchanges. */
final class ServedCluster implements AutoCloseable {

  private final ControlPlane controlPlane;
  private final RecordingProxy proxy = new RecordingProxy();
  private final List<Exchange> exchanges = new CopyOnWriteArrayList<>();
  private final Path stowageKubeconfig;
  private final String[] stowageOptions;
  private final List<StowageProcess> stowages = new CopyOnWriteArrayList<>();
  private ChildProcess scheduler;

  ServedCluster(String name, Path nodes, String... flags) {
    this(ControlPlane.start(name, nodes, flags));
    keepExchanges();
  }

  private ServedCluster(ControlPlane controlPlane) {
    this(controlPlane, controlPlane.kubeconfig("stowage"));
  }

  /** Serves a control plane with a Stowage that has this kubeconfig; keeps no exchanges as yet. */
  ServedCluster(ControlPlane controlPlane, Path stowageKubeconfig, String... stowageOptions) {
    this.controlPlane = controlPlane;
    this.stowageKubeconfig = stowageKubeconfig;
    this.stowageOptions = stowageOptions.clone();
    startStowage();
    scheduler = controlPlane.startScheduler("stowage", proxy.url());
  }

  /** Keeps all exchanges from now on. */
  void keepExchanges() {
    proxy.listen(exchanges::add);
  }

  /** Starts Stowage anew; kube-scheduler's requests go to it once it is ready. */
  void startStowage() {
    StowageProcess stowage =
        controlPlane.startStowage("stowage-" + stowages.size(), stowageKubeconfig, stowageOptions);
    stowages.add(stowage);
    stowage.awaitReady();
    proxy.forwardTo(stowage);
  }

  /** Kills Stowage; kube-scheduler's connections break. */
  void killStowage() {
    proxy.forwardToNobody();
    stowage().kill();
  }

  /** Restarts kube-scheduler with a configuration. */
  void restartScheduler(String config) {
    scheduler.close();
    scheduler = controlPlane.startSchedulerWith(config);
  }

  ControlPlane controlPlane() {
    return controlPlane;
  }

  KubernetesClient admin() {
    return controlPlane.admin();
  }

  /** Returns the Stowage that was started last. */
  StowageProcess stowage() {
    return stowages.get(stowages.size() - 1);
  }

  /** Returns every Stowage that was started, the first one first. */
  List<StowageProcess> stowages() {
    return List.copyOf(stowages);
  }

  ChildProcess scheduler() {
    return scheduler;
  }

  /** Kills kube-scheduler and starts it anew. */
  void killScheduler() {
    scheduler.kill();
    scheduler = controlPlane.startScheduler("stowage", proxy.url());
  }

  RecordingProxy proxy() {
    return proxy;
  }

  /** Returns what kube-scheduler and Stowage have said so far. */
  List<Exchange> exchanges() {
    return List.copyOf(exchanges);
  }

  List<Exchange> exchanges(String verb) {
    return exchanges.stream().filter(exchange -> exchange.verb().equals(verb)).toList();
  }

  Pod create(PodBuilder pod) {
    return admin().pods().resource(pod.build()).create();
  }

  /** Returns a pod of namespace default as it is now. */
  Pod pod(String name) {
    return assertThat(admin().pods().inNamespace("default").withName(name).get())
        .as("pod " + name)
        .isNotNull()
        .actual();
  }

  void deletePod(String name) {
    admin().pods().inNamespace("default").withName(name).withGracePeriod(0).delete();
  }

  /** Has the kubelets' stand-in end a pod with success. */
  void endPod(String name) {
    controlPlane.kubectl("annotate", "pod", name, "local.stowage.io/end=Succeeded");
  }

  /** Waits until a pod is on a node and returns it. */
  Pod awaitBound(String name) {
    await("pod %s to be bound".formatted(name)).until(() -> ClusterSnapshot.isBound(pod(name)));
    return pod(name);
  }

  /** Waits until a pod has been started by its kubelet and returns it. */
  Pod awaitRunning(String name) {
    await("pod %s to run".formatted(name))
        .until(() -> "Running".equals(pod(name).getStatus().getPhase()));
    return pod(name);
  }

  /** Waits until all pods run that there are, and returns them. */
  ClusterSnapshot awaitAllRunning() {
    await("all pods to run")
        .pollInterval(Duration.ofMillis(500))
        .untilAsserted(
            () ->
                assertThat(ClusterSnapshot.take(admin()).pods())
                    .allSatisfy(
                        pod ->
                            assertThat(pod.getStatus().getPhase())
                                .as("%s: %s", pod.getMetadata().getName(), Pods.whyPending(pod))
                                .isEqualTo("Running")));
    return ClusterSnapshot.take(admin());
  }

  /** Waits until kube-scheduler has found no node for a pod and returns what it says. */
  String awaitUnschedulable(String name) {
    return await("pod %s to be unschedulable".formatted(name))
        .until(() -> Pods.whyPending(pod(name)), Optional::isPresent)
        .orElseThrow();
  }

  /** Waits until every pod is on a node or was found none, and returns all. */
  ClusterSnapshot awaitDecided() {
    await("every pod to be bound or unschedulable")
        .pollInterval(Duration.ofMillis(500))
        .until(
            () ->
                ClusterSnapshot.take(admin()).pendingPods().stream()
                    .allMatch(pod -> Pods.whyPending(pod).isPresent()));
    return ClusterSnapshot.take(admin());
  }

  /**
   * Deletes all pods and waits until they are gone, for Stowage too. Some at a time: the API server
   * gives up a request that takes longer than a minute.
   */
  void clear() {
    ListOptions some = new ListOptionsBuilder().withLimit(100L).build();
    await("pods to be gone")
        .atMost(Duration.ofMinutes(5))
        .until(
            () -> {
              List<Pod> left = admin().pods().inNamespace("default").list(some).getItems();
              admin().resourceList(left).withGracePeriod(0).delete();
              return left.isEmpty()
                  && metric("stowage_bound_pods") == 0
                  && metric("stowage_pending_pods") == 0;
            });
  }

  /** Returns a metric of Stowage that has no labels. */
  double metric(String name) {
    return stowage().metric(name);
  }

  /** Returns what kube-scheduler has logged as errors about a pod of namespace default. */
  List<String> schedulerErrors(String pod) {
    return scheduler
        .output()
        .lines()
        .filter(line -> line.startsWith("E") && line.contains("default/" + pod + "\""))
        .toList();
  }

  @Override
  public void close() {
    scheduler.close();
    stowages.forEach(StowageProcess::close);
    proxy.close();
    controlPlane.close();
  }
}
