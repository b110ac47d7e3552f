package io.stowage.extender.config;

import com.fasterxml.jackson.annotation.JsonCreator;
import io.stowage.extender.state.DeviceSettings;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The section {@code devices} of the settings: how long Stowage bears with others that have a say
 * in shared GPUs.
 *
 * @param assignPatienceSeconds how long a device plugin may take to assign a pod its GPU before its
 *     node is refused for pods that would have to wait, 1 to 3600; default 30
 * @param foreignExtenderSeconds how long a node where another scheduler extender assigned GPUs is
 *     left to it, 1 to 86400; default 600
 */
public record DeviceConfig(int assignPatienceSeconds, int foreignExtenderSeconds) {
  /** What holds without a file. */
  public static final DeviceConfig DEFAULT = of(null, null);

  /** Checks every setting; throws IllegalArgumentException. */
  public DeviceConfig {
    StowageConfig.requireRange("devices.assignPatienceSeconds", assignPatienceSeconds, 1, 3600);
    StowageConfig.requireRange("devices.foreignExtenderSeconds", foreignExtenderSeconds, 1, 86_400);
  }

  /** Creates a section from a file's settings, those left out being null. */
  @JsonCreator
  static DeviceConfig of(
      @Nullable Integer assignPatienceSeconds, @Nullable Integer foreignExtenderSeconds) {
    return new DeviceConfig(
        StowageConfig.or(assignPatienceSeconds, 30), StowageConfig.or(foreignExtenderSeconds, 600));
  }

  DeviceSettings settings() {
    return new DeviceSettings(
        Duration.ofSeconds(assignPatienceSeconds), Duration.ofSeconds(foreignExtenderSeconds));
  }
}
