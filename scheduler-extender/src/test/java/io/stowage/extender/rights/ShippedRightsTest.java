package io.stowage.extender.rights;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.stowage.extender.config.StowageConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The shipped rules and what the service asks for are one and the same. */
class ShippedRightsTest {
  private static final Path RULES = Path.of("..", "deploy", "local", "rbac.yaml");

  private static List<String> shipped() throws IOException {
    List<String> shipped = new ArrayList<>();
    for (String document : Files.readString(RULES).split("(?m)^---$")) {
      HasMetadata object = new KubernetesSerialization().unmarshal(document);
      String name = object.getKind() + " " + object.getMetadata().getName();
      if (object instanceof ClusterRole role) {
        role.getRules().forEach(rule -> shipped.addAll(lines(name, rule)));
      } else if (object instanceof Role role) {
        String namespace = role.getMetadata().getNamespace();
        role.getRules()
            .forEach(rule -> shipped.addAll(lines(name + " of namespace " + namespace, rule)));
      }
    }
    return shipped;
  }

  private static List<String> lines(String in, PolicyRule rule) {
    List<String> names = rule.getResourceNames().isEmpty() ? List.of("") : rule.getResourceNames();
    List<String> lines = new ArrayList<>();
    for (String group : rule.getApiGroups()) {
      for (String resource : rule.getResources()) {
        for (String name : names) {
          for (String verb : rule.getVerbs()) {
            lines.add(line(in, group, resource, name, verb));
          }
        }
      }
    }
    return lines;
  }

  private static String line(String in, String group, String resource, String name, String verb) {
    return in + ": " + verb + " " + resource + "." + group + " " + name;
  }

  @Test
  void everyShippedRuleIsNeededAndEveryNeedIsShipped() throws IOException {
    List<String> needed = new ArrayList<>();
    for (Right right : NeededRights.of(StowageConfig.defaults())) {
      right
          .verbs()
          .forEach(
              verb ->
                  needed.add(
                      line(
                          right.shippedIn(),
                          right.apiGroup(),
                          right.resource(),
                          right.name(),
                          verb)));
    }
    assertThat(needed).doesNotHaveDuplicates().containsExactlyInAnyOrderElementsOf(shipped());
  }
}
