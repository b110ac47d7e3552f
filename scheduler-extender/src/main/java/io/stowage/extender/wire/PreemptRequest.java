package io.stowage.extender.wire;

import io.fabric8.kubernetes.api.model.Pod;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The arguments of {@code preempt}, from either form of the victims.
 *
 * @param pod the pod that others are to make room for
 * @param victimsByNode the candidates by node name, in the order of the request
 */
public record PreemptRequest(Pod pod, Map<String, Victims> victimsByNode) {

  /** Copies {@code victimsByNode}. */
  public PreemptRequest {
    victimsByNode = Collections.unmodifiableMap(new LinkedHashMap<>(victimsByNode));
  }
}
