package io.stowage.extender.check;

import io.fabric8.kubernetes.api.model.Pod;
import java.util.List;

/**
 * An object that makes pods, with those that it would make.
 *
 * @param where the file with the number of the document
 * @param kind its kind
 * @param namespace its namespace
 * @param name its name
 * @param pods its pods, in order, each with a UID of its own
 * @param notes what was assumed
 */
record Workload(
    String where, String kind, String namespace, String name, List<Pod> pods, List<String> notes) {

  /** Copies the lists. */
  Workload {
    pods = List.copyOf(pods);
    notes = List.copyOf(notes);
  }
}
