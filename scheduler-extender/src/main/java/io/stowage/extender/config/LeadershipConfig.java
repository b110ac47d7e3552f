package io.stowage.extender.config;

import static io.stowage.extender.config.StowageConfig.or;
import static io.stowage.extender.config.StowageConfig.requireRange;

import com.fasterxml.jackson.annotation.JsonCreator;
import io.stowage.extender.leader.HostName;
import io.stowage.extender.leader.LeadershipSettings;
import io.stowage.extender.leader.LeadershipSettings.Mode;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The settings of {@code leadership}: which of several replicas is the active one.
 *
 * @param mode none, kube-scheduler or lease; default none: there is one replica
 * @param leaseNamespace the Lease's namespace; default kube-system
 * @param leaseName the Lease's name; default stowage for kube-scheduler's, stowage-extender for a
 *     Lease of its own
 * @param identity in mode kube-scheduler the host name of the kube-scheduler to follow, in mode
 *     lease the start of the name in the Lease; default this host's name, which in a pod is the
 *     pod's
 * @param leaseDurationSeconds how long others leave Stowage's own Lease alone after a renewal, 3 to
 *     600; default 15
 * @param renewDeadlineSeconds how long after a renewal the holder counts itself as such, 2 to
 *     leaseDurationSeconds - 1; default 10
 * @param retryPeriodSeconds how often the Lease is looked at, 1 to renewDeadlineSeconds - 1;
 *     default 2, and 1 in mode kube-scheduler
 * @param fence keeps the writes of a former active one out
 */
public record LeadershipConfig(
    String mode,
    String leaseNamespace,
    String leaseName,
    String identity,
    int leaseDurationSeconds,
    int renewDeadlineSeconds,
    int retryPeriodSeconds,
    FenceConfig fence) {
  private static final String NAME = "[a-z0-9]([a-z0-9.-]*[a-z0-9])?";

  /** Checks every setting; throws IllegalArgumentException. */
  public LeadershipConfig {
    modeOf(mode);
    requireName("leadership.leaseNamespace", leaseNamespace);
    requireName("leadership.leaseName", leaseName);
    if (identity.isBlank()) {
      throw new IllegalArgumentException("leadership.identity: expected a name, was empty");
    }
    requireRange("leadership.leaseDurationSeconds", leaseDurationSeconds, 3, 600);
    requireRange(
        "leadership.renewDeadlineSeconds", renewDeadlineSeconds, 2, leaseDurationSeconds - 1);
    requireRange("leadership.retryPeriodSeconds", retryPeriodSeconds, 1, renewDeadlineSeconds - 1);
  }

  @JsonCreator
  static LeadershipConfig of(
      @Nullable String mode,
      @Nullable String leaseNamespace,
      @Nullable String leaseName,
      @Nullable String identity,
      @Nullable Integer leaseDurationSeconds,
      @Nullable Integer renewDeadlineSeconds,
      @Nullable Integer retryPeriodSeconds,
      @Nullable FenceConfig fence) {
    Mode chosen = modeOf(or(mode, "none"));
    return new LeadershipConfig(
        or(mode, "none"),
        or(leaseNamespace, "kube-system"),
        or(leaseName, chosen == Mode.LEASE ? "stowage-extender" : "stowage"),
        identity == null ? HostName.get() : identity,
        or(leaseDurationSeconds, 15),
        or(renewDeadlineSeconds, 10),
        or(retryPeriodSeconds, chosen == Mode.KUBE_SCHEDULER ? 1 : 2),
        or(fence, FenceConfig.defaults()));
  }

  /** Returns the defaults. */
  public static LeadershipConfig defaults() {
    return of(null, null, null, null, null, null, null, null);
  }

  /** Returns the settings of the election. */
  public LeadershipSettings settings() {
    Mode chosen = modeOf(mode);
    return new LeadershipSettings(
        chosen,
        leaseNamespace,
        leaseName,
        identity,
        Duration.ofSeconds(leaseDurationSeconds),
        Duration.ofSeconds(renewDeadlineSeconds),
        Duration.ofSeconds(retryPeriodSeconds),
        fence.settings(chosen != Mode.NONE));
  }

  private static Mode modeOf(String name) {
    for (Mode mode : Mode.values()) {
      if (name.equals(mode.name().toLowerCase(Locale.ROOT).replace('_', '-'))) {
        return mode;
      }
    }
    throw new IllegalArgumentException(
        "leadership.mode: expected none, kube-scheduler or lease, was '" + name + "'");
  }

  static void requireName(String setting, String name) {
    if (!name.matches(NAME)) {
      throw new IllegalArgumentException(
          setting + ": expected a name such as kube-system, was '" + name + "'");
    }
  }
}
