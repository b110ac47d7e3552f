/**
 * The page that people look at: a picture of the cluster, kept up to date in the browser by
 * server-sent events, figures over time, and the pods that wait with their reasons. Read-only.
 * Depends on the state, which it copies from in small parts, the readers' labels, metrics, the
 * listener of HTTP, and what {@code observe} finds.
 */
@NullMarked
package io.stowage.extender.page;

import org.jspecify.annotations.NullMarked;
