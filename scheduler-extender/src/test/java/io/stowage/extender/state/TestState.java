package io.stowage.extender.state;

import static org.assertj.core.api.Assertions.assertThat;

import io.stowage.core.cluster.Placement;
import io.stowage.core.fragmentation.TypicalPods;
import io.stowage.core.policy.Policies;
import io.stowage.extender.kube.ClusterLabels;
import io.stowage.extender.kube.ObservedPod;
import io.stowage.extender.names.AskedNodes;
import io.stowage.extender.state.BindDecision.Write;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;

/** A state with clocks that stand still until they are told to go on. */
final class TestState {
  static final BindOutcome BOUND = new BindOutcome.Bound();
  static final BindOutcome NOT_BOUND = new BindOutcome.NotBound("no");
  static final BindOutcome IN_DOUBT = new BindOutcome.InDoubt("who knows");

  /** When the state was created, in nanoseconds since 1970. */
  static final long STARTED_EPOCH_NANOS = 1_700_000_000_000_000_000L;

  private long passedNanos;
  final ClusterState state =
      new ClusterState(
          HoldSettings.DEFAULT,
          DeviceSettings.DEFAULT,
          Policies.create("best-fit", TypicalPods.of(Map.of())),
          new ClusterLabels(),
          new Random(1),
          () -> 1 + passedNanos,
          this::epochNanos);

  void pass(Duration time) {
    passedNanos += time.toNanos();
  }

  long epochNanos() {
    return STARTED_EPOCH_NANOS + passedNanos;
  }

  FilterDecision filter(ObservedPod pod, String... nodes) {
    return state.filter(pod, AskedNodes.of(state.nodeNames(), List.of(nodes)), DescribedNodes.NONE);
  }

  List<String> kept(ObservedPod pod, String... nodes) {
    return filter(pod, nodes).kept();
  }

  /** Decides a bind that is to be written. */
  Placement startBind(String uid, String node) {
    return placement(state.startBind(uid, node));
  }

  /** Binds a pod and has the API server accept it. */
  Placement bind(String uid, String node) {
    Placement placement = startBind(uid, node);
    state.completeBind(uid, BOUND);
    return placement;
  }

  static Placement placement(BindDecision decision) {
    assertThat(decision).isInstanceOf(Write.class);
    return ((Write) decision).placement();
  }

  /** Returns where a pod counts, which must be somewhere. */
  Placement at(String uid) {
    return Objects.requireNonNull(state.bound().placement(uid));
  }

  long freeUnits(String node, int card) {
    return Objects.requireNonNull(state.bound().node(node)).gpuFreeUnits(card);
  }

  long freeCores(String node) {
    return Objects.requireNonNull(state.bound().node(node)).freeCpuMilli() / 1000;
  }
}
