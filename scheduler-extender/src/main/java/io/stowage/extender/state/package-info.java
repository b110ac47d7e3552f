/**
 * The cluster as the service sees it, written by one thread, and the decisions made from it.
 *
 * <p>Watch events, holds and binds are applied in order on one event loop. What {@code filter} told
 * is a <em>hold</em>: it counts at once against other pods' ranking, it never makes a pod
 * unschedulable, and it lapses. What {@code bind} decided is <em>hard</em>. Depends on the cluster
 * model, fit and policies of the core and on the Kubernetes reading; knows no HTTP and no client.
 */
@NullMarked
package io.stowage.extender.state;

import org.jspecify.annotations.NullMarked;
