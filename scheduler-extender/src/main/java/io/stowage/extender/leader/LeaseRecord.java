package io.stowage.extender.leader;

import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseSpec;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a Lease says.
 *
 * @param holder the identity of its holder, empty where nobody holds it
 * @param renewed when the holder says that it renewed it; compared with other values of it only,
 *     for it is the time of another machine
 * @param transitions how often it changed hands
 * @param duration how long after a renewal others must leave it alone
 */
record LeaseRecord(String holder, String renewed, int transitions, Duration duration) {
  private static final int DEFAULT_DURATION_SECONDS = 15;

  static LeaseRecord of(Lease lease) {
    LeaseSpec spec = lease.getSpec() == null ? new LeaseSpec() : lease.getSpec();
    return new LeaseRecord(
        spec.getHolderIdentity() == null ? "" : spec.getHolderIdentity(),
        spec.getRenewTime() == null ? "" : spec.getRenewTime().toString(),
        or(spec.getLeaseTransitions(), 0),
        Duration.ofSeconds(or(spec.getLeaseDurationSeconds(), DEFAULT_DURATION_SECONDS)));
  }

  private static int or(@Nullable Integer value, int otherwise) {
    return value == null ? otherwise : value;
  }
}
