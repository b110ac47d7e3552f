package io.stowage.extender.e2e;

import static io.stowage.extender.e2e.Pods.STOWAGE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.authorization.v1.SubjectAccessReviewBuilder;
import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBuilder;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.kubernetes.api.model.rbac.RoleBuilder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** The shipped rules on an API server with RBAC on: they are enough, and each is needed. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RightsE2E {
  private static final String UNHEALTHY_GPUS = "stowage-unhealthy-gpus";

  private ServedCluster cluster;
  private int starts;

  @BeforeAll
  void start() {
    cluster = new ServedCluster("rights", NodeLists.write("rights", nodes()));
  }

  private static List<String> nodes() {
    return List.of(NodeLists.node("a", 2), NodeLists.node("b", 2));
  }

  @AfterAll
  void stop() {
    cluster.close();
  }

  @Test
  void shippedRulesAreEnough() {
    cluster.killStowage();
    cluster.startStowage();
    cluster.create(Pods.pod("enough", STOWAGE, "cpu=1,memory=1Gi,nvidia.com/gpu=1"));
    cluster.awaitBound("enough");
    assertThat(cluster.stowage().complaints())
        .as("warnings but of a machine too busy to run a thread for two seconds")
        .allMatch(line -> line.contains("BlockedThreadChecker"));
    cluster.clear();
  }

  @Test
  void withoutAnyRuleOfTheClusterRoleItFailsAndSaysWhatIsMissing() throws IOException {
    String allOptions = config("all-options", "nomination: {enabled: true}\n");
    ClusterRole shipped = clusterRole();
    assertThat(shipped.getRules()).hasSizeGreaterThan(3);
    for (PolicyRule rule : shipped.getRules()) {
      List<PolicyRule> rest = new ArrayList<>(shipped.getRules());
      rest.remove(rule);
      setRules(rest);
      awaitAllowed(rule, "", false);
      try (ChildProcess serve = serve("--config", allOptions)) {
        assertFailsFor(serve, rule, "all namespaces", "ClusterRole stowage");
      }
      setRules(shipped.getRules());
      awaitAllowed(rule, "", true);
    }
  }

  @Test
  void withoutTheRoleOfAnOptionItFailsUnlessTheOptionIsOff() throws IOException {
    Role shipped = role();
    PolicyRule rule = shipped.getRules().get(0);
    setRoleRules(List.of());
    awaitAllowed(rule, "kube-system", false);
    try (ChildProcess serve = serve()) {
      assertFailsFor(
          serve,
          rule,
          "namespace kube-system",
          "setting watch.unhealthyGpus",
          "Role " + UNHEALTHY_GPUS + " of namespace kube-system");
    }
    String without = config("without-unhealthy-gpus", "watch: {unhealthyGpus: false}\n");
    try (ChildProcess serve = serve("--config", without)) {
      await("the cluster to be listed, see " + serve.log())
          .until(() -> !serve.isAlive() || serve.output().contains("the cluster is listed"));
      assertThat(serve.isAlive()).as(serve.output()).isTrue();
    }
    setRoleRules(shipped.getRules());
    awaitAllowed(rule, "kube-system", true);
  }

  private ChildProcess serve(String... options) {
    return ChildProcess.start(
        ControlPlane.directory().resolve("rights").resolve("serve-" + starts++ + ".log"),
        Map.of(),
        StowageProcess.command(
            Path.of(System.getProperty("stowage.jar")),
            cluster.controlPlane().kubeconfig("stowage"),
            options));
  }

  private static String config(String name, String settings) throws IOException {
    return Files.writeString(
            ControlPlane.directory().resolve(name + ".yaml"), settings, StandardCharsets.UTF_8)
        .toString();
  }

  private static void assertFailsFor(ChildProcess serve, PolicyRule rule, String... said) {
    assertThat(serve.exitCode()).as(serve.output()).isEqualTo(1);
    String sentence =
        serve.output().lines().filter(line -> line.startsWith("stowage: ")).findFirst().orElse("");
    assertThat(sentence)
        .startsWith(
            "stowage: the account may not "
                + String.join(", ", rule.getVerbs())
                + " "
                + rule.getResources().get(0)
                + " (API group \""
                + rule.getApiGroups().get(0)
                + "\"")
        .contains("needed for")
        .contains(said)
        .endsWith("in deploy/local/rbac.yaml has the rule");
    assertThat(serve.output()).doesNotContain("\tat ");
  }

  private ClusterRole clusterRole() {
    return assertThat(cluster.admin().rbac().clusterRoles().withName("stowage").get())
        .isNotNull()
        .actual();
  }

  private void setRules(List<PolicyRule> rules) {
    cluster
        .admin()
        .rbac()
        .clusterRoles()
        .withName("stowage")
        .edit(role -> new ClusterRoleBuilder(role).withRules(rules).build());
  }

  private Role role() {
    return assertThat(
            cluster
                .admin()
                .rbac()
                .roles()
                .inNamespace("kube-system")
                .withName(UNHEALTHY_GPUS)
                .get())
        .isNotNull()
        .actual();
  }

  private void setRoleRules(List<PolicyRule> rules) {
    cluster
        .admin()
        .rbac()
        .roles()
        .inNamespace("kube-system")
        .withName(UNHEALTHY_GPUS)
        .edit(role -> new RoleBuilder(role).withRules(rules).build());
  }

  /** Waits until the API server's own view of the rules is that of the role. */
  private void awaitAllowed(PolicyRule rule, String namespace, boolean allowed) {
    String[] resource = rule.getResources().get(0).split("/", 2);
    await("the API server to have taken the rules in")
        .until(
            () ->
                cluster
                        .admin()
                        .authorization()
                        .v1()
                        .subjectAccessReview()
                        .create(
                            new SubjectAccessReviewBuilder()
                                .withNewSpec()
                                .withUser("stowage")
                                .withNewResourceAttributes()
                                .withGroup(rule.getApiGroups().get(0))
                                .withResource(resource[0])
                                .withSubresource(resource.length > 1 ? resource[1] : null)
                                .withVerb(rule.getVerbs().get(0))
                                .withNamespace(namespace.isEmpty() ? null : namespace)
                                .endResourceAttributes()
                                .endSpec()
                                .build())
                        .getStatus()
                        .getAllowed()
                    == allowed);
  }
}
