package io.stowage.extender.state;

import static org.assertj.core.api.Assertions.assertThat;

import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Placement;
import io.stowage.core.plan.PlanRequest;
import io.stowage.core.plan.Planner;
import io.stowage.extender.kube.ClusterLabels;
import io.stowage.extender.kube.ObservedPod;
import io.stowage.extender.names.AskedNodes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random events and requests, late, repeated and in any order, against a simple model of the API
 * server: what it has is what the state must have, no card is ever given out beyond what it has,
 * and of the pods of a node that are not assigned there is one an amount.
 *
 * <p>{@code -Dstowage.soak.events=N} sets how many events there are in total.
 */
class ClusterStateRandomTest {
  private static final int SEEDS = 10;
  private static final int EVENTS = Integer.getInteger("stowage.soak.events", 1_000_000);
  private static final int EVENTS_BETWEEN_CHECKS = 5_000;
  private static final Duration EVERYTHING_LAPSES = Duration.ofMinutes(20);
  private static final String[] OUTCOMES = {"bound", "bound", "bound", "not", "doubt", "lost"};

  private static final int STEPS_PER_PLAN = 200;
  private static final int MOST_REQUESTS = 5;

  private final Planner planner = new Planner(1);
  private final List<PlanRequest> requests = new ArrayList<>();
  private long nowNanos = 1;
  private Random random = new Random();
  private String when = "";
  private final Map<String, Placement> writing = new LinkedHashMap<>();

  static List<Long> seeds() {
    List<Long> seeds = new ArrayList<>();
    for (long seed = 1; seed < SEEDS; seed++) {
      seeds.add(seed);
    }
    seeds.add(new Random().nextLong());
    return seeds;
  }

