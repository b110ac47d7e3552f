package io.stowage.extender.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.JobSpec;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * The chart is installed on a real API server, Stowage and kube-scheduler run by its settings with
 * the rights of its account, place the shipped examples and roll one out and back; then it is all
 * removed.
 *
 * <p>Nothing here runs containers, so both run as processes. Of kinds whose operators are not here
 * the test makes the pods, or the Job, that the operator would.
 */
class ChartE2E {
  private static final int EXAMPLE_PODS = 36;
  private static final String KINDS =
      "deployments,services,configmaps,secrets,serviceaccounts,roles,rolebindings,poddisruptionbudgets,"
          + "clusterroles,clusterrolebindings,flowschemas,validatingadmissionpolicies,"
          + "validatingadmissionpolicybindings";

  private final Path deploy =
      Objects.requireNonNull(
          Path.of(System.getProperty("stowage.local"))
              .toAbsolutePath()
              .resolve("../../..")
              .normalize());

  @Test
  void installedItPlacesTheExamplesRollsOutAndBackAndRemovedItLeavesNothing() throws IOException {
    Path nodes =
        NodeLists.write(
            "chart",
            List.of(
                NodeLists.node("gpu-0", 8),
                NodeLists.node("gpu-1", 8),
                NodeLists.node("gpu-2", 8),
                NodeLists.node("gpu-3", 8),
                NodeLists.node("cpu-0", 0),
                NodeLists.node("cpu-1", 0)));
    try (ControlPlane controlPlane = ControlPlane.start("chart", nodes)) {
      controlPlane.createNodes(
          NodeLists.write("chart-share", List.of(NodeLists.node("share-0", 2))),
          NodeLists.asShares(16));
      KubernetesClient client = controlPlane.admin();
      overlaysAreAccepted(controlPlane);
      // Takes over what the control plane comes with under the same names.
      helm(controlPlane, "install", "stowage", chart(), "--take-ownership");
      Path account = controlPlane.kubeconfigOf("kube-system", "stowage");
      String settings =
          configMap(client, "stowage", "stowage.yaml").replaceAll("(?m)^http:\\n(  .*\\n)+", "");
      try (StowageProcess stowage = controlPlane.startStowageWith("stowage", account, settings)) {
        stowage.awaitReady();
        String scheduler =
            configMap(client, "stowage-kube-scheduler", "kube-scheduler.yaml")
                .replace("clientConnection:", "clientConnection:\n  kubeconfig: " + account)
                .replaceAll(
                    "urlPrefix: .*",
                    "urlPrefix: http://127.0.0.1:" + stowage.port() + "/scheduler");
        try (ChildProcess process = controlPlane.startSchedulerWith(scheduler)) {
          await("Stowage to be active, see " + process.log())
              .until(() -> stowage.metric("stowage_leader_active") == 1);
          runExamples(controlPlane, client);
          rollOutAndBack(controlPlane, client);
          upgradeAndBack(controlPlane, client);
        }
        assertThat(stowage.complaints()).isEmpty();
      }
      remove(controlPlane, client);
    }
  }

  private String chart() {
    return deploy.resolve("helm/stowage").toString();
  }

  private void helm(ControlPlane controlPlane, String... arguments) {
    Path program = deploy.resolve("helm/target/helm");
    assertThat(program).as("helm; deploy/helm/check installs it").isExecutable();
    List<String> command = new ArrayList<>(List.of(program.toString()));
    command.addAll(List.of(arguments));
    command.addAll(
        List.of("--namespace=kube-system", "--kubeconfig=" + controlPlane.kubeconfig("admin")));
    Path log = ControlPlane.directory().resolve("chart").resolve("helm.log");
    try (ChildProcess helm = ChildProcess.start(log, Map.of(), command)) {
      assertThat(helm.exitCode()).as(command + ": " + helm.output()).isZero();
    }
  }

  private void overlaysAreAccepted(ControlPlane controlPlane) throws IOException {
    try (Stream<Path> overlays = Files.list(deploy.resolve("kustomize/overlays"))) {
      overlays.forEach(
          overlay ->
              controlPlane.kubectl(
                  "apply",
                  "--server-side",
                  "--force-conflicts",
                  "--dry-run=server",
                  "-k",
                  overlay.toString()));
    }
  }

