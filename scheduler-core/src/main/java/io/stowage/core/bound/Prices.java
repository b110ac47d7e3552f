package io.stowage.core.bound;

import java.util.Collections;
import java.util.List;

/**
 * What pods and memory cost, in nano-GPU (1e9 a GPU), each at least 0.
 *
 * @param ofKinds the price of one pod, by kind
 * @param perMib the price of a MiB of a node's memory, by node type
 */
record Prices(List<Long> ofKinds, List<Long> perMib) {

  /** Copies the lists. */
  Prices {
    ofKinds = List.copyOf(ofKinds);
    perMib = List.copyOf(perMib);
  }

  /** Returns prices of pods with memory for nothing. */
  static Prices ofPods(PackingProblem problem, List<Long> ofKinds) {
    return new Prices(ofKinds, Collections.nCopies(problem.nodeTypes().size(), 0L));
  }
}
