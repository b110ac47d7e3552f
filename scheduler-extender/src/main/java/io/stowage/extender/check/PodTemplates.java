package io.stowage.extender.check;

import io.stowage.extender.kube.InvalidObjectException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The pod templates of an object, with how many pods are made from each.
 *
 * <p>Kinds that are known by name are counted as their controllers do, with the defaults of their
 * APIs. Of others every object with {@code spec.containers} is a template, and the nearest of
 * {@code replicas}, {@code parallelism}, {@code completions} and {@code size} around it its count.
 */
final class PodTemplates {
  /** More pods than any cluster runs. */
  static final int MOST_PODS = 100_000;

  private static final List<String> COUNTS =
      List.of("replicas", "parallelism", "completions", "size");
  private static final List<String> NAMES = List.of("name", "groupName");

  /** What holds templates and makes no pods of them. */
  private static final Set<String> WITHOUT_PODS =
      Set.of(
          "/PodTemplate",
          "trainer.kubeflow.org/TrainingRuntime",
          "trainer.kubeflow.org/ClusterTrainingRuntime");

  private final List<PodTemplate> templates = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();

  /**
   * A template.
   *
   * @param group what its pods are called beside the others of the object, empty for the only ones
   * @param count how many pods are made from it, on each node where {@code onEachNode}
   * @param onEachNode whether each node that may have one gets one
   * @param path where it is in the object
   * @param template its metadata and spec
   */
  record PodTemplate(String group, int count, boolean onEachNode, String path, JsonNode template) {}

  /**
   * What was found in an object.
   *
   * @param templates the templates, in order
   * @param notes what was assumed
   */
  record Found(List<PodTemplate> templates, List<String> notes) {
    /** Copies the lists. */
    Found {
      templates = List.copyOf(templates);
      notes = List.copyOf(notes);
    }
  }

  private PodTemplates() {}

  /**
   * Finds them.
   *
   * @throws InvalidObjectException where an object of a known kind is not of its form
   */
  static Found of(Manifest manifest) throws InvalidObjectException {
    PodTemplates found = new PodTemplates();
    found.find(manifest);
    if (!found.templates.isEmpty()
        && new Field("", manifest.object()).at("spec").isTrue("suspend")) {
      found.notes.add("It is suspended: its pods are counted as if it ran.");
    }
    return new Found(found.templates, found.notes);
  }

  private void find(Manifest manifest) throws InvalidObjectException {
    String groupAndKind = manifest.group() + "/" + manifest.kind();
    Field root = new Field("", manifest.object());
    Field spec = root.at("spec");
    if (WITHOUT_PODS.contains(groupAndKind)) {
      return;
    }
    switch (groupAndKind) {
      case "/Pod" -> add("", 1, root);
      case "/ReplicationController", "apps/Deployment", "apps/ReplicaSet", "apps/StatefulSet" ->
          add("", spec.count("replicas", 1), spec.at("template"));
      case "apps/DaemonSet" -> addOnEachNode(spec.at("template"));
      case "batch/Job" -> job("", 1, spec);
      case "batch/CronJob" -> {
        job("", 1, spec.at("jobTemplate").at("spec"));
        notes.add("One run of it is counted.");
      }
      case "jobset.x-k8s.io/JobSet" -> jobSet(spec);
      case "leaderworkerset.x-k8s.io/LeaderWorkerSet" -> leaderWorkerSet(spec);
      case "ray.io/RayCluster" -> rayCluster(spec);
      case "ray.io/RayService" -> rayCluster(spec.at("rayClusterConfig"));
      case "ray.io/RayJob" -> rayJob(spec);
      case "trainer.kubeflow.org/TrainJob" -> trainJob(spec);
      default -> {
        if (!manifest.group().equals("kubeflow.org") || !replicaSpecs(spec)) {
          search(root);
        }
      }
    }
  }

  private void add(String group, int count, Field template) throws InvalidObjectException {
    if (!template.isTemplate()) {
      throw template
          .at("spec")
          .at("containers")
          .invalid("expected the containers of a pod, were none");
    }
    templates.add(
        new PodTemplate(
            group.toLowerCase(Locale.ROOT), count, false, template.path, template.node));
  }

  private void addOnEachNode(Field template) throws InvalidObjectException {
    add("", 1, template);
    templates.set(0, new PodTemplate("", 1, true, template.path, template.node));
  }

  /** Adds the pods that one of several like Jobs has at a time. */
  private void job(String group, int jobs, Field spec) throws InvalidObjectException {
    int parallelism = spec.count("parallelism", 1);
    int pods = Math.min(parallelism, spec.count("completions", parallelism));
    add(group, spec.product(jobs, pods), spec.at("template"));
  }

  private void jobSet(Field spec) throws InvalidObjectException {
    for (Field replicated : spec.at("replicatedJobs").items()) {
      job(replicated.name(), replicated.count("replicas", 1), replicated.at("template").at("spec"));
    }
  }

  private void leaderWorkerSet(Field spec) throws InvalidObjectException {
    int groups = spec.count("replicas", 1);
    Field both = spec.at("leaderWorkerTemplate");
    int size = both.count("size", 1);
    Field leader = both.at("leaderTemplate");
    if (leader.isThere()) {
      add("leader", groups, leader);
    }
    int workers = leader.isThere() ? Math.max(0, size - 1) : size;
    if (workers > 0) {
      add("worker", both.product(groups, workers), both.at("workerTemplate"));
    }
  }

