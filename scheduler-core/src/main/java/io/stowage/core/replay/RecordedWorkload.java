package io.stowage.core.replay;

import io.stowage.core.cluster.Node;
import java.util.Comparator;
import java.util.List;

/**
 * What a log of decisions tells of a cluster.
 *
 * @param nodes the nodes, as they were seen first
 * @param pods the pods, put in the order of their arrivals
 * @param endSeconds when the log ends after its start, above 0
 */
public record RecordedWorkload(List<Node> nodes, List<RecordedPod> pods, double endSeconds) {

  /** Copies the lists; throws IllegalArgumentException for an end that is not above 0. */
  public RecordedWorkload {
    nodes = List.copyOf(nodes);
    pods = pods.stream().sorted(Comparator.comparingDouble(RecordedPod::arrivalSeconds)).toList();
    if (!(endSeconds > 0)) {
      throw new IllegalArgumentException("endSeconds must be above 0, was " + endSeconds);
    }
  }
}
