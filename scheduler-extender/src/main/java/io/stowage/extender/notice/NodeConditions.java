package io.stowage.extender.notice;

import io.fabric8.kubernetes.api.model.ListOptionsBuilder;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.NodeCondition;
import io.fabric8.kubernetes.api.model.NodeConditionBuilder;
import io.fabric8.kubernetes.api.model.NodeList;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a condition on the nodes where another extender is at work: True there, and False where it
 * was True. Not thread-safe; blocks.
 */
final class NodeConditions {
  static final String TYPE = "StowageForeignExtender";
  private static final long PAGE = 500;
  private static final int NOT_FOUND = 404;

  private final KubernetesClient client;

  /** The nodes that have the condition; null while that is not known. */
  private @Nullable Set<String> marked;

  NodeConditions(KubernetesClient client) {
    this.client = client;
  }

  /**
   * Makes the nodes' conditions say where another extender is at work.
   *
   * @throws KubernetesClientException where the API server does not take it; to be tried again
   */
  void mark(Set<String> foreignNodes) {
    Set<String> known = marked == null ? nodesMarkedBefore() : marked;
    marked = known;
    for (String node : foreignNodes) {
      if (!known.contains(node)) {
        patch(
            node,
            "True",
            "ForeignExtenderFound",
            "pods here have devices that Stowage did not assign; Stowage assigns none here");
        known.add(node);
      }
    }
    for (String node : Set.copyOf(known)) {
      if (!foreignNodes.contains(node)) {
        patch(node, "False", "ForeignExtenderGone", "Stowage assigns devices here");
        known.remove(node);
      }
    }
  }

  /** Returns the nodes that an earlier process has marked. */
  private Set<String> nodesMarkedBefore() {
    Set<String> nodes = new HashSet<>();
    String next = null;
    do {
      NodeList page =
          client.nodes().list(new ListOptionsBuilder().withLimit(PAGE).withContinue(next).build());
      for (Node node : page.getItems()) {
        if (node.getStatus().getConditions().stream().anyMatch(NodeConditions::isMark)) {
          nodes.add(node.getMetadata().getName());
        }
      }
      next = page.getMetadata().getContinue();
    } while (next != null && !next.isEmpty());
    return nodes;
  }

  private static boolean isMark(NodeCondition condition) {
    return TYPE.equals(condition.getType()) && "True".equals(condition.getStatus());
  }

  /** Conditions are merged by their type, so that the kubelet's stay as they are. */
  private void patch(String name, String status, String reason, String message) {
    String now = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
    Node patch =
        new NodeBuilder()
            .withNewStatus()
            .withConditions(
                new NodeConditionBuilder()
                    .withType(TYPE)
                    .withStatus(status)
                    .withReason(reason)
                    .withMessage(message)
                    .withLastHeartbeatTime(now)
                    .withLastTransitionTime(now)
                    .build())
            .endStatus()
            .build();
    try {
      client
          .nodes()
          .withName(name)
          .subresource("status")
          .patch(
              PatchContext.of(PatchType.STRATEGIC_MERGE),
              client.getKubernetesSerialization().asJson(patch));
    } catch (KubernetesClientException e) {
      if (e.getCode() != NOT_FOUND) {
        throw e;
      }
    }
  }
}
