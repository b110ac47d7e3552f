package io.stowage.extender.observe;

import io.stowage.core.cluster.Pod;
import io.stowage.extender.kube.ObservedPod;
import io.stowage.extender.kube.PlacementRules;
import io.stowage.extender.kube.PodMobility;

/**
 * A pod that has not ended, with what placing it anew looks at.
 *
 * @param observed what the API server says of it
 * @param mobility where it may be, and whether it may move
 * @param deleting whether it is being deleted
 * @param team whom its GPUs are reckoned to: its namespace, or the value of a label
 */
record KnownPod(ObservedPod observed, PodMobility mobility, boolean deleting, String team) {

  Pod pod() {
    return observed.pod();
  }

  PlacementRules rules() {
    return mobility.rules();
  }

  boolean tied() {
    return mobility.tied();
  }

  boolean owned() {
    return mobility.owned();
  }

  boolean unseen() {
    return mobility.unseen();
  }

  String name() {
    return pod().namespace() + "/" + pod().name();
  }
}
