package io.stowage.extender.explain;

import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.fragmentation.StrandCause;
import io.stowage.core.fragmentation.Stranded;
import io.stowage.core.plan.Slot;
import io.stowage.extender.kube.PlacementRules;
import io.stowage.extender.kube.PlacementRules.Refusal;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * What of a node is in use and free, and why the pods that wait do not go there. Its components are
 * the keys of its JSON.
 *
 * @param node its name
 * @param standing {@code ready}, {@code not ready}, {@code cordoned}, {@code tainted} or {@code
 *     unknown}
 * @param cpuMilli allocatable CPU in milli-cores
 * @param freeCpuMilli what is left of it
 * @param memoryBytes allocatable memory
 * @param freeMemoryBytes what is left of it
 * @param gpuDevicesVisible whether it is known which pod has which GPU; else they are counted
 * @param gpus its GPUs
 * @param strandedGpuByCause what of its free GPU no pod of the workload seen can use, in GPUs
 * @param pods the pods on it
 * @param held the pods that room is held for here
 * @param slots what the plan keeps here for pods that wait or are expected
 * @param waitingShapes the commonest shapes of waiting pods, and what keeps them away
 * @param notes what is not known
 */
public record NodeExplanation(
    String node,
    String standing,
    long cpuMilli,
    long freeCpuMilli,
    long memoryBytes,
    long freeMemoryBytes,
    boolean gpuDevicesVisible,
    List<Gpu> gpus,
    Map<String, Double> strandedGpuByCause,
    List<OnNode> pods,
    List<OnNode> held,
    List<Planned> slots,
    List<WaitingShape> waitingShapes,
    List<String> notes) {
  private static final double GPU_MILLI = 1000;
  private static final int SHAPES = 5;

  /**
   * A GPU.
   *
   * @param index its index
   * @param model its model, empty where unknown
   * @param free what is left of it, 1 for all
   * @param stranded why no pod of the workload seen can use what is left, empty where one can or
   *     nothing is left
   */
  public record Gpu(int index, String model, double free, String stranded) {}

  /**
   * A pod on the node.
   *
   * @param pod namespace and name
   * @param priority its priority
   * @param asks what it asks for, in words
   * @param gpuDevices the indices of its GPUs; empty where it has none or they are not visible
   */
  public record OnNode(String pod, int priority, String asks, List<Integer> gpuDevices) {}

  /**
   * A slot of the plan.
   *
   * @param asks what it is for, in words
   * @param pending whether it is for a pod that waits, not for one that is expected
   * @param gpuDevices the indices of its GPUs, empty where they are not visible
   */
  public record Planned(String asks, boolean pending, List<Integer> gpuDevices) {}

  /**
   * A shape that pods wait with.
   *
   * @param asks what they ask for, in words
   * @param pods how many wait with it
   * @param missing what the node lacks first for them, by the key of {@link Missing}; empty where
   *     they fit
   * @param text the same for people
   */
  public record WaitingShape(String asks, int pods, String missing, String text) {}

  /** Pods that wait alike. */
  public record Waiting(PodShape shape, PlacementRules rules) {}

  /**
   * Explains a node.
   *
   * @param held the pods that room is held for there
   * @param slots the plan's open slots there
   * @param workload the shapes by which free GPU is called stranded
   * @param waiting how many pods wait, by what matters
   * @param refusal what rules say of a node
   */
  public static NodeExplanation of(
      NodeState state,
      List<Placement> held,
      List<Slot> slots,
      Collection<PodShape> workload,
      Map<Waiting, Integer> waiting,
      BiFunction<PlacementRules, Node, Optional<Refusal>> refusal,
      List<String> notes) {
    Node node = state.node();
    List<Gpu> gpus = new ArrayList<>();
    Map<String, Double> stranded = new LinkedHashMap<>();
    for (int i = 0; i < state.gpuCount(); i++) {
      double free = state.gpuFreeMilli(i) / GPU_MILLI;
      String cause = free > 0 ? cause(state, i, workload) : "";
      if (!cause.isEmpty()) {
        stranded.merge(cause, free, Double::sum);
      }
      gpus.add(new Gpu(i, state.gpuModel(i), free, cause));
    }
    return new NodeExplanation(
        state.name(),
        standing(node),
        node == null ? 0 : node.allocatable().cpuMilli(),
        state.freeCpuMilli(),
        node == null ? 0 : node.allocatable().memoryBytes(),
        state.freeMemoryBytes(),
        state.gpusVisible(),
        gpus,
        stranded,
        state.placements().stream()
            .sorted(Comparator.comparing(placement -> nameOf(placement.pod())))
            .map(placement -> onNode(placement.pod(), devices(state, placement.pod()), state))
            .toList(),
        held.stream()
            .map(placement -> onNode(placement.pod(), placement.gpuDevices(), state))
            .toList(),
        slots.stream()
            .map(
                slot ->
                    new Planned(
                        Amounts.request(slot.shape(), units(state)),
                        slot.pending(),
                        slot.gpuDevices()))
            .toList(),
        node == null ? List.of() : shapes(state, node, waiting, refusal),
        notes);
  }

  private static String cause(NodeState state, int device, Collection<PodShape> workload) {
    Node node = state.node();
    if (node == null || !node.countsAsCapacity() || workload.isEmpty()) {
      return "";
    }
    StrandCause cause = Stranded.causeOf(state, device, workload);
    return cause == null ? "" : cause.key();
  }

  /** Returns whether pods may go to a node, in a word or two. */
  static String standing(@Nullable Node node) {
    if (node == null) {
      return "unknown";
    } else if (!node.ready()) {
      return "not ready";
    } else if (node.cordoned()) {
      return "cordoned";
    }
    return node.tainted() ? "tainted" : "ready";
  }

  private static String nameOf(Pod pod) {
    return pod.namespace() + "/" + pod.name();
  }

  private static long units(NodeState state) {
    return state.gpuCount() == 0 ? 0 : state.gpuCapacityUnits(0);
  }

  private static List<Integer> devices(NodeState state, Pod pod) {
    List<Integer> devices = new ArrayList<>();
    if (state.gpusVisible()) {
      for (int device : state.gpuDevices(pod.uid())) {
        devices.add(device);
      }
    }
    return devices;
  }

  private static OnNode onNode(Pod pod, List<Integer> devices, NodeState state) {
    return new OnNode(
        nameOf(pod), pod.priority(), Amounts.request(pod.shape(), units(state)), devices);
  }

  private static List<WaitingShape> shapes(
      NodeState state,
      Node node,
      Map<Waiting, Integer> waiting,
      BiFunction<PlacementRules, Node, Optional<Refusal>> refusal) {
    return waiting.entrySet().stream()
        .sorted(
            Comparator.comparingInt((Map.Entry<Waiting, Integer> entry) -> -entry.getValue())
                .thenComparing(entry -> Amounts.request(entry.getKey().shape(), 0)))
        .limit(SHAPES)
        .map(
            entry -> {
              PodShape shape = entry.getKey().shape();
              Optional<Missing> missing =
                  Missing.first(shape, state, refusal.apply(entry.getKey().rules(), node));
              return new WaitingShape(
                  Amounts.request(shape, units(state)),
                  entry.getValue(),
                  missing.map(Missing::key).orElse(""),
                  missing.map(first -> "the node " + first.text(1, shape)).orElse("it has room"));
            })
        .toList();
  }
}
