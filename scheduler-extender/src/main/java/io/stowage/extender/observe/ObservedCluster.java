package io.stowage.extender.observe;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.Pod;
import io.stowage.core.cluster.Placement;
import io.stowage.extender.explain.Amounts;
import io.stowage.extender.kube.ClusterLabels;
import io.stowage.extender.kube.GpuResources;
import io.stowage.extender.kube.InvalidObjectException;
import io.stowage.extender.kube.NodeMarks;
import io.stowage.extender.kube.NodeReader;
import io.stowage.extender.kube.ObservedPod;
import io.stowage.extender.kube.PodMobility;
import io.stowage.extender.kube.PodReader;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A cluster's nodes and pods as they were at one moment, read from Kubernetes objects or followed.
 *
 * <p>Objects that cannot be read are left out and named in the notes.
 */
public final class ObservedCluster {
  private static final int NAMED_OBJECTS = 3;

  private final List<KnownNode> nodes = new ArrayList<>();
  private final List<KnownPod> running = new ArrayList<>();
  private final List<KnownPod> waiting = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();

  private final NodeReader nodeReader = new NodeReader(GpuResources.DEFAULT);
  private final PodReader podReader = new PodReader(GpuResources.DEFAULT);
  private final List<String> unreadable = new ArrayList<>();
  private final List<KnownPod> gated = new ArrayList<>();
  private int dynamicClaims;
  private boolean mig;

  private ObservedCluster() {}

  /**
   * Reads a cluster.
   *
   * @param teamLabel the pod label that GPUs are reckoned to; null for the namespace
   */
  public static ObservedCluster read(
      Collection<Node> nodes, Collection<Pod> pods, @Nullable String teamLabel) {
    ObservedCluster cluster = new ObservedCluster();
    nodes.forEach(cluster::add);
    pods.forEach(pod -> cluster.add(pod, teamLabel));
    cluster.sort();
    cluster.note();
    return cluster;
  }

  /**
   * Takes a cluster that is being followed.
   *
   * @param bound the pods that are on nodes
   * @param waiting the pods that wait
   * @param labels what is known of nodes' labels and taints, and of pods' rules and owners
   */
  public static ObservedCluster of(
      Collection<io.stowage.core.cluster.Node> nodes,
      Collection<Placement> bound,
      Collection<ObservedPod> waiting,
      ClusterLabels labels) {
    ObservedCluster cluster = new ObservedCluster();
    nodes.forEach(node -> cluster.nodes.add(new KnownNode(node, labels.marks(node.name()))));
    for (Placement placement : bound) {
      cluster.running.add(
          known(
              ObservedPod.bound(placement.pod(), placement.nodeName(), placement.gpuDevices()),
              labels));
    }
    for (ObservedPod pod : waiting) {
      (pod.gated() ? cluster.gated : cluster.waiting).add(known(pod, labels));
    }
    cluster.sort();
    cluster.note();
    return cluster;
  }

  private static KnownPod known(ObservedPod observed, ClusterLabels labels) {
    return new KnownPod(
        observed, labels.mobility(observed.pod().uid()), false, observed.pod().namespace());
  }

  private void sort() {
    nodes.sort(Comparator.comparing(KnownNode::name));
    running.sort(Comparator.comparing(KnownPod::name));
    waiting.sort(
        Comparator.comparingInt((KnownPod pod) -> -pod.pod().priority())
            .thenComparingLong(pod -> pod.observed().creationEpochMillis())
            .thenComparing(KnownPod::name));
  }

  private void add(Node node) {
    ObjectMeta metadata = node.getMetadata();
    try {
      nodes.add(new KnownNode(nodeReader.read(node), NodeMarks.of(node)));
      mig |=
          node.getStatus().getAllocatable().keySet().stream()
              .anyMatch(resource -> resource.startsWith("nvidia.com/mig-"));
    } catch (InvalidObjectException e) {
      unreadable.add("node " + metadata.getName() + " (" + e.getMessage() + ")");
    }
  }

  private void add(Pod pod, @Nullable String teamLabel) {
    ObservedPod observed;
    try {
      observed = podReader.read(pod);
    } catch (InvalidObjectException e) {
      unreadable.add("pod " + pod.getMetadata().getName() + " (" + e.getMessage() + ")");
      return;
    }
    if (observed.ended()) {
      return;
    }
    dynamicClaims += hasAny(pod.getSpec().getResourceClaims()) ? 1 : 0;
    KnownPod known =
        new KnownPod(
            observed,
            PodMobility.of(pod),
            pod.getMetadata().getDeletionTimestamp() != null,
            team(pod, teamLabel));
    if (observed.isBound()) {
      running.add(known);
    } else if (observed.gated()) {
      gated.add(known);
    } else if (!known.deleting()) {
      waiting.add(known);
    }
  }

