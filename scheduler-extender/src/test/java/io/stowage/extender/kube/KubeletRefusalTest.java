package io.stowage.extender.kube;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KubeletRefusalTest {

  private static Pod pod(String phase, String reason, String message) {
    return new PodBuilder()
        .withNewStatus()
        .withPhase(phase)
        .withReason(reason)
        .withMessage(message)
        .endStatus()
        .build();
  }

  @ParameterizedTest
  @CsvSource({
    "UnexpectedAdmissionError,",
    "TopologyAffinityError,",
    "OutOfcpu,",
    "OutOfnvidia.com/gpu,",
    "NodeAffinity,",
    "NodeShutdown,",
    "Evicted,Pod was rejected: The node had condition: [MemoryPressure].",
    "SomeReasonOfTomorrow,Pod was rejected: for its own reasons",
  })
  void refusedByTheKubelet(String reason, String message) {
    assertThat(KubeletRefusal.reason(pod("Failed", reason, message))).contains(reason);
  }

  @ParameterizedTest
  @CsvSource({
    "Failed,Evicted,The node was low on resource: memory.",
    "Failed,DeadlineExceeded,",
    "Failed,OutOf,",
    "Failed,,Pod was rejected: but why",
    "Running,UnexpectedAdmissionError,",
  })
  void notRefused(String phase, String reason, String message) {
    assertThat(KubeletRefusal.reason(pod(phase, reason, message))).isEmpty();
  }

  @Test
  void podWithoutAStatusIsNotRefused() {
    assertThat(KubeletRefusal.reason(new Pod())).isEmpty();
  }
}
