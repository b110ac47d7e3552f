/**
 * Notices: nodes that all pods avoid because they refused some, nodes where another extender is at
 * work, and why pods wait. Said by metrics, by the log, by Events and by a node condition. Depends
 * on the state and copies of it, the metrics and Events.
 */
@NullMarked
package io.stowage.extender.notice;

import org.jspecify.annotations.NullMarked;
