/**
 * What would make room in the cluster of a running service, found on a thread of its own for
 * autoscalers to read. Depends on a copy of the state, on the labels that the watch has seen, on
 * what {@code observe} finds, and on metrics.
 */
@NullMarked
package io.stowage.extender.room;

import org.jspecify.annotations.NullMarked;
