package io.stowage.extender.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

/**
 * Two replicas are replaced one by one by another version, and back, as a Deployment does, while
 * pods come and go: nothing is lost, also while both versions run.
 *
 * <p>{@code -Dstowage.previous.jar=FILE} names the other version's jar, which {@code
 * deploy/previous-jar} builds.
 */
class UpgradeE2E {
  private static final int PODS_PER_SECOND = 5;
  private static final int MOST_UNDECIDED = 100;

  private final List<StowageProcess> served = new ArrayList<>();

  /** The one that has run longest is first. */
  private final Deque<SchedulerPair> replicas = new ArrayDeque<>();

  private int started;

  @Test
  void replicasAreReplacedAndTakenBackUnderLoad()
      throws ExecutionException, InterruptedException, TimeoutException {
    Path previous = Path.of(System.getProperty("stowage.previous.jar", ""));
    assertThat(previous).as("stowage.previous.jar; deploy/previous-jar builds it").isRegularFile();
    Path nodes =
        NodeLists.write(
            "upgrade", List.of(NodeLists.node("whole-0", 8), NodeLists.node("whole-1", 4)));
    try (ControlPlane controlPlane = ControlPlane.start("upgrade", nodes)) {
      controlPlane.createNodes(
          NodeLists.write(
              "upgrade-share", List.of(NodeLists.node("share-0", 2), NodeLists.node("share-1", 1))),
          NodeLists.asShares(16));
      try (Placements placements = new Placements(controlPlane.admin());
          Load load =
              new Load(controlPlane, "upgrade", 61)
                  .deleting(10)
                  .pausingAt(MOST_UNDECIDED, placements::undecided)) {
        add(controlPlane, previous);
        add(controlPlane, previous);
        awaitActive();
        load.start(PODS_PER_SECOND);
        for (Path jar : List.of(ControlPlane.jar(), ControlPlane.jar(), previous, previous)) {
          awaitPlaced(placements);
          replaceOldest(controlPlane, jar);
          awaitActive();
        }
        awaitPlaced(placements);
        load.stop();
        FinalCheck.assertNothingIsLost(controlPlane, active(), served);
        assertThat(placements.changes()).as("pods that were in two places").isEmpty();
      } finally {
        replicas.forEach(SchedulerPair::close);
      }
    }
  }

  private void add(ControlPlane controlPlane, Path jar) {
    SchedulerPair pair = SchedulerPair.start(controlPlane, "replica-" + started++, jar);
    replicas.add(pair);
    served.add(pair.stowage());
    pair.stowage().awaitReady();
  }

  private void replaceOldest(ControlPlane controlPlane, Path jar) {
    add(controlPlane, jar);
    replicas.remove().close();
  }

  private void awaitActive() {
    await("one replica to be active, see " + served.get(0).log())
        .until(
            () -> replicas.stream().filter(replica -> replica.stowage().isActive()).count() == 1);
  }

  private StowageProcess active() {
    return replicas.stream()
        .map(SchedulerPair::stowage)
        .filter(StowageProcess::isActive)
        .findFirst()
        .orElseThrow();
  }

  private static void awaitPlaced(Placements placements) {
    int count = placements.count() + 20;
    await(count + " pods to have been on a node").until(() -> placements.count() >= count);
  }
}
