package io.stowage.extender.kube;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.stowage.core.cluster.GpuRequest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PodReaderTest {
  private static final KubernetesSerialization JSON = new KubernetesSerialization();
  private final PodReader reader = new PodReader(GpuResources.DEFAULT);

  private ObservedPod read(String metadata, String spec, String status)
      throws InvalidObjectException {
    return reader.read(pod(metadata, spec, status));
  }

  private static Pod pod(String metadata, String spec, String status) {
    return JSON.unmarshal(
        "{'metadata':{'name':'p','namespace':'ns','uid':'u'%s},'spec':{%s},'status':{%s}}"
            .formatted(metadata, spec, status)
            .replace('\'', '"'),
        Pod.class);
  }

  private static String asking(String requests) {
    return "'containers':[{'name':'c','resources':{'requests':{" + requests + "}}}]";
  }

  @Test
  void readsIdentityPriorityAndRequest() throws InvalidObjectException {
    ObservedPod pod = read("", "'priority':7," + asking("'cpu':'1500m','pods':'3'"), "");
    assertThat(pod.pod().uid()).isEqualTo("u");
    assertThat(pod.pod().namespace()).isEqualTo("ns");
    assertThat(pod.pod().name()).isEqualTo("p");
    assertThat(pod.pod().priority()).isEqualTo(7);
    assertThat(pod.pod().shape().request().cpuMilli()).isEqualTo(1500);
    assertThat(pod.pod().shape().request().extended()).isEmpty();
    assertThat(pod.isBound()).isFalse();
  }

  @Test
  void wholeGpusAndSharesAreToldApart() throws InvalidObjectException {
    assertThat(read("", asking("'nvidia.com/gpu':'2'"), "").pod().shape().gpu())
        .isEqualTo(GpuRequest.whole("nvidia.com/gpu", 2));
    assertThat(read("", asking("'nvidia.com/gpu':'0'"), "").pod().shape().gpu())
        .isEqualTo(GpuRequest.NONE);
    ObservedPod mig = read("", asking("'nvidia.com/mig-1g.5gb':'1'"), "");
    assertThat(mig.pod().shape().gpu()).isEqualTo(GpuRequest.NONE);
    assertThat(mig.pod().shape().request().extended("nvidia.com/mig-1g.5gb")).isEqualTo(1);
    String twoContainers =
        """
        'containers':[{'name':'a','resources':{'limits':{'aliyun.com/gpu-mem':'3'}}},
                      {'name':'b','resources':{'limits':{'aliyun.com/gpu-mem':'4'}}}]""";
    assertThat(read("", twoContainers, "").pod().shape().gpu())
        .isEqualTo(GpuRequest.share("aliyun.com/gpu-mem", 7));
  }

  @Test
  void modelsComeFromNodeSelectorAndRequiredAffinity() throws InvalidObjectException {
    String gpu = asking("'nvidia.com/gpu':'1'");
    assertThat(
            read("", "'nodeSelector':{'nvidia.com/gpu.product':'A100','zone':'a'}," + gpu, "")
                .pod()
                .shape()
                .gpuModels())
        .containsExactly("A100");
    String affinity =
        """
        'affinity':{'nodeAffinity':{'requiredDuringSchedulingIgnoredDuringExecution':
         {'nodeSelectorTerms':[%s]}}},""";
    String in =
        "{'matchExpressions':[{'key':'nvidia.com/gpu.product','operator':'In','values':['T4','V100']}]}";
    String other = "{'matchExpressions':[{'key':'zone','operator':'In','values':['a']}]}";
    assertThat(read("", affinity.formatted(in) + gpu, "").pod().shape().gpuModels())
        .containsExactly("T4", "V100");
    assertThat(read("", affinity.formatted(in + "," + other) + gpu, "").pod().shape().gpuModels())
        .as("terms are alternatives, and one of them accepts every model")
        .isEmpty();
    assertThat(read("", affinity.formatted(in) + asking("'cpu':'1'"), "").pod().shape().gpuModels())
        .as("a pod without GPU")
        .isEmpty();
  }

  @Test
  void theDeviceIsReadFromTheAnnotation() throws InvalidObjectException {
    String share = "'nodeName':'n1'," + asking("'aliyun.com/gpu-mem':'3'");
    String annotations = ",'annotations':{'ALIYUN_COM_GPU_MEM_IDX':'%s'}";
    assertThat(read(annotations.formatted("3"), share, "").gpuDevices()).containsExactly(3);
    assertThat(read(annotations.formatted("x"), share, "").gpuDevices()).isEmpty();
    assertThat(read(annotations.formatted("-1"), share, "").gpuDevices()).isEmpty();
    assertThat(read("", share, "").gpuDevices()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"Pending, false", "Running, false", "Succeeded, true", "Failed, true"})
  void terminalPhasesHoldNoRoom(String phase, boolean ended) throws InvalidObjectException {
    assertThat(read("", asking("'cpu':'1'"), "'phase':'" + phase + "'").ended()).isEqualTo(ended);
  }

  @Test
  void beingDeletedStillHoldsRoom() throws InvalidObjectException {
    assertThat(
            read(
                    ",'deletionTimestamp':'2026-01-01T00:00:00Z'",
                    "'nodeName':'n1'," + asking("'cpu':'1'"),
                    "'phase':'Running'")
                .ended())
        .isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "'affinity':{'nodeAffinity':{'preferredDuringSchedulingIgnoredDuringExecution':[{'weight':1}]}}",
        "'affinity':{'podAffinity':{'preferredDuringSchedulingIgnoredDuringExecution':[{'weight':1}]}}",
        "'affinity':{'podAntiAffinity':{'preferredDuringSchedulingIgnoredDuringExecution':[{'weight':1}]}}",
        "'topologySpreadConstraints':[{'maxSkew':1,'topologyKey':'z','whenUnsatisfiable':'ScheduleAnyway'}]",
      })
  void softPreferencesAreSeen(String spec) throws InvalidObjectException {
    assertThat(read("", spec + "," + asking("'cpu':'1'"), "").prefersNodes()).isTrue();
  }

  @Test
  void hardConstraintsAreNoPreferences() throws InvalidObjectException {
    assertThat(
            read(
                    "",
                    """
                    'topologySpreadConstraints':[{'maxSkew':1,'whenUnsatisfiable':'DoNotSchedule'}],
                    'affinity':{'podAntiAffinity':
                      {'requiredDuringSchedulingIgnoredDuringExecution':[{'topologyKey':'z'}]}},"""
                        + asking("'cpu':'1'"),
                    "")
                .prefersNodes())
        .isFalse();
  }

  @Test
  void volumeClaimsAreNamedThoseFromTemplatesIncluded() throws InvalidObjectException {
    String volumes =
        """
        'volumes':[{'name':'v','persistentVolumeClaim':{'claimName':'data'}},
                   {'name':'scratch','ephemeral':{}},{'name':'e','emptyDir':{}}],""";
    ObservedPod pod = read("", volumes + asking("'cpu':'1'"), "");
    assertThat(pod.claimNames()).containsExactly("data", "p-scratch");
    assertThat(pod.usesVolumeClaims()).isTrue();
    assertThat(read("", asking("'cpu':'1'"), "").usesVolumeClaims()).isFalse();
  }

  private static final String SHARE =
      "'containers':[{'name':'c','resources':{'limits':{'aliyun.com/gpu-mem':'3'}}}]";

  @ParameterizedTest
  @CsvSource({"false,Pending,false", "true,Pending,true", "false,Running,true", "yes,'',false"})
  void deviceIsAssignedWhenThePluginSaysSoOrNoLongerLooksForThePod(
      String annotation, String phase, boolean expected) throws InvalidObjectException {
    String annotations =
        """
        ,'annotations':{'ALIYUN_COM_GPU_MEM_IDX':'2','ALIYUN_COM_GPU_MEM_ASSIGNED':'%s',
         'ALIYUN_COM_GPU_MEM_ASSUME_TIME':'1700000000000000001','stowage.io/epoch':'7'}"""
            .formatted(annotation);
    ObservedPod pod = read(annotations, SHARE, "'phase':'" + phase + "'");
    assertThat(pod.deviceAssigned()).isEqualTo(expected);
    assertThat(pod.gpuDevices()).containsExactly(2);
    assertThat(pod.assumeEpochNanos()).isEqualTo(1_700_000_000_000_000_001L);
    assertThat(pod.epoch()).isEqualTo(7);
  }

  @Test
  void whatIsNotWrittenOnAPodOrMakesNoSenseIsNotKnown() throws InvalidObjectException {
    ObservedPod bare = read("", SHARE, "");
    assertThat(bare.epoch()).isEqualTo(ObservedPod.NO_EPOCH);
    assertThat(bare.assumeEpochNanos()).isZero();
    assertThat(bare.resourceVersion()).isZero();
    assertThat(bare.creationEpochMillis()).isZero();
    String nonsense =
        """
        ,'resourceVersion':'x1','creationTimestamp':'yesterday','annotations':{
         'ALIYUN_COM_GPU_MEM_ASSUME_TIME':'-5','stowage.io/epoch':'99999999999999999999'}""";
    assertThat(read(nonsense, SHARE, "")).isEqualTo(bare);
  }

  @Test
  void versionAgeGatesAndSchedulerAreRead() throws InvalidObjectException {
    ObservedPod pod =
        read(
            ",'resourceVersion':'123','creationTimestamp':'2026-01-02T03:04:05Z'",
            "'schedulerName':'stowage','schedulingGates':[{'name':'g'}]," + asking("'cpu':'1'"),
            "");
    assertThat(pod.resourceVersion()).isEqualTo(123);
    assertThat(pod.creationEpochMillis()).isEqualTo(1_767_323_045_000L);
    assertThat(pod.gated()).isTrue();
    assertThat(pod.schedulerName()).isEqualTo("stowage");
    assertThat(pod.with().gated(false).build().gated()).isFalse();
    assertThat(pod.with().build()).isEqualTo(pod);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "'containers':[{'name':'a','resources':{'limits':{'aliyun.com/gpu-mem':'3'}}},"
            + "{'name':'b','resources':{'limits':{'aliyun.com/gpu-mem':'4'}}}]",
        "'initContainers':[{'name':'a','resources':{'limits':{'aliyun.com/gpu-mem':'3'}}}],"
            + "'containers':[{'name':'b','resources':{'limits':{'aliyun.com/gpu-mem':'3'}}}]",
      })
  void shareInSeveralContainersCanNeverBeServed(String spec) {
    assertThat(reader.whyNeverServed(pod("", spec, "")))
        .hasValue("aliyun.com/gpu-mem in more than one container of a pod cannot be served");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "'containers':[{'name':'a','resources':{'limits':{'aliyun.com/gpu-mem':'3'}}},"
            + "{'name':'b','resources':{'limits':{'aliyun.com/gpu-mem':'0'}}}]",
        "'containers':[{'name':'a','resources':{'limits':{'nvidia.com/gpu':'3'}}},"
            + "{'name':'b','resources':{'limits':{'nvidia.com/gpu':'3'}}}]",
        "'containers':[{'name':'a'}]",
      })
  void otherPodsMayBeServed(String spec) {
    assertThat(reader.whyNeverServed(pod("", spec, ""))).isEmpty();
  }

  @Test
  void errorsNameTheField() {
    assertThatThrownBy(() -> read("", asking("'nvidia.com/gpu':'3000000000'"), ""))
        .hasMessage("requests of spec[nvidia.com/gpu]: expected a number of GPUs, was 3000000000");
    assertThatThrownBy(() -> reader.read(new Pod()))
        .hasMessage("metadata.uid: expected the pod's UID, was none");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "ReplicaSet | web-6d4b | 'pod-template-hash':'6d4b' | Deployment/ns/web 6d4b",
        "ReplicaSet | bare | 'pod-template-hash':'6d4b' |",
        "ReplicaSet | web-6d4b | 'app':'web' |",
        "StatefulSet | db | 'controller-revision-hash':'db-77' | StatefulSet/ns/db db-77",
        "DaemonSet | agent | 'controller-revision-hash':'5f' |",
        "Job | train | 'job-name':'train' |",
        "StatefulSet | llm-0 | 'leaderworkerset.sigs.k8s.io/name':'llm',"
            + "'leaderworkerset.sigs.k8s.io/worker-index':'2','controller-revision-hash':'x',"
            + "'leaderworkerset.sigs.k8s.io/template-revision-hash':'9c'"
            + "| LeaderWorkerSet/ns/llm/worker 9c",
        "StatefulSet | llm | 'leaderworkerset.sigs.k8s.io/name':'llm',"
            + "'leaderworkerset.sigs.k8s.io/worker-index':'0',"
            + "'leaderworkerset.sigs.k8s.io/template-revision-hash':'9c'"
            + "| LeaderWorkerSet/ns/llm/leader 9c"
      })
  void readsTheVersionOfTheWorkload(String kind, String owner, String labels, String expected)
      throws InvalidObjectException {
    WorkloadRevision revision =
        read(
                ",'labels':{%s},'ownerReferences':[{'kind':'%s','name':'%s','controller':true}]"
                    .formatted(labels, kind, owner),
                asking("'cpu':'1'"),
                "")
            .revision();
    assertThat(revision == null ? null : revision.workload() + " " + revision.revision())
        .isEqualTo(expected);
  }
}
