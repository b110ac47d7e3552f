package io.stowage.extender.device;

import io.stowage.core.cluster.Placement;
import io.stowage.extender.kube.GpuResources;
import io.stowage.extender.kube.PodReader;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * The annotations of the gpushare protocol, as its scheduler extender writes them.
 *
 * <p>The device plugin takes the pod assumed first among those of a matching amount, so the assume
 * time grows strictly. Thread-safe.
 */
public final class GpushareAnnotations {
  private static final String DEVICE_UNITS = "ALIYUN_COM_GPU_MEM_DEV";
  private static final String POD_UNITS = "ALIYUN_COM_GPU_MEM_POD";

  private final LongSupplier epochNanoClock;
  private final AtomicLong lastAssumeNanos = new AtomicLong();

  /** Creates the writer; {@code epochNanoClock} tells nanoseconds since 1970. */
  public GpushareAnnotations(LongSupplier epochNanoClock) {
    this.epochNanoClock = epochNanoClock;
  }

  /**
   * Returns what is written on a pod; nothing where it gets no shared device.
   *
   * @param gpuCapacityUnits what its device can hold
   */
  public Map<String, String> of(Placement placement, long gpuCapacityUnits) {
    if (placement.gpuDevices().isEmpty()
        || !placement.pod().shape().gpu().resource().equals(GpuResources.GPUSHARE_MEMORY)) {
      return Map.of();
    }
    long assumeNanos =
        lastAssumeNanos.accumulateAndGet(
            epochNanoClock.getAsLong(), (last, now) -> Math.max(last + 1, now));
    return Map.of(
        PodReader.GPUSHARE_DEVICE,
        Integer.toString(placement.gpuDevices().get(0)),
        DEVICE_UNITS,
        Long.toString(gpuCapacityUnits),
        POD_UNITS,
        Long.toString(placement.pod().shape().gpu().unitsPerGpu()),
        PodReader.GPUSHARE_ASSIGNED,
        "false",
        PodReader.GPUSHARE_ASSUME_TIME,
        Long.toString(assumeNanos));
  }
}
