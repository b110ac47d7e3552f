package io.stowage.extender.notice;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.stowage.extender.events.EventWriter;
import io.stowage.extender.events.Subject;
import io.stowage.extender.metrics.ServiceMetrics;
import io.stowage.extender.state.NodeRefusal;
import io.stowage.extender.state.StateLoop;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.Timer;
import java.util.TimerTask;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Looks every two seconds what there is to say about nodes, and says it. */
public final class NodeNotices implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(NodeNotices.class);
  private static final Duration ROUND = Duration.ofSeconds(2);
  private static final int FORBIDDEN = 403;

  private final StateLoop loop;
  private final ServiceMetrics metrics;
  private final EventWriter events;
  private final BooleanSupplier active;
  private final Timer timer = new Timer("stowage-notices", true);
  private volatile boolean closed;

  /** Null where nodes get no condition. */
  private @Nullable NodeConditions conditions;

  private Set<String> foreignNodes = Set.of();
  private boolean failing;

  /** What the state has to say. */
  private record News(List<NodeRefusal> refusals, Set<String> foreignNodes) {}

  private NodeNotices(
      StateLoop loop,
      ServiceMetrics metrics,
      EventWriter events,
      @Nullable NodeConditions conditions,
      BooleanSupplier active) {
    this.loop = loop;
    this.metrics = metrics;
    this.events = events;
    this.conditions = conditions;
    this.active = active;
  }

  /**
   * Starts looking.
   *
   * @param client stays the caller's to close; should give up soon and not try again by itself
   * @param nodeConditions whether nodes where another extender is at work get a condition
   * @param active whether this instance may write what nobody asked it for; the metrics it keeps
   *     either way
   */
  public static NodeNotices start(
      KubernetesClient client,
      StateLoop loop,
      ServiceMetrics metrics,
      EventWriter events,
      boolean nodeConditions,
      BooleanSupplier active) {
    NodeNotices notices =
        new NodeNotices(
            loop, metrics, events, nodeConditions ? new NodeConditions(client) : null, active);
    notices.timer.schedule(
        new TimerTask() {
          @Override
          public void run() {
            notices.round();
          }
        },
        ROUND.toMillis(),
        ROUND.toMillis());
    return notices;
  }

  private void round() {
    try {
      loop.call(
              state ->
                  state.isSynced()
                      ? Optional.of(
                          new News(state.takeRefusals(), Set.copyOf(state.foreignExtenderNodes())))
                      : Optional.<News>empty())
          .join()
          .ifPresent(this::tell);
    } catch (RuntimeException e) {
      if (!closed) {
        LOG.error("a round of notices failed", e);
      }
    }
  }

  private void tell(News news) {
    boolean mayWrite = active.getAsBoolean();
    news.refusals().forEach(refusal -> tell(refusal, mayWrite));
    tellForeign(news.foreignNodes(), mayWrite);
  }

  private void tell(NodeRefusal refusal, boolean mayWrite) {
    metrics.nodeRefusal(refusal.kind().key());
    if (refusal.avoidedFor().isZero()) {
      return;
    }
    String what =
        refusal.gpu() == NodeRefusal.NO_GPU
            ? "this node"
            : "GPU " + refusal.gpu() + " of this node";
    String message =
        "%s is the last choice of all pods for %d s, because it refused a pod: %s"
            .formatted(what, refusal.avoidedFor().toSeconds(), refusal.reason());
    LOG.warn("node {}: {}", refusal.nodeName(), message);
    if (mayWrite) {
      events.warn(Subject.node(refusal.nodeName()), "StowageAvoidsNode", message);
    }
  }

  private void tellForeign(Set<String> nodes, boolean mayWrite) {
    metrics.foreignExtenderNodes(nodes.size());
    Set<String> found = new HashSet<>(nodes);
    found.removeAll(foreignNodes);
    foreignNodes = nodes;
    for (String node : found) {
      LOG.warn(
          "node {}: another extender assigns its devices, so that Stowage does not; let only one"
              + " of them serve it",
          node);
      if (mayWrite) {
        events.warn(
            Subject.node(node),
            "StowageForeignExtender",
            "another extender assigns devices of this node, so that Stowage does not");
      }
    }
    if (mayWrite && conditions != null) {
      mark(conditions, nodes);
    }
  }

  private void mark(NodeConditions conditions, Set<String> nodes) {
    try {
      conditions.mark(nodes);
      failing = false;
    } catch (KubernetesClientException e) {
      if (e.getCode() == FORBIDDEN) {
        this.conditions = null;
        LOG.warn(
            "nodes get no condition any more: the right to patch nodes/status is missing; grant it,"
                + " or set notices.nodeConditions to false");
      } else if (!failing) {
        failing = true;
        LOG.warn("a node's condition cannot be written, trying again: {}", e.toString());
      }
    }
  }

  @Override
  public void close() {
    closed = true; // a round that is under way finds its client closed
    timer.cancel();
  }
}