  private static void rollOutAndBack(ControlPlane controlPlane, KubernetesClient client) {
    String deployment = "deployment/ranker-stable";
    controlPlane.kubectl("set", "image", deployment, "server=registry.example.com/ranker:3");
    controlPlane.kubectl("rollout", "status", deployment, "--timeout=2m");
    assertThat(images(client)).containsOnly("registry.example.com/ranker:3").hasSize(9);
    controlPlane.kubectl("rollout", "undo", deployment);
    controlPlane.kubectl("rollout", "status", deployment, "--timeout=2m");
    assertThat(images(client)).containsOnly("registry.example.com/ranker:1").hasSize(9);
    ClusterSnapshot.take(client).assertNoNodeOvercommitted();
  }

  private static List<String> images(KubernetesClient client) {
    return client
        .pods()
        .inNamespace("default")
        .withLabel("app", "ranker")
        .withLabel("track", "stable")
        .list()
        .getItems()
        .stream()
        .filter(pod -> pod.getMetadata().getDeletionTimestamp() == null)
        .map(pod -> pod.getSpec().getContainers().get(0).getImage())
        .toList();
  }

  private void upgradeAndBack(ControlPlane controlPlane, KubernetesClient client) {
    String before = configMap(client, "stowage", "stowage.yaml");
    String epoch = fenceEpoch(client);
    helm(controlPlane, "upgrade", "stowage", chart(), "--set", "config.holdSeconds=45");
    assertThat(configMap(client, "stowage", "stowage.yaml")).contains("holdSeconds: 45");
    helm(controlPlane, "rollback", "stowage", "1");
    assertThat(configMap(client, "stowage", "stowage.yaml")).isEqualTo(before);
    assertThat(fenceEpoch(client)).as("what the active replica wrote stays").isEqualTo(epoch);
  }

  private static String fenceEpoch(KubernetesClient client) {
    return configMap(client, "stowage-fence", "epoch");
  }

  private static String configMap(KubernetesClient client, String name, String key) {
    return client
        .configMaps()
        .inNamespace("kube-system")
        .withName(name)
        .require()
        .getData()
        .get(key);
  }

  private void runExamples(ControlPlane controlPlane, KubernetesClient client) throws IOException {
    Path examples = deploy.resolve("examples/workloads");
    for (String name : List.of("serving", "canary", "notebook", "preprocessing", "experiments")) {
      controlPlane.kubectl(
          "apply", "--server-side", "-f", examples.resolve(name + ".yaml").toString());
    }
    controlPlane.kubectl("create", "job", "nightly-now", "--from=cronjob/nightly");
    trainingOperator(client, read(examples.resolve("pytorchjob.yaml")));
    jobSetController(client, read(examples.resolve("jobset.yaml")));
    rayOperator(client, read(examples.resolve("rayjob.yaml")));

    await("the pods of all examples to run")
        .pollInterval(Duration.ofMillis(500))
        .until(() -> started(client) == EXAMPLE_PODS);

    List<Pod> pods = pods(client);
    assertThat(pods)
        .allSatisfy(pod -> assertThat(pod.getSpec().getSchedulerName()).isEqualTo("stowage"));
    assertThat(pods)
        .filteredOn(pod -> pod.getMetadata().getName().startsWith("classifier"))
        .as("shares of 4 of a card's 16 are on one card")
        .extracting(pod -> pod.getMetadata().getAnnotations().get("ALIYUN_COM_GPU_MEM_IDX"))
        .containsOnly("0")
        .hasSize(3);
    ClusterSnapshot.take(client).assertNoNodeOvercommitted();
    controlPlane.audit();
  }

  private static JsonNode read(Path file) throws IOException {
    return YAMLMapper.builder().build().readTree(Files.readString(file));
  }

  /** Returns how many pods run, or have run. */
  private static long started(KubernetesClient client) {
    return pods(client).stream()
        .filter(pod -> List.of("Running", "Succeeded").contains(pod.getStatus().getPhase()))
        .count();
  }

