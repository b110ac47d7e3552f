package io.stowage.extender.bind;

import io.stowage.core.cluster.Placement;
import io.stowage.extender.state.BindDecision;
import io.stowage.extender.state.BindOutcome;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/**
 * Binds pods of an embedded cluster that has no API server; as there, a pod is bound once. Pods
 * that ended are to be forgotten.
 */
public final class InMemoryBinder implements Binder {
  private final Map<String, Placement> byUid = new ConcurrentHashMap<>();
  private final Consumer<Placement> whenBound;

  /** Creates a binder that tells each binding, on the thread that makes it. */
  public InMemoryBinder(Consumer<Placement> whenBound) {
    this.whenBound = whenBound;
  }

  @Override
  public BindOutcome bind(BindDecision.Write binding, Duration timeLimit) {
    Placement placement = binding.placement();
    Placement before = byUid.putIfAbsent(placement.pod().uid(), placement);
    if (before == null) {
      whenBound.accept(placement);
      return new BindOutcome.Bound();
    }
    return before.nodeName().equals(placement.nodeName())
        ? new BindOutcome.Bound()
        : new BindOutcome.NotBound("the pod is bound to node " + before.nodeName() + " already");
  }

  /** Forgets a pod that ended. */
  public void forget(String uid) {
    byUid.remove(uid);
  }
}
