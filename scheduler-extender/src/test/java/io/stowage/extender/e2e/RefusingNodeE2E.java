package io.stowage.extender.e2e;

import static io.stowage.extender.e2e.Pods.STOWAGE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.NodeCondition;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.ReplicaSetBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Nodes that refuse what was bound to them, and nodes that another extender serves too. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RefusingNodeE2E {
  private static final String FOREIGN = "StowageForeignExtender";
  private static final int FOREIGN_SECONDS = 20;

  private ServedCluster cluster;

  @BeforeAll
  void start() throws IOException {
    ControlPlane controlPlane =
        ControlPlane.start(
            "refusing",
            NodeLists.write(
                "refusing",
                List.of(
                    NodeLists.node("refusing-0", 4),
                    NodeLists.node("refusing-1", 4),
                    NodeLists.node("refusing-2", 4))),
            NodeLists.asShares(16));
    Path config = ControlPlane.directory().resolve("refusing-stowage.yaml");
    Files.writeString(config, "devices: {foreignExtenderSeconds: " + FOREIGN_SECONDS + "}\n");
    cluster =
        new ServedCluster(
            controlPlane, controlPlane.kubeconfig("stowage"), "--config", config.toString());
  }

  @AfterAll
  void stop() {
    assertThat(cluster.stowage().complaints()).noneMatch(line -> line.contains("the right to"));
    cluster.close();
  }

  private List<Pod> owned() {
    return cluster
        .admin()
        .pods()
        .inNamespace("default")
        .withLabel("app", "refused")
        .list()
        .getItems();
  }

  private List<Pod> inPhase(String phase) {
    return owned().stream().filter(pod -> phase.equals(pod.getStatus().getPhase())).toList();
  }

  private List<Event> nodeEvents(String node, String reason) {
    return cluster.admin().v1().events().inNamespace("default").list().getItems().stream()
        .filter(
            event ->
                reason.equals(event.getReason())
                    && node.equals(event.getInvolvedObject().getName()))
        .toList();
  }

  private String conditionStatus(String node) {
    return cluster.admin().nodes().withName(node).get().getStatus().getConditions().stream()
        .filter(condition -> FOREIGN.equals(condition.getType()))
        .map(NodeCondition::getStatus)
        .findFirst()
        .orElse("");
  }

  @Test
  void nodeThatRefusesEverythingIsAvoidedWhileTheOwnerRecreatesItsPods() {
    cluster.create(Pods.pod("probe", STOWAGE, "cpu=1,memory=1Gi,aliyun.com/gpu-mem=8"));
    String node = cluster.awaitBound("probe").getSpec().getNodeName();
    cluster
        .controlPlane()
        .kubectl("annotate", "node", node, "local.stowage.io/refuse=UnexpectedAdmissionError");
    int replicas = 12;
    cluster
        .admin()
        .resource(
            new ReplicaSetBuilder()
                .withNewMetadata()
                .withName("refused")
                .withNamespace("default")
                .endMetadata()
                .withNewSpec()
                .withReplicas(replicas)
                .withNewSelector()
                .withMatchLabels(Map.of("app", "refused"))
                .endSelector()
                .withNewTemplate()
                .withNewMetadata()
                .withLabels(Map.of("app", "refused"))
                .endMetadata()
                .withSpec(
                    Pods.pod("unused", STOWAGE, "cpu=1,memory=1Gi,aliyun.com/gpu-mem=8")
                        .build()
                        .getSpec())
                .endTemplate()
                .endSpec()
                .build())
        .create();
    await("every replica to run").until(() -> inPhase("Running").size() == replicas);
    assertThat(inPhase("Running"))
        .allSatisfy(pod -> assertThat(pod.getSpec().getNodeName()).isNotEqualTo(node));
    int refused = inPhase("Failed").size();
    System.out.printf("refused pods until %d replicas ran elsewhere: %d%n", replicas, refused);
    assertThat(refused).as("those on their way when it began").isBetween(1, replicas);
    assertThat(cluster.metric("stowage_nodes_avoided")).isEqualTo(1);
    assertThat(cluster.metric("stowage_node_refusals_total{reason=\"UnexpectedAdmissionError\"}"))
        .isGreaterThanOrEqualTo(1);
    await("the Event on the node").until(() -> nodeEvents(node, "StowageAvoidsNode").size() == 1);
    assertThat(cluster.controlPlane().kubectl("describe", "node", node))
        .contains("StowageAvoidsNode");
    cluster.admin().apps().replicaSets().inNamespace("default").withName("refused").delete();
    cluster.clear();
  }

  @Test
  void nodeOfAnotherExtenderIsToldByMetricEventAndCondition() {
    String assumed = Long.toString(System.currentTimeMillis() * 1_000_000);
    cluster.create(
        Pods.pod("foreign", "another", "cpu=1,memory=1Gi,aliyun.com/gpu-mem=8")
            .editMetadata()
            .addToAnnotations("ALIYUN_COM_GPU_MEM_IDX", "0")
            .addToAnnotations("ALIYUN_COM_GPU_MEM_ASSIGNED", "false")
            .addToAnnotations("ALIYUN_COM_GPU_MEM_ASSUME_TIME", assumed)
            .endMetadata()
            .editSpec()
            .withNodeName("refusing-2")
            .endSpec());
    await("the condition").until(() -> conditionStatus("refusing-2").equals("True"));
    await("the Event").until(() -> nodeEvents("refusing-2", FOREIGN).size() == 1);
    await("the condition to be taken back")
        .until(() -> conditionStatus("refusing-2").equals("False"));
    assertThat(cluster.metric("stowage_foreign_extender_nodes")).isZero();
    cluster.clear();
  }
}
