package io.stowage.extender.observe;

import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.PodShape;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Amounts as people read them. */
final class Amounts {
  private static final double GIBIBYTE = 1L << 30;
  private static final double GPU_MILLI = 1000;

  private Amounts() {}

  /** Returns a number with at most two decimals, such as 3.2. */
  static String number(double value) {
    return BigDecimal.valueOf(value)
        .setScale(2, RoundingMode.HALF_UP)
        .stripTrailingZeros()
        .toPlainString();
  }

  static String percent(double percent) {
    return String.format(Locale.ROOT, "%.2f %%", percent);
  }

  static String cores(long cpuMilli) {
    return number(cpuMilli / 1000.0) + (cpuMilli == 1000 ? " core" : " cores");
  }

  static String memory(long bytes) {
    return number(bytes / GIBIBYTE) + " GiB";
  }

  /** Returns milli-GPU as GPUs. */
  static double gpus(long milli) {
    return milli / GPU_MILLI;
  }

  /** Returns {@code 1 pod}, {@code 2 pods}. */
  static String count(long count, String noun) {
    return count + " " + noun + (count == 1 ? "" : "s");
  }

  /** Returns what GPUs a pod asks for, empty where it asks for none. */
  static String gpu(GpuRequest gpu) {
    if (gpu.isShare()) {
      return gpu.unitsPerGpu() + " of " + gpu.resource();
    }
    return gpu.isNone() ? "" : count(gpu.count(), "GPU");
  }

  /** Returns what a pod asks for, such as {@code 1 GPU, 8 cores, 16 GiB}. */
  static String request(PodShape shape) {
    List<String> parts = new ArrayList<>();
    if (!shape.gpu().isNone()) {
      String models = String.join(" or ", shape.gpuModels());
      parts.add(gpu(shape.gpu()) + (models.isEmpty() ? "" : " (" + models + ")"));
    }
    if (shape.request().cpuMilli() > 0) {
      parts.add(cores(shape.request().cpuMilli()));
    }
    if (shape.request().memoryBytes() > 0) {
      parts.add(memory(shape.request().memoryBytes()));
    }
    return parts.isEmpty() ? "nothing" : String.join(", ", parts);
  }
}
