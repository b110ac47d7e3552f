package io.stowage.extender.experiment;

import com.fasterxml.jackson.annotation.JsonCreator;
import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.cluster.Resources;
import io.stowage.core.trace.TracePod;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Pods that ask for something else than they did, as another version of the same workload would.
 *
 * @param pods which pods
 * @param by what they ask for instead
 * @param part the part of them that is replaced, above 0, at most 1, spread evenly
 */
public record PodReplacement(PodChoice pods, Ask by, double part) {

  /**
   * What a pod asks for; what is null stays as it was.
   *
   * @param cpuMilli CPU in milli-cores
   * @param memoryMebibytes memory
   * @param gpus how many GPUs, 0 for none
   * @param gpuShare the share of one GPU, in the resource's unit; 0 for whole GPUs
   * @param gpuResource the resource the GPUs are advertised as, needed where there were none
   * @param gpuModels the models accepted, empty for all
   */
  public record Ask(
      @Nullable Long cpuMilli,
      @Nullable Long memoryMebibytes,
      @Nullable Integer gpus,
      @Nullable Long gpuShare,
      @Nullable String gpuResource,
      @Nullable List<String> gpuModels) {

    /** Copies the models, without nulls. */
    public Ask {
      gpuModels = gpuModels == null ? null : Experiment.given(gpuModels);
    }

    private PodShape of(PodShape shape) {
      Resources before = shape.request();
      Resources request =
          new Resources(
              cpuMilli == null ? before.cpuMilli() : cpuMilli,
              memoryMebibytes == null
                  ? before.memoryBytes()
                  : Math.multiplyExact(memoryMebibytes, PodChoice.MEBIBYTE),
              before.ephemeralStorageBytes(),
              before.extended());
      return new PodShape(
          request,
          gpu(shape.gpu()),
          gpuModels == null ? shape.gpuModels() : new TreeSet<>(gpuModels));
    }

    private GpuRequest gpu(GpuRequest before) {
      int count = gpus != null ? gpus : gpuShare != null && gpuShare > 0 ? 1 : before.count();
      if (count == 0) {
        return GpuRequest.NONE;
      }
      String resource = gpuResource == null ? before.resource() : gpuResource;
      if (resource.isEmpty()) {
        throw new IllegalArgumentException(
            "replacePods: pods without GPUs were to ask for some: expected a gpuResource");
      }
      long units = gpuShare != null ? gpuShare : gpus == null ? before.unitsPerGpu() : 0;
      return new GpuRequest(resource, count, units);
    }
  }

  /** Throws IllegalArgumentException where the part is out of range. */
  public PodReplacement {
    if (!(part > 0 && part <= 1)) {
      throw new IllegalArgumentException("part: expected above 0 and at most 1, was " + part);
    }
  }

  @JsonCreator
  static PodReplacement of(@Nullable PodChoice pods, @Nullable Ask by, @Nullable Double part) {
    if (pods == null || by == null) {
      throw new IllegalArgumentException("replacePods: expected pods and by");
    }
    return new PodReplacement(pods, by, part == null ? 1 : part);
  }

  /** Returns the workload with pods replaced; throws IllegalArgumentException where none match. */
  List<TracePod> applied(List<TracePod> workload) {
    List<TracePod> changed = new ArrayList<>(workload);
    int matching = 0;
    for (int i = 0; i < changed.size(); i++) {
      TracePod pod = changed.get(i);
      if (pods.matches(pod)) {
        matching++;
        if (Math.floor(matching * part) > Math.floor((matching - 1) * part)) {
          changed.set(
              i, new TracePod(pod.name(), by.of(pod.shape()), pod.priority(), pod.runSeconds()));
        }
      }
    }
    if (matching == 0) {
      throw new IllegalArgumentException("replacePods: no pod is like " + pods);
    }
    return changed;
  }
}
