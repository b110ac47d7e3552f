package io.stowage.extender.kube;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Taint;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.stowage.extender.audit.ClusterObjects;
import io.stowage.extender.kube.PlacementRules.Refusal;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which nodes a pod may be on, as kube-scheduler's plugins judge. */
class PlacementRulesTest {
  private static final Map<String, String> LABELS =
      Map.of("zone", "a", "cores", "8", "kubernetes.io/hostname", "n");

  private static PlacementRules rules(String spec) {
    Pod pod =
        Serialization.unmarshal(
            "apiVersion: v1\nkind: Pod\nmetadata: {name: p, uid: u}\nspec: " + spec, Pod.class);
    return PlacementRules.of(pod);
  }

  private static Optional<Refusal> refusal(PlacementRules rules, Node node)
      throws InvalidObjectException {
    return rules.refusal(
        new NodeReader(GpuResources.DEFAULT).read(node), labels(node), taints(node));
  }

  private static boolean allowsNewNodeLike(PlacementRules rules, Node node) {
    return rules.allowsNewNodeLike(labels(node), taints(node));
  }

  private static Map<String, String> labels(Node node) {
    return node.getMetadata().getLabels();
  }

  private static List<Taint> taints(Node node) {
    return node.getSpec() == null ? List.of() : node.getSpec().getTaints();
  }

  private static Node node() {
    return new NodeBuilder(ClusterObjects.node("n", "cpu=8,memory=8Gi,pods=10"))
        .editMetadata()
        .withLabels(LABELS)
        .endMetadata()
        .build();
  }

  private static Node tainted(String key, String value, String effect) {
    return new NodeBuilder(node())
        .withNewSpec()
        .addNewTaint(effect, key, null, value)
        .endSpec()
        .build();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{} | true",
        "{nodeSelector: {zone: a}} | true",
        "{nodeSelector: {zone: b}} | false",
        "{nodeSelector: {rack: a}} | false",
      })
  void nodeSelectorAsksForLabels(String spec, boolean allowed) throws InvalidObjectException {
    assertThat(refusal(rules(spec), node()))
        .isEqualTo(allowed ? Optional.empty() : Optional.of(Refusal.NOT_SELECTED));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "[{matchExpressions: [{key: zone, operator: In, values: [b, a]}]}] | true",
        "[{matchExpressions: [{key: zone, operator: In, values: [b]}]}] | false",
        "[{matchExpressions: [{key: zone, operator: NotIn, values: [b]}]}] | true",
        "[{matchExpressions: [{key: zone, operator: NotIn, values: [a]}]}] | false",
        "[{matchExpressions: [{key: rack, operator: NotIn, values: [a]}]}] | true",
        "[{matchExpressions: [{key: zone, operator: Exists}]}] | true",
        "[{matchExpressions: [{key: rack, operator: Exists}]}] | false",
        "[{matchExpressions: [{key: rack, operator: DoesNotExist}]}] | true",
        "[{matchExpressions: [{key: zone, operator: DoesNotExist}]}] | false",
        "[{matchExpressions: [{key: cores, operator: Gt, values: ['7']}]}] | true",
        "[{matchExpressions: [{key: cores, operator: Gt, values: ['8']}]}] | false",
        "[{matchExpressions: [{key: cores, operator: Lt, values: ['9']}]}] | true",
        "[{matchExpressions: [{key: zone, operator: Lt, values: ['9']}]}] | false",
        "[{matchFields: [{key: metadata.name, operator: In, values: [n]}]}] | true",
        "[{matchFields: [{key: metadata.name, operator: In, values: [m]}]}] | false",
        "[{}] | false",
        "[{matchExpressions: [{key: zone, operator: Exists}, {key: rack, operator: Exists}]}] | false",
        "[{matchExpressions: [{key: rack, operator: Exists}]}, {matchExpressions: [{key: zone, operator: Exists}]}] | true",
      })
  void anyTermOfRequiredAffinityIsEnough(String terms, boolean allowed)
      throws InvalidObjectException {
    PlacementRules rules =
        rules(
            "{affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: "
                + "{nodeSelectorTerms: "
                + terms
                + "}}}}");
    assertThat(refusal(rules, node()))
        .isEqualTo(allowed ? Optional.empty() : Optional.of(Refusal.NOT_SELECTED));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{} | false",
        "{tolerations: [{operator: Exists}]} | true",
        "{tolerations: [{key: gpu, operator: Exists}]} | true",
        "{tolerations: [{key: gpu, value: x}]} | true",
        "{tolerations: [{key: gpu, operator: Equal, value: x, effect: NoSchedule}]} | true",
        "{tolerations: [{key: gpu, value: y}]} | false",
        "{tolerations: [{key: cpu, operator: Exists}]} | false",
        "{tolerations: [{key: gpu, operator: Exists, effect: NoExecute}]} | false",
      })
  void taintsKeepAwayWhatDoesNotTolerateThem(String spec, boolean allowed)
      throws InvalidObjectException {
    assertThat(refusal(rules(spec), tainted("gpu", "x", "NoSchedule")))
        .isEqualTo(allowed ? Optional.empty() : Optional.of(Refusal.TAINTED));
    assertThat(refusal(rules(spec), tainted("gpu", "x", "PreferNoSchedule"))).isEmpty();
  }

  @Test
  void cordonedNodesTakePodsThatTolerateIt() throws InvalidObjectException {
    Node cordoned = new NodeBuilder(node()).withNewSpec().withUnschedulable(true).endSpec().build();
    assertThat(refusal(rules("{}"), cordoned)).contains(Refusal.CORDONED);
    assertThat(
            refusal(
                rules("{tolerations: [{key: node.kubernetes.io/unschedulable, operator: Exists}]}"),
                cordoned))
        .isEmpty();
  }

  @Test
  void nodesThatAreNotReadyTakeNone() throws InvalidObjectException {
    Node node = new NodeBuilder(ClusterObjects.node("n", "cpu=1,pods=1")).build();
    node.getStatus().getConditions().get(0).setStatus("False");
    assertThat(refusal(rules("{tolerations: [{operator: Exists}]}"), node))
        .contains(Refusal.NOT_READY);
  }

  @Test
  void newNodeHasNeitherNameNorPassingTaintsOfItsExample() {
    Node passing = tainted("node.kubernetes.io/not-ready", "", "NoExecute");
    assertThat(allowsNewNodeLike(rules("{}"), passing)).isTrue();
    assertThat(allowsNewNodeLike(rules("{}"), tainted("gpu", "x", "NoSchedule"))).isFalse();
    assertThat(allowsNewNodeLike(rules("{nodeSelector: {zone: a}}"), passing)).isTrue();
    assertThat(allowsNewNodeLike(rules("{nodeSelector: {kubernetes.io/hostname: n}}"), passing))
        .isFalse();
  }
}
