package io.stowage.extender.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;

/** A kube-scheduler and a Stowage that go together, as in a pod of the shipped Deployment. */
record SchedulerPair(StowageProcess stowage, ChildProcess scheduler) implements AutoCloseable {

  /** Starts both on a host of that name, with leader election by kube-scheduler's own lease. */
  static SchedulerPair start(ControlPlane controlPlane, String host, Path jar) {
    StowageProcess stowage =
        controlPlane.startStowageOn(host, jar, "leadership: {mode: kube-scheduler}\n");
    String config =
        controlPlane
            .schedulerConfig("stowage", "http://127.0.0.1:" + stowage.port())
            .replace("leaderElect: false", "leaderElect: true");
    assertThat(config).contains("leaderElect: true");
    return new SchedulerPair(stowage, controlPlane.startSchedulerOn(host, config));
  }

  /** Kills both at once. */
  void kill() {
    scheduler.kill();
    stowage.kill();
  }

  /** Stops both as the kubelet does, by SIGTERM. */
  @Override
  public void close() {
    scheduler.close();
    stowage.close();
  }
}
