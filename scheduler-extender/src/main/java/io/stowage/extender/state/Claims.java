package io.stowage.extender.state;

import io.stowage.extender.kube.ObservedPod;
import java.util.HashSet;
import java.util.Set;

/**
 * Which volume claims are bound. One that was never heard of counts as not bound. Belongs to the
 * state's one writer.
 */
final class Claims {
  private final Set<String> bound = new HashSet<>();

  static String key(String namespace, String claimName) {
    return namespace + "/" + claimName;
  }

  /** Takes in a claim; returns whether it is bound now and was not before. */
  boolean put(String namespace, String claimName, boolean isBound) {
    String key = key(namespace, claimName);
    if (!isBound) {
      bound.remove(key);
      return false;
    }
    return bound.add(key);
  }

  void remove(String namespace, String claimName) {
    bound.remove(key(namespace, claimName));
  }

  /** Returns the keys of a pod's claims that are not bound. */
  Set<String> unbound(ObservedPod pod) {
    Set<String> keys = new HashSet<>();
    for (String name : pod.claimNames()) {
      keys.add(key(pod.pod().namespace(), name));
    }
    keys.removeAll(bound);
    return keys;
  }
}
