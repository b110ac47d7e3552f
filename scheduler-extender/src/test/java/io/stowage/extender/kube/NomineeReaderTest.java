package io.stowage.extender.kube;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NomineeReaderTest {
  private static final KubernetesSerialization JSON = new KubernetesSerialization();
  private static final String GPU =
      "'containers':[{'resources':{'limits':{'nvidia.com/gpu':'1'}}}]";
  private final PodReader reader = new PodReader(GpuResources.DEFAULT);

  private Nominee read(String metadata, String spec, String status) throws InvalidObjectException {
    return reader
        .read(
            JSON.unmarshal(
                "{'metadata':{'name':'p','namespace':'ns','uid':'u'%s},'spec':{%s},'status':{%s}}"
                    .formatted(metadata, spec, status)
                    .replace('\'', '"'),
                Pod.class))
        .nominee();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        GPU,
        GPU + ",'nodeSelector':{'nvidia.com/gpu.product':'T4'}",
        GPU + ",'volumes':[{'name':'v','configMap':{'name':'c'}}]",
        GPU + ",'tolerations':[{'operator':'Exists'}]",
        GPU
            + ",'affinity':{'nodeAffinity':{'requiredDuringSchedulingIgnoredDuringExecution':"
            + "{'nodeSelectorTerms':[{'matchExpressions':[{'key':'zone',"
            + "'operator':'NotIn','values':['a']}]}]}}}",
        GPU + ",'nodeSelector':{'zone':'a'}",
      })
  void podWhoseNodesFollowFromRequestsAndRulesMayBeNominated(String spec)
      throws InvalidObjectException {
    assertThat(read("", spec, "")).isEqualTo(Nominee.OPEN);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        GPU + ",'schedulingGates':[{'name':'g'}]",
        GPU + ",'schedulingGroup':{'podGroupName':'g'}",
        GPU + ",'resourceClaims':[{'name':'r'}]",
        GPU + ",'volumes':[{'name':'v','persistentVolumeClaim':{'claimName':'c'}}]",
        GPU + ",'volumes':[{'name':'v','ephemeral':{}}]",
        GPU + ",'topologySpreadConstraints':[{'whenUnsatisfiable':'DoNotSchedule'}]",
        GPU + ",'affinity':{'podAntiAffinity':{}}",
        GPU
            + ",'affinity':{'nodeAffinity':{'preferredDuringSchedulingIgnoredDuringExecution':"
            + "[{'weight':1}]}}",
        "'containers':[{'ports':[{'hostPort':80}]}]",
      })
  void podWithARuleThatStowageDoesNotSeeIsLeftToKubeScheduler(String spec)
      throws InvalidObjectException {
    assertThat(read("", spec, "").open()).isFalse();
  }

  @Test
  void podTriedInVainIsClosedAndOneWhoseGateIsGoneIsNot() throws InvalidObjectException {
    String condition = "'conditions':[{'type':'PodScheduled','status':'%s','reason':'%s'}]";
    assertThat(read("", GPU, condition.formatted("False", "Unschedulable")).open()).isFalse();
    assertThat(read("", GPU, condition.formatted("False", "SchedulerError")).open()).isFalse();
    assertThat(read("", GPU, condition.formatted("False", "SchedulingGated")).open()).isTrue();
  }

  @Test
  void podBeingDeletedIsClosed() throws InvalidObjectException {
    assertThat(read(",'deletionTimestamp':'2026-01-01T00:00:00Z'", GPU, "").open()).isFalse();
  }

  @Test
  void whoseNominationItIsFollowsFromTheRecordedManager() throws InvalidObjectException {
    String nominated = "'nominatedNodeName':'n1'";
    String byStowage =
        ",'managedFields':[{'manager':'kubectl'},"
            + "{'manager':'stowage-nomination','subresource':'status'}]";
    assertThat(read("", GPU, nominated)).isEqualTo(new Nominee("n1", false, true, true));
    assertThat(read(byStowage, GPU, nominated)).isEqualTo(new Nominee("n1", true, true, true));
    assertThat(read(byStowage, GPU, "").byStowage()).isFalse();
  }

  @Test
  void podThatNeverPreemptsIsTold() throws InvalidObjectException {
    assertThat(read("", GPU + ",'preemptionPolicy':'Never'", "").preempts()).isFalse();
  }
}
