package io.stowage.extender.watch;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.ManagedFieldsEntry;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeList;
import io.fabric8.kubernetes.api.model.NodeStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodList;
import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.api.model.WatchEvent;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class WatchedJsonTest {
  private static final KubernetesSerialization LEAN = WatchedJson.serialization();
  private static final KubernetesSerialization WHOLE = new KubernetesSerialization();

  private static String recorded(String name) throws IOException {
    try (InputStream file =
        WatchedJsonTest.class.getResourceAsStream("/io/stowage/extender/snapshot/" + name)) {
      assertThat(file).as(name).isNotNull();
      return new String(file.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static Pod trimmed(Pod pod) {
    pod.getMetadata().getManagedFields().forEach(entry -> entry.setFieldsV1(null));
    Stream.of(pod.getSpec().getInitContainers(), pod.getSpec().getContainers())
        .flatMap(List::stream)
        .forEach(
            container -> {
              container.setArgs(List.of());
              container.setCommand(List.of());
              container.setEnv(List.of());
              container.setEnvFrom(List.of());
              container.setLifecycle(null);
              container.setLivenessProbe(null);
              container.setReadinessProbe(null);
              container.setStartupProbe(null);
              container.setVolumeMounts(List.of());
            });
    return pod;
  }

  private static Node trimmed(Node node) {
    node.getMetadata().getManagedFields().forEach(entry -> entry.setFieldsV1(null));
    node.getStatus().setImages(List.of());
    node.getStatus().setVolumesAttached(List.of());
    node.getStatus().setVolumesInUse(List.of());
    return node;
  }

  static Stream<Pod> pods() throws IOException {
    return Stream.concat(
        WHOLE.unmarshal(recorded("pods.json"), PodList.class).getItems().stream(),
        Stream.of(WHOLE.unmarshal(FULL_POD, Pod.class)));
  }

  /** A pod that says something in every field that is passed over. */
  private static final String FULL_POD =
      """
      {"kind": "Pod", "apiVersion": "v1",
       "metadata": {"name": "full", "namespace": "ml", "uid": "u-1", "resourceVersion": "7",
        "managedFields": [{"manager": "kubelet", "operation": "Update", "apiVersion": "v1",
         "fieldsType": "FieldsV1", "fieldsV1": {"f:status": {"f:phase": {}}},
         "subresource": "status"}]},
       "spec": {"nodeName": "a", "futureField": {"a": [1, 2]},
        "initContainers": [{"name": "i", "command": ["sh"], "resources": {"requests": {"cpu": "2"}}}],
        "containers": [{"name": "c", "image": "x", "args": ["a"], "command": ["b"],
         "env": [{"name": "A", "value": "1"}], "envFrom": [{"configMapRef": {"name": "m"}}],
         "lifecycle": {"preStop": {"sleep": {"seconds": 1}}},
         "livenessProbe": {"tcpSocket": {"port": 80}}, "readinessProbe": {"tcpSocket": {"port": 81}},
         "startupProbe": {"tcpSocket": {"port": 82}}, "ports": [{"containerPort": 80, "hostPort": 80}],
         "volumeMounts": [{"name": "v", "mountPath": "/v"}],
         "resources": {"limits": {"nvidia.com/gpu": "1"}, "requests": {"cpu": "1500m"}}}]},
       "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}}
      """;

  private static WatchEvent event(KubernetesSerialization json, String type, String object) {
    return json.unmarshal(
        "{\"type\": \"" + type + "\", \"object\": " + object + "}", WatchEvent.class);
  }

  @ParameterizedTest
  @MethodSource("pods")
  void podIsReadAsFabric8ReadsItButForWhatIsPassedOver(Pod pod) {
    WatchEvent event = event(LEAN, "MODIFIED", WHOLE.asJson(pod));

    assertThat(event.getType()).isEqualTo("MODIFIED");
    assertThat(event.getObject()).isEqualTo(trimmed(pod));
  }

  @Test
  void listsAreReadSo() throws IOException {
    assertThat(LEAN.unmarshal(recorded("pods.json"), PodList.class).getItems())
        .isNotEmpty()
        .isEqualTo(pods().limit(pods().count() - 1).map(WatchedJsonTest::trimmed).toList());
    assertThat(LEAN.unmarshal(recorded("nodes.json"), NodeList.class).getItems())
        .isNotEmpty()
        .isEqualTo(
            WHOLE.unmarshal(recorded("nodes.json"), NodeList.class).getItems().stream()
                .map(WatchedJsonTest::trimmed)
                .toList());
  }

  @Test
  void nodesImagesArePassedOver() {
    String node =
        """
        {"kind": "Node", "apiVersion": "v1", "metadata": {"name": "a"},
         "status": {"images": [{"names": ["x"], "sizeBytes": 1}], "volumesInUse": ["v"],
          "volumesAttached": [{"name": "v", "devicePath": "d"}], "allocatable": {"cpu": "8"}}}
        """;

    assertThat(event(LEAN, "ADDED", node).getObject())
        .isEqualTo(trimmed(WHOLE.unmarshal(node, Node.class)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"metadata\": {\"name\": \"a\"}, \"kind\": \"Pod\", \"apiVersion\": \"v1\"}",
        "{\"apiVersion\": \"v1\", \"metadata\": {\"name\": \"a\"}, \"kind\": \"Pod\"}",
        "{\"kind\": \"Pod\", \"metadata\": {\"name\": \"a\"}, \"apiVersion\": \"v1\"}",
        "{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {\"name\": \"a\"}}",
        "{\"kind\": \"Pod\", \"apiVersion\": \"v1\"}",
        "{\"kind\": \"ConfigMap\", \"apiVersion\": \"v1\", \"data\": {\"a\": \"b\"}}",
        "{\"kind\": \"PersistentVolumeClaim\", \"apiVersion\": \"v1\", \"spec\": {\"volumeName\": \"v\"}}",
        "{\"kind\": \"Status\", \"apiVersion\": \"v1\", \"code\": 410, \"reason\": \"Expired\"}",
        "{\"kind\": \"Pod\", \"apiVersion\": \"example.org/v1\", \"metadata\": {\"name\": \"a\"}}",
        "{\"kind\": \"Train\", \"apiVersion\": \"example.org/v1\", \"metadata\": {\"name\": \"a\"}}",
        "{\"kind\": \"Pod\", \"apiVersion\": null, \"metadata\": {\"name\": \"a\"}}",
        "{\"metadata\": {\"name\": \"a\"}}",
        "{}",
        "[]",
        "null"
      })
  void whateverTheObjectItIsReadAsFabric8ReadsIt(String object) {
    assertThat(event(LEAN, "ADDED", object))
        .usingRecursiveComparison()
        .isEqualTo(event(WHOLE, "ADDED", object));
  }

  @Test
  void typesAreTold() {
    assertThat(event(LEAN, "ADDED", "{\"kind\": \"ConfigMap\", \"apiVersion\": \"v1\"}"))
        .extracting(WatchEvent::getObject)
        .isInstanceOf(ConfigMap.class);
    assertThat(event(LEAN, "ERROR", "{\"kind\": \"Status\", \"apiVersion\": \"v1\"}"))
        .extracting(WatchEvent::getObject)
        .isInstanceOf(Status.class);
    assertThat(event(LEAN, "ADDED", "{\"kind\": \"Train\", \"apiVersion\": \"example.org/v1\"}"))
        .extracting(WatchEvent::getObject)
        .isInstanceOf(GenericKubernetesResource.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"kind\": \"Pod\", \"apiVersion\": \"v1\", \"metadata\": {\"name\": \"a\"",
        "{\"kind\": 5, \"apiVersion\": \"v1\", \"metadata\": {\"name\": \"a\"}}",
        "{\"kind\": \"Pod\", \"apiVersion\": \"v1\", \"metadata\": 5}",
        "{\"kind\": \"Pod\", \"apiVersion\""
      })
  void brokenEventsAreRefusedAsByFabric8(String object) {
    assertThatThrownBy(() -> event(WHOLE, "ADDED", object))
        .isInstanceOf(KubernetesClientException.class);
    assertThatThrownBy(() -> event(LEAN, "ADDED", object))
        .isInstanceOf(KubernetesClientException.class);
  }

  private static Set<String> getters(Class<?> passedOver) {
    return Stream.of(passedOver.getAnnotation(JsonIgnoreProperties.class).value())
        .map(field -> "get" + field.substring(0, 1).toUpperCase(Locale.ROOT) + field.substring(1))
        .collect(Collectors.toSet());
  }

  @Test
  void nobodyReadsWhatIsPassedOver() {
    Map<String, Set<String>> getters =
        Map.of(
            Container.class.getName(), getters(WatchedJson.WithoutProgram.class),
            NodeStatus.class.getName(), getters(WatchedJson.WithoutImages.class),
            ManagedFieldsEntry.class.getName(), getters(WatchedJson.ManagerAlone.class));
    noClasses()
        .should()
        .accessTargetWhere( // by a call or a method reference
            DescribedPredicate.describe(
                "what is passed over is read",
                access ->
                    getters
                        .getOrDefault(access.getTargetOwner().getFullName(), Set.of())
                        .contains(access.getName())))
        .check(
            new ClassFileImporter()
                .withImportOption(new ImportOption.DoNotIncludeTests())
                .importPackages("io.stowage.extender"));
  }
}
