package io.stowage.extender.audit;

import static io.stowage.extender.audit.ClusterObjects.annotated;
import static io.stowage.extender.audit.ClusterObjects.node;
import static io.stowage.extender.audit.ClusterObjects.pod;
import static io.stowage.extender.audit.ClusterObjects.share;
import static io.stowage.extender.audit.ClusterObjects.withoutAnnotation;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.stowage.extender.audit.Finding.Kind;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ClusterAuditTest {
  private static final String PLAIN = "cpu=8,memory=16Gi,ephemeral-storage=100Gi,pods=4";
  private static final Node WHOLE = node("a", PLAIN + ",nvidia.com/gpu=2,nvidia.com/mig-1g.5gb=3");
  private static final Node SHARED =
      node("s", PLAIN + ",aliyun.com/gpu-mem=32,aliyun.com/gpu-count=2");

  private static AuditReport audit(Node node, Pod... pods) {
    return ClusterAudit.of(List.of(node), List.of(pods), ClusterObjects.GIVEN);
  }

  private static PodBuilder shareOnS(String name, int units, int card) {
    return share(name, "s", units, card, 16);
  }

  private static String sentence(AuditReport report) {
    return report.findings().get(0).sentence();
  }

  private static void assertOne(AuditReport report, Kind kind, String... inSentence) {
    assertThat(report.findings()).extracting(Finding::kind).containsExactly(kind);
    assertThat(List.of(inSentence)).allSatisfy(text -> assertThat(sentence(report)).contains(text));
    assertThat(report.isClean()).isFalse();
  }

  @Test
  void fullNodesAndCardsAreClean() {
    AuditReport report =
        ClusterAudit.of(
            List.of(WHOLE, SHARED),
            List.of(
                pod("p1", "a", "cpu=5,memory=8Gi,nvidia.com/gpu=1").build(),
                pod("p2", "a", "cpu=3,memory=8Gi,nvidia.com/gpu=1,nvidia.com/mig-1g.5gb=3").build(),
                shareOnS("s1", 16, 0).build(),
                shareOnS("s2", 9, 1).build(),
                shareOnS("s3", 7, 1).build(),
                pod("waits", "", "cpu=100,aliyun.com/gpu-mem=99").build()),
            ClusterObjects.GIVEN);

    assertThat(report.findings()).isEmpty();
    assertThat(report.summary()).isEqualTo("clean: 2 nodes and 5 pods on them checked");
  }

  @ParameterizedTest
  @CsvSource({
    "cpu, 8001m, 8.001, 8",
    "memory, 17Gi, 17Gi, 16Gi",
    "ephemeral-storage, 101Gi, 101Gi, 100Gi",
    "nvidia.com/gpu, 3, 3, 2",
    "nvidia.com/mig-1g.5gb, 4, 4, 3",
    "example.com/fpga, 1, 1, 0"
  })
  void nodeIsOvercommittedByAnyResource(
      String resource, String limit, String asked, String allocatable) {
    assertOne(
        audit(WHOLE, pod("p", "a", resource + "=" + limit).build()),
        Kind.NODE_OVERCOMMITTED,
        "node a: %s: %s asked by 1 pod, allocatable %s".formatted(resource, asked, allocatable));
  }

  @Test
  void nodeIsOvercommittedByTheNumberOfPods() {
    Pod[] pods = new Pod[5];
    for (int i = 0; i < pods.length; i++) {
      pods[i] = pod("p" + i, "a", "cpu=1").build();
    }
    assertOne(
        audit(WHOLE, pods), Kind.NODE_OVERCOMMITTED, "pods: 5 asked by 5 pods, allocatable 4");
  }

  @Test
  void findingTellsWhatIsAskedAndWhatThereIs() {
    assertThat(audit(WHOLE, pod("p", "a", "memory=17Gi").build()).findings())
        .extracting(Finding::node, Finding::pod, Finding::resource, Finding::asked, Finding::has)
        .containsExactly(tuple("a", "", "memory", "18253611008", "17179869184"));
  }

  @Test
  void sharesCountAgainstTheSumOfTheirNodeToo() {
    AuditReport report =
        audit(SHARED, shareOnS("s1", 16, 0).build(), shareOnS("s2", 17, 1).build());
    assertThat(report.findings())
        .extracting(Finding::kind, Finding::resource, Finding::asked, Finding::has)
        .containsExactlyInAnyOrder(
            tuple(Kind.NODE_OVERCOMMITTED, "aliyun.com/gpu-mem", "33", "32"),
            tuple(Kind.CARD_OVERCOMMITTED, "aliyun.com/gpu-mem", "17", "16"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"Succeeded", "Failed"})
  void endedPodsTakeNoRoom(String phase) {
    assertThat(
            audit(WHOLE, pod("p", "a", "cpu=100").editStatus().withPhase(phase).endStatus().build())
                .findings())
        .isEmpty();
  }

  @Test
  void podBeingDeletedStillTakesRoom() {
    assertOne(
        audit(
            WHOLE,
            pod("p", "a", "cpu=9")
                .editMetadata()
                .withDeletionTimestamp("2026-01-01T00:00:00Z")
                .endMetadata()
                .build()),
        Kind.NODE_OVERCOMMITTED);
  }

  @Test
  void podOfDynamicResourceAllocationTakesNoneOfWhatItClaims() {
    assertThat(
            audit(
                    WHOLE,
                    pod("p", "a", "nvidia.com/gpu=8")
                        .editStatus()
                        .withNewExtendedResourceClaimStatus()
                        .withResourceClaimName("p-claim")
                        .addNewRequestMapping()
                        .withContainerName("main")
                        .withResourceName("nvidia.com/gpu")
                        .withRequestName("container-0-request-0")
                        .endRequestMapping()
                        .endExtendedResourceClaimStatus()
                        .endStatus()
                        .build())
                .findings())
        .isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "nvidia.com/gpu=2 | nvidia.com/gpu=2 | False | 4 | the node is not ready",
        "nvidia.com/gpu=0 | nvidia.com/gpu=0 | True  | 1 | its devices are not registered",
        "nvidia.com/gpu=8 | nvidia.com/gpu=7 | True  | 8 | its capacity is 8"
      })
  void roomThatIsMissingForNowIsMarked(
      String capacity, String allocatable, String ready, int gpus, String why) {
    assertOne(
        audit(
            node("n", capacity + ",pods=9", allocatable + ",pods=9", ready),
            pod("p", "n", "nvidia.com/gpu=" + gpus).build()),
        Kind.NODE_OVERCOMMITTED_FOR_NOW,
        "(for now: " + why + ")");
  }

  @Test
  void moreThanAllDevicesIsNotForNow() {
    assertOne(
        audit(
            node("n", "nvidia.com/gpu=8,pods=9", "nvidia.com/gpu=7,pods=9", "True"),
            pod("p", "n", "nvidia.com/gpu=9").build()),
        Kind.NODE_OVERCOMMITTED);
  }

  @Test
  void cardIsOvercommittedThoughTheNodeIsNot() {
    assertOne(
        audit(SHARED, shareOnS("s1", 9, 1).build(), shareOnS("s2", 8, 1).build()),
        Kind.CARD_OVERCOMMITTED,
        "node s: card 1: 17 units of aliyun.com/gpu-mem given to default/s1, default/s2, it has 16");
  }

  @Test
  void cardOutOfOrderChangesNoSizes() {
    Node node =
        node(
            "s",
            PLAIN + ",aliyun.com/gpu-mem=32,aliyun.com/gpu-count=2",
            PLAIN + ",aliyun.com/gpu-mem=16,aliyun.com/gpu-count=2",
            "True");
    assertThat(audit(node, shareOnS("s1", 16, 0).build()).findings()).isEmpty();
  }

  @Test
  void shareOfAnotherSchedulerHasNoDevice() {
    assertOne(
        audit(SHARED, pod("p", "s", "aliyun.com/gpu-mem=4").build()),
        Kind.NO_DEVICE,
        "pod default/p on node s: it asks for 4 units and says no device");
  }

  @ParameterizedTest
  @ValueSource(strings = {"2", "99999", "one", "", "-1", "1.5", "99999999999999999999"})
  void deviceThatTheNodeDoesNotHaveIsUnknown(String index) {
    assertOne(
        audit(SHARED, annotated(shareOnS("p", 4, 0), "ALIYUN_COM_GPU_MEM_IDX", index)),
        Kind.UNKNOWN_DEVICE,
        index);
  }

  @Test
  void deviceWithoutAShareIsNotAsked() {
    assertOne(
        audit(SHARED, annotated(pod("p", "s", "cpu=1"), "ALIYUN_COM_GPU_MEM_IDX", "0")),
        Kind.DEVICE_NOT_ASKED,
        "it says device 0 and asks for no aliyun.com/gpu-mem");
  }

  @ParameterizedTest
  @ValueSource(strings = {"5", "", "four", "4.5"})
  void amountOnTheAnnotationIsTheAmountAsked(String units) {
    assertOne(
        audit(SHARED, annotated(shareOnS("p", 4, 0), "ALIYUN_COM_GPU_MEM_POD", units)),
        Kind.AMOUNT_DIFFERS,
        "it asks for 4 units and says " + units);
  }

  @ParameterizedTest
  @ValueSource(strings = {"15", "32", "x"})
  void cardSizeOnTheAnnotationIsTheNodes(String units) {
    assertOne(
        audit(SHARED, annotated(shareOnS("p", 4, 0), "ALIYUN_COM_GPU_MEM_DEV", units)),
        Kind.CARD_SIZE_DIFFERS,
        "it says " + units + " in ALIYUN_COM_GPU_MEM_DEV and the node's cards have 16 units");
  }

  @Test
  void annotationsThatAreLeftOutContradictNothing() {
    assertThat(
            audit(
                    SHARED,
                    withoutAnnotation(shareOnS("p", 4, 0), "ALIYUN_COM_GPU_MEM_DEV"),
                    withoutAnnotation(shareOnS("q", 4, 0), "ALIYUN_COM_GPU_MEM_POD"))
                .findings())
        .isEmpty();
  }

  @Test
  void shareOnANodeWithoutSharedGpusIsFound() {
    assertThat(audit(WHOLE, share("p", "a", 4, 0, 16).build()).findings())
        .extracting(Finding::kind)
        .containsExactlyInAnyOrder(Kind.NO_SHARED_GPUS, Kind.NODE_OVERCOMMITTED);
  }

  @Test
  void shareWaitsForDevicesThatAreNotRegistered() {
    Node node = node("s", "aliyun.com/gpu-mem=0,aliyun.com/gpu-count=0,cpu=8,pods=9");
    assertOne(
        audit(node, shareOnS("p", 4, 0).build()),
        Kind.NODE_OVERCOMMITTED_FOR_NOW,
        "its devices are not registered");
  }

  @Test
  void shareInSeveralContainersIsFound() {
    Pod pod =
        annotated(shareOnS("p", 4, 0), "ALIYUN_COM_GPU_MEM_POD", "6")
            .edit()
            .editSpec()
            .addNewContainer()
            .withName("second")
            .withNewResources()
            .withLimits(ClusterObjects.quantities("aliyun.com/gpu-mem=2"))
            .endResources()
            .endContainer()
            .endSpec()
            .build();
    assertOne(audit(SHARED, pod), Kind.SEVERAL_CONTAINERS, "2 of its containers ask for");
  }

  @Test
  void unassignedPodsOfOneAmountOnDifferentCardsMayBeSwapped() {
    Pod first = annotated(shareOnS("p", 4, 0), "ALIYUN_COM_GPU_MEM_ASSIGNED", "false");
    Pod second = annotated(shareOnS("q", 4, 1), "ALIYUN_COM_GPU_MEM_ASSIGNED", "false");
    assertOne(
        audit(SHARED, first, second),
        Kind.MAY_BE_SWAPPED,
        "default/p (card 0), default/q (card 1)");

    assertThat(audit(SHARED, first, shareOnS("q", 4, 1).build()).findings()).isEmpty();
    assertThat(
            audit(
                    SHARED,
                    first,
                    annotated(shareOnS("q", 4, 0), "ALIYUN_COM_GPU_MEM_ASSIGNED", "false"),
                    annotated(shareOnS("r", 5, 1), "ALIYUN_COM_GPU_MEM_ASSIGNED", "false"))
                .findings())
        .isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"1", "none", "gpu-0"})
  void deviceTrulyGivenIsTheOneOnTheAnnotation(String given) {
    assertOne(
        audit(SHARED, annotated(shareOnS("p", 4, 0), ClusterObjects.GIVEN, given)),
        Kind.GIVEN_DIFFERS,
        "it says device 0 and was truly given " + given);
    assertThat(audit(SHARED, annotated(shareOnS("p", 4, 0), ClusterObjects.GIVEN, "0")).findings())
        .isEmpty();
  }

  @Test
  void cardIsOvercommittedInTruthThoughAnnotationsAgree() {
    AuditReport report =
        audit(
            SHARED,
            annotated(shareOnS("p", 16, 0), ClusterObjects.GIVEN, "0"),
            annotated(shareOnS("q", 4, 1), ClusterObjects.GIVEN, "0"));
    assertThat(report.findings())
        .extracting(Finding::kind, Finding::asked)
        .containsExactlyInAnyOrder(
            tuple(Kind.CARD_OVERCOMMITTED_IN_TRUTH, "20"), tuple(Kind.GIVEN_DIFFERS, "1"));
  }

  @Test
  void withoutARecordNothingIsSaidOfWhatWasGiven() {
    assertThat(
            ClusterAudit.of(
                    List.of(SHARED),
                    List.of(annotated(shareOnS("p", 4, 0), ClusterObjects.GIVEN, "1")),
                    null)
                .findings())
        .isEmpty();
  }

  @Test
  void objectThatCannotBeUnderstoodIsFoundAndTheRestIsChecked() {
    AuditReport report =
        ClusterAudit.of(
            List.of(WHOLE, node("odd", "cpu=many")),
            List.of(
                pod("p", "a", "cpu=-1").build(),
                pod("q", "a", "cpu=9").build(),
                pod("r", "odd", "cpu=9").build()),
            null);
    assertThat(report.findings())
        .extracting(Finding::kind, Finding::node, Finding::pod)
        .containsExactly(
            tuple(Kind.NODE_OVERCOMMITTED, "a", ""),
            tuple(Kind.UNREADABLE, "a", "default/p"),
            tuple(Kind.UNREADABLE, "odd", ""));
    assertThat(report.findings().get(1).sentence())
        .contains("spec.containers[0].resources.limits[cpu]");
  }

  @Test
  void podsOnNodesThatAreNotListedAreCountedAndOnlyTheirOwnWordChecked() {
    AuditReport report =
        audit(
            WHOLE,
            pod("p", "gone", "cpu=100").build(),
            annotated(share("q", "gone", 4, 9, 3), "ALIYUN_COM_GPU_MEM_POD", "5"));
    assertOne(report, Kind.AMOUNT_DIFFERS);
    assertThat(report.summary())
        .isEqualTo(
            "1 finding: 1 nodes and 0 pods on them checked; 2 pods on nodes that are not listed");
  }
}
