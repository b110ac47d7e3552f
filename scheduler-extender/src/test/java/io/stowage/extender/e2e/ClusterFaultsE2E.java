package io.stowage.extender.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Pods and nodes that go while pods are on their way. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ClusterFaultsE2E {
  private static final int SHARE_NODE = 9;
  private static final String SHARE_NODE_NAME = "share-09";

  private FaultCluster cluster;

  @BeforeAll
  void start() {
    cluster = new FaultCluster("cluster-faults");
  }

  @AfterEach
  void clear() {
    cluster.clear();
  }

  @AfterAll
  void stop() {
    cluster.close();
  }

  @Test
  void halfOfTwoThousandPodsDeletedWhileBeingScheduled() {
    try (Load load = new Load(cluster.controlPlane(), "halved", 71).deleting(50)) {
      load.create(2000);
      assertThat(load.deleted()).isBetween(900, 1100);
    }
    cluster.assertNothingIsLost();
  }

  @Test
  void nodeRemovedWithPodsOnTheirWayAndBack()
      throws ExecutionException, InterruptedException, TimeoutException {
    AtomicBoolean removed = new AtomicBoolean();
    try (Load load = cluster.load("node-gone", 72).deleting(10)) {
      load.start(12);
      cluster.awaitPlaced(20);
      cluster
          .proxy()
          .before(
              verb -> {
                if (verb.equals("bind") && removed.compareAndSet(false, true)) {
                  cluster.admin().nodes().withName(SHARE_NODE_NAME).delete();
                }
              });
      for (int i = 0; i < 4; i++) {
        cluster
            .served()
            .create(
                Pods.pod(
                        "bound-there-" + i,
                        Pods.STOWAGE,
                        "cpu=100m,memory=64Mi,aliyun.com/gpu-mem=10")
                    .editSpec()
                    .addToNodeSelector("kubernetes.io/hostname", SHARE_NODE_NAME)
                    .endSpec());
      }
      await("the node to be removed").untilTrue(removed);
      cluster.awaitPlaced(20);
      cluster.createShareNode(SHARE_NODE);
      cluster.awaitPlaced(20);
      load.stop();
    }
    cluster.assertNothingIsLost();
    assertThat(cluster.served().metric("stowage_nodes"))
        .isEqualTo(cluster.admin().nodes().list().getItems().size());
  }
}
