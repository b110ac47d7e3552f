package io.stowage.extender.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.stowage.extender.audit.ClusterObjects;
import io.stowage.extender.check.CheckReport.CheckedPod;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Small clusters whose answers are known by hand. */
class ClusterCheckTest {
  private static final String TEMPLATE =
      "{spec: {containers: [{name: c, resources: {limits: {cpu: 1, nvidia.com/gpu: 2}}}]}}";
  private static final List<Node> NODES =
      List.of(
          ClusterObjects.node("a", "cpu=8,memory=16Gi,pods=9,nvidia.com/gpu=4"),
          ClusterObjects.node("b", "cpu=8,memory=16Gi,pods=9,nvidia.com/gpu=4"));
  private static final List<Pod> PODS =
      List.of(ClusterObjects.pod("runs", "a", "cpu=1,nvidia.com/gpu=1").build());

  private static CheckReport check(String yaml, Bound... bounds) throws InvalidCheckException {
    return new ClusterCheck(NODES, PODS, false, Requirement.FITS, List.of(bounds))
        .check(ManifestReader.read("m.yaml", yaml.getBytes(StandardCharsets.UTF_8), false));
  }

  private static String deployment(int replicas) {
    return "{apiVersion: apps/v1, kind: Deployment, metadata: {name: d}, spec: {replicas: "
        + replicas
        + ", template: "
        + TEMPLATE
        + "}}";
  }

  @Test
  void threePodsOfTwoGpusFitBesideOneAndTheFourthWaits() throws InvalidCheckException {
    assertThat(check("--- \n" + deployment(3)).passed()).isTrue();
    CheckReport four = check("---\n" + deployment(4));
    assertThat(four.passed()).isFalse();
    assertThat(four.fitting()).isEqualTo(3);
    CheckedPod waits = four.workloads().get(0).pods().get(3);
    assertThat(waits.name()).isEqualTo("d-3");
    assertThat(waits.sentence()).startsWith("needs 2 GPUs, 1 core: 2 nodes have too little GPU");
    assertThat(waits.fitsEmpty()).isTrue();
  }

  @Test
  void oneGpuIsLeftWhichThePodThatRunsCouldUse() throws InvalidCheckException {
    CheckReport report = check("---\n" + deployment(3), Bound.MaxStranded.of(0));
    assertThat(CheckReport.wholeGpus(report.before())).isEqualTo(7);
    assertThat(CheckReport.wholeGpus(report.after())).isEqualTo(1);
    assertThat(CheckReport.wholeNodes(report.before())).isEqualTo(1);
    assertThat(CheckReport.wholeNodes(report.after())).isZero();
    assertThat(report.bounds().get(0).kept()).isTrue();
  }

  @Test
  void minFreeCountsPlacesOfThatManyGpus() throws InvalidCheckException {
    assertThat(check("---\n" + deployment(1), Bound.MinFree.of("3xany:1")).passed()).isTrue();
    assertThat(check("---\n" + deployment(3), Bound.MinFree.of("2xany:1")).passed()).isFalse();
    assertThatThrownBy(() -> check("---\n" + deployment(1), Bound.MinFree.of("8xA100:1")))
        .hasMessage("--min-free: no node has GPUs of model 'A100'; there are none");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          batch/v1 | Job | {parallelism: 3, completions: 2, template: T} | 2
          batch/v1 | CronJob | {jobTemplate: {spec: {parallelism: 2, template: T}}} | 2
          apps/v1 | StatefulSet | {replicas: 2, template: T} | 2
          apps/v1 | DaemonSet | {template: T} | 2
          jobset.x-k8s.io/v1alpha2 | JobSet | {replicatedJobs: [{name: w, replicas: 2, template: {spec: {parallelism: 3, template: T}}}]} | 6
          kubeflow.org/v1 | PyTorchJob | {pytorchReplicaSpecs: {Master: {template: T}, Worker: {replicas: 2, template: T}}} | 3
          ray.io/v1 | RayCluster | {headGroupSpec: {template: T}, workerGroupSpecs: [{groupName: g, replicas: 2, numOfHosts: 2, template: T}]} | 5
          leaderworkerset.x-k8s.io/v1 | LeaderWorkerSet | {replicas: 2, leaderWorkerTemplate: {size: 3, workerTemplate: T}} | 6
          trainer.kubeflow.org/v1alpha1 | TrainJob | {trainer: {numNodes: 2, resourcesPerNode: {limits: {nvidia.com/gpu: 1}}}} | 2
          batch.volcano.sh/v1alpha1 | Job | {tasks: [{name: w, replicas: 2, template: T}]} | 2
          v1 | Service | {ports: [{port: 1}]} | 0
          """)
  void podsOfEachKind(String apiVersion, String kind, String spec, int pods)
      throws InvalidCheckException {
    CheckReport report =
        check(
            "---\n{apiVersion: "
                + apiVersion
                + ", kind: "
                + kind
                + ", metadata: {name: x}, spec: "
                + spec.replace("template: T", "template: " + TEMPLATE)
                    .replace("Template: T", "Template: " + TEMPLATE)
                + "}");
    assertThat(report.podCount()).isEqualTo(pods);
    assertThat(report.withoutPods()).hasSize(pods == 0 ? 1 : 0);
  }

  @Test
  void whatIsMalformedIsNamedWithItsDocument() {
    assertThatThrownBy(() -> check("---\n" + deployment(1) + "\n---\nkind: Pod\n"))
        .isInstanceOf(InvalidCheckException.class)
        .hasMessageStartingWith("m.yaml document 2: expected a Kubernetes object with apiVersion");
    assertThatThrownBy(() -> check("---\n" + deployment(-1)))
        .hasMessage(
            "m.yaml document 1: Deployment d: spec.replicas: expected a whole number from 0 to"
                + " 100000, was -1");
  }
}
