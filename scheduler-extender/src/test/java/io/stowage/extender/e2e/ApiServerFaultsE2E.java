package io.stowage.extender.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/** An API server that is away, slow, refuses, loses answers or ends watches, under load. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ApiServerFaultsE2E {
  private static final int PODS_PER_SECOND = 12;
  private static final int PODS_OF_A_FAULT = 40;
  private static final double FAULTY = 0.3;

  /** Tries of one binding that fails three times of ten, and those of pods deleted meanwhile. */
  private static final int WRITES_PER_POD = 4;

  private FaultCluster cluster;

  @BeforeAll
  void start() {
    cluster = new FaultCluster("api-server-faults");
  }

  @AfterEach
  void clear() {
    cluster.clear();
  }

  @AfterAll
  void stop() {
    cluster.close();
  }

  /** What happens while pods keep coming. */
  @FunctionalInterface
  private interface Trouble {
    void run();
  }

  /** Places pods, then more with trouble, then more without, and checks that nothing is lost. */
  private void underLoad(String prefix, long seed, Trouble trouble)
      throws ExecutionException, InterruptedException, TimeoutException {
    try (Load load = cluster.load(prefix, seed).deleting(10)) {
      load.start(PODS_PER_SECOND);
      cluster.awaitPlaced(PODS_OF_A_FAULT / 2);
      trouble.run();
      cluster.api().noFaults();
      cluster.awaitPlaced(PODS_OF_A_FAULT / 2);
      load.stop();
    }
    cluster.assertNothingIsLost();
  }

  /** Has requests fail, each by itself with the same chance. */
  private Function<ApiRequest, Fault> sometimes(long seed, Fault fault) {
    Random random = new Random(seed);
    return request -> random.nextDouble() < FAULTY ? fault : Fault.NONE;
  }

  @Test
  void awayForHalfAMinute() throws ExecutionException, InterruptedException, TimeoutException {
    underLoad(
        "away", 51, () -> cluster.controlPlane().restart("kube-apiserver", Duration.ofSeconds(30)));
  }

  @Test
  void awayForStowageAlone() throws ExecutionException, InterruptedException, TimeoutException {
    underLoad(
        "cut-off",
        52,
        () -> {
          long bindings = cluster.api().count("POST pods/binding");
          cluster.api().faults(request -> Fault.BREAK);
          assertThat(cluster.api().cutWatches()).isGreaterThanOrEqualTo(2);
          await("pods to be tried in vain")
              .until(() -> cluster.api().count("POST pods/binding") >= bindings + 100);
        });
  }

  @Test
  void slowByTwoSeconds() throws ExecutionException, InterruptedException, TimeoutException {
    underLoad(
        "slow",
        53,
        () -> {
          cluster.api().faults(request -> new Fault.Delay(Duration.ofSeconds(2)));
          cluster.awaitPlaced(PODS_OF_A_FAULT);
        });
  }

  @TestFactory
  Stream<DynamicTest> answersWithAnError() {
    return Stream.of(429, 409, 500)
        .map(
            status ->
                DynamicTest.dynamicTest(
                    "status " + status,
                    () -> {
                      try {
                        answersWith(status);
                      } finally {
                        cluster.clear();
                      }
                    }));
  }

  private void answersWith(int status)
      throws ExecutionException, InterruptedException, TimeoutException {
    underLoad(
        "status-" + status,
        status,
        () -> {
          long bindings = cluster.api().count("POST pods/binding");
          int placed = cluster.placements().count();
          cluster.api().faults(sometimes(status, new Fault.Answer(status)));
          cluster.awaitPlaced(PODS_OF_A_FAULT);
          assertThat(cluster.api().count("POST pods/binding") - bindings)
              .as("bindings written")
              .isLessThan((long) WRITES_PER_POD * (cluster.placements().count() - placed));
        });
  }

  @Test
  void answersToBindingsAreLost()
      throws ExecutionException, InterruptedException, TimeoutException {
    Function<ApiRequest, Fault> lost = sometimes(54, Fault.LOSE_ANSWER);
    underLoad(
        "lost",
        54,
        () -> {
          cluster.api().faults(request -> request.isBinding() ? lost.apply(request) : Fault.NONE);
          cluster.awaitPlaced(PODS_OF_A_FAULT);
        });
  }

  @Test
  void watchesAreCut() throws ExecutionException, InterruptedException, TimeoutException {
    underLoad("cut", 55, () -> disturbWatches(cluster.api()::cutWatches));
  }

  @Test
  void watchesEndWithGone() throws ExecutionException, InterruptedException, TimeoutException {
    underLoad("gone", 56, () -> disturbWatches(cluster.api()::expireWatches));
  }

  private void disturbWatches(Runnable disturb) {
    int watches = cluster.api().watches();
    assertThat(watches).isGreaterThanOrEqualTo(2);
    for (int i = 0; i < 3; i++) {
      disturb.run();
      cluster.awaitPlaced(PODS_OF_A_FAULT / 4);
      await("Stowage to watch again").until(() -> cluster.api().watches() >= watches);
    }
  }
}
