package io.stowage.extender.rights;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.stowage.extender.config.StowageConfig;
import io.stowage.extender.yaml.YamlFormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the chart renders: settings that Stowage reads, and exactly the rights that they need. */
class ChartRightsTest {
  /** The roles of kube-scheduler beside it, which Stowage does not ask for. */
  private static final Set<String> OTHERS = Set.of("stowage-kube-scheduler");

  @TempDir private Path directory;

  private static List<HasMetadata> objects(String rendered) throws IOException {
    List<HasMetadata> objects = new ArrayList<>();
    String text = Files.readString(Path.of("..", "deploy", "kustomize", rendered, "stowage.yaml"));
    for (String document : text.split("(?m)^---$", -1)) {
      if (document.contains("\nkind: ")) {
        objects.add(new KubernetesSerialization().unmarshal(document));
      }
    }
    return objects;
  }

  private StowageConfig config(List<HasMetadata> objects) throws IOException, YamlFormatException {
    for (HasMetadata object : objects) {
      if (object instanceof ConfigMap map && map.getData().containsKey("stowage.yaml")) {
        return StowageConfig.read(
            Files.writeString(
                directory.resolve("stowage.yaml"), map.getData().get("stowage.yaml")));
      }
    }
    throw new AssertionError("expected a ConfigMap with stowage.yaml");
  }

  private static Set<String> rendered(List<HasMetadata> objects) {
    Set<String> lines = new HashSet<>();
    for (HasMetadata object : objects) {
      if (object instanceof ClusterRole role) {
        role.getRules().forEach(rule -> lines.addAll(RuleLines.of("", rule)));
      } else if (object instanceof Role role && !OTHERS.contains(role.getMetadata().getName())) {
        String namespace = role.getMetadata().getNamespace();
        role.getRules().forEach(rule -> lines.addAll(RuleLines.of(namespace, rule)));
      }
    }
    return lines;
  }

  @ParameterizedTest
  @ValueSource(strings = {"base", "overlays/gpushare-replacement"})
  void rightsAreThoseThatTheRenderedSettingsNeed(String rendered)
      throws IOException, YamlFormatException {
    List<HasMetadata> objects = objects(rendered);
    Set<String> needed = new HashSet<>();
    for (Right right : NeededRights.of(config(objects))) {
      needed.addAll(RuleLines.of(right.namespace(), right));
    }
    assertThat(rendered(objects)).containsExactlyInAnyOrderElementsOf(needed);
  }
}
