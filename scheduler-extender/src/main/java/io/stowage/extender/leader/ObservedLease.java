package io.stowage.extender.leader;

import org.jspecify.annotations.Nullable;

/**
 * A Lease as this process has seen it change. It ages by this process's monotonic clock alone, as
 * in client-go: clocks of different machines are never compared. All times are nanoseconds of that
 * clock. Immutable.
 *
 * @param record what the Lease says, null where there is none or nothing is known
 * @param askedNanos when the last look at it was begun
 * @param changed whether a change was seen; what the first look finds may be of any age
 * @param changedAfterNanos a moment before its last change
 * @param changedBeforeNanos a moment after its last change
 */
record ObservedLease(
    @Nullable LeaseRecord record,
    long askedNanos,
    boolean changed,
    long changedAfterNanos,
    long changedBeforeNanos) {

  static final ObservedLease NOTHING = new ObservedLease(null, 0, false, 0, 0);

  /** Takes in what a look at the Lease found, null for none. */
  ObservedLease next(@Nullable LeaseRecord found, long beganNanos, long endedNanos) {
    if (found == null) {
      return NOTHING;
    }
    if (record == null) {
      return new ObservedLease(found, beganNanos, false, endedNanos, endedNanos);
    }
    return found.equals(record)
        ? new ObservedLease(record, beganNanos, changed, changedAfterNanos, changedBeforeNanos)
        : new ObservedLease(found, beganNanos, true, askedNanos, endedNanos);
  }

  /** Tells whether its holder has surely renewed it within its duration. */
  boolean isSurelyFresh(long nowNanos) {
    return record != null && changed && nowNanos - changedAfterNanos < record.duration().toNanos();
  }

  /** Tells whether its holder has surely let its duration pass. */
  boolean hasSurelyExpired(long nowNanos) {
    return record != null && nowNanos - changedBeforeNanos >= record.duration().toNanos();
  }
}
