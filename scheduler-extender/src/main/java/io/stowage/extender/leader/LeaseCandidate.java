package io.stowage.extender.leader;

import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.Resource;
import java.net.HttpURLConnection;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Competes for a Lease by client-go's rules: the holder renews it and counts itself out at the
 * renew deadline; others take it when they have seen no renewal for its duration. Every write has
 * the resource version as precondition.
 *
 * <p>The client's own LeaderElector judges expiry by comparing the clocks of two machines, and by a
 * duration that is not the Lease's.
 */
final class LeaseCandidate implements Tenure {
  private final KubernetesClient client;
  private final LeadershipSettings settings;
  private final String identity;
  private final LongSupplier nanoClock;
  private volatile ObservedLease observed = ObservedLease.NOTHING;

  /** When the write that last made or kept it the holder was begun; null while it is not. */
  private volatile @Nullable Long heldFromNanos;

  private volatile boolean closed;

  /**
   * Creates a candidate.
   *
   * @param identity its name in the Lease, unlike any other's
   */
  LeaseCandidate(
      KubernetesClient client,
      LeadershipSettings settings,
      String identity,
      LongSupplier nanoClock) {
    this.client = client;
    this.settings = settings;
    this.identity = identity;
    this.nanoClock = nanoClock;
  }

  @Override
  public synchronized void round() {
    if (closed) {
      return;
    }
    long began = nanoClock.getAsLong();
    Lease lease = lease().get();
    if (lease == null) {
      observed = ObservedLease.NOTHING;
      take(newLease(), 0);
      return;
    }
    LeaseRecord record = LeaseRecord.of(lease);
    observed = observed.next(record, began, nanoClock.getAsLong());
    if (record.holder().equals(identity)) {
      take(lease, record.transitions());
    } else {
      heldFromNanos = null;
      if (record.holder().isEmpty() || observed.hasSurelyExpired(nanoClock.getAsLong())) {
        take(lease, record.transitions() + 1);
      }
    }
  }

  private void take(Lease lease, int transitions) {
    long began = nanoClock.getAsLong();
    boolean renewal =
        lease.getSpec() != null && identity.equals(lease.getSpec().getHolderIdentity());
    ZonedDateTime now = wallClock();
    Lease taken =
        new LeaseBuilder(lease)
            .editOrNewSpec()
            .withHolderIdentity(identity)
            .withLeaseDurationSeconds((int) settings.leaseDuration().toSeconds())
            .withLeaseTransitions(transitions)
            .withAcquireTime(renewal ? lease.getSpec().getAcquireTime() : now)
            .withRenewTime(now)
            .endSpec()
            .build();
    if (write(taken)) {
      heldFromNanos = began;
    }
  }

  /** Writes the Lease; tells whether nobody else wrote it meanwhile. */
  private boolean write(Lease lease) {
    try {
      if (lease.getMetadata().getResourceVersion() == null) {
        client.resource(lease).create();
      } else {
        client.resource(lease).update();
      }
      return true;
    } catch (KubernetesClientException e) {
      if (e.getCode() == HttpURLConnection.HTTP_CONFLICT) {
        return false;
      }
      throw e;
    }
  }

  private Lease newLease() {
    return new LeaseBuilder()
        .withNewMetadata()
        .withNamespace(settings.leaseNamespace())
        .withName(settings.leaseName())
        .endMetadata()
        .build();
  }

  private Resource<Lease> lease() {
    return client.leases().inNamespace(settings.leaseNamespace()).withName(settings.leaseName());
  }

  private static ZonedDateTime wallClock() {
    return ZonedDateTime.now(ZoneOffset.UTC).truncatedTo(ChronoUnit.MICROS);
  }

  @Override
  public boolean holds() {
    Long from = heldFromNanos;
    return from != null && nanoClock.getAsLong() - from < settings.renewDeadline().toNanos();
  }

  @Override
  public boolean holdsAnewSince(long nanos) {
    Long from = heldFromNanos;
    return from != null && from - nanos > 0 && holds();
  }

  @Override
  public String whyNot() {
    LeaseRecord record = observed.record();
    String lease = "Lease " + settings.leaseNamespace() + "/" + settings.leaseName();
    if (record == null || record.holder().isEmpty()) {
      return lease + " could not be taken yet";
    }
    return record.holder().equals(identity)
        ? lease + " was not renewed in time"
        : lease + " is held by " + record.holder();
  }

  /** Leaves the Lease to the next one, which need not wait for its duration. */
  @Override
  public synchronized void release() {
    closed = true;
    heldFromNanos = null;
    Lease lease = lease().get();
    if (lease != null && LeaseRecord.of(lease).holder().equals(identity)) {
      write(
          new LeaseBuilder(lease)
              .editOrNewSpec()
              .withHolderIdentity(null)
              .withLeaseDurationSeconds(1)
              .withRenewTime(wallClock())
              .endSpec()
              .build());
    }
  }
}
