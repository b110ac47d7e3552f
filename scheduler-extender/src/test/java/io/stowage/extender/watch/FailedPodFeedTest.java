package io.stowage.extender.watch;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.stowage.extender.kube.GpuResources;
import io.stowage.extender.kube.InvalidObjectException;
import io.stowage.extender.kube.PodReader;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class FailedPodFeedTest {
  private final List<String> refused = new ArrayList<>();
  private final FailedPodFeed feed =
      new FailedPodFeed(
          new PodReader(GpuResources.DEFAULT),
          (pod, reason) -> refused.add(pod.pod().uid() + " on " + pod.nodeName() + ": " + reason));

  private static Pod failed(String uid, String node, String reason) {
    return new PodBuilder()
        .withNewMetadata()
        .withUid(uid)
        .withName(uid)
        .endMetadata()
        .withNewSpec()
        .withNodeName(node)
        .endSpec()
        .withNewStatus()
        .withPhase("Failed")
        .withReason(reason)
        .endStatus()
        .build();
  }

  @Test
  void onlyPodsRefusedAfterTheFirstListAreTold() throws InvalidObjectException {
    feed.put(failed("before", "n1", "UnexpectedAdmissionError"));
    feed.listed();
    feed.put(failed("after", "n1", "UnexpectedAdmissionError"));
    feed.put(failed("ran", "n1", "DeadlineExceeded"));
    feed.put(failed("nowhere", "", "UnexpectedAdmissionError"));
    feed.remove(failed("after", "n1", "UnexpectedAdmissionError"));
    feed.listed();
    feed.put(failed("later", "n2", "OutOfnvidia.com/gpu"));
    assertThat(refused)
        .containsExactly(
            "after on n1: UnexpectedAdmissionError", "later on n2: OutOfnvidia.com/gpu");
  }
}
