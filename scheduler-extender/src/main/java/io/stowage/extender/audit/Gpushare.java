package io.stowage.extender.audit;

/** The names of the gpushare protocol, written anew here so that no mistake is shared. */
final class Gpushare {
  static final String MEMORY = "aliyun.com/gpu-mem";
  static final String COUNT = "aliyun.com/gpu-count";
  static final String DEVICE = "ALIYUN_COM_GPU_MEM_IDX";
  static final String DEVICE_UNITS = "ALIYUN_COM_GPU_MEM_DEV";
  static final String POD_UNITS = "ALIYUN_COM_GPU_MEM_POD";
  static final String ASSIGNED = "ALIYUN_COM_GPU_MEM_ASSIGNED";

  private Gpushare() {}
}
