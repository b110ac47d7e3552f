package io.stowage.extender.state;

import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.PodShape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A policy that decides as another does, and remembers what it was told. */
final class RecordingPolicy extends ForwardingPolicy {
  final List<String> told = new ArrayList<>();
  final List<Double> toldAtSeconds = new ArrayList<>();

  /** Pods that have started and not ended. */
  final Map<PodShape, Integer> running = new HashMap<>();

  /** A node whose room is kept for others than any pod that is asked about, empty for none. */
  String keptNode = "";

  RecordingPolicy(String name) {
    super(name);
  }

  @Override
  public boolean keeps(PodShape shape, NodeState node) {
    return node.name().equals(keptNode) || super.keeps(shape, node);
  }

  @Override
  public void arrived(PodShape shape, double nowSeconds) {
    tell("arrived", nowSeconds);
    super.arrived(shape, nowSeconds);
  }

  @Override
  public void reserved(PodShape shape, NodeState node, int[] gpuDevices) {
    told.add("reserved on " + node.name());
    super.reserved(shape, node, gpuDevices);
  }

  @Override
  public void started(PodShape shape, double nowSeconds) {
    tell("started", nowSeconds);
    running.merge(shape, 1, Integer::sum);
    super.started(shape, nowSeconds);
  }

  @Override
  public void ended(PodShape shape, double nowSeconds) {
    tell("ended", nowSeconds);
    running.computeIfPresent(shape, (key, count) -> count == 1 ? null : count - 1);
    super.ended(shape, nowSeconds);
  }

  private void tell(String what, double nowSeconds) {
    told.add(what);
    toldAtSeconds.add(nowSeconds);
  }
}
