package io.stowage.core.bound;

import java.util.List;

/**
 * Pods that fit one node of a type together.
 *
 * @param nodeType the type's index in the problem
 * @param pods how many pods of each kind, by the kind's index
 */
record Packing(int nodeType, List<Integer> pods) {

  /** Copies {@code pods}. */
  Packing {
    pods = List.copyOf(pods);
  }
}
