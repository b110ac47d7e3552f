package io.stowage.extender.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.stowage.extender.audit.ClusterObjects;
import io.stowage.extender.http.ExtenderClient;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * {@code stowage audit} on a real API server, with the right to get and list nodes and pods alone.
 * Pods are bound through the API, past every scheduler, and CPU is taken away under them.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AuditE2E {
  private static final String BARE = "bare";
  private static final Pattern METRICS =
      Pattern.compile("metrics on http://127\\.0\\.0\\.1:(\\d+)");

  private ControlPlane controlPlane;
  private Path kubeconfig;
  private int runs;

  @BeforeAll
  void start() {
    controlPlane =
        ControlPlane.start("audit", NodeLists.write("audit", List.of(NodeLists.node("kept", 2))));
    controlPlane
        .admin()
        .resource(
            ClusterObjects.node(
                BARE, "cpu=16,memory=16Gi,pods=9,aliyun.com/gpu-mem=32,aliyun.com/gpu-count=2"))
        .create();
    kubeconfig = leastRights();
  }

  @AfterEach
  void clear() {
    controlPlane.admin().pods().inNamespace("default").withGracePeriod(0).delete();
    await("pods to be gone")
        .until(
            () -> controlPlane.admin().pods().inNamespace("default").list().getItems().isEmpty());
    setCpu(16);
  }

  @AfterAll
  void stop() {
    controlPlane.close();
  }

  private Path leastRights() {
    controlPlane.kubectl(
        "create", "clusterrole", "audit", "--verb=get,list", "--resource=nodes,pods");
    controlPlane.kubectl("create", "serviceaccount", "audit", "--namespace=default");
    controlPlane.kubectl(
        "create",
        "clusterrolebinding",
        "audit",
        "--clusterrole=audit",
        "--serviceaccount=default:audit");
    return controlPlane.kubeconfigOf("default", "audit");
  }

  private ChildProcess audit(String... options) {
    List<String> command = new ArrayList<>(List.of("audit", "--kubeconfig", kubeconfig.toString()));
    command.addAll(List.of(options));
    return controlPlane.stowage("audit-" + runs++, command.toArray(String[]::new));
  }

  private void bind(String pod, String limits, Map<String, String> annotations) {
    PodBuilder builder =
        Pods.pod(pod, "nobody", limits)
            .editMetadata()
            .withAnnotations(annotations)
            .endMetadata()
            .editSpec()
            .withNodeName(BARE)
            .endSpec();
    controlPlane.admin().resource(builder.build()).create();
  }

  private void bindShare(String pod, int units, int card) {
    bind(
        pod,
        "cpu=100m,aliyun.com/gpu-mem=" + units,
        Map.of(
            "ALIYUN_COM_GPU_MEM_IDX",
            String.valueOf(card),
            "ALIYUN_COM_GPU_MEM_POD",
            String.valueOf(units),
            "ALIYUN_COM_GPU_MEM_DEV",
            "16",
            "ALIYUN_COM_GPU_MEM_ASSIGNED",
            "true"));
  }

  /** Waits until the kubelet has admitted all pods, and takes CPU away under them, or gives it. */
  private void setCpu(int cores) {
    await("pods to run")
        .until(
            () ->
                controlPlane.admin().pods().inNamespace("default").list().getItems().stream()
                    .allMatch(pod -> "Running".equals(pod.getStatus().getPhase())));
    controlPlane
        .admin()
        .nodes()
        .withName(BARE)
        .editStatus(
            node ->
                new NodeBuilder(node)
                    .editStatus()
                    .addToAllocatable("cpu", new Quantity(String.valueOf(cores)))
                    .endStatus()
                    .build());
  }

  @Test
  void cleanClusterExitsWith0() {
    bind("half", "cpu=4,memory=8Gi", Map.of());
    bindShare("share-0", 16, 0);
    bindShare("share-1", 9, 1);
    bindShare("share-2", 7, 1);
    try (ChildProcess audit = audit()) {
      assertThat(audit.exitCode()).as(audit.output()).isZero();
      assertThat(audit.output()).contains("clean: 2 nodes and 4 pods on them checked");
    }
  }

  @Test
  void overcommittedNodeAndCardAreNamedAndExitWith1() {
    bind("one", "cpu=5", Map.of());
    bind("two", "cpu=5", Map.of());
    bindShare("share-0", 10, 1);
    bindShare("share-1", 10, 1);
    bind("no-device", "aliyun.com/gpu-mem=2", Map.of());
    setCpu(8);
    try (ChildProcess audit = audit()) {
      assertThat(audit.exitCode()).as(audit.output()).isEqualTo(1);
      assertThat(audit.output())
          .contains("node bare: cpu: 10.2 asked by 4 pods, allocatable 8")
          .contains("node bare: card 1: 20 units of aliyun.com/gpu-mem given to default/share-")
          .contains("pod default/no-device on node bare: it asks for 2 units and says no device")
          .contains("3 findings");
    }
  }

  @Test
  void watchingAMetricFollowsAndTheLastStateIsTheExitCode() {
    ChildProcess audit = audit("--watch", "--port", "0", "--interval", "1");
    try (audit) {
      await("metrics to be served").until(() -> METRICS.matcher(audit.output()).find());
      Matcher port = METRICS.matcher(audit.output());
      assertThat(port.find()).isTrue();
      ExtenderClient client = new ExtenderClient(Integer.parseInt(port.group(1)));
      awaitOvercommittedNodes(client, 0);
      bind("too-much", "cpu=9", Map.of());
      setCpu(8);
      awaitOvercommittedNodes(client, 1);
      controlPlane
          .admin()
          .pods()
          .inNamespace("default")
          .withName("too-much")
          .withGracePeriod(0)
          .delete();
      awaitOvercommittedNodes(client, 0);
      setCpu(16);
      bind("too-much-again", "cpu=10", Map.of());
      setCpu(8);
      awaitOvercommittedNodes(client, 1);
    }
    assertThat(audit.exitCode()).isEqualTo(1);
    assertThat(audit.output())
        .contains("found: node bare: cpu: 9 asked by 1 pod, allocatable 8")
        .contains("gone: node bare: cpu: 9 asked by 1 pod, allocatable 8");
  }

  private static void awaitOvercommittedNodes(ExtenderClient client, int count) {
    await("%d findings in the metric".formatted(count))
        .untilAsserted(
            () ->
                assertThat(client.get("/metrics").body())
                    .contains("stowage_audit_findings{kind=\"node_overcommitted\"} " + count + ".0")
                    .containsPattern("stowage_audit_last_success_timestamp_seconds [1-9]"));
  }
}
