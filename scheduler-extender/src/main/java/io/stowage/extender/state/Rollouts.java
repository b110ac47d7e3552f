package io.stowage.extender.state;

import io.stowage.core.cluster.PodShape;
import io.stowage.core.plan.Demand;
import io.stowage.extender.kube.ObservedPod;
import io.stowage.extender.kube.WorkloadRevision;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Workloads whose pods are of more than one version: one is being rolled out, or back, and each pod
 * of an older version will be followed by one of the version whose pod was created last. Belongs to
 * the state's one writer.
 */
final class Rollouts {
  /**
   * For how long pods are expected after the last one came: a Deployment's default
   * progressDeadlineSeconds. Roll-outs that pause half way would have room kept for ever.
   */
  static final Duration PROGRESS_DEADLINE = Duration.ofMinutes(10);

  private final Map<String, WorkloadRevision> revisionByUid = new HashMap<>();

  private final Map<String, Map<String, Tally>> byWorkload = new LinkedHashMap<>();

  private static final class Tally {
    private int pods;
    private long newestEpochMillis;
    private long cameNanos;
    private PodShape shape;

    private Tally(PodShape shape) {
      this.shape = shape;
    }
  }

  /** Takes in a pod that waits or is bound. */
  void seen(ObservedPod observed, long nowNanos) {
    String uid = observed.pod().uid();
    WorkloadRevision revision = observed.revision();
    if (revision == null || revisionByUid.putIfAbsent(uid, revision) != null) {
      return;
    }
    Map<String, Tally> tallies =
        byWorkload.computeIfAbsent(revision.workload(), added -> new LinkedHashMap<>());
    Tally tally =
        tallies.computeIfAbsent(revision.revision(), added -> new Tally(observed.pod().shape()));
    tally.pods++;
    tally.cameNanos = nowNanos;
    if (observed.creationEpochMillis() >= tally.newestEpochMillis) {
      tally.newestEpochMillis = observed.creationEpochMillis();
      tally.shape = observed.pod().shape();
    }
  }

  /** Takes in that a pod is gone. */
  void gone(String uid) {
    WorkloadRevision revision = revisionByUid.remove(uid);
    if (revision == null) {
      return;
    }
    byWorkload.computeIfPresent(
        revision.workload(),
        (workload, tallies) -> {
          tallies.computeIfPresent(
              revision.revision(), (hash, tally) -> --tally.pods == 0 ? null : tally);
          return tallies.isEmpty() ? null : tallies;
        });
  }

  /** Returns the pods that are still to come, of the roll-outs that have not stopped. */
  List<Demand> expected(long nowNanos) {
    List<Demand> demands = new ArrayList<>();
    for (Map<String, Tally> tallies : byWorkload.values()) {
      if (tallies.size() > 1) {
        Tally newest =
            Collections.max(
                tallies.values(), Comparator.comparingLong(tally -> tally.newestEpochMillis));
        if (nowNanos - newest.cameNanos < PROGRESS_DEADLINE.toNanos()) {
          int pods = tallies.values().stream().mapToInt(tally -> tally.pods).sum();
          demands.add(Demand.announced(newest.shape, pods - newest.pods));
        }
      }
    }
    return demands;
  }
}
