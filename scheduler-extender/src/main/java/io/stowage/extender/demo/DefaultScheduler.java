package io.stowage.extender.demo;

import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.fit.Fit;
import io.stowage.core.replay.MeasuredCluster;
import io.stowage.core.replay.Placer;
import io.stowage.core.trace.Scenario;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * kube-scheduler's default policy, {@code least-allocated}.
 *
 * <p>It is spared what kube-scheduler by itself does not know: a share is placed only where a
 * single GPU has room for it.
 */
final class DefaultScheduler implements DemoScheduler {
  private final Placer placer;

  /** Creates the scheduler of a cluster of its own. */
  DefaultScheduler(Scenario scenario, RandomGenerator ties) {
    this.placer = new Placer(scenario, "least-allocated", ties);
  }

  @Override
  public MeasuredCluster cluster() {
    return placer.cluster();
  }

  @Override
  public void arrived(Pod pod) {
    placer.arrived(pod.shape(), 0);
  }

  @Override
  public @Nullable Placement schedule(Pod pod) {
    return placer.place(pod, 0) ? placer.cluster().cluster().placement(pod.uid()) : null;
  }

  @Override
  public boolean mayFit(PodShape shape, NodeState freed) {
    return Fit.fits(shape, freed);
  }

  @Override
  public NodeState ended(Pod pod) {
    return placer.remove(pod, 0);
  }
}
