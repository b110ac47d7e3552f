package io.stowage.extender.kube;

import java.util.List;

/**
 * Which resources and labels mean GPUs.
 *
 * @param wholeGpus names of extended resources that count whole GPUs, the first that a node or pod
 *     names wins
 * @param modelLabels node labels that tell a GPU's model, the first that a node or pod names wins
 */
public record GpuResources(List<String> wholeGpus, List<String> modelLabels) {

  /**
   * The gpushare protocol's resource: GPU memory, in the unit that its device plugin was set to.
   */
  public static final String GPUSHARE_MEMORY = "aliyun.com/gpu-mem";

  /** The gpushare protocol's resource that tells how many GPUs a node has. */
  public static final String GPUSHARE_COUNT = "aliyun.com/gpu-count";

  /** The GPUs and labels known without configuration. */
  public static final GpuResources DEFAULT =
      new GpuResources(
          List.of("nvidia.com/gpu", "amd.com/gpu", "gpu.intel.com/i915", "gpu.intel.com/xe"),
          List.of(
              "nvidia.com/gpu.product",
              "amd.com/gpu.product-name",
              "cloud.google.com/gke-accelerator",
              "karpenter.k8s.aws/instance-gpu-name"));

  /** Copies both lists. */
  public GpuResources {
    wholeGpus = List.copyOf(wholeGpus);
    modelLabels = List.copyOf(modelLabels);
  }
}
