package io.stowage.extender.rights;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBinding;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.kubernetes.api.model.rbac.RoleBinding;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The shipped rules and what the service asks for are one and the same. */
class ShippedRightsTest {
  private static final List<String> RULES = List.of("rbac.yaml", "page-rbac.yaml");

  @TempDir private Path directory;

  private static List<HasMetadata> objects() throws IOException {
    List<HasMetadata> objects = new ArrayList<>();
    for (String file : RULES) {
      String rules = Files.readString(Path.of("..", "deploy", "local", file));
      for (String document : rules.split("(?m)^---$", -1)) {
        objects.add(new KubernetesSerialization().unmarshal(document));
      }
    }
    return objects;
  }

  /** Returns the rules of the roles that Stowage's account is bound to. */
  private static Set<String> shipped() throws IOException {
    List<HasMetadata> objects = objects();
    Set<String> bound = new HashSet<>();
    for (HasMetadata object : objects) {
      if (object instanceof RoleBinding binding
          && binding.getSubjects().get(0).getName().equals("stowage")) {
        bound.add(binding.getRoleRef().getName());
      } else if (object instanceof ClusterRoleBinding binding
          && binding.getSubjects().get(0).getName().equals("stowage")) {
        bound.add(binding.getRoleRef().getName());
      }
    }
    Set<String> shipped = new HashSet<>();
    for (HasMetadata object : objects) {
      String name = object.getMetadata().getName();
      if (object instanceof ClusterRole role && bound.contains(name)) {
        role.getRules().forEach(rule -> shipped.addAll(RuleLines.of("ClusterRole " + name, rule)));
      } else if (object instanceof Role role && bound.contains(name)) {
        String in = "Role " + name + " of namespace " + role.getMetadata().getNamespace();
        role.getRules().forEach(rule -> shipped.addAll(RuleLines.of(in, rule)));
      }
    }
    return shipped;
  }

  private StowageConfig config(String yaml) throws IOException, YamlFormatException {
    return StowageConfig.read(Files.writeString(directory.resolve("stowage.yaml"), yaml));
  }

  @Test
  void everyShippedRuleIsNeededAndEveryNeedIsShipped() throws IOException, YamlFormatException {
    Set<String> needed = new HashSet<>();
    for (String yaml :
        List.of(
            "nomination: {enabled: true}",
            "{page: {host: 0.0.0.0}, http: {plainHttp: true}}",
            "leadership: {mode: kube-scheduler}",
            "leadership: {mode: lease}")) {
      for (Right right : NeededRights.of(config(yaml))) {
        needed.addAll(RuleLines.of(right.shippedIn(), right));
      }
    }
    assertThat(needed).containsExactlyInAnyOrderElementsOf(shipped());
  }

  @Test
  void whatAnOptionNeedsIsNotNeededWithoutIt() throws IOException, YamlFormatException {
    assertThat(NeededRights.of(config("watch: {unhealthyGpus: false}")))
        .isNotEmpty()
        .allSatisfy(right -> assertThat(right.namespace()).isEmpty());
  }
}
