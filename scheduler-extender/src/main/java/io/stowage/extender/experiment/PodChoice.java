package io.stowage.extender.experiment;

import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.trace.PodClass;
import io.stowage.core.trace.TracePod;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Pods of a workload: those that are as all that is given says.
 *
 * @param prefix what their names start with; pods of a cluster are called NAMESPACE/NAME
 * @param podClass the key of their {@link PodClass}
 * @param cpuMilli the CPU they ask for, in milli-cores
 * @param memoryMebibytes the memory they ask for
 * @param gpus how many GPUs they ask for
 * @param gpuShare the share of one GPU they ask for, in the resource's unit: milli-GPU in traces; 0
 *     for whole GPUs
 */
public record PodChoice(
    @Nullable String prefix,
    @Nullable String podClass,
    @Nullable Long cpuMilli,
    @Nullable Long memoryMebibytes,
    @Nullable Integer gpus,
    @Nullable Long gpuShare) {
  static final long MEBIBYTE = 1 << 20;

  /** Throws IllegalArgumentException where nothing is given or the class is none. */
  public PodChoice {
    if (Stream.of(prefix, podClass, cpuMilli, memoryMebibytes, gpus, gpuShare)
        .allMatch(Objects::isNull)) {
      throw new IllegalArgumentException(
          "pods: expected one or more of prefix, podClass, cpuMilli, memoryMebibytes, gpus and"
              + " gpuShare");
    }
    if (podClass != null
        && Arrays.stream(PodClass.values()).noneMatch(known -> known.key().equals(podClass))) {
      throw new IllegalArgumentException(
          "podClass: expected one of %s, was '%s'"
              .formatted(
                  Arrays.stream(PodClass.values())
                      .map(PodClass::key)
                      .collect(Collectors.joining(", ")),
                  podClass));
    }
  }

  boolean matches(TracePod pod) {
    GpuRequest gpu = pod.shape().gpu();
    return (prefix == null || pod.name().startsWith(prefix))
        && (podClass == null || PodClass.of(pod.shape()).key().equals(podClass))
        && (cpuMilli == null || pod.shape().request().cpuMilli() == cpuMilli)
        && (memoryMebibytes == null
            || pod.shape().request().memoryBytes() == memoryMebibytes * MEBIBYTE)
        && (gpus == null || gpu.count() == gpus)
        && (gpuShare == null || gpu.unitsPerGpu() == gpuShare);
  }

  /** Returns what is given, such as {@code prefix ml/, gpus 2}. */
  @Override
  public String toString() {
    Map<String, @Nullable Object> all = new LinkedHashMap<>();
    all.put("prefix", prefix);
    all.put("podClass", podClass);
    all.put("cpuMilli", cpuMilli);
    all.put("memoryMebibytes", memoryMebibytes);
    all.put("gpus", gpus);
    all.put("gpuShare", gpuShare);
    return all.entrySet().stream()
        .filter(given -> given.getValue() != null)
        .map(given -> given.getKey() + " " + given.getValue())
        .collect(Collectors.joining(", "));
  }
}
