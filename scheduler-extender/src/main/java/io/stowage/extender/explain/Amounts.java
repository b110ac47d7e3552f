package io.stowage.extender.explain;

import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.PodShape;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Amounts and requests as people read them. */
public final class Amounts {
  private static final double GIBIBYTE = 1L << 30;
  private static final double GPU_MILLI = 1000;

  private Amounts() {}

  /** Returns a number with at most two decimals, such as 3.2. */
  public static String number(double value) {
    return BigDecimal.valueOf(value)
        .setScale(2, RoundingMode.HALF_UP)
        .stripTrailingZeros()
        .toPlainString();
  }

  /** Returns a percentage, such as {@code 12.50 %}. */
  public static String percent(double percent) {
    return String.format(Locale.ROOT, "%.2f %%", percent);
  }

  /** Returns milli-cores as cores, such as {@code 3.2 cores}. */
  public static String cores(long cpuMilli) {
    return number(cpuMilli / 1000.0) + (cpuMilli == 1000 ? " core" : " cores");
  }

  /** Returns bytes as GiB, such as {@code 16 GiB}. */
  public static String memory(long bytes) {
    return number(bytes / GIBIBYTE) + " GiB";
  }

  /** Returns milli-GPU as GPUs. */
  public static double gpus(long milli) {
    return milli / GPU_MILLI;
  }

  /** Returns {@code 1 pod}, {@code 2 pods}. */
  public static String count(long count, String noun) {
    return count + " " + noun + (count == 1 ? "" : "s");
  }

  /**
   * Returns what GPUs a shape needs, such as {@code 1 GPU with 810 of 1000 free} or {@code 2 GPUs
   * (A100)}; empty where it asks for none.
   *
   * @param unitsPerGpu how many units a GPU has that can be shared, 0 where that is not known or
   *     not the same for all
   */
  public static String gpu(PodShape shape, long unitsPerGpu) {
    GpuRequest gpu = shape.gpu();
    if (gpu.isNone()) {
      return "";
    }
    return (gpu.isShare()
            ? "1 GPU with " + share(gpu, unitsPerGpu) + " free"
            : count(gpu.count(), "GPU"))
        + models(shape);
  }

  private static String share(GpuRequest gpu, long unitsPerGpu) {
    return gpu.unitsPerGpu() + " of " + (unitsPerGpu > 0 ? unitsPerGpu : gpu.resource());
  }

  private static String models(PodShape shape) {
    return shape.gpuModels().isEmpty() ? "" : " (" + String.join(" or ", shape.gpuModels()) + ")";
  }

  /**
   * Returns what a shape asks for, such as {@code 1 GPU, 8 cores, 16 GiB}.
   *
   * @param unitsPerGpu as for {@link #gpu}
   */
  public static String request(PodShape shape, long unitsPerGpu) {
    List<String> parts = new ArrayList<>();
    if (shape.gpu().isShare()) {
      String whole = unitsPerGpu > 0 ? " of a GPU" : "";
      parts.add(share(shape.gpu(), unitsPerGpu) + whole + models(shape));
    } else if (!shape.gpu().isNone()) {
      parts.add(gpu(shape, unitsPerGpu));
    }
    if (shape.request().cpuMilli() > 0) {
      parts.add(cores(shape.request().cpuMilli()));
    }
    if (shape.request().memoryBytes() > 0) {
      parts.add(memory(shape.request().memoryBytes()));
    }
    return parts.isEmpty() ? "nothing" : String.join(", ", parts);
  }

  /** Returns how many units a GPU of a resource has, 0 where there is none or they differ. */
  public static long unitsPerGpu(PodShape shape, Cluster cluster) {
    if (!shape.gpu().isShare()) {
      return 0;
    }
    long[] least = {Long.MAX_VALUE};
    long[] most = {0};
    cluster.forEachNode(
        node -> {
          if (node.hasGpuResource(shape.gpu().resource())) {
            for (int i = 0; i < node.gpuCount(); i++) {
              long units = node.gpuCapacityUnits(i);
              if (units > 0) { // a GPU that is unhealthy has none
                least[0] = Math.min(least[0], units);
                most[0] = Math.max(most[0], units);
              }
            }
          }
        });
    return least[0] == most[0] ? most[0] : 0;
  }
}
