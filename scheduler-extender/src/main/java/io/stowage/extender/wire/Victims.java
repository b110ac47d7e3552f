package io.stowage.extender.wire;

import java.util.List;

/**
 * The pods to be evicted from a node.
 *
 * @param podUids their UIDs
 * @param pdbViolations how many PodDisruptionBudgets that breaks
 */
public record Victims(List<String> podUids, long pdbViolations) {

  /** Copies {@code podUids}. */
  public Victims {
    podUids = List.copyOf(podUids);
  }
}
