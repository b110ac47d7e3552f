package io.stowage.extender.watch;

import io.fabric8.kubernetes.api.model.ListOptionsBuilder;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodList;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.FilterWatchListDeletable;
import io.fabric8.kubernetes.client.dsl.PodResource;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.stowage.extender.kube.GpuResources;
import io.stowage.extender.kube.InvalidObjectException;
import io.stowage.extender.kube.NodeReader;
import io.stowage.extender.kube.ObservedPod;
import io.stowage.extender.kube.PodReader;
import io.stowage.extender.metrics.ServiceMetrics;
import io.stowage.extender.state.ClusterState;
import io.stowage.extender.state.StateLoop;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows nodes and pods of a cluster and feeds them to the state, which is marked synced when both
 * were listed and applied.
 *
 * <p>Pods that ended are not listed, as in kube-scheduler: to the watch they are deleted. An API
 * server that does not answer is asked again until it does.
 */
public final class ClusterWatch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ClusterWatch.class);

  private static final Duration LIST_AGAIN = Duration.ofSeconds(1);

  private final KubernetesClient client;
  private final long pageSize;
  private final WatchProgress podProgress = new WatchProgress();
  private final StateLoop loop;
  private final ServiceMetrics metrics;
  private final NodeReader nodeReader;
  private final PodReader podReader;
  private final SharedIndexInformer<Node> nodes;
  private final SharedIndexInformer<Pod> pods;
  private final AtomicInteger listsMissing = new AtomicInteger(2);

  private ClusterWatch(
      KubernetesClient client,
      StateLoop loop,
      ServiceMetrics metrics,
      GpuResources gpuResources,
      long pageSize) {
    this.client = client;
    this.pageSize = pageSize;
    this.loop = loop;
    this.metrics = metrics;
    this.nodeReader = new NodeReader(gpuResources);
    this.podReader = new PodReader(gpuResources);
    this.nodes = client.nodes().withLimit(pageSize).runnableInformer(0);
    this.pods = runningPods().withLimit(pageSize).runnableInformer(0);
  }

  private FilterWatchListDeletable<Pod, PodList, PodResource> runningPods() {
    return client
        .pods()
        .inAnyNamespace()
        .withoutField("status.phase", "Succeeded")
        .withoutField("status.phase", "Failed");
  }

  /**
   * Waits until nodes and pods are listed and the state has every pod as the API server had it when
   * this was called; blocks, and lists all pods for it.
   *
   * @return whether that was so within the time limit
   */
  public boolean awaitCurrent(Duration timeLimit) {
    long deadline = System.nanoTime() + timeLimit.toNanos();
    try {
      while (System.nanoTime() - deadline < 0) {
        // A pod that has gone meanwhile may never show the version listed: list again after a
        // while.
        if (podProgress.await(newestPodVersion(), LIST_AGAIN)
            && loop.call(ClusterState::isSynced).join()) {
          return true;
        }
      }
    } catch (KubernetesClientException e) {
      LOG.warn("pods cannot be listed, trying again: {}", e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return false;
  }

  private long newestPodVersion() {
    long newest = 0;
    String next = null;
    do {
      PodList page =
          runningPods()
              .list(new ListOptionsBuilder().withLimit(pageSize).withContinue(next).build());
      for (Pod pod : page.getItems()) {
        newest = Math.max(newest, WatchProgress.number(pod.getMetadata().getResourceVersion()));
      }
      next = page.getMetadata().getContinue();
    } while (next != null && !next.isEmpty());
    return newest;
  }

  /**
   * Starts following; returns at once.
   *
   * @param pageSize how many objects are listed at once
   */
  public static ClusterWatch start(
      KubernetesClient client,
      StateLoop loop,
      ServiceMetrics metrics,
      GpuResources gpuResources,
      long pageSize) {
    ClusterWatch watch = new ClusterWatch(client, loop, metrics, gpuResources, pageSize);
    watch.run();
    return watch;
  }

  private void run() {
    nodes
        .itemStore(new IdentityStore<>(Node::new))
        .exceptionHandler((started, failure) -> tryAgain("nodes", failure))
        .addEventHandler(new NodeHandler())
        .start();
    pods.itemStore(new IdentityStore<>(Pod::new))
        .exceptionHandler((started, failure) -> tryAgain("pods", failure))
        .addEventHandler(new PodHandler())
        .start();
  }

  private static boolean tryAgain(String what, Throwable failure) {
    LOG.warn("{} cannot be listed or watched, trying again: {}", what, failure.toString());
    return true;
  }

  private void listed(String what, AtomicInteger times) {
    if (times.incrementAndGet() == 1 && listsMissing.decrementAndGet() == 0) {
      loop.run(
          state -> {
            state.markSynced();
            LOG.info(
                "nodes and pods are listed: {} nodes, {} pods on them",
                state.bound().nodeCount(),
                state.bound().podCount());
          });
    }
    LOG.debug("{} listed", what);
  }

  @Override
  public void close() {
    nodes.stop();
    pods.stop();
  }

  /** Feeds nodes. */
  private final class NodeHandler implements ResourceEventHandler<Node> {
    private final AtomicInteger lists = new AtomicInteger();

    @Override
    public void onAdd(Node node) {
      try {
        io.stowage.core.cluster.Node read = nodeReader.read(node);
        loop.run(state -> state.putNode(read));
      } catch (InvalidObjectException e) {
        metrics.unreadableObject("node");
        LOG.warn("node {} is left as it was: {}", node.getMetadata().getName(), e.getMessage());
      }
    }

    @Override
    public void onUpdate(Node before, Node node) {
      onAdd(node);
    }

    @Override
    public void onDelete(Node node, boolean finalStateUnknown) {
      String name = node.getMetadata().getName();
      loop.run(state -> state.removeNode(name));
    }

    @Override
    public void onList(String resourceVersion, boolean remainedEmpty) {
      listed("nodes", lists);
    }
  }

  /** Feeds pods. */
  private final class PodHandler implements ResourceEventHandler<Pod> {
    private final AtomicInteger lists = new AtomicInteger();

    @Override
    public void onAdd(Pod pod) {
      try {
        ObservedPod read = podReader.read(pod);
        loop.run(state -> state.putPod(read));
      } catch (InvalidObjectException e) {
        metrics.unreadableObject("pod");
        LOG.warn(
            "pod {}/{} is left as it was: {}",
            pod.getMetadata().getNamespace(),
            pod.getMetadata().getName(),
            e.getMessage());
      }
      podProgress.saw(pod.getMetadata().getResourceVersion());
    }

    @Override
    public void onUpdate(Pod before, Pod pod) {
      String uidBefore = before.getMetadata().getUid();
      if (!uidBefore.equals(pod.getMetadata().getUid())) {
        loop.run(state -> state.removePod(uidBefore));
      }
      onAdd(pod);
    }

    @Override
    public void onDelete(Pod pod, boolean finalStateUnknown) {
      String uid = pod.getMetadata().getUid();
      loop.run(state -> state.removePod(uid));
      podProgress.saw(pod.getMetadata().getResourceVersion());
    }

    @Override
    public void onList(String resourceVersion, boolean remainedEmpty) {
      listed("pods", lists);
    }
  }
}
