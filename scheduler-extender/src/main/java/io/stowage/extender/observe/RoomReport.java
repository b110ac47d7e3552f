package io.stowage.extender.observe;

import java.time.Instant;

/**
 * What would make room in a cluster, and when.
 *
 * @param observedAt when nodes and pods were as they are here
 * @param roomWanted what an autoscaler could do
 */
public record RoomReport(Instant observedAt, RoomWanted roomWanted) {}
