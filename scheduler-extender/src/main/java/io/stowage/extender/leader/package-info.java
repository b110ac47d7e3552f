/**
 * Which of several replicas is the active one, by a Lease, and the fence that keeps the writes of a
 * former one out. Depends on the names of annotations and on the Kubernetes client only.
 */
@NullMarked
package io.stowage.extender.leader;

import org.jspecify.annotations.NullMarked;
