/**
 * Notices about nodes: those that all pods avoid because they refused some, and those where another
 * extender is at work. Said by metrics, by the log, by Events and by a node condition. Depends on
 * the state, the metrics and Events.
 */
@NullMarked
package io.stowage.extender.notice;

import org.jspecify.annotations.NullMarked;
