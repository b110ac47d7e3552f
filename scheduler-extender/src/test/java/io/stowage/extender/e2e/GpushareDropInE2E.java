package io.stowage.extender.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.Pod;
import io.stowage.extender.http.ExtenderClient;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Stowage in the place of gpushare's scheduler extender: a real kube-scheduler with the
 * KubeSchedulerConfiguration that gpushare publishes, its address alone filled in.
 */
class GpushareDropInE2E {

  /**
   * Of AliyunContainerService/gpushare-scheduler-extender, config/scheduler-policy-config-v1.28+.
   */
  private static final String PUBLISHED =
      """
      ---
      apiVersion: kubescheduler.config.k8s.io/v1
      kind: KubeSchedulerConfiguration
      clientConnection:
        kubeconfig: /etc/kubernetes/scheduler.conf
      extenders:
      - urlPrefix: "http://127.0.0.1:32766/gpushare-scheduler"
        filterVerb: filter
        bindVerb: bind
        enableHTTPS: false
        nodeCacheCapable: true
        managedResources:
        - name: aliyun.com/gpu-mem
          ignoredByScheduler: false
        ignorable: false
      """;

  @TempDir private Path directory;

  @ParameterizedTest(name = "nodeCacheCapable {0}")
  @ValueSource(booleans = {true, false})
  void publishedConfigurationBindsSharesAndInspectShowsThem(boolean nodeCacheCapable)
      throws IOException {
    int inspectPort = freePort();
    Path config =
        Files.writeString(
            directory.resolve("stowage.yaml"), "http: {inspectPort: %d}\n".formatted(inspectPort));
    Path nodes = NodeLists.write("drop-in", List.of(NodeLists.node("share", 2)));
    try (ControlPlane controlPlane =
            ControlPlane.start("drop-in-" + nodeCacheCapable, nodes, NodeLists.asShares(15));
        StowageProcess stowage =
            controlPlane.startStowage(
                "stowage", controlPlane.kubeconfig("stowage"), "--config", config.toString())) {
      stowage.awaitReady();
      String filledIn =
          PUBLISHED
              .replace(
                  "/etc/kubernetes/scheduler.conf", controlPlane.kubeconfig("scheduler").toString())
              .replace(":32766/", ":" + stowage.port() + "/")
              .replace("nodeCacheCapable: true", "nodeCacheCapable: " + nodeCacheCapable)
              // One process on one machine: nobody to elect.
              .replace("extenders:", "leaderElection: {leaderElect: false}\nextenders:");
      try (ChildProcess scheduler = controlPlane.startSchedulerWith(filledIn)) {
        create(controlPlane, "seven", 7);
        create(controlPlane, "eight", 8);
        create(controlPlane, "fifteen", 15);
        Pod seven = awaitBound(controlPlane, "seven");
        Pod eight = awaitBound(controlPlane, "eight");
        Pod fifteen = awaitBound(controlPlane, "fifteen");
        String card = index(fifteen);
        assertThat(List.of(index(seven), index(eight))).doesNotContain(card);
        JsonNode node = inspect(inspectPort).get("nodes").get(0);
        assertThat(node.get("name").asString()).isEqualTo("share");
        assertThat(node.get("totalGPU").asInt()).isEqualTo(30);
        assertThat(node.get("usedGPU").asInt()).isEqualTo(30);
        JsonNode device = node.get("devs").get(Integer.parseInt(card));
        assertThat(podNames(device)).containsExactly("fifteen");
        assertThat(podNames(node.get("devs").get(1 - Integer.parseInt(card))))
            .containsExactlyInAnyOrder("seven", "eight");
        create(controlPlane, "none-left", 1);
        await("pod none-left to be unschedulable")
            .until(() -> Pods.whyPending(pod(controlPlane, "none-left")).isPresent());
        assertThat(scheduler.output()).doesNotContain("default/none-left\" err");
      }
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static JsonNode inspect(int port) {
    return JsonMapper.shared()
        .readTree(new ExtenderClient(port).get("/gpushare-scheduler/inspect").body());
  }

  private static List<String> podNames(JsonNode device) {
    return StreamSupport.stream(device.get("pods").spliterator(), false)
        .map(pod -> pod.get("name").asString())
        .toList();
  }

  private static String index(Pod pod) {
    return pod.getMetadata().getAnnotations().get("ALIYUN_COM_GPU_MEM_IDX");
  }

  private static void create(ControlPlane controlPlane, String name, int units) {
    controlPlane
        .admin()
        .pods()
        .resource(
            Pods.pod(name, "default-scheduler", "cpu=100m,memory=128Mi,aliyun.com/gpu-mem=" + units)
                .build())
        .create();
  }

  private static Pod pod(ControlPlane controlPlane, String name) {
    return assertThat(controlPlane.admin().pods().inNamespace("default").withName(name).get())
        .isNotNull()
        .actual();
  }

  private static Pod awaitBound(ControlPlane controlPlane, String name) {
    await("pod %s to be bound".formatted(name))
        .until(() -> ClusterSnapshot.isBound(pod(controlPlane, name)));
    return pod(controlPlane, name);
  }
}
