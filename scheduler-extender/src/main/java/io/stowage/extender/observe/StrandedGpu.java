package io.stowage.extender.observe;

import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.fit.Fit;
import io.stowage.core.fragmentation.StrandCause;
import io.stowage.core.fragmentation.Stranded;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Judges what is free of each GPU: whether a pod of those that run or wait could use it now, and if
 * not, why.
 */
final class StrandedGpu {
  /** Small shapes first, for those are the likeliest to fit. */
  private static final Comparator<PodShape> SMALL_FIRST =
      Comparator.<PodShape>comparingInt(shape -> shape.gpu().count())
          .thenComparing(shape -> shape.gpu().isWhole())
          .thenComparingLong(shape -> shape.gpu().unitsPerGpu())
          .thenComparingLong(shape -> shape.request().cpuMilli());

  private final List<PodShape> workload;
  private final List<PodShape> waiting;

  /**
   * Creates it.
   *
   * @param running shapes of the pods that run, with their marks
   * @param waiting shapes of the pods that wait, with their marks
   */
  StrandedGpu(List<PodShape> running, List<PodShape> waiting) {
    this.workload = gpuShapes(Stream.concat(running.stream(), waiting.stream()));
    this.waiting = gpuShapes(waiting.stream());
  }

  private static List<PodShape> gpuShapes(Stream<PodShape> shapes) {
    return shapes.filter(shape -> !shape.gpu().isNone()).distinct().sorted(SMALL_FIRST).toList();
  }

  /** Judges a node; one that does not count as capacity has nothing. */
  GpuUse of(NodeState state) {
    Node node = state.node();
    if (node == null || !node.countsAsCapacity()) {
      return GpuUse.NONE;
    }
    Map<LostCause, Long> stranded = new EnumMap<>(LostCause.class);
    for (int i = 0; i < state.gpuCount(); i++) {
      long freeMilli = state.gpuFreeMilli(i);
      if (freeMilli > 0) {
        int device = i;
        cause(state, node, device).ifPresent(cause -> stranded.merge(cause, freeMilli, Long::sum));
      }
    }
    return new GpuUse(state.gpuCapacityMilli(), state.freeGpuMilli(), stranded);
  }

  private Optional<LostCause> cause(NodeState state, Node node, int device) {
    if (node.cordoned()) {
      return Optional.of(LostCause.CORDONED);
    }
    @Nullable StrandCause cause = Stranded.causeOf(state, device, workload);
    if (cause != null) {
      return Optional.of(LostCause.of(cause));
    }
    boolean wanted = waiting.stream().anyMatch(shape -> uses(shape, state, device));
    return !wanted && waiting.stream().anyMatch(shape -> isBlocked(shape, state, device))
        ? Optional.of(LostCause.LARGE_SHAPE_BLOCKED)
        : Optional.empty();
  }

  private static boolean uses(PodShape shape, NodeState state, int device) {
    return state.hasGpuResource(shape.gpu().resource())
        && Fit.gpuFits(shape, state, device)
        && Fit.fits(shape, state);
  }

  /** Tells whether a shape of several GPUs would take this one if the node had enough free. */
  private static boolean isBlocked(PodShape shape, NodeState state, int device) {
    if (shape.gpu().count() < 2
        || !state.hasGpuResource(shape.gpu().resource())
        || !Fit.gpuFits(shape, state, device)
        || !shape.request().extended().keySet().stream()
            .allMatch(name -> state.freeExtended(name) > 0)) {
      return false;
    }
    int accepted = 0;
    int free = 0;
    for (int i = 0; i < state.gpuCount(); i++) {
      if (shape.acceptsModel(state.gpuModel(i)) && state.gpuCapacityUnits(i) > 0) {
        accepted++;
        free += state.gpuIsFree(i) ? 1 : 0;
      }
    }
    return free < shape.gpu().count() && accepted >= shape.gpu().count();
  }
}
