package io.stowage.extender.check;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.stowage.extender.check.CheckReport.CheckedPod;
import io.stowage.extender.check.CheckReport.CheckedWorkload;
import io.stowage.extender.explain.Amounts;
import io.stowage.extender.kube.GpuResources;
import io.stowage.extender.kube.PodMobility;
import io.stowage.extender.kube.PodReader;
import io.stowage.extender.observe.ObservedCluster;
import io.stowage.extender.observe.PlacementTrial;
import io.stowage.extender.observe.WaitingPod;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Checks whether the pods of manifests fit a cluster, all of them together, and what they leave.
 *
 * @param nodes the cluster's nodes, at least one
 * @param pods the cluster's pods
 * @param waitingFirst whether pods that wait in the cluster are placed before those of manifests
 * @param requirement what pods must do for the check to pass
 * @param bounds what must be left
 */
public record ClusterCheck(
    List<Node> nodes,
    List<Pod> pods,
    boolean waitingFirst,
    Requirement requirement,
    List<Bound> bounds) {
  private static final PodReader PODS = new PodReader(GpuResources.DEFAULT);

  /** Copies the lists. */
  public ClusterCheck {
    nodes = List.copyOf(nodes);
    pods = List.copyOf(pods);
    bounds = List.copyOf(bounds);
  }

  /**
   * Checks manifests.
   *
   * @throws InvalidCheckException where a manifest is refused, the cluster has no nodes, or a bound
   *     asks for what it never has
   */
  public CheckReport check(List<Manifest> manifests) throws InvalidCheckException {
    if (nodes.isEmpty()) {
      throw new InvalidCheckException("the cluster has no nodes");
    }
    Workloads made = Workloads.of(manifests, nodes);
    Map<String, String> neverServed = new HashMap<>();
    List<Pod> asked = new ArrayList<>();
    for (Workload workload : made.workloads()) {
      for (Pod pod : workload.pods()) {
        Optional<String> why = PODS.whyNeverServed(pod);
        why.ifPresentOrElse(
            sentence -> neverServed.put(pod.getMetadata().getUid(), sentence),
            () -> asked.add(pod));
      }
    }
    PlacementTrial trial = PlacementTrial.of(nodes, pods, asked, waitingFirst);
    Map<String, WaitingPod> outcomes = byUid(asked, trial);
    boolean allFit = trial.pods().stream().allMatch(WaitingPod::fits);
    Map<String, WaitingPod> empty = allFit ? outcomes : byUid(asked, emptied(asked));
    List<CheckedWorkload> workloads = new ArrayList<>();
    for (Workload workload : made.workloads()) {
      List<CheckedPod> checked = new ArrayList<>();
      for (Pod pod : workload.pods()) {
        String uid = pod.getMetadata().getUid();
        String never = neverServed.get(uid);
        checked.add(
            never == null
                ? checked(
                    Objects.requireNonNull(outcomes.get(uid)),
                    Objects.requireNonNull(empty.get(uid)))
                : new CheckedPod(pod.getMetadata().getName(), "", "", List.of(), false, never));
      }
      workloads.add(
          new CheckedWorkload(
              workload.where(),
              workload.kind(),
              workload.namespace(),
              workload.name(),
              checked,
              workload.notes()));
    }
    List<Bound.Outcome> judged = new ArrayList<>();
    for (Bound bound : bounds) {
      judged.add(bound.judge(trial.before(), trial.after()));
    }
    return new CheckReport(
        workloads,
        made.withoutPods(),
        requirement,
        judged,
        trial.before(),
        trial.after(),
        new CheckReport.Others(
            trial.runningPods(), trial.waitingPods(), waitingFirst, trial.waitingPlaced()),
        notes(trial));
  }

  /** Places pods beside those alone that are tied to their nodes. */
  private PlacementTrial emptied(List<Pod> asked) {
    return PlacementTrial.of(
        nodes,
        pods.stream()
            .filter(
                pod ->
                    pod.getSpec() != null
                        && pod.getSpec().getNodeName() != null
                        && PodMobility.of(pod).tied())
            .toList(),
        asked,
        false);
  }

  private static Map<String, WaitingPod> byUid(List<Pod> asked, PlacementTrial trial) {
    Map<String, WaitingPod> byUid = new HashMap<>();
    for (int i = 0; i < asked.size(); i++) {
      byUid.put(asked.get(i).getMetadata().getUid(), trial.pods().get(i));
    }
    return byUid;
  }

  private static CheckedPod checked(WaitingPod pod, WaitingPod empty) {
    String asks = Amounts.request(pod.shape(), 0);
    return pod.outcome() instanceof WaitingPod.Fits fits
        ? new CheckedPod(pod.name(), asks, fits.node(), fits.gpuDevices(), true, pod.sentence())
        : new CheckedPod(pod.name(), asks, "", List.of(), empty.fits(), pod.sentence());
  }

  private List<String> notes(PlacementTrial trial) {
    List<String> notes = new ArrayList<>();
    notes.add(
        "All pods are placed together: of DaemonSets first, the others in the order of the"
            + " manifests, by the policy of the service; nothing is preempted.");
    if (trial.waitingPods() > 0) {
      notes.add(
          Amounts.count(trial.waitingPods(), "pod")
              + (trial.waitingPods() == 1 ? " waits" : " wait")
              + " in the cluster already, "
              + (waitingFirst
                  ? trial.waitingPlaced() + " of which were placed first."
                  : "not placed first (--with-waiting)."));
    }
    long unseen = trial.pods().stream().filter(WaitingPod::unseenRules).count();
    if (unseen > 0) {
      notes.add(
          Amounts.count(unseen, "pod")
              + " of the manifests with pod affinity, spreading, volumes, host ports or resource"
              + " claims, which are not looked at.");
    }
    notes.addAll(ObservedCluster.read(nodes, pods, /* teamLabel= */ null).notes());
    return notes;
  }
}