  private static String team(Pod pod, @Nullable String teamLabel) {
    ObjectMeta metadata = pod.getMetadata();
    if (teamLabel == null) {
      return metadata.getNamespace() == null ? "" : metadata.getNamespace();
    }
    return metadata.getLabels() == null ? "" : metadata.getLabels().getOrDefault(teamLabel, "");
  }

  private static boolean hasAny(@Nullable List<?> list) {
    return list != null && !list.isEmpty();
  }

  private void note() {
    notes.add("Allocation is what pods request; what they use is not known.");
    if (!unreadable.isEmpty()) {
      notes.add(
          "Left out because they cannot be read: "
              + String.join(", ", unreadable.subList(0, Math.min(NAMED_OBJECTS, unreadable.size())))
              + (unreadable.size() > NAMED_OBJECTS
                  ? " and " + (unreadable.size() - NAMED_OBJECTS) + " more."
                  : "."));
    }
    long unknownDevices = running.stream().filter(ObservedCluster::deviceIsUnknown).count();
    if (unknownDevices > 0) {
      notes.add(
          Amounts.count(unknownDevices, "running pod")
              + " with a share of a GPU and no device written on it: which GPU it holds is guessed,"
              + " and so is what is stranded there.");
    }
    if (nodes.stream().anyMatch(node -> hasHiddenDevices(node))) {
      notes.add(
          "Whole GPUs are counted: which device a pod holds is the device plugin's affair and not"
              + " known; sharing by time-slicing or MPS shows up as more GPUs.");
    }
    Set<String> known = new HashSet<>();
    nodes.forEach(node -> known.add(node.name()));
    long elsewhere =
        running.stream().filter(pod -> !known.contains(pod.observed().nodeName())).count();
    if (elsewhere > 0) {
      notes.add(Amounts.count(elsewhere, "pod") + " on nodes that are not listed: not counted.");
    }
    if (!gated.isEmpty()) {
      notes.add(Amounts.count(gated.size(), "gated pod") + ": not waiting for room, left out.");
    }
    if (dynamicClaims > 0) {
      notes.add(
          Amounts.count(dynamicClaims, "pod")
              + " with resource claims: devices of Dynamic Resource Allocation are not seen.");
    }
    if (mig) {
      notes.add("MIG devices are resources of their own here and not part of the GPU figures.");
    }
    long unseen = waiting.stream().filter(KnownPod::unseen).count();
    if (unseen > 0) {
      notes.add(
          Amounts.count(unseen, "waiting pod")
              + " with pod affinity, spreading, volumes, host ports or resource claims, which are"
              + " not looked at.");
    }
  }

  private static boolean deviceIsUnknown(KnownPod pod) {
    return pod.pod().shape().gpu().isShare() && pod.observed().gpuDevices().isEmpty();
  }

  private static boolean hasHiddenDevices(KnownNode node) {
    return !node.node().gpus().devices().isEmpty() && !node.node().gpus().visible();
  }

  /** Returns the kinds of the nodes that count as capacity, by name. */
  public List<WaitingPod.NodeTypeName> nodeTypes() {
    return nodes.stream()
        .filter(node -> node.node().countsAsCapacity())
        .map(KnownNode::type)
        .distinct()
        .sorted(Comparator.comparing(WaitingPod.NodeTypeName::text))
        .toList();
  }

  /** Returns the nodes by name. */
  List<KnownNode> nodes() {
    return nodes;
  }

  /** Returns the pods that are bound to a node, by name. */
  List<KnownPod> running() {
    return running;
  }

  /** Returns the pods that wait for a node, in the order of a queue: by priority, then by age. */
  List<KnownPod> waiting() {
    return waiting;
  }

  /** Returns the pods that scheduling gates keep back. */
  List<KnownPod> gated() {
    return gated;
  }

  /** Returns what the objects do not tell. */
  public List<String> notes() {
    return notes;
  }

  /** Returns where a running pod is. */
  static Placement placement(KnownPod pod) {
    return new Placement(pod.pod(), pod.observed().nodeName(), pod.observed().gpuDevices());
  }
}