  private void rayCluster(Field cluster) throws InvalidObjectException {
    add("head", 1, cluster.at("headGroupSpec").at("template"));
    Field groups = cluster.at("workerGroupSpecs");
    for (Field workers : groups.isThere() ? groups.items() : List.<Field>of()) {
      int replicas = Math.max(workers.count("replicas", 0), workers.count("minReplicas", 0));
      add(
          workers.name(),
          workers.product(replicas, workers.count("numOfHosts", 1)),
          workers.at("template"));
    }
    if (cluster.isTrue("enableInTreeAutoscaling")) {
      notes.add("Its autoscaler may add workers: those of now are counted.");
    }
  }

  private void rayJob(Field spec) throws InvalidObjectException {
    if (spec.at("rayClusterSpec").isThere()) {
      rayCluster(spec.at("rayClusterSpec"));
    }
    Field submitter = spec.at("submitterPodTemplate");
    if (submitter.isThere()) {
      add("submitter", 1, submitter);
    } else {
      notes.add("The pod that submits it is the operator's own and not counted.");
    }
  }

  private void trainJob(Field spec) throws InvalidObjectException {
    Field trainer = spec.at("trainer");
    Field resources = trainer.at("resourcesPerNode");
    if (!resources.isThere()) {
      notes.add("Its pods are those of its runtime, which it does not say: none is counted.");
      return;
    }
    notes.add("What its runtime adds to its pods is not known.");
    ObjectNode template = JsonNodeFactory.instance.objectNode();
    template
        .putObject("spec")
        .putArray("containers")
        .addObject()
        .put("name", "node")
        .set("resources", resources.node);
    add("node", trainer.count("numNodes", 1), new Field(trainer.path, template));
  }

  /** Adds the replica specs of a Kubeflow job; tells whether there are any. */
  private boolean replicaSpecs(Field spec) throws InvalidObjectException {
    for (Map.Entry<String, JsonNode> entry : spec.node.properties()) {
      if (entry.getKey().endsWith("ReplicaSpecs")) {
        Field replicaSpecs = spec.at(entry.getKey());
        for (String role : replicaSpecs.node.propertyNames()) {
          Field replicas = replicaSpecs.at(role);
          add(role, replicas.count("replicas", 1), replicas.at("template"));
        }
      }
    }
    return !templates.isEmpty();
  }

  private void search(Field root) {
    search(root, "", 1);
    if (!templates.isEmpty()) {
      notes.add(
          "Its kind is not known: every object with spec.containers is taken for pods, as many as"
              + " the nearest replicas, parallelism, completions or size says.");
    }
  }

  private void search(Field field, String group, int nearestCount) {
    if (field.isTemplate()) {
      int count = nearest(field.at("spec"), nearestCount);
      templates.add(
          new PodTemplate(group.toLowerCase(Locale.ROOT), count, false, field.path, field.node));
      return;
    }
    int count = nearest(field, nearestCount);
    for (String key : field.node.propertyNames()) {
      if (!field.path.isEmpty() || !key.equals("status")) {
        boolean says = !key.equals("spec") && !key.toLowerCase(Locale.ROOT).endsWith("template");
        search(field.at(key), says ? key : group, count);
      }
    }
    for (int i = 0; field.node.isArray() && i < field.node.size(); i++) {
      Field item = field.item(i);
      search(item, item.name().isEmpty() ? group : item.name(), count);
    }
  }

  private static int nearest(Field field, int otherwise) {
    for (String key : COUNTS) {
      JsonNode count = field.node.path(key);
      if (Field.isCount(count)) {
        return count.asInt();
      }
    }
    return otherwise;
  }

  /**
   * A value of an object.
   *
   * @param path where it is
   * @param node the value, missing where there is none
   */
  private record Field(String path, JsonNode node) {

    Field at(String key) {
      return new Field(path.isEmpty() ? key : path + "." + key, node.path(key));
    }

    Field item(int index) {
      return new Field(path + "[" + index + "]", node.path(index));
    }

    boolean isThere() {
      return !node.isMissingNode() && !node.isNull();
    }

    boolean isTrue(String key) {
      return node.path(key).isBoolean() && node.path(key).asBoolean();
    }

    /** Tells whether it has a pod's spec in it. */
    boolean isTemplate() {
      JsonNode containers = node.path("spec").path("containers");
      return containers.isArray()
          && !containers.isEmpty()
          && containers.valueStream().allMatch(JsonNode::isObject);
    }

    List<Field> items() throws InvalidObjectException {
      if (!node.isArray() || node.isEmpty()) {
        throw invalid("expected a list of at least one, was " + shown());
      }
      List<Field> items = new ArrayList<>();
      for (int i = 0; i < node.size(); i++) {
        items.add(item(i));
      }
      return items;
    }

    /** Returns what it calls itself, empty where it does not. */
    String name() {
      for (String key : NAMES) {
        if (node.path(key).isString()) {
          return node.path(key).asString();
        }
      }
      return "";
    }

    static boolean isCount(JsonNode count) {
      return count.isIntegralNumber()
          && count.canConvertToInt()
          && count.asInt() >= 0
          && count.asInt() <= MOST_PODS;
    }

    int count(String key, int otherwise) throws InvalidObjectException {
      Field count = at(key);
      if (!count.isThere()) {
        return otherwise;
      }
      if (!isCount(count.node)) {
        throw count.invalid(
            "expected a whole number from 0 to " + MOST_PODS + ", was " + count.shown());
      }
      return count.node.asInt();
    }

    int product(int one, int other) throws InvalidObjectException {
      if ((long) one * other > MOST_PODS) {
        throw invalid("expected at most %d pods, were %d x %d".formatted(MOST_PODS, one, other));
      }
      return one * other;
    }

    InvalidObjectException invalid(String expectation) {
      return new InvalidObjectException(path, expectation);
    }

    String shown() {
      return isThere() ? node.toString() : "none";
    }
  }
}
