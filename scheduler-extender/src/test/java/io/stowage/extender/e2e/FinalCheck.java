package io.stowage.extender.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;

/** What must hold after every fault, once it is over. */
final class FinalCheck {

  private static final Duration ROUND = Duration.ofSeconds(1);

  private FinalCheck() {}

  /**
   * Waits until every pod that fits somewhere is bound and Stowage agrees with the API server, and
   * checks that no node and no card is over-committed and that nobody has logged an error.
   *
   * @param active the Stowage that serves now
   * @param all every Stowage that has served
   */
  static ClusterSnapshot assertNothingIsLost(
      ControlPlane controlPlane, StowageProcess active, List<StowageProcess> all) {
    await("every pod that fits to be bound, see " + active.log())
        .pollInterval(ROUND)
        .untilAsserted(
            () -> {
              ClusterSnapshot now = ClusterSnapshot.take(controlPlane.admin());
              now.assertNoNodeOvercommitted();
              assertThat(now.waitingThoughTheyFit()).as("wait though they fit").isEmpty();
            });
    await("no hold and no doubt to be left, see " + active.log())
        .pollInterval(ROUND)
        .untilAsserted(
            () -> {
              assertThat(active.metric("stowage_holds")).as("holds").isZero();
              assertThat(active.metric("stowage_unconfirmed_binds")).as("unconfirmed").isZero();
              assertThat(active.metric("stowage_bound_pods"))
                  .as("pods on nodes as Stowage has them")
                  .isEqualTo(ClusterSnapshot.take(controlPlane.admin()).boundPods().size());
            });
    ClusterSnapshot end = ClusterSnapshot.take(controlPlane.admin());
    end.assertNoNodeOvercommitted();
    end.assertNoCardOvercommitted();
    end.assertCardsGivenAsAnnotated();
    controlPlane.audit();
    assertThat(all)
        .allSatisfy(
            stowage ->
                assertThat(stowage.complaints())
                    .as(stowage.log().toString())
                    .noneMatch(line -> line.contains("[ERROR]")));
    return end;
  }
}
