package io.stowage.extender.config;

import com.fasterxml.jackson.annotation.JsonCreator;
import org.jspecify.annotations.Nullable;

/**
 * The section {@code watch}: what of the cluster is followed beyond nodes, pods and volume claims.
 *
 * @param unhealthyGpus whether gpushare's ConfigMaps {@code unhealthy-gpu-<node>} in {@code
 *     kube-system} are followed; needs the Role stowage-unhealthy-gpus; default true
 */
public record WatchConfig(boolean unhealthyGpus) {

  /** Creates a section from a file's settings, those left out being null. */
  @JsonCreator
  static WatchConfig of(@Nullable Boolean unhealthyGpus) {
    return new WatchConfig(unhealthyGpus == null || unhealthyGpus);
  }

  /** Returns the defaults. */
  static WatchConfig defaults() {
    return of(null);
  }
}
