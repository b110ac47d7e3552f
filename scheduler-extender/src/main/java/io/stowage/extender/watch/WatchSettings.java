package io.stowage.extender.watch;

import io.stowage.extender.kube.GpuResources;

/**
 * What of a cluster is followed, and how.
 *
 * @param gpuResources which resources and labels mean GPUs
 * @param pageSize how many objects are listed at once
 * @param unhealthyGpus whether gpushare's ConfigMaps of unhealthy GPUs are followed
 */
public record WatchSettings(GpuResources gpuResources, long pageSize, boolean unhealthyGpus) {}
