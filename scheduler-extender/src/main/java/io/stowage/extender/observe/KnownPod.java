package io.stowage.extender.observe;

import io.stowage.core.cluster.Pod;
import io.stowage.extender.kube.ObservedPod;
import io.stowage.extender.kube.PlacementRules;

/**
 * A pod that has not ended, with what placing it anew looks at.
 *
 * @param observed what the API server says of it
 * @param rules which nodes it may be on
 * @param tied whether it belongs to its node, as those of DaemonSets and static pods do
 * @param owned whether a controller would make another in its stead
 * @param deleting whether it is being deleted
 * @param unseen whether pod affinity, spreading, volumes, host ports or resource claims, none of
 *     which are looked at, have a say in where it may be
 * @param team whom its GPUs are reckoned to: its namespace, or the value of a label
 */
record KnownPod(
    ObservedPod observed,
    PlacementRules rules,
    boolean tied,
    boolean owned,
    boolean deleting,
    boolean unseen,
    String team) {

  Pod pod() {
    return observed.pod();
  }

  String name() {
    return pod().namespace() + "/" + pod().name();
  }
}
