package io.stowage.extender.page;

import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.fit.Fit;
import io.stowage.core.fit.Shortage;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Why pods of one shape and priority find no node now, and what would make room.
 *
 * @param fittingNodes nodes that have room by amounts and GPUs and that pods may go to
 * @param sentence every node counted once, by the first thing that it lacks: GPUs of the kind,
 *     enough of them, CPU, memory, anything else
 * @param room the pod whose end alone would make room, and where; empty where no single one would
 */
record WaitReason(int fittingNodes, String sentence, String room) {
  private static final int NODES_TRIED = 50;

  /** What a node lacks, the first that holds. */
  private enum Lack {
    CLOSED("not ready or cordoned"),
    OTHER_GPUS("without GPUs of the kind or model"),
    TOO_LITTLE_GPU("with too little GPU free in total"),
    FRAGMENTED("with enough GPU free in total, but not on single GPUs"),
    CPU("with the GPUs, but too little CPU"),
    MEMORY("with GPUs and CPU, but too little memory"),
    OTHER("that lack another resource or take no more pods"),
    TAINTED("with room, but tainted");

    private final String text;

    Lack(String text) {
      this.text = text;
    }

    private String text(boolean asksForGpu) {
      return switch (this) {
        case CPU -> asksForGpu ? text : "with too little CPU";
        case MEMORY -> asksForGpu ? text : "with the CPU, but too little memory";
        default -> text;
      };
    }
  }

  private record Candidate(NodeState node, int shortages) {}

  /** Looks at every node of a cluster. */
  static WaitReason of(PodShape shape, int priority, Cluster cluster) {
    Map<Lack, Integer> counts = new EnumMap<>(Lack.class);
    List<Candidate> candidates = new ArrayList<>();
    int[] fitting = {0};
    cluster.forEachNode(
        state -> {
          Node node = state.node();
          if (node == null || node.virtual()) {
            return;
          }
          List<Shortage> shortages = Fit.shortages(shape, state);
          Lack lack = lack(shape, node, shortages);
          if (lack == null) {
            fitting[0]++;
          } else {
            counts.merge(lack, 1, Integer::sum);
            if (lack != Lack.CLOSED && lack != Lack.OTHER_GPUS && lack != Lack.TAINTED) {
              candidates.add(new Candidate(state, shortages.size()));
            }
          }
        });
    return new WaitReason(
        fitting[0],
        sentence(counts, !shape.gpu().isNone()),
        fitting[0] > 0 ? "" : room(shape, priority, candidates));
  }

  private static @Nullable Lack lack(PodShape shape, Node node, List<Shortage> shortages) {
    if (!node.ready() || node.cordoned()) {
      return Lack.CLOSED;
    }
    Lack first = node.tainted() ? Lack.TAINTED : null;
    for (Shortage shortage : shortages) {
      Lack lack = lackOf(shape, shortage);
      if (first == null || lack.compareTo(first) < 0) {
        first = lack;
      }
    }
    return first;
  }

  private static Lack lackOf(PodShape shape, Shortage shortage) {
    if (shortage instanceof Shortage.WrongGpuModel) {
      return Lack.OTHER_GPUS;
    } else if (shortage instanceof Shortage.InsufficientGpu) {
      return Lack.TOO_LITTLE_GPU;
    } else if (shortage instanceof Shortage.FragmentedGpu) {
      return Lack.FRAGMENTED;
    } else if (shortage instanceof Shortage.Insufficient insufficient) {
      if (insufficient.resource().equals(shape.gpu().resource())) {
        return Lack.OTHER_GPUS;
      }
      return switch (insufficient.resource()) {
        case "cpu" -> Lack.CPU;
        case "memory" -> Lack.MEMORY;
        default -> Lack.OTHER;
      };
    }
    return Lack.OTHER;
  }

  private static String sentence(Map<Lack, Integer> counts, boolean asksForGpu) {
    List<String> parts = new ArrayList<>();
    counts.entrySet().stream()
        .sorted(Map.Entry.<Lack, Integer>comparingByValue().reversed())
        .forEach(
            entry ->
                parts.add("%,d %s".formatted(entry.getValue(), entry.getKey().text(asksForGpu))));
    return parts.isEmpty() ? "there are no nodes" : String.join("; ", parts);
  }

  /** Tries the nodes that lack fewest things; a pod of higher priority is never named. */
  private static String room(PodShape shape, int priority, List<Candidate> candidates) {
    candidates.sort(
        Comparator.comparingInt(Candidate::shortages)
            .thenComparing(candidate -> candidate.node().name()));
    Placement smallest = null;
    for (Candidate candidate : candidates.subList(0, Math.min(NODES_TRIED, candidates.size()))) {
      Placement found = smallestEnding(shape, priority, candidate.node());
      if (found != null && (smallest == null || SMALLER.compare(found.pod(), smallest.pod()) < 0)) {
        smallest = found;
      }
    }
    return smallest == null
        ? ""
        : "it would fit on %s if %s/%s ended"
            .formatted(smallest.nodeName(), smallest.pod().namespace(), smallest.pod().name());
  }

  private static final Comparator<Pod> SMALLER =
      Comparator.comparingInt((Pod pod) -> pod.shape().gpu().count())
          .thenComparingLong(pod -> pod.shape().gpu().unitsPerGpu())
          .thenComparingLong(pod -> pod.shape().request().cpuMilli())
          .thenComparing(Pod::uid);

  private static @Nullable Placement smallestEnding(PodShape shape, int priority, NodeState state) {
    List<Placement> bySize =
        state.placements().stream()
            .filter(placement -> placement.pod().priority() <= priority)
            .sorted(Comparator.comparing(Placement::pod, SMALLER))
            .toList();
    Cluster trial = new Cluster();
    NodeState copy = trial.putNode(Objects.requireNonNull(state.node()));
    state.placements().forEach(trial::place);
    for (Placement placement : bySize) {
      trial.remove(placement.pod().uid());
      boolean fits = Fit.fits(shape, copy);
      trial.place(withDevices(placement, state));
      if (fits) {
        return placement;
      }
    }
    return null;
  }

  /** Names the GPUs that a pod holds, lest putting it back should deal them anew. */
  private static Placement withDevices(Placement placement, NodeState state) {
    List<Integer> devices = new ArrayList<>();
    for (int device : state.gpuDevices(placement.pod().uid())) {
      devices.add(device);
    }
    return new Placement(placement.pod(), placement.nodeName(), devices);
  }

  /** Returns what a shape asks for, in words. */
  static String asks(PodShape shape, long unitsPerGpu) {
    List<String> parts = new ArrayList<>();
    GpuRequest gpu = shape.gpu();
    if (gpu.isShare()) {
      parts.add(
          unitsPerGpu > 0
              ? "%.2f of a GPU".formatted((double) gpu.unitsPerGpu() / unitsPerGpu)
              : gpu.unitsPerGpu() + " units of a GPU");
    } else if (gpu.isWhole()) {
      parts.add(gpu.count() == 1 ? "1 GPU" : gpu.count() + " GPUs");
    }
    if (!gpu.isNone() && !shape.gpuModels().isEmpty()) {
      parts.add("model " + String.join(" or ", shape.gpuModels()));
    }
    parts.add("%.1f cores".formatted(shape.request().cpuMilli() / 1000.0));
    parts.add("%.1f GiB".formatted(shape.request().memoryBytes() / (double) (1L << 30)));
    return String.join(", ", parts);
  }
}
