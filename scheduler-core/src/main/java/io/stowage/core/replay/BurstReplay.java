package io.stowage.core.replay;

import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.trace.PodClass;
import io.stowage.core.trace.Scenario;
import io.stowage.core.trace.TracePod;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.LongSupplier;

/**
 * The burst protocol: all of the workload's pods are pending at once and are placed in queue order,
 * by priority, then in the workload's order; one that fits nowhere is left out. A policy that plans
 * ahead plans for all of them before the first is placed.
 */
public final class BurstReplay {
  private static final double NANOS_PER_SECOND = 1e9;

  private BurstReplay() {}

  /**
   * What a burst came to.
   *
   * @param policy the policy's name
   * @param seed the seed, which decides ties alone
   * @param arrivals how many pods were pending
   * @param placed how many were placed
   * @param gpuAllocationPercent allocated GPU of capacity when nothing more fits
   * @param cpuAllocationPercent allocated CPU of capacity then
   * @param failedByClass how many pods fitted nowhere, by the class's key
   * @param strandedGpuByCause stranded GPU in percent of capacity, by the cause's key
   * @param decideSeconds time to decide for all
   */
  public record Result(
      String policy,
      long seed,
      int arrivals,
      int placed,
      double gpuAllocationPercent,
      double cpuAllocationPercent,
      Map<String, Integer> failedByClass,
      Map<String, Double> strandedGpuByCause,
      double decideSeconds) {

    /** Copies the maps, keeping their order. */
    public Result {
      failedByClass = Collections.unmodifiableMap(new LinkedHashMap<>(failedByClass));
      strandedGpuByCause = Collections.unmodifiableMap(new LinkedHashMap<>(strandedGpuByCause));
    }
  }

  /**
   * Runs one burst.
   *
   * @param freeOrder whether pods that have a slot in the policy's plan go before those without;
   *     else all go in queue order
   * @param nanoClock a monotonic clock in nanoseconds, for {@code decideSeconds} alone
   * @param progress told the part done, from 0 to 1
   */
  public static Result run(
      Scenario scenario,
      String policyName,
      boolean freeOrder,
      long seed,
      LongSupplier nanoClock,
      Progress progress) {
    Placer placer =
        new Placer(scenario, policyName, new SplittableRandom(seed), Planning.Budget.BURST);
    List<TracePod> queue =
        scenario.pods().stream()
            .sorted(Comparator.comparingInt((TracePod pod) -> -pod.priority()))
            .toList();
    Map<String, Integer> failed = PodClass.noneByKey();
    long startNanos = nanoClock.getAsLong();
    Map<PodShape, Integer> slots = placer.arrivedTogether(queue);
    if (freeOrder) {
      queue = slottedFirst(queue, slots);
    }
    int placed = 0;
    for (int i = 0; i < queue.size(); i++) {
      TracePod pod = queue.get(i);
      if (placer.place(new Pod("pod-" + i, "replay", pod.name(), pod.shape(), pod.priority()), 0)) {
        placed++;
      } else {
        failed.merge(PodClass.of(pod.shape()).key(), 1, Integer::sum);
      }
      progress.update((double) i / queue.size());
    }
    double decideSeconds = (nanoClock.getAsLong() - startNanos) / NANOS_PER_SECOND;
    return new Result(
        policyName,
        seed,
        queue.size(),
        placed,
        placer.cluster().gpuAllocationPercent(),
        placer.cluster().cpuAllocationPercent(),
        failed,
        placer
            .cluster()
            .strandedPercentByCause(
                scenario.pods().stream().map(TracePod::shape).distinct().toList()),
        decideSeconds);
  }

  /**
   * Returns a queue with those pods first that have a slot.
   *
   * @param slots how many slots there are of each shape; taken from
   */
  public static List<TracePod> slottedFirst(List<TracePod> queue, Map<PodShape, Integer> slots) {
    List<TracePod> slotted = new ArrayList<>();
    List<TracePod> others = new ArrayList<>();
    for (TracePod pod : queue) {
      boolean hasSlot = slots.merge(pod.shape(), -1, Integer::sum) >= 0;
      (hasSlot ? slotted : others).add(pod);
    }
    slotted.addAll(others);
    return slotted;
  }
}
