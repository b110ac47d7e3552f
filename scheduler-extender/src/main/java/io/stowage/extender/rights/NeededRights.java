package io.stowage.extender.rights;

import io.stowage.extender.config.StowageConfig;
import java.util.ArrayList;
import java.util.List;

/**
 * The one list of the rights that the service needs.
 *
 * <p>The shipped rules, {@code deploy/local/rbac.yaml}, say the same: a test compares them. What an
 * option needs beyond the rest is a rule of its own there and a line of its own here.
 */
public final class NeededRights {
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
    rights.add(Right.everywhere("events.k8s.io", "events", "saying why", "create", "patch"));
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
    return List.copyOf(rights);
  }
}
