package io.stowage.extender.observe;

import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;

/**
 * The GPU of a node, a pool or a cluster, in milli-GPU: capacity = allocated + usable + stranded.
 *
 * @param capacityMilli what counts as capacity
 * @param freeMilli what no pod holds
 * @param strandedMilliByCause the free part that is of use to nobody now, every cause present
 */
public record GpuUse(
    long capacityMilli, long freeMilli, Map<LostCause, Long> strandedMilliByCause) {

  /** No GPU. */
  public static final GpuUse NONE = new GpuUse(0, 0, Map.of());

  /** Copies the map. */
  public GpuUse {
    Map<LostCause, Long> copy = new EnumMap<>(LostCause.class);
    for (LostCause cause : LostCause.values()) {
      copy.put(cause, strandedMilliByCause.getOrDefault(cause, 0L));
    }
    strandedMilliByCause = Collections.unmodifiableMap(copy);
  }

  /** Returns what pods hold. */
  public long allocatedMilli() {
    return capacityMilli - freeMilli;
  }

  /** Returns what of it is of use to nobody now. */
  public long strandedMilli() {
    return strandedMilliByCause.values().stream().mapToLong(Long::longValue).sum();
  }

  /** Returns what is free and would serve a pod of those that run or wait. */
  public long usableMilli() {
    return freeMilli - strandedMilli();
  }

  /** Returns the allocated part of the capacity in percent, 0 where there is none. */
  public double allocationPercent() {
    return capacityMilli == 0 ? 0 : 100.0 * allocatedMilli() / capacityMilli;
  }

  /** Returns the sum of both. */
  public GpuUse plus(GpuUse other) {
    Map<LostCause, Long> sums = new EnumMap<>(strandedMilliByCause);
    other.strandedMilliByCause.forEach((cause, milli) -> sums.merge(cause, milli, Long::sum));
    return new GpuUse(capacityMilli + other.capacityMilli, freeMilli + other.freeMilli, sums);
  }
}
