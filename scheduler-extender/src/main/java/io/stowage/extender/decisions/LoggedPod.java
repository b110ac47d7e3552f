package io.stowage.extender.decisions;

import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.cluster.Resources;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * A pod as the log has it.
 *
 * @param uid its identity
 * @param priority its priority; higher goes first
 * @param cpuMilli CPU in milli-cores
 * @param memoryBytes memory
 * @param ephemeralStorageBytes local storage
 * @param extended further resources by name
 * @param gpuResource the resource of its GPUs, empty for none
 * @param gpus how many GPUs
 * @param gpuUnits the share of one GPU in the units of the resource, 0 for whole ones
 * @param gpuModels the models that it accepts, none for all
 */
record LoggedPod(
    String uid,
    String namespace,
    String name,
    int priority,
    long cpuMilli,
    long memoryBytes,
    long ephemeralStorageBytes,
    Map<String, Long> extended,
    String gpuResource,
    int gpus,
    long gpuUnits,
    List<String> gpuModels) {

  static LoggedPod of(Pod pod) {
    Resources request = pod.shape().request();
    GpuRequest gpu = pod.shape().gpu();
    return new LoggedPod(
        pod.uid(),
        pod.namespace(),
        pod.name(),
        pod.priority(),
        request.cpuMilli(),
        request.memoryBytes(),
        request.ephemeralStorageBytes(),
        request.extended(),
        gpu.resource(),
        gpu.count(),
        gpu.unitsPerGpu(),
        List.copyOf(pod.shape().gpuModels()));
  }

  /** Throws IllegalArgumentException for amounts that no pod has. */
  Pod pod() {
    return new Pod(
        uid,
        namespace,
        name,
        new PodShape(
            Resources.of(cpuMilli, memoryBytes, ephemeralStorageBytes, extended),
            new GpuRequest(gpuResource, gpus, gpuUnits),
            new TreeSet<>(gpuModels)),
        priority);
  }
}
