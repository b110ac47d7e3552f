package io.stowage.extender.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** kube-schedulers that die, or that decide at the same time. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SchedulerFaultsE2E {
  private static final int PODS_PER_SECOND = 12;
  private static final int PODS = 60;

  private FaultCluster cluster;

  @BeforeAll
  void start() {
    cluster = new FaultCluster("scheduler-faults");
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
  void schedulerKilledUnderLoad()
      throws ExecutionException, InterruptedException, TimeoutException {
    try (Load load = cluster.load("killed", 61).deleting(10)) {
      load.start(PODS_PER_SECOND);
      for (int i = 0; i < 3; i++) {
        cluster.awaitPlaced(PODS / 3);
        cluster.served().killScheduler();
      }
      cluster.awaitPlaced(PODS / 3);
      load.stop();
    }
    cluster.assertNothingIsLost();
  }

  @Test
  void twoSchedulersAskAtOnce() throws ExecutionException, InterruptedException, TimeoutException {
    ControlPlane controlPlane = cluster.controlPlane();
    String config = controlPlane.schedulerConfig("stowage", cluster.proxy().url());
    try (ChildProcess second = controlPlane.startSchedulerWith("kube-scheduler-second", config);
        Load load = new Load(controlPlane, "two", 62).deleting(10)) {
      load.create(PODS);
      load.start(2 * PODS_PER_SECOND);
      cluster.awaitPlaced(2 * PODS);
      load.stop();
      cluster.assertNothingIsLost();
      assertThat(second.isAlive()).as("the second kube-scheduler").isTrue();
    }
  }

  @Test
  void defaultSchedulerFillsTheSameNodes()
      throws ExecutionException, InterruptedException, TimeoutException {
    ControlPlane controlPlane = cluster.controlPlane();
    String config = controlPlane.schedulerConfig("default", "");
    try (ChildProcess other = controlPlane.startSchedulerWith("kube-scheduler-default", config);
        Load mine = new Load(controlPlane, "mine", 63).deleting(10);
        Load theirs = new Load(controlPlane, "theirs", "default-scheduler", 64).withoutShares()) {
      mine.start(2 * PODS_PER_SECOND);
      theirs.start(2 * PODS_PER_SECOND);
      cluster.awaitPlaced(2 * PODS);
      mine.stop();
      theirs.stop();
      cluster.assertNothingIsLost();
      assertThat(other.isAlive()).as("the other kube-scheduler").isTrue();
    }
  }
}