  private static List<Pod> pods(KubernetesClient client) {
    return client.pods().inNamespace("default").list().getItems();
  }

  /** Makes the pods of a PyTorchJob. */
  private static void trainingOperator(KubernetesClient client, JsonNode job) {
    String name = job.at("/metadata/name").asString();
    for (Map.Entry<String, JsonNode> replicas : job.at("/spec/pytorchReplicaSpecs").properties()) {
      String type = replicas.getKey().toLowerCase(Locale.ROOT);
      for (int i = 0; i < replicas.getValue().path("replicas").asInt(); i++) {
        create(
            client,
            name + "-" + type + "-" + i,
            replicas.getValue().path("template"),
            Map.of(
                "training.kubeflow.org/job-name", name,
                "training.kubeflow.org/replica-type", type,
                "training.kubeflow.org/replica-index", String.valueOf(i)));
      }
    }
  }

  /** Makes the Jobs of a JobSet. */
  private static void jobSetController(KubernetesClient client, JsonNode jobSet) {
    String name = jobSet.at("/metadata/name").asString();
    for (JsonNode replicated : jobSet.at("/spec/replicatedJobs")) {
      JobSpec spec =
          client
              .getKubernetesSerialization()
              .unmarshal(replicated.at("/template/spec").toString(), JobSpec.class);
      client
          .resource(
              new JobBuilder()
                  .withNewMetadata()
                  .withName(name + "-" + replicated.path("name").asString() + "-0")
                  .withNamespace("default")
                  .endMetadata()
                  .withSpec(spec)
                  .build())
          .create();
    }
  }

  /** Makes the pods of a RayJob's cluster. */
  private static void rayOperator(KubernetesClient client, JsonNode job) {
    String name = job.at("/metadata/name").asString();
    JsonNode cluster = job.at("/spec/rayClusterSpec");
    create(
        client,
        name + "-head",
        cluster.at("/headGroupSpec/template"),
        Map.of("ray.io/cluster", name, "ray.io/node-type", "head"));
    for (JsonNode group : cluster.path("workerGroupSpecs")) {
      for (int i = 0; i < group.path("replicas").asInt(); i++) {
        create(
            client,
            name + "-worker-" + i,
            group.path("template"),
            Map.of("ray.io/cluster", name, "ray.io/node-type", "worker"));
      }
    }
  }

  private static void create(
      KubernetesClient client, String name, JsonNode template, Map<String, String> labels) {
    PodTemplateSpec pod =
        client.getKubernetesSerialization().unmarshal(template.toString(), PodTemplateSpec.class);
    client
        .resource(
            new PodBuilder()
                .withNewMetadata()
                .withName(name)
                .withNamespace("default")
                .withLabels(labels)
                .endMetadata()
                .withSpec(pod.getSpec())
                .build())
        .create();
  }

  private void remove(ControlPlane controlPlane, KubernetesClient client) {
    List<String> running = names(client);
    client.resource(Pods.pod("late", Pods.STOWAGE, "cpu=1").build()).create();
    helm(controlPlane, "uninstall", "stowage", "--wait");
    controlPlane.kubectl("delete", "lease", "stowage", "--namespace=kube-system");
    await("all that was installed to be gone")
        .untilAsserted(
            () ->
                assertThat(
                        controlPlane.kubectl(
                            "get",
                            KINDS,
                            "--all-namespaces",
                            "--selector=app.kubernetes.io/name=stowage",
                            "--output=name"))
                    .isBlank());
    assertThat(names(client)).as("what ran goes on").containsAll(running).contains("late");
    Pod late = client.pods().inNamespace("default").withName("late").get();
    assertThat(late.getStatus().getPhase()).isEqualTo("Pending");
    client.resource(late).delete();
    await("the pod that waited to be deleted").until(() -> !names(client).contains("late"));
  }

  private static List<String> names(KubernetesClient client) {
    List<String> names = new ArrayList<>();
    pods(client).forEach(pod -> names.add(pod.getMetadata().getName()));
    return names;
  }
}
