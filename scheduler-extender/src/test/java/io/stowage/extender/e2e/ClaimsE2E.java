package io.stowage.extender.e2e;

import static io.stowage.extender.e2e.Pods.STOWAGE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Pods whose volumes are provisioned only after kube-scheduler has chosen their node. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ClaimsE2E {
  private static final String INDEX = "ALIYUN_COM_GPU_MEM_IDX";
  private ServedCluster cluster;

  @BeforeAll
  void start() {
    cluster =
        new ServedCluster(
            "claims",
            NodeLists.write(
                "claims", List.of(NodeLists.node("two", 2), NodeLists.node("other", 2))),
            NodeLists.asShares(16));
  }

  @AfterAll
  void stop() {
    cluster.close();
  }

  private static PodBuilder share(String name, int units) {
    return Pods.pod(name, STOWAGE, "cpu=100m,memory=128Mi,aliyun.com/gpu-mem=" + units);
  }

  private static PersistentVolumeClaim slowClaim(String name) {
    return new PersistentVolumeClaimBuilder()
        .withNewMetadata()
        .withName(name)
        .withNamespace("default")
        .endMetadata()
        .withNewSpec()
        .withStorageClassName("slow")
        .withAccessModes("ReadWriteOnce")
        .withNewResources()
        .withRequests(Pods.quantities("storage=1Gi"))
        .endResources()
        .endSpec()
        .build();
  }

  private String selectedNode(String claim) {
    return cluster
        .admin()
        .persistentVolumeClaims()
        .inNamespace("default")
        .withName(claim)
        .get()
        .getMetadata()
        .getAnnotations()
        .get("volume.kubernetes.io/selected-node");
  }

  @Test
  void aPodKeepsItsRoomWhileItsVolumeIsProvisionedForAMinute() {
    for (String node : List.of("two", "other")) {
      cluster.create(
          share("base-" + node, 10)
              .editSpec()
              .addToNodeSelector("kubernetes.io/hostname", node)
              .endSpec());
    }
    cluster.awaitAllRunning();
    cluster.admin().resource(slowClaim("data")).create();
    cluster.create(
        share("with-claim", 10)
            .editSpec()
            .addToNodeSelector("kubernetes.io/hostname", "two")
            .addNewVolume()
            .withName("data")
            .withNewPersistentVolumeClaim("data", false)
            .endVolume()
            .endSpec());
    await("kube-scheduler to choose the node for the claim")
        .until(() -> "two".equals(selectedNode("data")));

    // A whole card of "other" is free, and on "two" the sums have room for two of these.
    for (int i = 0; i < 2; i++) {
      cluster.create(share("meanwhile-" + i, 8));
      assertThat(cluster.awaitBound("meanwhile-" + i).getSpec().getNodeName())
          .as("node of meanwhile-%s", i)
          .isEqualTo("other");
    }
    assertThat(ClusterSnapshot.isBound(cluster.pod("with-claim")))
        .as("bound before its claim is")
        .isFalse();

    await("the pod with the claim to run")
        .until(() -> "Running".equals(cluster.pod("with-claim").getStatus().getPhase()));
    assertThat(cluster.pod("with-claim").getMetadata().getAnnotations())
        .containsKey(INDEX)
        .as("the other card than that of base-two")
        .doesNotContainEntry(
            INDEX, cluster.pod("base-two").getMetadata().getAnnotations().get(INDEX));
    assertThat(cluster.schedulerErrors("with-claim")).isEmpty();
    ClusterSnapshot pods = ClusterSnapshot.take(cluster.admin());
    pods.assertNoNodeOvercommitted();
    pods.assertNoCardOvercommitted();
    assertThat(pods.assertCardsGivenAsAnnotated()).isEqualTo(5);
  }
}
