package io.stowage.extender.check;

import io.fabric8.kubernetes.api.model.Affinity;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeSelector;
import io.fabric8.kubernetes.api.model.NodeSelectorBuilder;
import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.fabric8.kubernetes.api.model.NodeSelectorTerm;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Toleration;
import io.fabric8.kubernetes.api.model.TolerationBuilder;
import io.stowage.extender.check.PodTemplates.PodTemplate;
import io.stowage.extender.kube.GpuResources;
import io.stowage.extender.kube.InvalidObjectException;
import io.stowage.extender.kube.KubernetesJson;
import io.stowage.extender.kube.NodeMarks;
import io.stowage.extender.kube.NodeReader;
import io.stowage.extender.kube.PlacementRules;
import io.stowage.extender.kube.PodReader;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * The pods that manifests would make in a cluster.
 *
 * <p>A DaemonSet makes one for each ready node that its rules and the tolerations that its
 * controller adds allow. Scheduling gates are taken for lifted.
 *
 * @param workloads the objects that make pods, in the order of the manifests
 * @param withoutPods the other manifests, each by where it is, its kind and its name
 */
record Workloads(List<Workload> workloads, List<String> withoutPods) {
  private static final JsonMapper MAPPER = KubernetesJson.mapper(new JsonFactory());
  private static final NodeReader NODES = new NodeReader(GpuResources.DEFAULT);
  private static final PodReader PODS = new PodReader(GpuResources.DEFAULT);

  /** What the DaemonSet controller lets its pods tolerate. */
  private static final List<Toleration> DAEMON_TOLERATIONS =
      Stream.of(
              "not-ready:NoExecute",
              "unreachable:NoExecute",
              "disk-pressure:NoSchedule",
              "memory-pressure:NoSchedule",
              "pid-pressure:NoSchedule",
              "unschedulable:NoSchedule")
          .map(taint -> taint.split(":", 2))
          .map(
              taint ->
                  new TolerationBuilder()
                      .withKey("node.kubernetes.io/" + taint[0])
                      .withOperator("Exists")
                      .withEffect(taint[1])
                      .build())
          .toList();

  /** Copies the lists. */
  Workloads {
    workloads = List.copyOf(workloads);
    withoutPods = List.copyOf(withoutPods);
  }

  /**
   * Reads them.
   *
   * @param nodes the cluster's nodes
   * @throws InvalidCheckException for a manifest that an API server would refuse
   */
  static Workloads of(List<Manifest> manifests, List<Node> nodes) throws InvalidCheckException {
    List<Workload> workloads = new ArrayList<>();
    List<String> withoutPods = new ArrayList<>();
    int pods = 0;
    for (Manifest manifest : manifests) {
      try {
        PodTemplates.Found found = PodTemplates.of(manifest);
        if (found.templates().isEmpty()) {
          withoutPods.add(
              "%s: %s %s%s"
                  .formatted(
                      manifest.where(),
                      manifest.kind(),
                      manifest.name(),
                      found.notes().isEmpty() ? "" : " (" + found.notes().get(0) + ")"));
          continue;
        }
        Workload workload = workload(manifest, found, nodes, pods);
        pods += workload.pods().size();
        workloads.add(workload);
      } catch (InvalidObjectException e) {
        throw new InvalidCheckException(
            "%s: %s %s: %s"
                .formatted(manifest.where(), manifest.kind(), manifest.name(), e.getMessage()));
      }
    }
    return new Workloads(workloads, withoutPods);
  }

  private static Workload workload(
      Manifest manifest, PodTemplates.Found found, List<Node> nodes, int podsBefore)
      throws InvalidObjectException {
    if (manifest.name().isEmpty()) {
      throw new InvalidObjectException("metadata.name", "expected a name, was none");
    }
    List<String> notes = new ArrayList<>(found.notes());
    List<Pod> pods = new ArrayList<>();
    for (PodTemplate template : found.templates()) {
      Pod pod = pod(manifest, template, notes);
      List<Pod> made =
          template.onEachNode() ? onEachNode(pod, nodes) : copies(pod, template, manifest);
      if (podsBefore + pods.size() + made.size() > PodTemplates.MOST_PODS) {
        throw new InvalidObjectException(
            template.path(), "expected at most " + PodTemplates.MOST_PODS + " pods in all");
      }
      pods.addAll(made);
    }
    List<Pod> withUids = new ArrayList<>();
    for (Pod pod : pods) {
      withUids.add(
          new PodBuilder(pod)
              .editMetadata()
              .withUid("check-" + (podsBefore + withUids.size()))
              .endMetadata()
              .build());
    }
    return new Workload(
        manifest.where(), manifest.kind(), manifest.namespace(), manifest.name(), withUids, notes);
  }

  private static List<Pod> copies(Pod pod, PodTemplate template, Manifest manifest) {
    boolean itself = manifest.kind().equals("Pod");
    List<Pod> copies = new ArrayList<>();
    for (int i = 0; i < template.count(); i++) {
      copies.add(itself ? pod : named(pod, pod.getMetadata().getName() + "-" + i));
    }
    return copies;
  }

  private static Pod named(Pod pod, String name) {
    return new PodBuilder(pod).editMetadata().withName(name).endMetadata().build();
  }

