package io.stowage.extender.config;

import static io.stowage.extender.config.StowageConfig.or;
import static io.stowage.extender.config.StowageConfig.requireRange;

import com.fasterxml.jackson.annotation.JsonCreator;
import io.stowage.extender.leader.FenceSettings;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The settings of {@code leadership.fence}.
 *
 * @param enabled whether Bindings that give devices are fenced; default true in every mode but none
 * @param namespace the namespace of the ConfigMap with the epoch; default kube-system
 * @param configMap its name; default stowage-fence
 * @param refusals how many dry-run Bindings of the former epoch must be refused in a row, 1 to 100;
 *     default 3
 * @param settleMillis how long is waited after that, 0 to 60000; default 500
 */
public record FenceConfig(
    @Nullable Boolean enabled, String namespace, String configMap, int refusals, int settleMillis) {

  /** Checks every setting; throws IllegalArgumentException. */
  public FenceConfig {
    LeadershipConfig.requireName("leadership.fence.namespace", namespace);
    LeadershipConfig.requireName("leadership.fence.configMap", configMap);
    requireRange("leadership.fence.refusals", refusals, 1, 100);
    requireRange("leadership.fence.settleMillis", settleMillis, 0, 60_000);
  }

  @JsonCreator
  static FenceConfig of(
      @Nullable Boolean enabled,
      @Nullable String namespace,
      @Nullable String configMap,
      @Nullable Integer refusals,
      @Nullable Integer settleMillis) {
    return new FenceConfig(
        enabled,
        or(namespace, "kube-system"),
        or(configMap, "stowage-fence"),
        or(refusals, 3),
        or(settleMillis, 500));
  }

  static FenceConfig defaults() {
    return of(null, null, null, null, null);
  }

  FenceSettings settings(boolean otherwise) {
    return new FenceSettings(
        enabled == null ? otherwise : enabled,
        namespace,
        configMap,
        refusals,
        Duration.ofMillis(settleMillis));
  }
}
