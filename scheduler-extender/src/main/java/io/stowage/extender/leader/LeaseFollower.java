package io.stowage.extender.leader;

import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.function.LongSupplier;

/**
 * Follows the Lease of the kube-scheduler in the same pod, whose holder identity is its host name,
 * an underscore and a UUID: active while that kube-scheduler is.
 *
 * <p>It must have seen the Lease renewed: one that it found may be left over from before a restart.
 */
final class LeaseFollower implements Tenure {
  private final KubernetesClient client;
  private final LeadershipSettings settings;
  private final LongSupplier nanoClock;
  private volatile ObservedLease observed = ObservedLease.NOTHING;

  LeaseFollower(KubernetesClient client, LeadershipSettings settings, LongSupplier nanoClock) {
    this.client = client;
    this.settings = settings;
    this.nanoClock = nanoClock;
  }

  @Override
  public void round() {
    long began = nanoClock.getAsLong();
    Lease lease =
        client.leases().inNamespace(settings.leaseNamespace()).withName(settings.leaseName()).get();
    observed =
        observed.next(lease == null ? null : LeaseRecord.of(lease), began, nanoClock.getAsLong());
  }

  @Override
  public boolean holds() {
    ObservedLease now = observed;
    return isOurs(now) && now.isSurelyFresh(nanoClock.getAsLong());
  }

  @Override
  public boolean holdsAnewSince(long nanos) {
    ObservedLease now = observed;
    return holds() && now.changedAfterNanos() - nanos > 0;
  }

  private boolean isOurs(ObservedLease lease) {
    return lease.record() != null && isOf(settings.identity(), lease.record().holder());
  }

  /** Tells whether a holder identity is that of a kube-scheduler on a host. */
  static boolean isOf(String host, String holder) {
    int underscore = holder.lastIndexOf('_');
    return holder.equals(host) || (underscore >= 0 && holder.substring(0, underscore).equals(host));
  }

  @Override
  public String whyNot() {
    LeaseRecord record = observed.record();
    String lease = "Lease " + settings.leaseNamespace() + "/" + settings.leaseName();
    if (record == null) {
      return lease + " has not been seen";
    } else if (record.holder().isEmpty()) {
      return "nobody holds " + lease;
    } else if (isOurs(observed)) {
      return lease + " of this kube-scheduler has not been seen renewed in time";
    }
    return lease + " is held by " + record.holder();
  }

  @Override
  public void release() {}
}