  /** Returns a pod of a template that reads as those of the API server do. */
  private static Pod pod(Manifest manifest, PodTemplate template, List<String> notes)
      throws InvalidObjectException {
    ObjectNode json = MAPPER.createObjectNode();
    for (String part : List.of("metadata", "spec")) {
      JsonNode value = template.template().path(part);
      if (value.isObject()) {
        json.set(part, value);
      }
    }
    Pod read;
    try {
      read = MAPPER.treeToValue(json, Pod.class);
    } catch (JacksonException e) {
      throw new InvalidObjectException(
          template.path().isEmpty() ? "spec" : template.path(),
          "expected a pod: " + e.getOriginalMessage());
    }
    boolean gated = !read.getSpec().getSchedulingGates().isEmpty();
    if (gated) {
      notes.add("Its scheduling gates are taken for lifted.");
    }
    String node = read.getSpec().getNodeName();
    Pod pod =
        new PodBuilder(read)
            .editOrNewMetadata()
            .withNamespace(manifest.namespace())
            .withName(
                template.group().isEmpty()
                    ? manifest.name()
                    : manifest.name() + "-" + template.group())
            .withUid("check")
            .withOwnerReferences()
            .withDeletionTimestamp(null)
            .endMetadata()
            .editSpec()
            .withSchedulingGates()
            .withNodeName(null)
            .endSpec()
            .withStatus(null)
            .build();
    Pod pinned = node == null || node.isEmpty() ? pod : pinned(pod, node, template.onEachNode());
    String path = template.path();
    try {
      checkAffinity(pinned);
      PODS.read(pinned);
    } catch (InvalidObjectException e) {
      throw path.isEmpty() ? e : e.within(path);
    }
    return pinned;
  }

  /** Refuses what placement rules take for granted, as API servers do. */
  private static void checkAffinity(Pod pod) throws InvalidObjectException {
    Affinity affinity = pod.getSpec().getAffinity();
    NodeSelector required =
        affinity == null || affinity.getNodeAffinity() == null
            ? null
            : affinity.getNodeAffinity().getRequiredDuringSchedulingIgnoredDuringExecution();
    if (required == null) {
      return;
    }
    String field = "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution";
    for (NodeSelectorTerm term : required.getNodeSelectorTerms()) {
      for (NodeSelectorRequirement asked :
          Stream.concat(term.getMatchExpressions().stream(), term.getMatchFields().stream())
              .toList()) {
        boolean compares = "Gt".equals(asked.getOperator()) || "Lt".equals(asked.getOperator());
        if (asked.getKey() == null || asked.getKey().isEmpty()) {
          throw new InvalidObjectException(field, "expected a key in each expression, was none");
        }
        if (compares
            && (asked.getValues().size() != 1
                || !asked.getValues().get(0).matches("-?[0-9]{1,18}"))) {
          throw new InvalidObjectException(
              field,
              "expected one whole number with %s, was %s"
                  .formatted(asked.getOperator(), asked.getValues()));
        }
      }
    }
  }

  private static List<Pod> onEachNode(Pod template, List<Node> nodes) {
    Pod tolerant =
        new PodBuilder(template)
            .editSpec()
            .addAllToTolerations(DAEMON_TOLERATIONS)
            .endSpec()
            .build();
    PlacementRules rules = PlacementRules.of(tolerant);
    List<Pod> pods = new ArrayList<>();
    for (Node node : nodes) {
      if (mayRun(rules, node)) {
        String name = node.getMetadata().getName();
        pods.add(
            pinned(named(tolerant, template.getMetadata().getName() + "-" + name), name, true));
      }
    }
    return pods;
  }

  private static boolean mayRun(PlacementRules rules, Node node) {
    io.stowage.core.cluster.Node read;
    try {
      read = NODES.read(node);
    } catch (InvalidObjectException e) {
      return false; // the cluster leaves it out too, and says so
    }
    NodeMarks marks = NodeMarks.of(node);
    return rules.refusal(read, marks.labels(), marks.taints()).isEmpty();
  }

  /** Returns a pod that may be on one node only. */
  private static Pod pinned(Pod pod, String node, boolean ofDaemonSet) {
    NodeSelector selector =
        new NodeSelectorBuilder()
            .addNewNodeSelectorTerm()
            .addNewMatchField()
            .withKey("metadata.name")
            .withOperator("In")
            .withValues(node)
            .endMatchField()
            .endNodeSelectorTerm()
            .build();
    PodBuilder pinned =
        new PodBuilder(pod)
            .editSpec()
            .editOrNewAffinity()
            .editOrNewNodeAffinity()
            .withRequiredDuringSchedulingIgnoredDuringExecution(selector)
            .endNodeAffinity()
            .endAffinity()
            .endSpec();
    return ofDaemonSet
        ? pinned
            .editMetadata()
            .withOwnerReferences(
                new OwnerReferenceBuilder()
                    .withApiVersion("apps/v1")
                    .withKind("DaemonSet")
                    .withName(pod.getMetadata().getName())
                    .withUid("check")
                    .withController(true)
                    .build())
            .endMetadata()
            .build()
        : pinned.build();
  }
}