  private ClusterState newState(RecordingPolicy policy) {
    return new ClusterState(
        HoldSettings.DEFAULT,
        DeviceSettings.DEFAULT,
        policy,
        new ClusterLabels(),
        random,
        () -> nowNanos,
        () -> nowNanos);
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void stateIsWhatTheApiServerHas(long seed) {
    random = new Random(seed);
    RecordingPolicy policy =
        new RecordingPolicy(List.of("best-fit", "stowage", "random").get(random.nextInt(3)));
    ClusterState state = newState(policy);
    state.markSynced();
    ReferenceApiServer api = new ReferenceApiServer(state, random, () -> nowNanos);
    for (int step = 1; step <= Math.max(1, EVENTS / SEEDS); step++) {
      when = "seed " + seed + ", step " + step;
      nowNanos += random.nextInt(2_000) * 1_000_000L;
      api.tellOldNews();
      happen(state, api);
      if (random.nextInt(STEPS_PER_PLAN) == 0) {
        plan(state);
      }
      policy.told.clear();
      policy.toldAtSeconds.clear();
      if (step % EVENTS_BETWEEN_CHECKS == 0) {
        settle(state, api);
        check(state, api, policy);
      }
    }
    settle(state, api);
    check(state, api, policy);
  }

  /** Asks for a plan, or adopts one that was asked for a while ago, or long ago. */
  private void plan(ClusterState state) {
    if (random.nextBoolean()) {
      state.planRequest().ifPresent(requests::add);
    } else if (!requests.isEmpty()) {
      state.adopt(planner.plan(requests.get(random.nextInt(requests.size())), random.nextInt(20)));
    }
    if (requests.size() > MOST_REQUESTS) {
      requests.remove(0);
    }
  }

  private void happen(ClusterState state, ReferenceApiServer api) {
    switch (random.nextInt(24)) {
      case 0 -> api.putNode();
      case 1 -> {
        if (random.nextInt(10) == 0) {
          api.removeNode();
        } else {
          api.changeHealth();
        }
      }
      case 2, 3, 4 -> api.createPod();
      case 5, 6, 7, 8, 9 ->
          api.any(pod -> !pod.isBound()).ifPresent(pod -> filter(state, api, pod));
      case 10, 11, 12, 13 ->
          api.any(pod -> !pod.isBound()).ifPresent(pod -> startBind(state, api, pod));
      case 14, 15 -> {
        if (!writing.isEmpty()) {
          answer(state, api, any(new ArrayList<>(writing.keySet())));
        }
      }
      case 16, 17 -> api.tellSomething();
      case 18 -> state.lapseHolds();
      case 19 -> state.putClaim("default", "claim-" + random.nextInt(4), random.nextBoolean());
      case 20 -> bindElsewhere(api);
      case 21, 22 ->
          api.any(pod -> pod.isBound() && !pod.deviceAssigned())
              .ifPresent(pod -> api.change(pod.with().deviceAssigned(true).build()));
      default -> {
        if (random.nextInt(4) == 0) {
          api.any(pod -> !pod.isBound()).ifPresent(pod -> api.delete(pod.pod().uid()));
        } else if (random.nextBoolean()) {
          api.any(ObservedPod::isBound).ifPresent(pod -> api.delete(pod.pod().uid()));
        } else {
          api.any(ObservedPod::isBound).ifPresent(api::end);
        }
      }
    }
  }

  private void filter(ClusterState state, ReferenceApiServer api, ObservedPod pod) {
    List<String> asked = new ArrayList<>(api.nodes.keySet());
    asked.add("ghost");
    Collections.shuffle(asked, random);
    FilterDecision decision =
        state.filter(pod, AskedNodes.of(state.nodeNames(), asked), DescribedNodes.NONE);
    assertThat(asked).as(when).containsAll(decision.kept());
    assertThat(decision.kept().size()).as(when).isLessThanOrEqualTo(3);
    if (decision.kept().isEmpty()) {
      assertThat(decision.failed().size() + decision.unresolvable().size())
          .as(when)
          .isEqualTo(asked.size());
    }
    if (random.nextInt(4) == 0) {
      assertThat(
              state.prioritize(pod, AskedNodes.of(state.nodeNames(), asked), DescribedNodes.NONE))
          .as(when)
          .doesNotHaveDuplicates()
          .isSubsetOf(asked);
    }
  }

  private void startBind(ClusterState state, ReferenceApiServer api, ObservedPod pod) {
    String uid = pod.pod().uid();
    Placement held = state.heldPlacement(uid);
    String node = held != null && random.nextInt(4) > 0 ? held.nodeName() : api.anyNodeName();
    if (writing.containsKey(uid)) {
      return;
    }
    BindDecision decision = state.startBind(uid, node);
    if (decision instanceof BindDecision.Write write) {
      writing.put(uid, write.placement());
      assertDeviceIsRight(state, api, write.placement());
    } else if (decision instanceof BindDecision.Wait && random.nextBoolean()) {
      state.giveUpBind(uid, node);
    }
  }

  private void assertDeviceIsRight(ClusterState state, ReferenceApiServer api, Placement given) {
    if (!given.pod().shape().gpu().isShare()) {
      return;
    }
    assertThat(given.gpuDevices()).as(when).hasSize(1);
    int card = given.gpuDevices().get(0);
    NodeState node = Objects.requireNonNull(state.bound().node(given.nodeName()));
    long units = 0;
    for (Placement other : node.placements()) {
      if (other.pod().shape().gpu().isShare() && other.gpuDevices().contains(card)) {
        units += other.pod().shape().gpu().unitsPerGpu();
      }
      boolean sameAmount = other.pod().shape().gpu().equals(given.pod().shape().gpu());
      if (sameAmount
          && !other.gpuDevices().isEmpty()
          && !api.toldAssigned.contains(other.pod().uid())) {
        assertThat(other.pod().uid())
            .as("one of an amount at a time, %s: %s beside %s", when, given, other)
            .isEqualTo(given.pod().uid());
      }
    }
    assertThat(units)
        .as("card %d of %s, %s", card, given.nodeName(), when)
        .isLessThanOrEqualTo(node.gpuCapacityUnits(card));
  }

  /** Another scheduler binds a pod, with a device that it names or without. */
  private void bindElsewhere(ReferenceApiServer api) {
    if (random.nextInt(4) == 0) {
      api.any(pod -> !pod.isBound() && !writing.containsKey(pod.pod().uid()))
          .ifPresent(
              pod ->
                  api.change(
                      pod.with()
                          .nodeName(api.anyNodeName())
                          .gpuDevices(
                              pod.pod().shape().gpu().isShare() && random.nextBoolean()
                                  ? List.of(random.nextInt(5))
                                  : List.of())
                          .deviceAssigned(random.nextBoolean())
                          .assumeEpochNanos(random.nextInt(4) == 0 ? nowNanos : 0)
                          .build()));
    }
  }

  /** The API server accepts, refuses or keeps silent; a pod that is gone cannot be bound. */
  private void answer(ClusterState state, ReferenceApiServer api, String uid) {
    Placement placement = Objects.requireNonNull(writing.remove(uid));
    ObservedPod now = api.pods.get(uid);
    if (now == null) {
      state.completeBind(uid, new BindOutcome.NotBound("the pod is gone"));
      return;
    }
    if (now.isBound()) {
      state.completeBind(uid, new BindOutcome.Bound());
      return;
    }
    String outcome = OUTCOMES[random.nextInt(OUTCOMES.length)];
    if (outcome.equals("bound") || outcome.equals("lost")) {
      api.change(
          now.with()
              .nodeName(placement.nodeName())
              .gpuDevices(placement.gpuDevices())
              .epoch(0)
              .assumeEpochNanos(nowNanos)
              .build());
    }
    state.completeBind(
        uid,
        switch (outcome) {
          case "bound" -> new BindOutcome.Bound();
          case "not" -> new BindOutcome.NotBound("refused");
          default -> new BindOutcome.InDoubt("no answer");
        });
  }

  /** Everything under way comes to its end, and time passes. */
  private void settle(ClusterState state, ReferenceApiServer api) {
    for (String uid : List.copyOf(writing.keySet())) {
      answer(state, api, uid);
    }
    api.tellAll();
    state
        .unconfirmedBinds()
        .forEach(binding -> state.confirm(binding, api.pods.get(binding.placement().pod().uid())));
    nowNanos += EVERYTHING_LAPSES.toNanos();
    state.lapseHolds();
    api.toldAssigned.retainAll(api.pods.keySet());
  }

  /** The state is the one that a restart would make. */
  private void check(ClusterState state, ReferenceApiServer api, RecordingPolicy policy) {
    RecordingPolicy freshPolicy = new RecordingPolicy(policy.name());
    ClusterState fresh = newState(freshPolicy);
    api.tellAnew(fresh);
    assertThat(policy.running).as("started and not ended, %s", when).isEqualTo(freshPolicy.running);
    ClusterFigures figures = state.figures();
    assertThat(figures.holds()).as("holds left, %s", when).isZero();
    assertThat(figures.unconfirmedBinds()).as("unconfirmed, %s", when).isZero();
    assertThat(state.rememberedGonePods()).as("pods remembered as gone, %s", when).isZero();
    assertThat(figures.pendingPods()).as(when).isEqualTo(fresh.figures().pendingPods());
    assertThat(state.foreignExtenderNodes()).as(when).isEmpty();
    assertThat(describe(state.bound())).as(when).isEqualTo(describe(fresh.bound()));
    if (policy.name().equals("best-fit")) {
      for (String node : api.nodes.keySet()) {
        if (!cardsAreKnown(Objects.requireNonNull(state.bound().node(node)))) {
          continue;
        }
        for (long units : new long[] {4, 8, 12}) {
          assertThat(probe(state, node, units)).as(when).isEqualTo(probe(fresh, node, units));
        }
      }
    }
  }

  /** Returns what a pod would get on a node. */
  private static String probe(ClusterState state, String node, long units) {
    String uid = "probe-" + units;
    state.putPod(Pods.sharePod(uid, units, 9));
    BindDecision decision = state.startBind(uid, node);
    state.completeBind(uid, new BindOutcome.NotBound("only asked"));
    state.giveUpBind(uid, node);
    state.losePod(uid, 1);
    return decision.toString();
  }

  /** Where a pod names no card of the node, which one it has is guessed, by what came first. */
  private static boolean cardsAreKnown(NodeState node) {
    return node.gpusVisible()
        && node.placements().stream()
            .filter(placement -> placement.pod().shape().gpu().isShare())
            .allMatch(
                placement ->
                    placement.gpuDevices().size() == 1
                        && placement.gpuDevices().get(0) < node.gpuCount());
  }

  private static Map<String, String> describe(Cluster cluster) {
    Map<String, String> byNode = new TreeMap<>();
    cluster.forEachNode(node -> byNode.put(node.name(), describe(node)));
    return byNode;
  }

  private static String describe(NodeState node) {
    boolean guessed = node.gpusVisible() && !cardsAreKnown(node);
    StringBuilder text =
        new StringBuilder(
            guessed
                ? node.toString().replaceAll("gpu \\d+m free", "gpu guessed")
                : node.toString());
    if (node.gpusVisible() && !guessed) {
      for (int i = 0; i < node.gpuCount(); i++) {
        text.append(' ').append(node.gpuFreeUnits(i)).append('/').append(node.gpuCapacityUnits(i));
      }
    }
    node.placements().stream()
        .map(placement -> placement.pod().uid() + placement.gpuDevices())
        .sorted()
        .forEach(pod -> text.append(' ').append(pod));
    return text.toString();
  }

  private String any(List<String> list) {
    return list.get(random.nextInt(list.size()));
  }
}
