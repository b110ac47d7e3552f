/**
 * Clusters and workloads read from the output of {@code kubectl get ... -o json}. Depends on the
 * reading of Kubernetes objects and on scheduler-core.
 */
@NullMarked
package io.stowage.extender.snapshot;

import org.jspecify.annotations.NullMarked;
