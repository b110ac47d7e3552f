/**
 * Replays of workloads under placement policies: the inflation, churn and burst protocols.
 *
 * <p>A replay is deterministic for its seed; arrivals and a policy's own draws come from separate
 * streams, so that all policies see the same arrivals. Depends on every other package of the core.
 */
@NullMarked
package io.stowage.core.replay;

import org.jspecify.annotations.NullMarked;
