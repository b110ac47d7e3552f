package io.stowage.extender.state;

import io.stowage.core.cluster.ChangeLog;
import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.fragmentation.TypicalPods;
import io.stowage.core.plan.Demand;
import io.stowage.core.plan.PlanRequest;
import io.stowage.core.plan.StowagePlan;
import io.stowage.core.policy.PlacementPolicy;
import io.stowage.core.policy.Policies;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A policy that does all as another does, for tests to change a part of it. */
public class ForwardingPolicy implements PlacementPolicy {
  private final PlacementPolicy policy;

  /** Forwards to a policy of the given name. */
  protected ForwardingPolicy(String name) {
    policy = Policies.create(name, TypicalPods.of(Map.of()));
  }

  @Override
  public String name() {
    return policy.name();
  }

  @Override
  public double score(PodShape shape, NodeState node) {
    return policy.score(shape, node);
  }

  @Override
  public int[] gpuDevices(PodShape shape, NodeState node) {
    return policy.gpuDevices(shape, node);
  }

  @Override
  public TieBreak tieBreak() {
    return policy.tieBreak();
  }

  @Override
  public void attach(Cluster cluster) {
    policy.attach(cluster);
  }

  @Override
  public @Nullable PlanRequest planRequest(List<Demand> pending) {
    return policy.planRequest(pending);
  }

  @Override
  public void adopt(StowagePlan plan) {
    policy.adopt(plan);
  }

  @Override
  public boolean hasSlot(PodShape shape, NodeState node) {
    return policy.hasSlot(shape, node);
  }

  @Override
  public void arrived(PodShape shape, double nowSeconds) {
    policy.arrived(shape, nowSeconds);
  }

  @Override
  public void reserved(PodShape shape, NodeState node, int[] gpuDevices) {
    policy.reserved(shape, node, gpuDevices);
  }

  @Override
  public void started(PodShape shape, double nowSeconds) {
    policy.started(shape, nowSeconds);
  }

  @Override
  public boolean keeps(PodShape shape, NodeState node) {
    return policy.keeps(shape, node);
  }

  @Override
  public void ended(PodShape shape, double nowSeconds) {
    policy.ended(shape, nowSeconds);
  }

  @Override
  public long likeness(NodeState node) {
    return policy.likeness(node);
  }

  @Override
  public @Nullable ChangeLog changes() {
    return policy.changes();
  }

  @Override
  public long epoch() {
    return policy.epoch();
  }
}
