package io.stowage.extender.rights;

import io.stowage.extender.config.StowageConfig;
import io.stowage.extender.leader.FenceSettings;
import io.stowage.extender.leader.LeadershipSettings;
import java.util.ArrayList;
import java.util.List;

/**
 * The one list of the rights that the service needs.
 *
 * <p>The shipped rules, {@code rbac.yaml} and {@code page-rbac.yaml} of {@code deploy/local}, say
 * the same: a test compares them. What an option needs beyond the rest is a rule of its own there
 * and a line of its own here.
 */
public final class NeededRights {
  private static final String LEADER_ROLE = "stowage-leader";

  private NeededRights() {}

  /** Returns the rights that the configured options need. */
  public static List<Right> of(StowageConfig config) {
    List<Right> rights = new ArrayList<>();
    rights.add(Right.everywhere("", "nodes", "the cluster's state", "list", "watch"));
    rights.add(Right.everywhere("", "pods", "the cluster's state", "get", "list", "watch"));
    rights.add(
        Right.everywhere(
            "",
            "persistentvolumeclaims",
            "how long room is held for pods with volume claims",
            "list",
            "watch"));
    rights.add(Right.everywhere("", "pods/binding", "binding pods", "create"));
    rights.add(Right.everywhere("", "events", "saying why", "create", "patch"));
    if (config.watch().unhealthyGpus()) {
      rights.add(
          Right.in(
              "kube-system",
              "stowage-unhealthy-gpus",
              "",
              "configmaps",
              "leaving unhealthy GPUs out (setting watch.unhealthyGpus)",
              "list",
              "watch"));
    }
    if (config.wake().enabled()) {
      rights.add(
          Right.everywhere("", "pods", "waking waiting pods (setting wake.enabled)", "patch"));
    }
    if (config.nomination().enabled()) {
      rights.add(
          Right.everywhere(
              "",
              "pods/status",
              "nominating nodes for waiting pods (setting nomination.enabled)",
              "patch"));
    }
    if (config.notices().nodeConditions()) {
      rights.add(
          Right.everywhere(
              "",
              "nodes/status",
              "marking nodes of another extender (setting notices.nodeConditions)",
              "patch"));
    }
    if (config.page().checksTokens()) {
      String need = "checking who looks at the page (setting page.host)";
      rights.add(
          Right.everywhere("authentication.k8s.io", "tokenreviews", need, "create")
              .shippedIn("stowage-page", "page-rbac.yaml"));
      rights.add(
          Right.everywhere("authorization.k8s.io", "subjectaccessreviews", need, "create")
              .shippedIn("stowage-page", "page-rbac.yaml"));
    }
    addLeadership(rights, config.leadership().settings());
    return List.copyOf(rights);
  }

  private static void addLeadership(List<Right> rights, LeadershipSettings leadership) {
    String leases = "coordination.k8s.io";
    String namespace = leadership.leaseNamespace();
    String lease = leadership.leaseName();
    switch (leadership.mode()) {
      case NONE -> {}
      case KUBE_SCHEDULER ->
          rights.add(
              Right.in(
                      namespace,
                      LEADER_ROLE,
                      leases,
                      "leases",
                      "following kube-scheduler (leadership.mode kube-scheduler)",
                      "get")
                  .named(lease));
      case LEASE -> {
        String need = "electing the active one (leadership.mode lease)";
        rights.add(
            Right.in(namespace, LEADER_ROLE, leases, "leases", need, "get", "update").named(lease));
        rights.add(Right.in(namespace, LEADER_ROLE, leases, "leases", need, "create"));
      }
    }
    FenceSettings fence = leadership.fence();
    if (fence.enabled()) {
      rights.add(
          Right.in(
                  fence.namespace(),
                  LEADER_ROLE,
                  "",
                  "configmaps",
                  "raising the epoch (leadership.fence)",
                  "get",
                  "update")
              .named(fence.configMap()));
    }
  }
}
