package io.stowage.extender.audit;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.KubernetesResourceList;
import io.fabric8.kubernetes.api.model.ListOptions;
import io.fabric8.kubernetes.api.model.ListOptionsBuilder;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Reads a cluster as its API server lists it: get and list of nodes and pods, nothing else.
 *
 * <p>Pods are listed as of one moment, nodes right after, so that a pod's node is known unless it
 * is gone.
 */
public final class ClusterReader {
  private static final long PAGE = 500;
  private static final String NOT_ENDED = "status.phase!=Succeeded,status.phase!=Failed";

  private ClusterReader() {}

  /**
   * Lists and checks; throws KubernetesClientException where the API server does not answer.
   *
   * @param givenAnnotation as of {@link ClusterAudit#of}
   */
  public static AuditReport audit(KubernetesClient client, @Nullable String givenAnnotation) {
    List<Pod> pods = pods(client);
    return ClusterAudit.of(nodes(client), pods, givenAnnotation);
  }

  /**
   * Lists the pods that have not ended, as of one moment; throws KubernetesClientException where
   * the API server does not answer.
   */
  public static List<Pod> pods(KubernetesClient client) {
    return all(options -> client.pods().inAnyNamespace().list(options), NOT_ENDED);
  }

  /** Lists the nodes; throws as {@link #pods}. */
  public static List<Node> nodes(KubernetesClient client) {
    return all(options -> client.nodes().list(options), null);
  }

  private static <T extends HasMetadata> List<T> all(
      Function<ListOptions, ? extends KubernetesResourceList<T>> list,
      @Nullable String fieldSelector) {
    List<T> all = new ArrayList<>();
    String next = null;
    do {
      KubernetesResourceList<T> page =
          list.apply(
              new ListOptionsBuilder()
                  .withLimit(PAGE)
                  .withFieldSelector(fieldSelector)
                  .withContinue(next)
                  .build());
      all.addAll(page.getItems());
      next = page.getMetadata() == null ? null : page.getMetadata().getContinue();
    } while (next != null && !next.isEmpty());
    return all;
  }
}
